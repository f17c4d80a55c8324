//! A handshake as a ladder: who sent which message, both directions, with times.

use std::fmt::Write as _;

use handfast_doctor::Trace;
use handfast_tls::trace::{Kind, Message, Side};

use crate::words::{BAD, FAINT, STRONG};

/// The widest message name, so that arrows line up.
const RUNG: usize = 34;

/// The ladder of `trace`, one line per message.
pub fn ladder(trace: &Trace) -> String {
    let mut out = String::new();
    let to = format!("{}:{}", trace.target.host, trace.target.port);
    let _ = writeln!(
        out,
        "{STRONG}{:>9}  client {:RUNG$} server  {to}{STRONG:#}",
        "", ""
    );
    let mut step = 0;
    for message in &trace.messages {
        // Compatibility filler of TLS 1.3; it says nothing (RFC 8446 appendix D.4).
        if message.kind == Kind::ChangeCipherSpec && !is_12(trace) {
            continue;
        }
        let is_step = is_handshake(&message.kind);
        step += usize::from(is_step);
        let number = if is_step {
            format!("{step:>2}")
        } else {
            "  ".to_owned()
        };
        let _ = writeln!(out, "{}", rung(message, &number));
    }
    if let Some(established) = trace.established {
        let alpn = established
            .alpn
            .map(|alpn| format!(", {alpn}"))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "{:>9}  agreed: {}, {}{alpn}",
            "", established.version, established.suite
        );
    }
    out
}

fn rung(message: &Message, number: &str) -> String {
    let is_alert = matches!(message.kind, Kind::Alert(number) if number != 0);
    let name = message.kind.name();
    let line = "─".repeat((RUNG + 2).saturating_sub(name.chars().count() + 3));
    let arrow = match message.from {
        Side::Client => format!("│ {name} {line}▶ │"),
        Side::Server => format!("│ ◀{line} {name} │"),
    };
    let time = format!("{:>6.2} ms", message.at.as_secs_f64() * 1000.0);
    let fields: Vec<String> = message
        .fields()
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let lock = if message.encrypted { " encrypted" } else { "" };
    let details = format!("{}{lock}", fields.join("; "));
    // The words carry it; the colour only helps to find it.
    let style = if is_alert { BAD } else { anstyle::Style::new() };
    let refused = if is_alert { "  ✗ refused here" } else { "" };
    format!(
        "{time}  {number} {style}{arrow}{refused}{style:#} {FAINT}{}{FAINT:#}",
        details.trim()
    )
}

fn is_handshake(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Alert(_) | Kind::EncryptedAlert | Kind::ApplicationData | Kind::ChangeCipherSpec | Kind::NotTls
    )
}

fn is_12(trace: &Trace) -> bool {
    trace
        .messages
        .iter()
        .any(|message| message.kind == Kind::ServerHelloDone)
}
