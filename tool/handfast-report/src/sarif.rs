//! A posture for code scanners: SARIF 2.1.0 (OASIS, 2020).

use handfast_doctor::posture::{Check, Posture, Verdict};
use serde_json::{Value, json};

pub fn sarif(made: &Posture) -> String {
    let rules: Vec<Value> = made
        .checks
        .iter()
        .map(|check| json!({ "id": id(check), "name": check.name }))
        .collect();
    let results: Vec<Value> = made
        .checks
        .iter()
        .enumerate()
        .map(|(place, check)| result(made, place, check))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "handfast",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
            "properties": { "grade": made.grade().map(|grade| grade.name()) },
        }],
    });
    format!("{document:#}\n")
}

fn id(check: &Check) -> String {
    format!("posture/{}", check.name)
}

/// A result that did not fail has the level "none" (section 3.27.9).
fn result(made: &Posture, place: usize, check: &Check) -> Value {
    let (kind, level) = match check.verdict() {
        Verdict::Good => ("pass", "none"),
        Verdict::Remark => ("fail", "note"),
        Verdict::Hole => ("fail", "error"),
        Verdict::Unknown => ("open", "none"),
    };
    let help = check
        .help
        .as_ref()
        .map(|help| format!("; {help}"))
        .unwrap_or_default();
    json!({
        "ruleId": id(check),
        "ruleIndex": place,
        "kind": kind,
        "level": level,
        "message": { "text": format!("{}{help}", check.says) },
        "locations": [{ "logicalLocations": [{
            "fullyQualifiedName": made.target,
            "kind": "resource",
        }] }],
        "properties": { "code": check.code.map(|code| code.to_string()) },
    })
}
