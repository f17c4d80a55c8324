//! `handfast bench`: how fast this machine is at the work that others wait for.

mod ca;
mod tell;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Measure how fast a part of Handfast is on this machine
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast bench ca --seconds 10")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ca(ca::Args),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.command {
        Command::Ca(args) => ca::run(args, words),
    }
}
