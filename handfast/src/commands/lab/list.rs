//! `handfast lab list`: the cases there are.

use handfast_report::{
    schema::Schema,
    style::{BAD, STRONG},
};
use serde_json::json;

use super::{chosen, expected, names};
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
    let cases = if args.cases.is_empty() {
        handfast_lab::all()
    } else {
        chosen(&args.cases)?
    };
    let width = cases.iter().map(|case| case.name.len()).max().unwrap_or(0);
    let mut objects = Vec::new();
    for case in &cases {
        let missing = names(&case.missing());
        let lacks = if missing.is_empty() {
            String::new()
        } else {
            format!("  {BAD}needs {}{BAD:#}", missing.join(", "))
        };
        words.data(format_args!(
            "{STRONG}{:width$}{STRONG:#}  {}{lacks}",
            case.name, case.description
        ));
        objects.push(json!({
            "case": case.name,
            "description": case.description,
            "expected": case.expected.map(expected),
            "blind": case.is_blind,
            "needs": names(&case.needs),
            "missing": missing,
        }));
    }
    words.json(Schema::LabList, json!({ "cases": objects }));
    if !words.json {
        words.next("handfast lab run HF-101");
    }
    Ok(Exit::Yes)
}
