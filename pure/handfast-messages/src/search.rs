//! What of the lists a line says. It is compared word by word, so that a name is found in any spelling and whatever
//! stands around it; numbers are found by how their program writes them.

use std::{cmp::Reverse, collections::HashMap, sync::LazyLock};

use super::{
    lines::{Line, normal},
    list::{List, Row, Written},
    lists::LISTS,
    number::{self, Number},
};

/// A row that a line names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) list: &'static List,
    pub(super) row: &'static Row,
    /// By what it was found.
    pub(super) fragment: &'a str,
}

impl Found<'_> {
    /// It without the line that it was found in.
    pub(super) fn row_alone(&self) -> Found<'static> {
        Found {
            list: self.list,
            row: self.row,
            fragment: "",
        }
    }
}

/// The row that `line` names, the one that says most;
/// `near` is it with the lines around it.
pub(super) fn find<'a>(line: &'a Line, near: &[Line]) -> Option<Found<'a>> {
    let by_words = by_words(line, near);
    let by_number = by_number(line, near);
    match (by_words, by_number) {
        (Some(words), Some(number)) if number.row.meaning.weight > words.row.meaning.weight => Some(number),
        (words, number) => words.or(number),
    }
}

/// Words before a name or text that turn its meaning round.
const TURNED: [&str; 8] = ["no", "not", "never", "if", "when", "unless", "until", "whether"];

/// The longest name or text in `line`, among those that say most.
fn by_words<'a>(line: &'a Line, near: &[Line]) -> Option<Found<'a>> {
    let words = words(&line.normal);
    let mut best: Option<(&Phrase, usize)> = None;
    for (at, word) in words.iter().enumerate() {
        let Some(phrases) = INDEX.get(*word) else {
            continue;
        };
        let is_turned = at
            .checked_sub(1)
            .and_then(|before| words.get(before))
            .is_some_and(|before| TURNED.contains(before));
        if is_turned {
            continue;
        }
        for phrase in phrases {
            let is_better = best.is_none_or(|(other, _)| phrase.rank() > other.rank());
            if is_better && phrase.stands_at(&words, at) && phrase.is_marked(near) {
                best = Some((phrase, at));
            }
        }
    }
    best.map(|(phrase, at)| Found {
        list: phrase.list,
        row: phrase.row,
        fragment: words.get(at).copied().unwrap_or_default(),
    })
}

/// The row of the first number that is written as one of a list's, among those that say most.
fn by_number<'a>(line: &'a Line, near: &[Line]) -> Option<Found<'a>> {
    let numbers = number::numbers(&line.written);
    let found = numbers.iter().flat_map(|number| {
        let values = [Some(number.value), number.windows()];
        let rows = values
            .into_iter()
            .flatten()
            .filter_map(|value| NUMBERS.get(&value))
            .flatten();
        rows.filter(move |(list, row)| {
            let forms = list.numbers.iter();
            forms
                .filter_map(|form| form.value(number, list, near))
                .any(|value| value == row.number)
        })
        .map(|(list, row)| Found {
            list,
            row,
            fragment: number.written,
        })
    });
    found.min_by_key(|found| Reverse(found.row.meaning.weight))
}

/// The rows that have a number, by it.
static NUMBERS: LazyLock<HashMap<i64, Vec<(&List, &Row)>>> = LazyLock::new(|| {
    let mut index: HashMap<i64, Vec<(&List, &Row)>> = HashMap::new();
    for list in LISTS.iter().filter(|list| !list.numbers.is_empty()) {
        for row in list.rows.iter().filter(|row| row.number != 0) {
            index.entry(row.number).or_default().push((list, row));
        }
    }
    index
});

impl Written {
    /// The code that `number` is in this form.
    fn value(self, number: &Number<'_>, list: &List, near: &[Line]) -> Option<i64> {
        let value = number.value;
        let fits = match self {
            Self::NegativeHex => {
                let is_marked = || list.is_marked(near) || stands(&AROUND_HEX, near);
                number.is_hex && value < 0 && is_marked()
            }
            Self::Windows => return number.windows(),
            Self::Negative => !number.is_hex && value < 0 && list.is_marked(near),
            Self::After(words) => {
                words.iter().any(|word| number.is_behind(word))
                    && (list.marks.is_empty() || list.is_marked(near))
            }
        };
        fits.then_some(value)
    }
}

impl List {
    fn is_marked(&self, near: &[Line]) -> bool {
        stands(self.marks, near)
    }
}

/// What a number below zero in hexadecimal is said of, where it is an error of TLS.
const AROUND_HEX: [&str; 6] = ["handshake", "tls", "ssl", "x509", "certificate", "connect"];

fn stands(marks: &[&str], near: &[Line]) -> bool {
    near.iter().any(|line| marks.iter().any(|mark| line.has(mark)))
}

/// A name or text of a row, as words.
struct Phrase {
    words: Vec<String>,
    list: &'static List,
    row: &'static Row,
    /// It is made of so few everyday words that it counts only beside a mark of its list.
    is_everyday: bool,
}

/// All names and texts, by their first words.
static INDEX: LazyLock<HashMap<String, Vec<Phrase>>> = LazyLock::new(|| {
    let mut index: HashMap<String, Vec<Phrase>> = HashMap::new();
    for phrase in LISTS.iter().flat_map(|list| phrases(list)) {
        if let Some(first) = phrase.words.first() {
            index.entry(first.clone()).or_default().push(phrase);
        }
    }
    index
});

fn phrases(list: &'static List) -> impl Iterator<Item = Phrase> {
    list.rows.iter().flat_map(move |row| {
        let names = parts(row.names).map(|name| (format!("{}{name}", list.prefix), true));
        let texts = parts(row.texts).map(|text| (text.to_owned(), false));
        names.chain(texts).map(move |(text, is_name)| {
            let normal = normal(&text);
            let words: Vec<String> = words(&normal).into_iter().map(str::to_owned).collect();
            // `BadCertificate` is one word, and nobody says it by chance; `bad decrypt` may be said of anything.
            let is_everyday = match is_name {
                true => words.len() == 1 && normal.len() < 10,
                false => words.len() < list.plain,
            };
            Phrase {
                words,
                list,
                row,
                is_everyday,
            }
        })
    })
}

fn parts(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split('|').filter(|part| !part.is_empty())
}

impl Phrase {
    /// The one that says more is the better one, then the longer one.
    fn rank(&self) -> (super::meaning::Weight, usize, usize) {
        let letters = self.words.iter().map(String::len).sum();
        (self.row.meaning.weight, self.words.len(), letters)
    }

    fn stands_at(&self, words: &[&str], at: usize) -> bool {
        words
            .get(at..at + self.words.len())
            .is_some_and(|found| found.iter().zip(&self.words).all(|(one, other)| one == other))
    }

    fn is_marked(&self, near: &[Line]) -> bool {
        !self.is_everyday || self.list.is_marked(near)
    }
}

/// The words of a text in normal form: what stands between the other characters.
fn words(normal: &str) -> Vec<&str> {
    normal
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect()
}

/// One spelling of a row, as its program writes it.
#[cfg(test)]
pub(super) struct Spelling {
    pub(super) program: &'static str,
    pub(super) text: String,
    pub(super) meaning: super::meaning::Meaning,
}

/// Every name, text and number of every list, beside a mark of it.
#[cfg(test)]
pub(super) fn every_spelling() -> Vec<Spelling> {
    let mut all = Vec::new();
    for list in LISTS {
        let mark = list.marks.first().copied().unwrap_or_default();
        for row in list.rows {
            let names = parts(row.names).map(|name| format!("{mark}: {}{name}", list.prefix));
            let texts = parts(row.texts).map(|text| format!("{mark}: {text}"));
            let numbers = list.numbers.iter().filter(|_| row.number != 0);
            let numbers = numbers
                .filter_map(|form| form.spelled(row.number))
                .map(|text| format!("{mark}: {text}"));
            all.extend(names.chain(texts).chain(numbers).map(|text| Spelling {
                program: list.program,
                text,
                meaning: row.meaning,
            }));
        }
    }
    all
}

/// The texts of one or two words in lists that have no mark.
#[cfg(test)]
pub(super) fn unmarked() -> Vec<String> {
    let phrases = LISTS
        .iter()
        .filter(|list| list.marks.is_empty())
        .flat_map(|list| phrases(list));
    phrases
        .filter(|phrase| phrase.words.len() < 2)
        .map(|phrase| format!("{}: {}", phrase.list.program, phrase.words.join(" ")))
        .collect()
}

#[cfg(test)]
impl Written {
    fn spelled(self, number: i64) -> Option<String> {
        match self {
            Self::NegativeHex => (number < 0).then(|| format!("failed, -0x{:x} ", number.abs())),
            Self::Windows => (number > 0x8000_0000).then(|| format!("failed (0x{number:08X})")),
            Self::Negative => (number < 0).then(|| format!("failed ({number})")),
            Self::After(words) => Some(format!("{}{number}: x", words.first()?)),
        }
    }
}
