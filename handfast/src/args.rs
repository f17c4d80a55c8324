//! The command line: one definition per flag feeds parser, help, man page and completion.

use clap::{Parser, Subcommand};

use crate::commands;

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
    Sign(commands::sign::Args),
    Inspect(commands::inspect::Args),
    Verify(commands::verify::Args),
    Convert(Box<commands::convert::Args>),
    Trust(Box<commands::trust::Args>),
    Env(Box<commands::env::Args>),
    Proxy(commands::proxy::Args),
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
    Man(commands::shell::Man),
}
