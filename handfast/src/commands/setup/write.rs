//! `handfast setup TARGET`: the files of a target for the user's own.

use std::path::{Path, PathBuf};

use handfast_credentials::put;
use handfast_finding::shell::shell;
use handfast_interop::of_setup;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Filled, Made, Part, Role, Target, Version};
use serde_json::{Value, json};

use super::{Which, apply, given::Given};
use crate::{
    failure::{Exit, Failure},
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
    let (values, notes) = args.given.values(role, part, &out)?;
    let filled = target.fill(role, &values).map_err(|error| of_setup(&error))?;
    if args.out.is_some() {
        words.tell_leftovers(&put(&filled.files, &out, args.force)?);
    }
    let applied = if args.apply {
        Some(apply::apply(&target, part, &filled, args.force, words)?)
    } else {
        None
    };
    for finding in &notes {
        words.talk(format_args!("note: {}  [{}]", finding.because, finding.code));
    }
    tell(args, &target, role, (&filled, values.version), &out, words);
    if let Some(place) = applied {
        words.talk(format_args!("in place: {}", shell(place.display())));
    }
    Ok(Exit::Yes)
}

fn tell(
    args: &Write,
    target: &Target,
    role: Role,
    (filled, version): (&Filled, Option<Version>),
    out: &Path,
    words: &Words,
) {
    let is_written = args.out.is_some();
    for file in &filled.files {
        if is_written {
            words.data(out.join(&file.name).display());
        } else {
            if filled.files.len() > 1 {
                words.data(format_args!("{STRONG}==> {} <=={STRONG:#}", file.name));
            }
            match file.text.shown() {
                Some(text) => words.data(text.trim_end()),
                // A terminal has a memory, and a pipe an unknown end.
                None => words.talk(format_args!(
                    "{} holds the key, and is written with --out alone",
                    file.name
                )),
            }
        }
    }
    let Ok(part) = target.part(role) else { return };
    words.json(
        Schema::Setup,
        to_json(target, role, (filled, version), out, is_written),
    );
    words.talk(format_args!("{} as a {}:", target.title, role.name()));
    for line in &filled.does {
        words.talk(format_args!("  - it {line}"));
    }
    for (name, command) in [
        ("check", &filled.check),
        (if role == Role::Server { "start" } else { "run" }, &filled.start),
        ("reload", &filled.reload),
    ] {
        if let Some(command) = command {
            words.talk(format_args!("{name}: {command}"));
        }
    }
    for line in older(part, &target.title, version)
        .into_iter()
        .chain(limits(part))
    {
        words.talk(format_args!("warning: {line}"));
    }
    if part.trial.is_some() {
        let role = if role == target.default_role() {
            ""
        } else {
            " --role client"
        };
        words.next(format_args!("handfast setup verify {}{role}", target.name));
    }
}

/// What is otherwise with the version that is here, or with older ones where none is, a line each.
pub fn older(part: &Part, title: &str, version: Option<Version>) -> Vec<String> {
    let rows = part.since.iter();
    rows.filter(|row| version.is_none_or(|version| version < row.version))
        .map(|row| match version {
            Some(version) => format!("{title} {version} is older than {}: {}", row.version, row.before),
            None => format!(
                "this is for {title} {} and later, and none is on this machine; before that, {}",
                row.version, row.before
            ),
        })
        .collect()
}

/// What the target cannot do, a line each.
pub fn limits(part: &Part) -> Vec<String> {
    let limits = &part.limits;
    let accepts = limits
        .accepts
        .iter()
        .map(|(fixture, why)| format!("accepts \"{fixture}\": {why}"));
    let rejects = limits
        .rejects
        .iter()
        .map(|(fixture, why)| format!("rejects \"{fixture}\": {why}"));
    let recorded = part
        .recorded
        .iter()
        .map(|source| format!("the tests do not run this; it was made from {source}"));
    recorded
        .chain(accepts)
        .chain(rejects)
        .chain(limits.forged.clone())
        .chain(limits.renewal.clone())
        .chain(limits.also.iter().cloned())
        .collect()
}

fn to_json(
    target: &Target,
    role: Role,
    (filled, version): (&Filled, Option<Version>),
    out: &Path,
    is_written: bool,
) -> Value {
    let file = |file: &Made| {
        json!({
            "name": file.name,
            "path": is_written.then(|| out.join(&file.name)),
            "text": file.text.shown(),
        })
    };
    let part = target.part(role).ok();
    json!({
        "target": target.name,
        "title": target.title,
        "role": role.name(),
        "files": filled.files.iter().map(file).collect::<Vec<_>>(),
        "does": filled.does,
        "check": filled.check,
        "start": filled.start,
        "reload": filled.reload,
        "version": version.map(|version| version.to_string()),
        "limits": part.map(|part| {
            older(part, &target.title, version).into_iter().chain(limits(part)).collect::<Vec<_>>()
        }),
    })
}
