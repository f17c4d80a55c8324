//! `handfast lab`: failures on this machine, one per finding, to look at and to learn from.

mod flags;
mod list;
mod one;
mod run;
mod tell;

use clap::Subcommand;

use self::{flags::Run, list::List};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Make failures of mutual TLS on this machine, one per finding, with real programs
///
/// Each case writes its certificates and configurations into a folder of its own, starts the servers it needs
/// (nginx, Apache, PostgreSQL ...) on free ports of 127.0.0.1, and shows what the doctor says of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast lab list\n  handfast lab run HF-206\n  handfast lab run HF-206/nginx --stay\n  \
                  handfast lab run healthy"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Run(Run),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.what {
        What::List(list) => list::list(list, words),
        What::Run(run) => run::run(run, words),
    }
}
