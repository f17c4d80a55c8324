//! What a look comes to: the connection, what was learned of it, and the findings.

use std::borrow::Cow;

use handfast_finding::{Finding, Refuser};
use handfast_pki::Certificate;
use handfast_trace::{Kind, Message, Side};

/// Everything that one look came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was looked at, as it was named.
    pub target: String,
    /// The connection, where there was one.
    pub trace: Option<crate::Trace>,
    /// What a server said over HTTP.
    pub answer: Option<crate::Answer>,
    /// The CAs that we believe, where we judged a server.
    pub trusted: Vec<Certificate>,
    /// The further connections that were made to separate causes, one sentence each.
    pub probes: Vec<String>,
    /// What was learned that is no failure, as name and value.
    pub notes: Vec<(String, String)>,
    /// The most specific first; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            trace: None,
            answer: None,
            trusted: Vec::new(),
            probes: Vec::new(),
            notes: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The findings of all `reports`, the surest first, each code once.
    pub fn together(reports: &[Self]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for finding in reports.iter().flat_map(|report| &report.findings) {
            if !findings.iter().any(|known| known.code == finding.code) {
                findings.push(finding.clone());
            }
        }
        findings.sort_by_key(|finding| finding.certainty);
        findings
    }

    /// Puts `reworded` in the place of every sentence, where that gives another one.
    pub fn reword(&mut self, reworded: impl Fn(&str) -> Cow<'_, str>) {
        for finding in &mut self.findings {
            finding.reword(&reworded);
        }
        let notes = self.notes.iter_mut().map(|(_, value)| value);
        for text in notes.chain(&mut self.probes) {
            if let Cow::Owned(other) = reworded(text) {
                *text = other;
            }
        }
    }

    /// The message that was refused, by its place in the trace; an alert says only that something was.
    pub fn blamed(&self) -> Option<usize> {
        let first = self.findings.first()?;
        let messages = self.trace.as_ref()?.messages.as_slice();
        let of = |kind: &Kind, from: Side| {
            let is_it = |message: &Message| message.kind == *kind && message.from == from;
            messages.iter().rposition(is_it)
        };
        let by_client = first.side == Refuser::Client && of(&Kind::Certificate, Side::Client).is_none();
        if !messages.iter().any(|message| message.kind == Kind::ServerHello) {
            return of(&Kind::ClientHello, Side::Client);
        }
        if by_client {
            return of(&Kind::Certificate, Side::Server);
        }
        of(&Kind::Certificate, Side::Client)
    }
}
