//! `handfast ca audit`: the log of everything that the CA did, verified and proven.

mod check;
mod checkpoint;
mod prove;
mod verify;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Verify the audit log of a CA, and prove to others what is in it
///
/// Every line of the journal is a leaf of a Merkle tree whose root is signed. What is changed or missing in the records is
/// found, and so is a history that was rewritten as a whole, with a checkpoint that was kept elsewhere.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca audit verify\n  handfast ca audit checkpoint --out kept.txt\n  \
    handfast ca audit check server.tlog-proof --log-key audit.pub"
)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Verify(verify::Args),
    Checkpoint(checkpoint::Args),
    Prove(prove::Args),
    Check(check::Args),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.command {
        Command::Verify(args) => verify::run(args, words),
        Command::Checkpoint(args) => checkpoint::run(args, words),
        Command::Prove(args) => prove::run(args, words),
        Command::Check(args) => check::run(args, words),
    }
}
