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
/// The least, which the names of most messages fit into.
const SHORTEST: usize = 21;
/// The columns of a line beside its rung.
const BESIDE: usize = 19;
/// Where stands what is below a message.
const INDENT: usize = 14;
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
    /// The columns that there are; without it, a message stands on one line.
    pub width: Option<usize>,
}

/// The ladder of `trace` with the usual detail, in so many columns where that is known.
pub fn ladder(trace: &Trace, width: Option<usize>) -> String {
    let detail = Detail {
        width,
        ..Detail::default()
    };
    detailed(trace, detail, None)
}

/// The ladder of `trace`; `blamed` is the message that was refused.
pub fn detailed(trace: &Trace, detail: Detail, blamed: Option<usize>) -> String {
    let mut out = String::new();
    let long = detail
        .width
        .map_or(RUNG, |width| width.saturating_sub(BESIDE).clamp(SHORTEST, RUNG));
    let to = trace.target.to_string();
    let fits = |width: usize| long + BESIDE + 6 + to.chars().count() <= width;
    if detail.width.is_none_or(fits) {
        let _ = writeln!(out, "{}", head_of(long, &to));
    } else {
        let _ = writeln!(out, "{:>9}  {STRONG}{to}{STRONG:#}", "");
        let _ = writeln!(out, "{}", head_of(long, ""));
    }
    for rung in rungs(trace) {
        let is_blamed = blamed == Some(rung.index);
        line(&mut out, &rung, is_blamed, long, detail);
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
    head_of(RUNG, to)
}

fn head_of(long: usize, to: &str) -> String {
    let to = if to.is_empty() {
        String::new()
    } else {
        format!("  {to}")
    };
    format!("{STRONG}{:>9}  client {:long$} server{to}{STRONG:#}", "", "")
}

/// A message on its way.
pub fn arrow(from: Side, name: &str) -> String {
    arrow_of(RUNG, from, name)
}

fn arrow_of(long: usize, from: Side, name: &str) -> String {
    let rest = "─".repeat((long + 2).saturating_sub(name.chars().count() + 3));
    match from {
        Side::Client => format!("│ {name} {rest}▶ │"),
        Side::Server => format!("│ ◀{rest} {name} │"),
    }
}

/// One message with what it says, beside it or below it where the width asks for that.
fn line(out: &mut String, rung: &Rung<'_>, is_blamed: bool, long: usize, detail: Detail) {
    let message = rung.message;
    let arrow = arrow_of(long, message.from, &message.kind.name());
    let number = rung.step.map_or("  ".to_owned(), |step| format!("{step:>2}"));
    let time = format!("{:>6.2} ms", message.at.as_secs_f64() * 1000.0);
    let fields = message
        .fields()
        .into_iter()
        .map(|(key, value)| format!("{key}: {value}"));
    let lock = message.encrypted.then(|| "encrypted".to_owned());
    let said = fields.chain(lock).collect::<Vec<_>>().join("; ");
    // The words carry it; the colour only helps to find it.
    let (style, mark) = if message.is_refusal() {
        (BAD, "  ✗ refused here")
    } else if is_blamed {
        (BAD, "  ✗ this was refused")
    } else {
        (anstyle::Style::new(), "")
    };
    let begin = format!("{time}  {number} {style}{arrow}{mark}{style:#}");
    let used = INDENT + arrow.chars().count() + mark.chars().count();
    let fits = |width: usize| used + 1 + said.chars().count() <= width;
    if detail.width.is_none_or(fits) {
        let _ = writeln!(out, "{begin} {FAINT}{said}{FAINT:#}");
        return;
    }
    let _ = writeln!(out, "{begin}");
    let width = detail
        .width
        .map_or(usize::MAX, |width| width.saturating_sub(INDENT));
    for line in wrapped(&said, width) {
        let _ = writeln!(out, "{:INDENT$}{FAINT}{line}{FAINT:#}", "");
    }
}

/// What stands below a rung: its words, its fields, its bytes.
fn below(out: &mut String, rung: &Rung<'_>, trace: &Trace, detail: Detail) {
    let wide = detail
        .width
        .map_or(WIDE, |width| width.saturating_sub(INDENT).min(WIDE));
    let width = if detail.unbroken { usize::MAX } else { wide };
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
        let length = lines[last].chars().count() + 1 + word.chars().count();
        if !lines[last].is_empty() && length > width {
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
