//! A handshake as a Mermaid sequence diagram, for documents.

use std::fmt::Write as _;

use handfast_doctor::Report;
use handfast_trace::{Kind, Side};

use crate::ladder::rungs;

/// The diagram of `made`, with its first finding as a note.
pub fn mermaid(made: &Report) -> String {
    let mut out = "sequenceDiagram\n    participant C as client\n    participant S as server\n".to_owned();
    let Some(trace) = &made.trace else { return out };
    let mut last = Side::Client;
    for rung in rungs(trace) {
        let message = rung.message;
        let arrow = match (message.from, message.is_refusal()) {
            (Side::Client, false) => "C->>S",
            (Side::Client, true) => "C-xS",
            (Side::Server, false) => "S->>C",
            (Side::Server, true) => "S-xC",
        };
        let fields: Vec<String> = message
            .fields()
            .iter()
            .filter(|_| !matches!(message.kind, Kind::Alert(_)))
            .map(|(key, value)| plain(&format!("{key}: {value}")))
            .collect();
        let what = if fields.is_empty() {
            String::new()
        } else {
            format!("<br/>{}", fields.join("<br/>"))
        };
        let _ = writeln!(out, "    {arrow}: {}{what}", plain(&message.kind.name()));
        last = message.from;
    }
    if let Some(first) = made.findings.first() {
        let side = if last == Side::Client { "C" } else { "S" };
        let note = format!(
            "{} {} ({}, {})",
            first.code,
            first.code.title(),
            first.side.name(),
            first.certainty.name()
        );
        let _ = writeln!(out, "    Note over {side}: {}", plain(&note));
    }
    out
}

/// Without what Mermaid reads as its own, and without what a browser would take for a tag.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ';' | '#' => out.push(','),
            '"' => out.push('\''),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            c => out.push(c),
        }
    }
    out
}
