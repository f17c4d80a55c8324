//! `handfast setup verify TARGET`: the software is started with its configuration, and meets the fixtures.

use std::path::PathBuf;

use handfast_interop::{
    of_setup,
    stage::Ground,
    trial::{self, Trial},
};
use handfast_pki::code;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Part, Role, Target};

use super::Which;
use crate::{
    failure::{Exit, Failure},
    signals,
    words::Words,
};

/// Run the software with its configuration on this machine, and test it with every kind of certificate
///
/// Starts it on a free port of 127.0.0.1 with temporary certificates, and presents the test certificates: valid, expired,
/// revoked, of another CA, for another purpose, self-signed and others, over TLS 1.2 and 1.3. Then it sends spoofed
/// headers and renews the certificate under load. Exit code 1 when a result differs from what the target documents.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast setup verify nginx\n  handfast setup verify curl --role client"
)]
pub struct Verify {
    #[command(flatten)]
    which: Which,
    /// Keep the files in this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Verify, words: &Words) -> Result<Exit, Failure> {
    let (target, role) = args.which.find()?;
    let part = target.part(role).map_err(|error| of_setup(&error))?;
    if part.trial.is_none() {
        return Err(Failure::of(
            code::LAB,
            format!("nothing is known of how to try {} on one machine", target.title),
        ));
    }
    let _broken_off = signals::break_off(words)?;
    words.tell_leftovers(&handfast_lab::leftovers::remove());
    let ground = Ground::new(args.dir.as_ref(), &[])?;
    words.talk(format_args!("testing {} as a {} ...", target.title, role.name()));
    let trial = trial::run(&ground, &target, role, args.which.targets.as_deref())?;
    Ok(tell(&trial, &target, role, part, words))
}

fn tell(trial: &Trial, target: &Target, role: Role, part: &Part, words: &Words) -> Exit {
    words.data(trial.text(part).trim_end());
    for line in part.cannot() {
        words.data(format_args!("{STRONG}warning{STRONG:#}: {line}"));
    }
    words.json(Schema::SetupVerify, trial.to_json(target, role, part));
    words.talk(trial.verdict(target, part));
    if trial.is_good(part) { Exit::Yes } else { Exit::No }
}
