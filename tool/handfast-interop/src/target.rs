//! Finds targets: those that we know, and those in a folder of the user.

use std::path::Path;

use handfast_configs::Kind;
use handfast_finding::Problem;
use handfast_lab::{Process, is_here};
use handfast_pki::code;
use handfast_setup::{Part, Target, Version};

use crate::error::of_setup;

/// The target called `name`: one of the user's own, or one that we know.
pub fn find(name: &str, own: Option<&Path>) -> Result<Target, Problem> {
    let found = match own {
        Some(folder) => read(&folder.join(name), name)?,
        None => None,
    };
    let found = match found {
        Some(target) => Some(target),
        None => handfast_setup::named(name).map_err(|error| of_setup(&error))?,
    };
    found.ok_or_else(|| {
        let near = handfast_setup::names()
            .into_iter()
            .filter(|known| known.contains(name) || name.contains(known))
            .collect::<Vec<_>>();
        let problem = Problem::new(code::CONFIG_INVALID, format!("\"{name}\" is not a target"))
            .help("choose one of the targets that there are")
            .command("handfast setup list");
        if near.is_empty() {
            problem
        } else {
            problem.detail(format!("nearest: {}", near.join(", ")))
        }
    })
}

/// The target whose configuration the file at `path` with `text` is: by its name, or by what it says. Nothing where neither
/// tells.
pub fn of_configuration(path: &Path, text: &str) -> Result<Option<Target>, Problem> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_named = |target: &Target| {
        let theirs = target.server.as_ref().and_then(|part| part.theirs.as_ref());
        theirs.is_some_and(|theirs| theirs.known.iter().any(|known| name.ends_with(known)))
    };
    let all = handfast_setup::all().map_err(|error| of_setup(&error))?;
    match all.into_iter().find(is_named) {
        Some(target) => Ok(Some(target)),
        None => Kind::told_by(path, text)
            .map(|kind| find(kind.word(), None))
            .transpose(),
    }
}

/// The same where something is written otherwise for some versions.
pub(crate) fn installed_if_it_matters(part: &Part) -> Option<Version> {
    (!part.since.is_empty()).then(|| installed(part)).flatten()
}

/// The version of the program of `part` that is on this machine; nothing where there is none, or none is known of.
pub fn installed(part: &Part) -> Option<Version> {
    let line = part.version.as_ref()?;
    if !part.needs.keys().all(|program| is_here(program)) {
        return None;
    }
    let process = Process {
        name: "a version".into(),
        line: line.clone(),
        folder: std::env::temp_dir(),
        ..Process::default()
    };
    let (is_good, said) = process.ask().ok()?;
    is_good.then(|| Version::printed(&said)).flatten()
}

/// A target out of a folder of the user's own.
fn read(folder: &Path, name: &str) -> Result<Option<Target>, Problem> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !plain || !folder.is_dir() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| {
        Problem::new(
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
        .map_err(|error| of_setup(&error))
}
