//! What a pasted text says: its causes, and how to tell them apart.

use handfast_doctor::{Certainty, Report, text::Reading};
use serde_json::{Value, json};

use super::findings;
use crate::words::{FAINT, STRONG, Words};

/// Says `reading`; each cause repeats the line that it comes from.
pub fn say(reading: &Reading, words: &Words) {
    let mut is_headed = false;
    for (rank, finding) in reading.findings.iter().enumerate() {
        let is_less = rank > 0 && finding.certainty != Certainty::Certain;
        if is_less && !is_headed {
            is_headed = true;
            words.data(format_args!("\n{STRONG}other causes{STRONG:#}"));
        }
        if rank > 0 {
            words.data("");
        }
        findings::one(finding, words);
    }
    if !reading.tests.is_empty() {
        words.data(format_args!("\n{STRONG}how to tell them apart{STRONG:#}"));
    }
    for test in &reading.tests {
        words.data(format_args!("  {}", test.what));
        if let Some(command) = &test.command {
            words.data(format_args!("  {FAINT}run:{FAINT:#} {command}"));
        }
    }
}

/// The object of every report, with the lines and the tests beside the findings.
pub fn json(reading: &Reading) -> Value {
    let report = Report {
        findings: reading.findings.clone(),
        ..Report::new("text")
    };
    let mut value = super::json::report(&report);
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
