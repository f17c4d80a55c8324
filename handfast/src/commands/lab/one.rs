//! One case: made, looked at, compared with what is wrong with it.

use handfast_finding::shell::shell;
use handfast_interop::look::{self, Others};
use handfast_lab::{Case, Folder, Scene};
use handfast_pki::code;
use serde_json::{Value, json};

use super::{expected, flags::Run, tell};
use crate::{failure::Failure, signals::BrokenOff, words::Words};

pub(super) struct Outcome {
    pub(super) is_right: bool,
    pub(super) object: Value,
}

pub(super) fn one(
    case: &Case,
    args: &Run,
    is_alone: bool,
    broken_off: &BrokenOff,
    words: &Words,
) -> Result<Outcome, Failure> {
    let folder = match &args.dir {
        Some(path) => Folder::kept(path.clone()),
        None => Folder::temporary(),
    }
    .map_err(|error| of_error(case, &error))?;
    let scene = case.make(&folder).map_err(|error| of_error(case, &error))?;
    let found = look::look(&scene, &folder, is_alone && !words.json)?;
    let is_right = match &case.expected {
        None => found.findings.is_empty() && found.exit == 0,
        Some(expected) => expected.is_met(&found.all()),
    };
    let others = args.compare.then(|| look::compare(&scene, &folder));
    tell::tell(case, &scene, &found, is_right, is_alone, words);
    if args.stay {
        // Now Ctrl-C is the usual end.
        broken_off.pause();
        stay(case, &scene, &folder, words)?;
    }
    Ok(Outcome {
        is_right,
        object: json!({
            "case": case.name,
            "description": case.description,
            "expected": case.expected.map(expected),
            "blind": case.is_blind,
            "findings": found.findings,
            "milliseconds": found.milliseconds,
            "connections": found.connections,
            "right": is_right,
            "error": null,
            "curl": others.as_ref().map(|others: &Others| &others.curl),
            "openssl": others.as_ref().map(|others: &Others| &others.openssl),
        }),
    })
}

/// A case with nothing found, and why.
pub(super) fn not_made(case: &Case, failure: &Failure) -> Value {
    json!({
        "case": case.name,
        "description": case.description,
        "expected": case.expected.map(expected),
        "blind": case.is_blind,
        "findings": [],
        "right": false,
        "milliseconds": null,
        "connections": null,
        "error": Words::error(failure),
        "curl": null,
        "openssl": null,
    })
}

/// Leaves the programs running until Ctrl-C.
fn stay(case: &Case, scene: &Scene, folder: &Folder, words: &Words) -> Result<(), Failure> {
    words.talk(format_args!(
        "\n{} stands until Ctrl-C; in its folder:",
        case.name
    ));
    words.talk(format_args!("  cd {}", shell(folder.path().display())));
    let also = [
        Some(tell::shown(&scene.look)),
        scene.curl.clone(),
        scene.openssl.clone(),
    ];
    for line in also.into_iter().flatten() {
        words.talk(format_args!("  {line}"));
    }
    crate::signals::until_told().map_err(Failure::bug)
}

fn of_error(case: &Case, error: &handfast_lab::Error) -> Failure {
    let failure = Failure::of(code::LAB, format!("{}: {error}", case.name));
    match error.hint() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
