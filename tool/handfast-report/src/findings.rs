//! Findings in the terminal: the cause, who refused, how sure, what to do.

use std::fmt::Write as _;

use handfast_doctor::Report;
use handfast_finding::Finding;
use handfast_pki::{Code, code};

use crate::{
    pages,
    style::{BAD, FAINT, GOOD, STRONG},
};

/// `findings`, the most probable first.
pub fn ranked(findings: &[Finding]) -> String {
    let mut out = String::new();
    let Some((first, others)) = findings.split_first() else {
        return format!("{GOOD}no finding{GOOD:#}\n");
    };
    one(first, &mut out);
    if !others.is_empty() {
        let _ = writeln!(out, "\n{STRONG}less probable{STRONG:#}");
    }
    for other in others {
        out.push('\n');
        one(other, &mut out);
    }
    out
}

/// `findings` that stand beside one another, each at its line.
pub fn list(findings: &[Finding]) -> String {
    let mut out = String::new();
    if findings.is_empty() {
        let _ = writeln!(out, "{GOOD}no finding{GOOD:#}");
    }
    for finding in findings {
        out.push('\n');
        one(finding, &mut out);
    }
    out
}

/// Whose identity `finding` is about, where that is the client's own.
pub fn concerned(made: &Report, finding: &Finding) -> Option<String> {
    const ABOUT_IDENTITY: [Code; 2] = [code::NOT_ALLOWED, code::UNMAPPED];
    let leaf = made.trace.as_ref()?.own_chain.first()?;
    ABOUT_IDENTITY
        .contains(&finding.code)
        .then(|| leaf.identity().names().join(", "))
}

/// One finding.
pub(crate) fn one(finding: &Finding, out: &mut String) {
    if let Some(place) = &finding.place {
        let _ = writeln!(out, "{STRONG}{}:{}{STRONG:#}", place.file, place.line);
        if let Some(text) = &place.text {
            let _ = writeln!(out, "  {FAINT}|{FAINT:#} {text}");
        }
    }
    let _ = writeln!(
        out,
        "{BAD}{}{BAD:#} {STRONG}{}{STRONG:#}",
        finding.code,
        finding.code.title()
    );
    let _ = writeln!(
        out,
        "  {FAINT}side:{FAINT:#}    {} ({})",
        finding.side.name(),
        finding.certainty.name()
    );
    if let Some(fault) = finding.fault {
        let _ = writeln!(out, "  {FAINT}fault:{FAINT:#}   {}", fault.name());
    }
    let _ = writeln!(out, "  {FAINT}because:{FAINT:#} {}", finding.because);
    let _ = writeln!(out, "  {FAINT}help:{FAINT:#}    {}", finding.help);
    if let Some(command) = &finding.command {
        let _ = writeln!(out, "  {FAINT}run:{FAINT:#}     {command}");
    }
    let _ = writeln!(out, "  {FAINT}more:{FAINT:#}    {}", pages::more(finding.code));
}
