//! `handfast policy`: what a configuration decides, before anybody is affected by it.

mod diff;
mod explain;
mod shown;
mod test;

use std::path::{Path, PathBuf};

use clap::{Args as Flags, Subcommand};
use handfast_proxy::{config, rehearsal::Rehearsal};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Test, explain and compare what a configuration of the proxy allows
///
/// Nothing is started, and no certificate of a server is needed. A host with mode = "observe" decides as if it were in
/// earnest.
#[derive(Debug, Flags)]
#[command(
    after_help = "Examples:\n  handfast policy test cases.toml --config handfast.toml\n  \
handfast policy explain --config handfast.toml --identity uri:spiffe://acme/web --path /orders\n  \
handfast policy diff old.toml new.toml --log access.log"
)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Test(test::Args),
    Explain(explain::Args),
    Diff(diff::Args),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.action {
        Action::Test(args) => test::run(args, words),
        Action::Explain(args) => explain::run(args, words),
        Action::Diff(args) => diff::run(args, words),
    }
}

/// Whose rules.
#[derive(Debug, Flags)]
#[group(required = true, multiple = false)]
struct Rules {
    /// The configuration of the proxy
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One policy in Cedar, as if a host had only a route with it; certificates are taken for good
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Rules {
    fn read(&self, with_trust: bool) -> Result<Rehearsal, Failure> {
        match (&self.config, &self.policy) {
            (Some(file), _) => of_config(file, with_trust),
            (None, Some(file)) => Ok(Rehearsal::of_policy(file)?),
            (None, None) => Err(Failure::bug("no rules, which the parser demands")),
        }
    }
}

/// The rules of a file, which is a policy in Cedar where it is called so.
fn of_file(file: &Path, with_trust: bool) -> Result<Rehearsal, Failure> {
    if file.extension().is_some_and(|ending| ending == "cedar") {
        return Ok(Rehearsal::of_policy(file)?);
    }
    of_config(file, with_trust)
}

fn of_config(file: &Path, with_trust: bool) -> Result<Rehearsal, Failure> {
    let config = config::read(file).map_err(Failure::of_problems)?;
    Ok(Rehearsal::of(&config.sources, with_trust)?)
}
