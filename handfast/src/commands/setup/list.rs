//! `handfast setup list` and `certificates`: what there is.

use handfast_interop::of_setup;
use handfast_lab::fixtures::{self, Fixture};
use handfast_report::{schema::Schema, style::STRONG};
use handfast_setup::{Role, Target};
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// List the targets, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast setup list --json")]
pub struct List {}

/// List the test certificates that `setup verify` presents to a target
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast setup certificates --role client")]
pub struct Certificates {
    /// Those that are presented to servers, or to clients
    #[arg(long, value_name = "ROLE", value_parser = ["server", "client"], default_value = "server")]
    role: String,
}

pub fn fixtures(args: &Certificates, words: &Words) -> Result<Exit, Failure> {
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
