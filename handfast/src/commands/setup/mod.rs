//! `handfast setup`: everyone else's software with mutual TLS, written for the user's own files.

mod given;
mod list;
mod show;
mod tell;
pub mod theirs;
mod verify;
mod write;

use std::path::PathBuf;

use clap::Subcommand;
use handfast_interop::{of_setup, target::find};
use handfast_setup::{Role, Target};

use crate::{
    failure::{Exit, Failure},
    suggest,
    words::Words,
};

/// Set up other software for mutual TLS: nginx, Apache, curl, Python, PostgreSQL ...
///
/// Prints the configuration for your own files and names, or writes it with --out, says what it does and how it is
/// started and reloaded, and what the software cannot do. Files that cannot work are refused with the reason.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  handfast setup list\n  handfast setup nginx --cert server/tls.crt --key server/tls.key \
                  --ca server/ca.crt --out nginx\n  handfast setup curl --cert client/tls.crt --key client/tls.key --ca \
                  client/ca.crt\n  handfast setup verify nginx"
)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    write: write::Write,
}

#[derive(Debug, Subcommand)]
enum What {
    List(list::List),
    Show(show::Show),
    Verify(verify::Verify),
    Certificates(list::Certificates),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.what {
        Some(What::List(list)) => list::list(list, words),
        Some(What::Show(show)) => show::show(show, words),
        Some(What::Certificates(asked)) => list::fixtures(asked, words),
        Some(What::Verify(verify)) => verify::run(verify, words),
        None => write::run(&args.write, words),
    }
}

/// Which target, and which side of it.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The software; see `handfast setup list`
    // The parser insists on it; where a subcommand stands instead, nobody looks.
    #[arg(value_name = "TARGET", required = true, hide_possible_values = true, value_parser = suggest::TARGETS)]
    target: Option<String>,
    /// Which end of the connection: server, where it can be both
    #[arg(long, value_name = "ROLE", value_parser = ["server", "client"])]
    role: Option<String>,
    /// Look for targets in this folder, too: one folder each, as in pure/handfast-setup/targets
    #[arg(long, value_name = "DIR")]
    targets: Option<PathBuf>,
}

impl Which {
    fn find(&self) -> Result<(Target, Role), Failure> {
        let target = find(
            self.target.as_deref().unwrap_or_default(),
            self.targets.as_deref(),
        )?;
        let role = match self.role.as_deref() {
            Some("client") => Role::Client,
            Some(_) => Role::Server,
            None => target.default_role(),
        };
        target.part(role).map_err(|error| of_setup(&error))?;
        Ok((target, role))
    }
}
