//! The text of HAProxy as sections of lines, and a `crt-list` as its entries.
//!
//! A line is words: quotes and backslashes as in a shell, `#` begins a comment. A line that begins with the name of
//! a section begins one.

use std::ops::Range;

use handfast_finding::Place;

use super::super::{
    files::Opened,
    span::{Span, Word, joined},
    trouble::Trouble,
};

const SECTIONS: [&str; 22] = [
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "peers",
    "resolvers",
    "userlist",
    "mailers",
    "program",
    "cache",
    "ring",
    "log-forward",
    "log-profile",
    "http-errors",
    "fcgi-app",
    "crt-store",
    "traces",
    "acme",
    "namespace_list",
    "spoe-agent",
    "spoe-message",
];

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) words: Vec<Word>,
    pub(crate) place: Place,
}

impl Line {
    /// From its first word to its last.
    pub(crate) fn span(&self) -> Option<Span> {
        Some(self.words.first()?.span.to(&self.words.last()?.span))
    }

    /// The word at `index`, empty where there is none.
    pub(crate) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", Word::as_str)
    }

    /// As written, with single spaces.
    pub(crate) fn written(&self) -> String {
        joined(&self.words)
    }
}

#[derive(Debug)]
pub(crate) struct Section {
    /// `frontend`, `backend`, `listen`, ...
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The line that begins it.
    pub(crate) head: Line,
    pub(crate) lines: Vec<Line>,
}

impl Section {
    /// The lines that begin with `first`.
    pub(crate) fn all<'a>(&'a self, first: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.word(0) == first)
    }
}

/// The sections of a text.
pub(crate) fn read(file: &str, opened: &Opened) -> Result<Vec<Section>, Trouble> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, (from, text)) in rows(&opened.text).enumerate() {
        let place = Place::new(file, index + 1);
        let words = words(text, &place, &|range| {
            Span::new(opened.part, from + range.start..from + range.end)
        })?;
        let Some(first) = words.first() else {
            continue;
        };
        // Conditional blocks: both branches are read.
        if first.starts_with('.') {
            continue;
        }
        if SECTIONS.contains(&first.as_str()) {
            sections.push(Section {
                kind: first.text.clone(),
                name: words.get(1).map_or("", Word::as_str).to_owned(),
                head: Line { words, place },
                lines: Vec::new(),
            });
            continue;
        }
        match sections.last_mut() {
            Some(section) => section.lines.push(Line { words, place }),
            None => {
                let found = format!("\"{first}\"");
                return Err(Trouble::malformed(
                    &place,
                    "a section such as \"frontend\"",
                    found,
                ));
            }
        }
    }
    Ok(sections)
}

/// The lines of `text` without their ends, each with where it begins.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    text.split_inclusive('\n').map(move |line| {
        let begin = from;
        from += line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        (begin, line.strip_suffix('\r').unwrap_or(line))
    })
}

/// A word that has begun.
struct Begun {
    text: String,
    start: usize,
}

fn words(text: &str, place: &Place, span: &dyn Fn(Range<usize>) -> Span) -> Result<Vec<Word>, Trouble> {
    let mut found = Vec::new();
    let mut word: Option<Begun> = None;
    let ended = |word: Option<Begun>, end: usize| {
        word.map(|word| Word {
            text: word.text,
            span: span(word.start..end),
        })
    };
    let begin = |start: usize| Begun {
        text: String::new(),
        start,
    };
    let mut rest = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = rest.next() {
        match c {
            '#' => {
                end = at;
                break;
            }
            c if c.is_whitespace() => found.extend(ended(word.take(), at)),
            '\\' => {
                let escaped = match rest.next().map(|(_, c)| c) {
                    Some('n') => Some('\n'),
                    Some('r') => Some('\r'),
                    Some('t') => Some('\t'),
                    other => other,
                };
                word.get_or_insert_with(|| begin(at)).text.extend(escaped);
            }
            '"' | '\'' => {
                let word = &mut word.get_or_insert_with(|| begin(at)).text;
                loop {
                    match rest.next().map(|(_, c)| c) {
                        None => {
                            let expected = format!("{c} at the end of a word");
                            return Err(Trouble::malformed(place, expected, "the end of the line"));
                        }
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.extend(rest.next().map(|(_, c)| c)),
                        Some(inner) => word.push(inner),
                    }
                }
            }
            c => word.get_or_insert_with(|| begin(at)).text.push(c),
        }
    }
    found.extend(ended(word, end));
    Ok(found)
}

/// One line of a `crt-list`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) certificate: Word,
    /// Between the brackets: options as on a `bind` line.
    pub(crate) options: Vec<Word>,
    pub(crate) names: Vec<Word>,
    pub(crate) place: Place,
}

/// `certificate [options] names` per line.
pub(crate) fn crt_list(file: &str, opened: &Opened) -> Result<Vec<Entry>, Trouble> {
    let mut entries = Vec::new();
    for (index, (from, text)) in rows(&opened.text).enumerate() {
        let place = Place::new(file, index + 1);
        let span = |range: Range<usize>| Span::new(opened.part, from + range.start..from + range.end);
        let begin = text.len() - text.trim_start().len();
        let text = text.trim_end();
        if begin >= text.len() || text[begin..].starts_with('#') {
            continue;
        }
        let end = text[begin..]
            .find(char::is_whitespace)
            .map_or(text.len(), |at| begin + at);
        let rest = end + text[end..].len() - text[end..].trim_start().len();
        let (options, names) = match text[rest..].strip_prefix('[') {
            None => (rest..rest, rest..text.len()),
            Some(inside) => {
                let length = inside
                    .find(']')
                    .ok_or_else(|| Trouble::malformed(&place, "\"]\"", "the end of the line"))?;
                let closed = rest + 1 + length;
                (rest + 1..closed, closed + 1..text.len())
            }
        };
        let word = |range: Range<usize>| Word {
            text: text[range.clone()].to_owned(),
            span: span(range),
        };
        let split = |within: Range<usize>| {
            let parts = text[within.clone()].split(char::is_whitespace);
            let mut from = within.start;
            let parts = parts.map(|part| {
                let begin = from;
                from += part.len() + text[from + part.len()..].chars().next().map_or(0, char::len_utf8);
                begin..begin + part.len()
            });
            let parts = parts.filter(|range| !range.is_empty());
            parts.map(word).collect::<Vec<_>>()
        };
        entries.push(Entry {
            certificate: word(begin..end),
            options: split(options),
            names: split(names),
            place,
        });
    }
    Ok(entries)
}

/// Every word of a text, for the tests; a line that begins with a dot is one.
#[cfg(test)]
pub(crate) fn ranges(opened: &Opened) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (from, text) in rows(&opened.text) {
        if text.trim_start().starts_with('.') {
            found.push(from..from + text.len());
            continue;
        }
        let span = |range: Range<usize>| Span::new(0, from + range.start..from + range.end);
        let words = words(text, &Place::new("", 1), &span).expect("read before");
        found.extend(words.into_iter().map(|word| word.span.range));
    }
    found
}
