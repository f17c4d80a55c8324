//! `handfast setup show`: what is known of a target.

use std::path::PathBuf;

use handfast_interop::{described::side, target::find};
use handfast_report::{schema::Schema, style::STRONG};
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
        let (text, object) = side(&target, role)?;
        words.data(text);
        sides.push(object);
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
