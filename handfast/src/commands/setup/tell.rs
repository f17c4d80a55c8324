//! What `handfast setup TARGET` says of the files that it made.

use std::path::Path;

use handfast_interop::described::made;
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Filled, Role, Target, Version};

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
    words.json(Schema::Setup, made(target, role, (filled, version), out));
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
