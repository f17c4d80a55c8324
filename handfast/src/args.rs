//! The command line: one definition per flag feeds parser, help, man page and completion; and which file runs what.

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    commands,
    failure::{Exit, Failure},
    words::Words,
};

/// Mutual TLS: certificate authority, reverse proxy, client, and the diagnosis of failed connections.
#[derive(Debug, Parser)]
#[command(name = "handfast", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// One JSON object on stdout instead of text.
    #[arg(long, global = true, display_order = 900)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 yes; 1 the answer is no, or a problem was found; 2 misuse or bad \
configuration; 3 could not connect or find out; 4 the peer refused us; 5 we do not trust the peer; \
6 policy refused; 70 a bug of ours; 130 broken off by Ctrl-C; 143 broken off by SIGTERM.";

#[derive(Debug, Subcommand)]
pub enum Command {
    Quickstart(commands::quickstart::Args),
    Init(commands::init::Args),
    Issue(commands::issue::Args),
    Csr(commands::csr::Args),
    Sign(commands::sign::Args),
    Renew(commands::renew::Args),
    NeedsRenewal(commands::needs_renewal::Args),
    Ca(commands::ca::Args),
    Bench(commands::bench::Args),
    Inspect(commands::inspect::Args),
    Verify(commands::verify::Args),
    Convert(Box<commands::convert::Args>),
    Trust(Box<commands::trust::Args>),
    Env(Box<commands::env::Args>),
    Proxy(commands::proxy::Args),
    Clients(commands::clients::Args),
    Health(commands::health::Args),
    Policy(commands::policy::Args),
    Readiness(commands::readiness::Args),
    Tunnel(commands::tunnel::Args),
    Get(commands::get::Args),
    Setup(Box<commands::setup::Args>),
    VerifyConfig(commands::setup::theirs::VerifyConfig),
    Doctor(Box<commands::doctor::Args>),
    Lab(commands::lab::Args),
    Explain(commands::explain::Args),
    Check(commands::check::Args),
    Schema(commands::schema::Args),
    Completions(commands::shell::Completions),
    Man(commands::man::Man),
}

impl Command {
    /// Runs the command to its end.
    pub fn run(self, words: &Words) -> Result<Exit, Failure> {
        match self {
            Self::Quickstart(args) => commands::quickstart::run(&args, words),
            Self::Init(args) => commands::init::run(&args, words),
            Self::Issue(args) => commands::issue::run(&args, words),
            Self::Csr(args) => commands::csr::run(&args, words),
            Self::Sign(args) => commands::sign::run(&args, words),
            Self::Renew(args) => commands::renew::run(&args, words),
            Self::NeedsRenewal(args) => commands::needs_renewal::run(&args, words),
            Self::Ca(args) => commands::ca::run(&args, words),
            Self::Bench(args) => commands::bench::run(&args, words),
            Self::Inspect(args) => commands::inspect::run(&args, words),
            Self::Verify(args) => commands::verify::run(&args, words),
            Self::Convert(args) => commands::convert::run(&args, words),
            Self::Trust(args) => commands::trust::run(&args, words),
            Self::Env(args) => commands::env::run(&args, words),
            Self::Proxy(args) => commands::proxy::run(&args, words),
            Self::Clients(args) => commands::clients::run(&args, words),
            Self::Health(args) => commands::health::run(&args, words),
            Self::Policy(args) => commands::policy::run(&args, words),
            Self::Readiness(args) => commands::readiness::run(&args, words),
            Self::Tunnel(args) => commands::tunnel::run(&args, words),
            Self::Get(args) => commands::get::run(&args, words),
            Self::Doctor(args) => commands::doctor::run(&args, words),
            Self::Setup(args) => commands::setup::run(&args, words),
            Self::VerifyConfig(args) => commands::setup::theirs::run(&args, words),
            Self::Lab(args) => commands::lab::run(&args, words),
            Self::Explain(args) => commands::explain::run(&args, words),
            Self::Check(args) => commands::check::run(&args, words),
            Self::Schema(args) => commands::schema::run(&args, words),
            Self::Completions(args) => commands::shell::completions(&args, &mut Arguments::command(), words),
            Self::Man(args) => commands::man::run(&args, Arguments::command(), words),
        }
    }
}
