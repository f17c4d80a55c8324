//! A program in another time than ours.

use std::process::Command;

use super::Program;
use crate::Error;

/// `command` with another clock.
pub(super) fn at(clock: &str, command: &Command) -> Result<Command, Error> {
    let mut other = Command::new(Program::Faketime.find()?);
    other
        .args(["-f", clock])
        .arg(command.get_program())
        .args(command.get_args());
    Ok(other)
}
