//! `handfast setup TARGET`: the files of a target for the user's own.

use std::path::PathBuf;

use handfast_credentials::put;
use handfast_finding::shell::shell;
use handfast_interop::{apply, judged, of_setup};

use super::{Which, given::Given, tell::tell};
use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

#[derive(Debug, clap::Args)]
pub struct Write {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    given: Given,
    /// Write the files into this folder, and print their paths
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(long)]
    force: bool,
    /// Put the configuration where the software looks for it, have it checked, and reload; undone when the check fails
    #[arg(long)]
    apply: bool,
}

pub fn run(args: &Write, words: &Words) -> Result<Exit, Failure> {
    let (target, role) = args.which.find()?;
    let part = target.part(role).map_err(|error| of_setup(&error))?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => PathBuf::from(&target.name),
    };
    let out = std::path::absolute(&out).map_err(Failure::bug)?;
    let given = args.given.given();
    let (values, mut notes) = given.values(role, part, &out, time::now())?;
    let filled = target.fill(role, &values).map_err(|error| of_setup(&error))?;
    notes.extend(judged::judged(
        (&target, role),
        &given,
        (&filled, &out),
        time::now(),
    )?);
    if args.out.is_some() {
        words.tell_leftovers(&put(&filled.files, &out, args.force)?);
    }
    let applied = if args.apply {
        Some(apply::apply(&target, part, &filled, args.force, |paths| {
            words.tell_leftovers(paths)
        })?)
    } else {
        None
    };
    for finding in &notes {
        words.talk(format_args!("note: {}  [{}]", finding.because, finding.code));
    }
    let written = args.out.as_ref().map(|_| out.as_path());
    tell(&target, role, (&filled, values.version), written, words);
    if let Some(place) = applied {
        words.talk(format_args!("in place: {}", shell(place.display())));
    }
    Ok(Exit::Yes)
}
