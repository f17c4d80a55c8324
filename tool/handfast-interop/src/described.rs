//! What is known of a target and what was made for it, as lines and as objects.

use std::path::Path;

use handfast_finding::Problem;
use handfast_lab::is_here;
use handfast_report::style::{BAD, FAINT};
use handfast_setup::{Filled, Made, Role, Target, Version};
use serde_json::{Value, json};

use crate::{error::of_setup, target::installed};

/// One side of `target`: what it does, its files, what it needs and what it cannot do.
pub fn side(target: &Target, role: Role) -> Result<(String, Value), Problem> {
    let part = target.part(role).map_err(|error| of_setup(&error))?;
    let mut lines = vec![format!("\nas a {}, it", role.name())];
    let does = part.does.iter();
    lines.extend(does.map(|line| format!("  - {}", line.replace("{{ ", "").replace(" }}", ""))));
    lines.extend(part.files.iter().map(|file| format!("  file: {}", file.name)));
    for (program, package) in &part.needs {
        lines.push(if is_here(program) {
            format!("  needs {program}, which is here")
        } else {
            format!("  needs {BAD}{program}{BAD:#}: {package}")
        });
    }
    if !part.tested.is_empty() {
        lines.push(format!("  tested with {}", part.tested.join(", ")));
    }
    let version = installed(part);
    lines.extend(version.map(|version| format!("  version {version} is here")));
    let limits = part.warnings(&target.title, version);
    let warnings = limits.iter();
    lines.extend(warnings.map(|line| format!("  {FAINT}warning:{FAINT:#} {line}")));
    let object = json!({
        "role": role.name(),
        "does": part.does,
        "files": part.files.iter().map(|file| &file.name).collect::<Vec<_>>(),
        "needs": part.needs,
        "missing": part.needs.keys().filter(|program| !is_here(program)).collect::<Vec<_>>(),
        "tested": part.tested,
        "version": version.map(|version| version.to_string()),
        "limits": limits,
    });
    Ok((lines.join("\n"), object))
}

/// The files that were made; `out` is where they are, if they were written.
pub fn made(
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
