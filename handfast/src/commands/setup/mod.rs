//! `handfast setup`: everyone else's software with mutual TLS, written for the user's own files.

mod apply;
mod given;
mod list;
mod moved;
mod play;
mod reload;
mod sites;
mod stage;
mod table;
pub mod theirs;
mod upstream;
mod verify;
mod visit;
mod write;

use std::path::PathBuf;

use clap::Subcommand;
use handfast_pki::code;
use handfast_setup::{Role, Target};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Set up somebody else's software for mutual TLS: nginx, Apache, curl, Python, PostgreSQL ...
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
    Show(list::Show),
    Verify(verify::Verify),
    Zoo(list::Zoo),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.what {
        Some(What::List(list)) => list::list(list, words),
        Some(What::Show(show)) => list::show(show, words),
        Some(What::Zoo(zoo)) => list::zoo(zoo, words),
        Some(What::Verify(verify)) => verify::run(verify, words),
        None => write::run(&args.write, words),
    }
}

/// Which target, and which side of it.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The software; see `handfast setup list`
    // The parser insists on it; where a subcommand stands instead, nobody looks.
    #[arg(value_name = "TARGET", required = true)]
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
        let target = find(self.target.as_deref().unwrap_or_default(), self.targets.as_ref())?;
        let role = match self.role.as_deref() {
            Some("client") => Role::Client,
            Some(_) => Role::Server,
            None => target.default_role(),
        };
        target.part(role).map_err(|error| of_error(&error))?;
        Ok((target, role))
    }
}

/// The target called `name`: one of the user's own, or one that we know.
fn find(name: &str, own: Option<&PathBuf>) -> Result<Target, Failure> {
    let found = match own {
        Some(folder) => read(&folder.join(name), name)?,
        None => None,
    };
    let found = match found {
        Some(target) => Some(target),
        None => handfast_setup::named(name).map_err(|error| of_error(&error))?,
    };
    found.ok_or_else(|| {
        let near = handfast_setup::names()
            .into_iter()
            .filter(|known| known.contains(name) || name.contains(known))
            .collect::<Vec<_>>();
        let failure = Failure::misuse(format!("\"{name}\" is not a target")).hint("handfast setup list");
        if near.is_empty() {
            failure
        } else {
            failure.detail(format!("nearest: {}", near.join(", ")))
        }
    })
}

/// A target out of a folder of the user's own.
fn read(folder: &std::path::Path, name: &str) -> Result<Option<Target>, Failure> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !plain || !folder.is_dir() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            format!("\"{}\" cannot be read: {error}", folder.display()),
        )
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        files.push((path.file_name().unwrap_or_default().display().to_string(), text));
    }
    Target::read(name, files)
        .map(Some)
        .map_err(|error| of_error(&error))
}

fn of_error(error: &handfast_setup::Error) -> Failure {
    use handfast_setup::Error as E;
    match error {
        E::NoRole { .. } => Failure::misuse(error).hint("leave out --role"),
        E::Unwritable { .. } => Failure::new(Exit::Misuse, code::CONFIG_INVALID, error)
            .hint("give the file a plain name, and try again"),
        E::NotAn { .. } => Failure::misuse(error),
        _ => Failure::new(Exit::Misuse, code::CONFIG_INVALID, error),
    }
}
