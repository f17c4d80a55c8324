//! `handfast doctor HOST:PORT`: one connection of our own, and those that separate the causes.

use std::path::PathBuf;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Whom to look at, as whom, and how the report is shown.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// HOST:PORT or an https URL
    #[arg(required = true, value_name = "TARGET")]
    target: Option<String>,
    /// Our certificate, leaf first
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
}

pub fn run(flags: &Flags, _words: &Words) -> Result<Exit, Failure> {
    Err(Failure::bug(format!("{flags:?} is not built yet")))
}
