//! `handfast setup verify TARGET`: the software is started with its configuration, and meets the fixtures.

use std::path::PathBuf;

use handfast_interop::{
    of_setup,
    stage::Ground,
    table,
    trial::{self, Renewal, Trial},
};
use handfast_pki::code;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Part, Role, Target};
use serde_json::json;

use super::Which;
use crate::{
    failure::{Exit, Failure},
    signals::BrokenOff,
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
    let _broken_off = BrokenOff::by_signals(words)?;
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
    let (wrong, is_good) = (trial.wrong(part), trial.is_good(part));
    words.json(
        Schema::SetupVerify,
        json!({
            "target": target.name,
            "title": target.title,
            "role": role.name(),
            "cells": table::to_json(&trial.cells, part),
            "wrong": wrong,
            "forged": trial.told.as_ref().map(|told| &told.forged),
            "who_was_told": trial.told.as_ref().map(|told| told.who),
            "renewal": trial.renewal.as_ref().map(Renewal::to_json),
            "limits": part.cannot(),
            "good": is_good,
        }),
    );
    words.talk(if is_good {
        format!(
            "{0}: {1} of {1} cases as documented",
            target.title,
            trial.cells.len()
        )
    } else {
        format!(
            "{wrong} of {} cases differ from what is documented for {}",
            trial.cells.len(),
            target.title
        )
    });
    if is_good { Exit::Yes } else { Exit::No }
}
