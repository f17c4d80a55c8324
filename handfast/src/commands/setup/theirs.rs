//! `handfast verify-config FILE`: a configuration that the user wrote, met by the fixtures.

use std::path::PathBuf;

use handfast_finding::shell::shell;
use handfast_interop::{
    of_setup,
    theirs::{Theirs, Trying},
};
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::Role;

use crate::{
    failure::{Exit, Failure},
    signals, suggest,
    words::Words,
};

/// Run a configuration that you wrote on this machine, and test it with every kind of certificate
///
/// The software is started with a copy of FILE, and of what it includes, on free ports of 127.0.0.1. In the copy, every
/// file with certificates, keys or revocation lists is replaced by a temporary one of the same kind, and every listener
/// address by a free port; settings of the machine, such as logs, sockets and users, are removed. Then it is tested as
/// in `setup verify`. FILE itself and what it names are only read. Exit code 1 when it accepts a client that it must
/// reject. A revoked certificate counts where FILE names a revocation list, or with --require revocation.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast verify-config /etc/nginx/conf.d/api.conf")]
pub struct VerifyConfig {
    /// The configuration, or the part of it that holds the site: nginx.conf, a virtual host, haproxy.cfg, Caddyfile ...
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose configuration it is, where that cannot be told from it
    #[arg(long, value_name = "TARGET", hide_possible_values = true, value_parser = suggest::TARGETS)]
    target: Option<String>,
    /// Test only the sites at this port, or of this name, as FILE has it; together, at these ports by these names
    #[arg(long, value_name = "PORT|NAME")]
    at: Vec<String>,
    /// Count it as a fault if a revoked certificate is accepted, also where FILE names no revocation list
    #[arg(long, value_name = "WHAT", value_parser = ["revocation"])]
    require: Vec<String>,
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &VerifyConfig, words: &Words) -> Result<Exit, Failure> {
    let theirs = Theirs::read(&args.file, args.target.as_deref())?;
    let part = theirs
        .target()
        .part(Role::Server)
        .map_err(|error| of_setup(&error))?;
    let _broken_off = signals::break_off(words)?;
    words.tell_leftovers(&handfast_lab::leftovers::remove());
    let trying = Trying {
        at: &args.at,
        demands_revocation: !args.require.is_empty(),
        dir: args.dir.as_ref(),
    };
    let outcome = theirs.meet(&trying, |line| words.talk(line))?;
    for note in &outcome.notes {
        words.talk(format_args!("note: {note}"));
    }
    words.data(outcome.text(part).trim_end());
    for line in part.cannot() {
        words.data(format_args!("{STRONG}warning{STRONG:#}: {line}"));
    }
    words.json(Schema::VerifyConfig, outcome.to_json(part));
    words.talk(outcome.verdict(part));
    if outcome.is_good(part) {
        return Ok(Exit::Yes);
    }
    words.next(format_args!(
        "handfast doctor config {}",
        shell(args.file.display())
    ));
    Ok(Exit::No)
}
