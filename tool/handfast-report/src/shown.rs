//! A report in the terminal: the handshake where there was one, what was learned, and the findings.

use handfast_doctor::Report;
use handfast_finding::Finding;
use jiff::Timestamp;

use crate::{
    chains, findings,
    ladder::{self, Detail},
    style::{FAINT, STRONG},
};

/// The ladder, the chains where they may explain something, the further connections; none without a handshake.
pub fn picture(made: &Report, detail: Detail, now: Timestamp) -> Option<String> {
    let trace = made.trace.as_ref().filter(|trace| !trace.messages.is_empty())?;
    let ladder = ladder::detailed(trace, detail, made.blamed());
    let mut lines = vec![ladder.trim_end().to_owned(), String::new()];
    let wanted = detail.verbose > 0 || detail.explain || made.findings.first().is_some_and(is_about_chains);
    if let Some(chains) = chains::of(made, now).filter(|_| wanted) {
        lines.push(chains.text());
    }
    if !made.probes.is_empty() {
        lines.push(format!("{STRONG}further connections{STRONG:#}"));
        let probes = made.probes.iter();
        lines.extend(probes.map(|probe| format!("  {FAINT}{probe}{FAINT:#}")));
        lines.push(String::new());
    }
    Some(lines.join("\n"))
}

/// What was learned, and the findings.
pub fn learned(made: &Report) -> String {
    let notes = made.notes.iter();
    let mut lines: Vec<String> = notes.map(|(name, value)| format!("{name}: {value}")).collect();
    // The rule is written with it, and the alert does not say it.
    let first = made.findings.first();
    if let Some(identity) = first.and_then(|first| findings::concerned(made, first)) {
        lines.push(format!("identity: {identity}"));
    }
    lines.push(findings::ranked(&made.findings).trim_end().to_owned());
    lines.join("\n")
}

/// Whether two chains side by side help to see what `finding` means.
fn is_about_chains(finding: &Finding) -> bool {
    let code = finding.code.to_string();
    code.starts_with("HF-2")
        || [
            "HF-102", "HF-103", "HF-104", "HF-105", "HF-106", "HF-110", "HF-301", "HF-302",
        ]
        .contains(&code.as_str())
}
