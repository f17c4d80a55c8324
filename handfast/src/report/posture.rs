//! A posture in the terminal and as one JSON object.

use handfast_doctor::{
    Finding,
    posture::{Check, Posture, Verdict},
};
use serde_json::{Value, json};

use crate::{
    report,
    words::{BAD, FAINT, GOOD, STRONG, Words},
};

/// The form of the object, described in docs/doctor.md.
const SCHEMA: &str = "handfast-posture/1";

pub fn json(made: &Posture) -> Value {
    let findings: Vec<Finding> = made.checks.iter().filter_map(Check::finding).collect();
    json!({
        "schema": SCHEMA,
        "target": made.target,
        "grade": made.grade().map(|grade| grade.name()),
        "reasons": made.reasons().map(|check| check.name).collect::<Vec<_>>(),
        "checks": made.checks.iter().map(check).collect::<Vec<_>>(),
        "findings": report::json::findings(&findings),
    })
}

fn check(check: &Check) -> Value {
    json!({
        "check": check.name,
        "verdict": check.verdict().name(),
        "grade": check.grade.map(|grade| grade.name()),
        "says": check.says,
        "help": check.help,
        "code": check.code.map(|code| code.to_string()),
    })
}

pub fn say(made: &Posture, words: &Words) {
    let width = made
        .checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    for check in &made.checks {
        let style = match check.verdict() {
            Verdict::Good => GOOD,
            Verdict::Hole => BAD,
            Verdict::Remark => STRONG,
            Verdict::Unknown => FAINT,
        };
        let grade = check.grade.map_or("?", |grade| grade.name());
        let code = check.code.map(|code| format!("  [{code}]")).unwrap_or_default();
        words.data(format_args!(
            "{style}{grade:2} {:7}{style:#} {STRONG}{:width$}{STRONG:#}  {}{code}",
            check.verdict().name(),
            check.name,
            check.says,
        ));
        if let Some(help) = &check.help {
            words.data(format_args!("{:1$}{FAINT}help:{FAINT:#} {help}", "", width + 13));
        }
    }
    words.data("");
    let names: Vec<&str> = made.reasons().map(|check| check.name).collect();
    match made.grade() {
        Some(grade) if names.is_empty() => {
            words.data(format_args!("grade {STRONG}{}{STRONG:#}", grade.name()))
        }
        Some(grade) => words.data(format_args!(
            "grade {STRONG}{}{STRONG:#} because of {}",
            grade.name(),
            names.join(", ")
        )),
        None => words.data("no grade: whether clients are verified could not be found out"),
    }
}
