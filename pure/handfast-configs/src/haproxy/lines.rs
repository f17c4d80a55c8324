//! The text of HAProxy as sections of lines, and a `crt-list` as its entries.
//!
//! A line is words: quotes and backslashes as in a shell, `#` begins a comment. A line that begins with the name of
//! a section begins one.

use handfast_finding::Place;

use super::super::trouble::Trouble;

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
pub(super) struct Line {
    pub(super) words: Vec<String>,
    pub(super) place: Place,
}

impl Line {
    /// The word at `index`, empty where there is none.
    pub(super) fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }

    /// As written, with single spaces.
    pub(super) fn written(&self) -> String {
        self.words.join(" ")
    }
}

#[derive(Debug)]
pub(super) struct Section {
    /// `frontend`, `backend`, `listen`, ...
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
}

impl Section {
    /// The lines that begin with `first`.
    pub(super) fn all<'a>(&'a self, first: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.word(0) == first)
    }
}

/// The sections of `text`.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Section>, Trouble> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let place = Place::new(file, index + 1);
        let words = words(text, &place)?;
        let Some(first) = words.first() else {
            continue;
        };
        // Conditional blocks: both branches are read.
        if first.starts_with('.') {
            continue;
        }
        if SECTIONS.contains(&first.as_str()) {
            sections.push(Section {
                kind: first.clone(),
                name: words.get(1).cloned().unwrap_or_default(),
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

fn words(text: &str, place: &Place) -> Result<Vec<String>, Trouble> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '#' => break,
            c if c.is_whitespace() => found.extend(word.take()),
            '\\' => {
                let escaped = match rest.next() {
                    Some('n') => Some('\n'),
                    Some('r') => Some('\r'),
                    Some('t') => Some('\t'),
                    other => other,
                };
                word.get_or_insert_default().extend(escaped);
            }
            '"' | '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next() {
                        None => {
                            let expected = format!("{c} at the end of a word");
                            return Err(Trouble::malformed(place, expected, "the end of the line"));
                        }
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => word.extend(rest.next()),
                        Some(inner) => word.push(inner),
                    }
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word);
    Ok(found)
}

/// One line of a `crt-list`.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) certificate: String,
    /// Between the brackets: options as on a `bind` line.
    pub(super) options: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) place: Place,
}

/// `certificate [options] names` per line.
pub(super) fn crt_list(file: &str, text: &str) -> Result<Vec<Entry>, Trouble> {
    let mut entries = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let text = text.trim();
        let place = Place::new(file, index + 1);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (certificate, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (options, names) = match rest.trim().strip_prefix('[') {
            None => ("", rest),
            Some(inside) => inside
                .split_once(']')
                .ok_or_else(|| Trouble::malformed(&place, "\"]\"", "the end of the line"))?,
        };
        let split = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        entries.push(Entry {
            certificate: certificate.to_owned(),
            options: split(options),
            names: split(names),
            place,
        });
    }
    Ok(entries)
}
