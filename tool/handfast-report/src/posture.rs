//! A posture in the terminal and as one JSON object.

use std::fmt::Write as _;

use handfast_doctor::posture::{Check, Posture, Verdict};
use handfast_finding::Finding;
use serde_json::{Value, json};

use crate::style::{BAD, FAINT, GOOD, STRONG};

pub fn json(made: &Posture) -> Value {
    let findings: Vec<Finding> = made.checks.iter().filter_map(Check::finding).collect();
    json!({
        "target": made.target,
        "grade": made.grade().map(|grade| grade.name()),
        "reasons": made.reasons().map(|check| check.name).collect::<Vec<_>>(),
        "checks": made.checks.iter().map(check).collect::<Vec<_>>(),
        "findings": crate::json::findings(&findings),
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

/// A line for each check, and the grade.
pub fn graded(made: &Posture) -> String {
    let mut out = String::new();
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
        let _ = writeln!(
            out,
            "{style}{grade:2} {:7}{style:#} {STRONG}{:width$}{STRONG:#}  {}{code}",
            check.verdict().name(),
            check.name,
            check.says,
        );
        if let Some(help) = &check.help {
            let _ = writeln!(out, "{:1$}{FAINT}help:{FAINT:#} {help}", "", width + 13);
        }
    }
    out.push('\n');
    let names: Vec<&str> = made.reasons().map(|check| check.name).collect();
    let _ = match made.grade() {
        Some(grade) if names.is_empty() => writeln!(out, "grade {STRONG}{}{STRONG:#}", grade.name()),
        Some(grade) => writeln!(
            out,
            "grade {STRONG}{}{STRONG:#} because of {}",
            grade.name(),
            names.join(", ")
        ),
        None => writeln!(
            out,
            "no grade: whether clients are verified could not be found out"
        ),
    };
    out
}
