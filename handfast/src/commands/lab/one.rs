//! One case: made, looked at, compared with what is wrong with it.

use handfast_finding::shell::shell;
use handfast_interop::{
    cases::{is_right, looked_at, not_made, typed},
    look,
};
use handfast_lab::{BrokenOff, Case, Folder, Scene};
use serde_json::Value;

use super::{flags::Run, tell};
use crate::{failure::Failure, words::Words};

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
    .map_err(|error| not_made(case, &error))?;
    let scene = case.make(&folder).map_err(|error| not_made(case, &error))?;
    let found = look::look(&scene, &folder, is_alone && !words.json)?;
    let others = args.compare.then(|| look::compare(&scene, &folder));
    tell::tell(case, &scene, &found, is_alone, words);
    if args.stay {
        // Now Ctrl-C is the usual end.
        broken_off.pause();
        stay(case, &scene, &folder, words)?;
    }
    Ok(Outcome {
        is_right: is_right(case, &found),
        object: looked_at(case, &found, others.as_ref()),
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
        Some(typed(&scene.look)),
        scene.curl.clone(),
        scene.openssl.clone(),
    ];
    for line in also.into_iter().flatten() {
        words.talk(format_args!("  {line}"));
    }
    crate::signals::until_told().map_err(Failure::bug)
}
