//! `handfast lab list`: the cases there are.

use handfast_interop::cases;
use handfast_report::{
    schema::Schema,
    style::{BAD, STRONG},
};
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    suggest,
    words::Words,
};

/// List the cases, and the programs that this machine lacks for them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast lab list HF-206")]
pub(super) struct List {
    /// Only these: a code, a case or a group
    #[arg(value_name = "CASE", hide_possible_values = true, value_parser = suggest::CASES)]
    cases: Vec<String>,
}

pub(super) fn list(args: &List, words: &Words) -> Result<Exit, Failure> {
    let all = if args.cases.is_empty() {
        handfast_lab::all()
    } else {
        cases::chosen(&args.cases)?
    };
    let width = all.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let mut objects = Vec::new();
    for case in &all {
        let missing = cases::commands(&case.missing());
        let lacks = if missing.is_empty() {
            String::new()
        } else {
            format!("  {BAD}needs {}{BAD:#}", missing.join(", "))
        };
        words.data(format_args!(
            "{STRONG}{:width$}{STRONG:#}  {}{lacks}",
            case.name, case.description
        ));
        objects.push(cases::listed(case));
    }
    words.json(Schema::LabList, json!({ "cases": objects }));
    if !words.json {
        words.next("handfast lab run HF-101");
    }
    Ok(Exit::Yes)
}
