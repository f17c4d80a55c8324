//! `handfast setup show`: what is known of a target.

use std::path::PathBuf;

use handfast_interop::{
    of_setup,
    target::{find, installed},
};
use handfast_lab::is_here;
use handfast_report::{
    schema::Schema,
    style::{BAD, FAINT, STRONG},
};
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    suggest,
    words::Words,
};

/// Show what is known of a target: what it does, its files, and what it cannot do
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast setup show nginx")]
pub struct Show {
    /// The software
    #[arg(value_name = "TARGET", hide_possible_values = true, value_parser = suggest::TARGETS)]
    target: String,
    /// Look for targets in this folder, too
    #[arg(long, value_name = "DIR")]
    targets: Option<PathBuf>,
}

pub fn show(args: &Show, words: &Words) -> Result<Exit, Failure> {
    let target = find(&args.target, args.targets.as_deref())?;
    words.data(format_args!(
        "{STRONG}{}{STRONG:#} ({})",
        target.title, target.name
    ));
    let mut sides = Vec::new();
    for role in target.roles() {
        let part = target.part(role).map_err(|error| of_setup(&error))?;
        words.data(format_args!("\nas a {}, it", role.name()));
        for line in &part.does {
            words.data(format_args!("  - {}", line.replace("{{ ", "").replace(" }}", "")));
        }
        for file in &part.files {
            words.data(format_args!("  file: {}", file.name));
        }
        for (program, package) in &part.needs {
            if is_here(program) {
                words.data(format_args!("  needs {program}, which is here"));
            } else {
                words.data(format_args!("  needs {BAD}{program}{BAD:#}: {package}"));
            }
        }
        if !part.tested.is_empty() {
            words.data(format_args!("  tested with {}", part.tested.join(", ")));
        }
        let version = installed(part);
        if let Some(version) = version {
            words.data(format_args!("  version {version} is here"));
        }
        let limits = part.warnings(&target.title, version);
        for line in &limits {
            words.data(format_args!("  {FAINT}warning:{FAINT:#} {line}"));
        }
        sides.push(json!({
            "role": role.name(),
            "does": part.does,
            "files": part.files.iter().map(|file| &file.name).collect::<Vec<_>>(),
            "needs": part.needs,
            "missing": part.needs.keys().filter(|program| !is_here(program)).collect::<Vec<_>>(),
            "tested": part.tested,
            "version": version.map(|version| version.to_string()),
            "limits": limits,
        }));
    }
    words.json(
        Schema::SetupShow,
        json!({ "name": target.name, "title": target.title, "sides": sides }),
    );
    words.next(format_args!(
        "handfast setup {} --cert tls.crt --key tls.key --ca ca.crt",
        target.name
    ));
    Ok(Exit::Yes)
}
