//! One file per command: its flags, what it does with the crates below, what it says.

pub mod check;
pub mod convert;
pub mod doctor;
pub mod env;
pub mod explain;
pub mod fetch;
pub mod get;
pub mod init;
pub mod inspect;
pub mod issue;
pub mod lab;
pub mod leaf;
pub mod proxy;
pub mod quickstart;
pub mod schema;
pub mod setup;
pub mod shell;
pub mod sign;
pub mod tell;
pub mod trust;
pub mod tunnel;
pub mod verify;

use crate::{
    args::Command,
    failure::{Exit, Failure},
    words::Words,
};

/// Runs one command to its end.
pub fn run(command: Command, words: &Words) -> Result<Exit, Failure> {
    match command {
        Command::Quickstart(args) => quickstart::run(&args, words),
        Command::Init(args) => init::run(&args, words),
        Command::Issue(args) => issue::run(&args, words),
        Command::Sign(args) => sign::run(&args, words),
        Command::Inspect(args) => inspect::run(&args, words),
        Command::Verify(args) => verify::run(&args, words),
        Command::Convert(args) => convert::run(&args, words),
        Command::Trust(args) => trust::run(&args, words),
        Command::Env(args) => env::run(&args, words),
        Command::Proxy(args) => proxy::run(&args, words),
        Command::Tunnel(args) => tunnel::run(&args, words),
        Command::Get(args) => get::run(&args, words),
        Command::Doctor(args) => doctor::run(&args, words),
        Command::Setup(args) => setup::run(&args, words),
        Command::VerifyConfig(args) => setup::theirs::run(&args, words),
        Command::Lab(args) => lab::run(&args, words),
        Command::Explain(args) => explain::run(&args, words),
        Command::Check(args) => check::run(&args, words),
        Command::Schema(args) => schema::run(&args, words),
        Command::Completions(args) => shell::completions(&args, words),
        Command::Man(args) => shell::man(&args, words),
    }
}
