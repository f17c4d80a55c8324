//! `handfast setup list` and `show`: what there is.

use std::path::PathBuf;

use handfast_interop::{
    of_setup,
    target::{find, installed},
};
use handfast_lab::{
    fixtures::{self, Fixture},
    is_here,
};
use handfast_report::{
    schema::Schema,
    style::{BAD, FAINT, STRONG},
};
use handfast_setup::{Role, Target};
use serde_json::json;

use super::write;
use crate::{
    failure::{Exit, Failure},
    suggest,
    words::Words,
};

/// List the targets, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast setup list --json")]
pub struct List {}

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

/// List the test certificates that `setup verify` presents to a target
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast setup certificates --role client")]
pub struct Zoo {
    /// Those that are presented to servers, or to clients
    #[arg(long, value_name = "ROLE", value_parser = ["server", "client"], default_value = "server")]
    role: String,
}

pub fn fixtures(args: &Zoo, words: &Words) -> Result<Exit, Failure> {
    let fixtures: &[Fixture] = if args.role == "server" {
        &fixtures::CLIENTS
    } else {
        &fixtures::SERVERS
    };
    for fixture in fixtures {
        words.data(format_args!(
            "{STRONG}{:<16}{STRONG:#}  {}",
            fixture.name, fixture.description
        ));
    }
    words.json(
        Schema::SetupCertificates,
        json!({
            "certificates": fixtures.iter().map(|fixture| json!({
                "name": fixture.name,
                "description": fixture.description,
                "must_reject": fixture.verdict.must_be_rejected(),
                "usually_accepted": fixture.verdict.is_in(),
            })).collect::<Vec<_>>(),
        }),
    );
    words.next("handfast setup verify nginx");
    Ok(Exit::Yes)
}

pub fn list(_: &List, words: &Words) -> Result<Exit, Failure> {
    let targets = handfast_setup::all().map_err(|error| of_setup(&error))?;
    let width = targets.iter().map(|target| target.name.len()).max().unwrap_or(0);
    for target in &targets {
        words.data(format_args!(
            "{STRONG}{:width$}{STRONG:#}  {:<13}  {}",
            target.name,
            roles(target).join(", "),
            target.title
        ));
    }
    words.json(
        Schema::SetupList,
        json!({
            "targets": targets.iter().map(|target| json!({
                "name": target.name,
                "title": target.title,
                "roles": roles(target),
            })).collect::<Vec<_>>(),
        }),
    );
    if !words.json {
        words.next("handfast setup show nginx");
    }
    Ok(Exit::Yes)
}

fn roles(target: &Target) -> Vec<&'static str> {
    target.roles().into_iter().map(Role::name).collect()
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
        let limits: Vec<String> = write::older(part, &target.title, version)
            .into_iter()
            .chain(write::limits(part))
            .collect();
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
