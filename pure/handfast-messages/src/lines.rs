//! A pasted text as lines that can be compared: without colours, in one case, with one kind of space, and without
//! private keys, for lines are repeated.

use handfast_pki::{conceal::concealed, text::utf16};

/// What is read of a text; the rest is cut off.
pub const LARGEST: usize = 1 << 20;

/// The bytes of a file as text: UTF-8, or UTF-16 as PowerShell writes it. What is neither is replaced.
pub fn decode(bytes: &[u8]) -> String {
    utf16(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}

/// One line of a text.
#[derive(Debug)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    /// As it was written, without colours.
    pub(super) written: String,
    /// In the form that patterns are compared with; see [`normal`].
    pub(super) normal: String,
    pairs: Pairs,
}

/// Which pairs of letters stand in a line, as a set that may say yes too often. Most fragments have one that does not,
/// and are not looked for.
#[derive(Debug)]
struct Pairs([u64; 16]);

impl Pairs {
    fn of(text: &str) -> Self {
        let mut set = [0; 16];
        for (one, other) in text.bytes().zip(text.bytes().skip(1)) {
            let place = Self::place(one, other);
            if let Some(word) = set.get_mut(place / 64) {
                *word |= 1 << (place % 64);
            }
        }
        Self(set)
    }

    fn may_hold(&self, fragment: &str) -> bool {
        let bytes = fragment.as_bytes();
        let ([one, other, ..], [.., before, last]) = (bytes, bytes) else {
            return true;
        };
        self.holds(Self::place(*one, *other)) && self.holds(Self::place(*before, *last))
    }

    fn holds(&self, place: usize) -> bool {
        let word = self.0.get(place / 64);
        word.is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    fn place(one: u8, other: u8) -> usize {
        (usize::from(one) * 37 + usize::from(other)) % 1024
    }
}

impl Line {
    pub(super) fn new(number: usize, written: String) -> Self {
        let normal = normal(&written);
        Self {
            number,
            pairs: Pairs::of(&normal),
            normal,
            written,
        }
    }

    /// Whether `fragment`, in normal form, stands in it.
    pub(super) fn has(&self, fragment: &str) -> bool {
        self.pairs.may_hold(fragment) && self.normal.contains(fragment)
    }

    /// The part of the line in which `fragment` stands, with what is around it. Lines of logs can be long, and
    /// what was recognised should be seen.
    pub(super) fn around(&self, fragment: &str) -> String {
        const BEFORE: usize = 80;
        const SHOWN: usize = 220;
        let written: Vec<char> = self.written.trim().chars().collect();
        if written.len() <= SHOWN {
            return written.into_iter().collect();
        }
        // The normal form has about the same length, so the place in it is about the same, too.
        let place = self.normal.find(fragment).map_or(0, |at| {
            self.normal.get(..at).map_or(0, |head| head.chars().count())
        });
        let start = place.saturating_sub(BEFORE).min(written.len() - SHOWN);
        let mut shown: String = written.iter().skip(start).take(SHOWN).collect();
        if start > 0 {
            shown.insert(0, '…');
        }
        if start + SHOWN < written.len() {
            shown.push('…');
        }
        shown
    }
}

/// The lines of `text` that are not empty.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let kept = match text.char_indices().find(|(at, _)| *at >= LARGEST) {
        Some((at, _)) => text.get(..at).unwrap_or(text),
        None => text,
    };
    concealed(kept)
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, without_colours(line)))
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| Line::new(number, line))
        .collect()
}

/// How escape sequences begin: the character itself, and how logs write it.
const ESCAPES: [&str; 6] = ["\u{1b}", "\\u001b", "\\x1b", "\\033", "#033", "^["];

/// `line` without the sequences that colour a terminal (ECMA-48 section 5.4).
fn without_colours(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let after = ESCAPES
            .iter()
            .find_map(|escape| rest.strip_prefix(escape)?.strip_prefix('['));
        if let Some(after) = after {
            let end = after.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c));
            rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
            continue;
        }
        out.push(first);
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    out
}

/// `text` in lower case, every space, `_` and `-` as one space, quotes straight and without a backslash. So one
/// pattern fits `TLSV1_ALERT_UNKNOWN_CA` and `tlsv1 alert unknown ca`.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if matches!(characters.peek(), Some('"' | '\'')) => {}
            '\u{2018}' | '\u{2019}' => out.push('\''),
            '\u{201c}' | '\u{201d}' => out.push('"'),
            c if c == '_' || c == '-' || c.is_whitespace() || c.is_control() => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_a_terminal_leave_no_trace() {
        for colour in ["\u{1b}[31;1m", "\\u001b[31m", "#033[0K", "^[[1m", "\\x1b[m"] {
            assert_eq!(without_colours(&format!("a{colour}b")), "ab", "{colour}");
        }
        assert_eq!(without_colours("a\u{1b}[31"), "a");
        assert_eq!(without_colours("x[31m"), "x[31m");
    }

    #[test]
    fn one_normal_form_for_the_spellings_of_one_text() {
        for text in [
            "TLSV1_ALERT_UNKNOWN_CA",
            "tlsv1 alert\tunknown  ca",
            "TLSv1-alert unknown\u{a0}CA",
        ] {
            assert_eq!(normal(text), "tlsv1 alert unknown ca");
        }
        assert_eq!(normal("didn\u{2019}t say \\\"x\\\""), "didn't say \"x\"");
    }

    #[test]
    fn a_text_of_powershell_is_read() {
        let utf16: Vec<u8> = "\u{feff}ab".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&utf16), "ab");
        let utf16: Vec<u8> = "\u{feff}ab".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&utf16), "ab");
        assert_eq!(decode(b"a\xff"), "a\u{fffd}");
    }

    #[test]
    fn a_long_line_is_shown_around_what_was_found() {
        let line = Line::new(1, format!("{}needle{}", "a".repeat(1000), "b".repeat(1000)));
        let shown = line.around("needle");
        assert!(shown.contains("needle") && shown.chars().count() < 230, "{shown}");
        assert_eq!(Line::new(1, "  short ".into()).around("short"), "short");
    }

    #[test]
    fn a_text_beyond_the_limit_is_cut() {
        let lines = lines(&"é\n".repeat(LARGEST));
        assert!(lines.len() <= LARGEST / 3 + 1, "{}", lines.len());
    }
}
