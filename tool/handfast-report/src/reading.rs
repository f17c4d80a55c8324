//! What a pasted text says: its causes, and how to tell them apart.

use std::fmt::Write as _;

use handfast_doctor::Report;
use handfast_finding::Certainty;
use handfast_messages::Reading;
use serde_json::{Value, json};

use crate::{
    findings,
    style::{FAINT, STRONG},
};

/// The causes that `reading` names; each repeats the line that it comes from.
pub fn causes(reading: &Reading) -> String {
    let mut out = String::new();
    let mut is_headed = false;
    for (rank, finding) in reading.findings.iter().enumerate() {
        let is_less = rank > 0 && finding.certainty != Certainty::Certain;
        if is_less && !is_headed {
            is_headed = true;
            let _ = writeln!(out, "\n{STRONG}other causes{STRONG:#}");
        }
        if rank > 0 {
            out.push('\n');
        }
        findings::one(finding, &mut out);
    }
    if !reading.tests.is_empty() {
        let _ = writeln!(out, "\n{STRONG}how to tell them apart{STRONG:#}");
    }
    for test in &reading.tests {
        let _ = writeln!(out, "  {}", test.what);
        if let Some(command) = &test.command {
            let _ = writeln!(out, "  {FAINT}run:{FAINT:#} {command}");
        }
    }
    out
}

/// The object of every report, with the lines and the tests beside the findings.
pub fn json(reading: &Reading) -> Value {
    let report = Report {
        findings: reading.findings.clone(),
        ..Report::new("text")
    };
    let mut value = crate::json::report(&report);
    let said = reading.said.iter().map(
        |said| json!({ "line": said.line, "program": said.program, "role": said.role, "text": said.text }),
    );
    let tests = reading
        .tests
        .iter()
        .map(|test| json!({ "what": test.what, "command": test.command }));
    value["said"] = said.collect();
    value["tests"] = tests.collect();
    value
}
