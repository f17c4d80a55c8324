//! Findings in the terminal: the cause, who refused, how sure, what to do.

use handfast_doctor::Finding;

use crate::words::{BAD, FAINT, GOOD, STRONG, Words};

/// Says `findings`, the most probable first; stdout, for they are what was asked for.
pub fn say(findings: &[Finding], words: &Words) {
    let Some((first, others)) = findings.split_first() else {
        words.data(format_args!("{GOOD}no finding{GOOD:#}"));
        return;
    };
    one(first, words);
    if !others.is_empty() {
        words.data(format_args!("\n{STRONG}less probable{STRONG:#}"));
    }
    for other in others {
        words.data("");
        one(other, words);
    }
}

/// Says `findings` that stand beside one another, each at its line.
pub fn list(findings: &[Finding], words: &Words) {
    if findings.is_empty() {
        words.data(format_args!("{GOOD}no finding{GOOD:#}"));
    }
    for finding in findings {
        words.data("");
        one(finding, words);
    }
}

/// Says one finding.
pub fn one(finding: &Finding, words: &Words) {
    if let Some(place) = &finding.place {
        words.data(format_args!("{STRONG}{}:{}{STRONG:#}", place.file, place.line));
        if let Some(text) = &place.text {
            words.data(format_args!("  {FAINT}|{FAINT:#} {text}"));
        }
    }
    words.data(format_args!(
        "{BAD}{}{BAD:#} {STRONG}{}{STRONG:#}",
        finding.code,
        finding.code.title()
    ));
    words.data(format_args!(
        "  {FAINT}side:{FAINT:#}    {} ({})",
        finding.side.name(),
        finding.certainty.name()
    ));
    words.data(format_args!("  {FAINT}because:{FAINT:#} {}", finding.because));
    words.data(format_args!("  {FAINT}help:{FAINT:#}    {}", finding.help));
    if let Some(command) = &finding.command {
        words.data(format_args!("  {FAINT}run:{FAINT:#}     {command}"));
    }
}
