//! A handshake as a ladder: who sent which message, both directions, with times, and where it failed.

use std::fmt::Write as _;

use handfast_doctor::Trace;
use handfast_pki::text::hex;
use handfast_trace::{Kind, Message, Side};

use crate::{
    steps,
    style::{BAD, FAINT, STRONG},
};

/// The widest message name, so that arrows line up.
const RUNG: usize = 34;
/// How wide explanations are, in columns.
const WIDE: usize = 88;
/// The most bytes of a message that are shown.
const MOST_HEX: usize = 512;

/// How much is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Detail {
    /// Every step in plain words.
    pub explain: bool,
    /// 1 adds every field, 2 the bytes.
    pub verbose: u8,
    /// Lines are as long as they have to be, so that names in them stay in one piece.
    pub unbroken: bool,
}

/// The ladder of `trace` with the usual detail.
pub fn ladder(trace: &Trace) -> String {
    detailed(trace, Detail::default(), None)
}

/// The ladder of `trace`; `blamed` is the message that was refused.
pub fn detailed(trace: &Trace, detail: Detail, blamed: Option<usize>) -> String {
    let mut out = String::new();
    let to = format!("{}:{}", trace.target.host, trace.target.port);
    let _ = writeln!(out, "{}", head(&to));
    for rung in rungs(trace) {
        let is_blamed = blamed == Some(rung.index);
        let _ = writeln!(out, "{}", line(&rung, is_blamed));
        below(&mut out, &rung, trace, detail);
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

/// One message with its place in the picture.
pub struct Rung<'a> {
    /// Among all messages of the trace.
    pub index: usize,
    /// Among the steps of the handshake, from 1; nothing for alerts and data.
    pub step: Option<usize>,
    pub message: &'a Message,
}

/// The messages that are worth a line.
pub fn rungs(trace: &Trace) -> Vec<Rung<'_>> {
    let is_12 = is_12(trace);
    let mut step = 0;
    let mut rungs = Vec::new();
    for (index, message) in trace.messages.iter().enumerate() {
        // Compatibility filler of TLS 1.3; it says nothing (RFC 8446 appendix D.4).
        if message.kind == Kind::ChangeCipherSpec && !is_12 {
            continue;
        }
        let is_step = message.kind.is_step();
        step += usize::from(is_step);
        rungs.push(Rung {
            index,
            step: is_step.then_some(step),
            message,
        });
    }
    rungs
}

/// The names of both sides above the rungs, `to` being the server.
pub fn head(to: &str) -> String {
    format!("{STRONG}{:>9}  client {:RUNG$} server  {to}{STRONG:#}", "", "")
}

/// A message on its way.
pub fn arrow(from: Side, name: &str) -> String {
    let rest = "─".repeat((RUNG + 2).saturating_sub(name.chars().count() + 3));
    match from {
        Side::Client => format!("│ {name} {rest}▶ │"),
        Side::Server => format!("│ ◀{rest} {name} │"),
    }
}

fn line(rung: &Rung<'_>, is_blamed: bool) -> String {
    let message = rung.message;
    let arrow = arrow(message.from, &message.kind.name());
    let number = rung.step.map_or("  ".to_owned(), |step| format!("{step:>2}"));
    let time = format!("{:>6.2} ms", message.at.as_secs_f64() * 1000.0);
    let fields: Vec<String> = message
        .fields()
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let lock = if message.encrypted { " encrypted" } else { "" };
    let details = format!("{}{lock}", fields.join("; "));
    // The words carry it; the colour only helps to find it.
    let (style, mark) = if message.is_refusal() {
        (BAD, "  ✗ refused here")
    } else if is_blamed {
        (BAD, "  ✗ this was refused")
    } else {
        (anstyle::Style::new(), "")
    };
    format!(
        "{time}  {number} {style}{arrow}{mark}{style:#} {FAINT}{}{FAINT:#}",
        details.trim()
    )
}

/// What stands below a rung: its words, its fields, its bytes.
fn below(out: &mut String, rung: &Rung<'_>, trace: &Trace, detail: Detail) {
    const INDENT: usize = 14;
    let width = if detail.unbroken { usize::MAX } else { WIDE };
    if detail.explain {
        let is_12 = is_12(trace);
        let nine = steps::of_nine(rung.message)
            .filter(|_| is_12)
            .map_or(String::new(), |number| format!("(step {number} of 9) "));
        for line in wrapped(&format!("{nine}{}", steps::words(rung.message, !is_12)), width) {
            let _ = writeln!(out, "{:INDENT$}{line}", "");
        }
    }
    if detail.verbose >= 1 {
        for (name, value) in rung.message.details() {
            for (at, line) in wrapped(&format!("{name}: {value}"), width).iter().enumerate() {
                let deeper = if at == 0 { 0 } else { 2 };
                let _ = writeln!(out, "{:1$}{FAINT}{line}{FAINT:#}", "", INDENT + deeper);
            }
        }
    }
    if detail.verbose >= 2 {
        for line in hex_lines(&rung.message.raw) {
            let _ = writeln!(out, "{:INDENT$}{FAINT}{line}{FAINT:#}", "");
        }
    }
}

/// `text` in lines of at most `width` characters, broken at blanks.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + word.chars().count() >= width {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}

/// Sixteen bytes to the line, with their place.
pub fn hex_lines(bytes: &[u8]) -> Vec<String> {
    let shown = bytes.get(..MOST_HEX).unwrap_or(bytes);
    let mut lines: Vec<String> = shown
        .chunks(16)
        .enumerate()
        .map(|(line, chunk)| {
            let pairs: Vec<String> = chunk.iter().map(|byte| hex(&[*byte])).collect();
            format!("{:04x}  {}", line * 16, pairs.join(" "))
        })
        .collect();
    if bytes.len() > MOST_HEX {
        lines.push(format!("...   {} more bytes", bytes.len() - MOST_HEX));
    }
    lines
}

/// Whether the trace is of TLS 1.2 or older.
pub fn is_12(trace: &Trace) -> bool {
    match trace.server_hello() {
        Some(hello) => hello.version() < 0x0304,
        None => trace
            .messages
            .iter()
            .any(|message| message.kind == Kind::ServerHelloDone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks_and_nothing_is_lost() {
        let text = "one two three four five";
        let lines = wrapped(text, 10);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|line| line.chars().count() <= 10), "{lines:?}");
    }

    #[test]
    fn bytes_are_shown_up_to_a_limit() {
        let lines = hex_lines(&[0xab; 600]);
        assert!(lines[0].starts_with("0000  ab ab"));
        assert_eq!(lines.last().map(String::as_str), Some("...   88 more bytes"));
    }
}
