//! What `handfast setup TARGET` says of the files that it made.

use std::path::Path;

use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Filled, Made, Role, Target, Version};
use serde_json::{Value, json};

use crate::words::Words;

/// `out` is where the files are, if they were written.
pub fn tell(
    target: &Target,
    role: Role,
    (filled, version): (&Filled, Option<Version>),
    out: Option<&Path>,
    words: &Words,
) {
    for file in &filled.files {
        if let Some(out) = out {
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
    words.json(Schema::Setup, to_json(target, role, (filled, version), out));
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
    for line in part.warnings(&target.title, version) {
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

fn to_json(
    target: &Target,
    role: Role,
    (filled, version): (&Filled, Option<Version>),
    out: Option<&Path>,
) -> Value {
    let file = |file: &Made| {
        json!({
            "name": file.name,
            "path": out.map(|out| out.join(&file.name)),
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
        "limits": part.map(|part| part.warnings(&target.title, version)),
    })
}
