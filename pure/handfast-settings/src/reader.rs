//! The text of a configuration, and everything that is wrong in it, each with its line. What keys look like is for
//! `table.rs`; which there are and what they mean, for the crate that has the file.

use handfast_finding::{Place, Problem};
use handfast_pki::code;
use toml::de::{DeTable, DeValue};

/// A text and its place in a file.
#[derive(Debug, Clone)]
pub struct Text {
    /// As it is written.
    pub text: String,
    /// `None` for what was a flag.
    pub place: Option<Place>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, place: None }
    }
}

impl Text {
    /// `problem`, here.
    pub fn wrong(&self, problem: Problem) -> Problem {
        problem.place(self.place.clone())
    }
}

/// Reads the text and collects errors.
pub struct Reader<'a> {
    /// The file, as it was named.
    pub file: &'a str,
    /// All that it holds.
    pub text: &'a str,
    /// What is wrong in it, as far as it was read.
    pub errors: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// The file as a table. Nothing is known of one that is no TOML: what a bracket too few does to the rest is no mistake.
    pub fn document(&mut self) -> Option<DeTable<'a>> {
        let (table, unreadable) = DeTable::parse_recoverable(self.text);
        for error in unreadable {
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, error.message().to_owned());
        }
        self.errors.is_empty().then(|| table.into_inner())
    }
}

impl Reader<'_> {
    /// The text that the key `name` must have.
    pub fn string(&mut self, at: usize, name: &str, value: &DeValue<'_>) -> Option<Text> {
        match value {
            DeValue::String(text) => Some(Text {
                text: text.clone().into_owned(),
                place: Some(self.place(at)),
            }),
            other => {
                self.wrong_type(at, name, "a text in quotes", other);
                None
            }
        }
    }

    /// Whether a list has a value; complains of an empty one. It reads like a check, or a choice, and would be none.
    pub(crate) fn has_one(&mut self, at: usize, name: &str, length: usize) -> bool {
        if length == 0 {
            let message = format!("\"{name}\" is an empty list, expected at least one value");
            let help = format!("say what it is, or leave \"{name}\" out");
            self.problem(at, Problem::new(code::CONFIG_INVALID, message).help(help));
        }
        length > 0
    }

    /// Complains of a value of another type.
    pub fn wrong_type(&mut self, at: usize, name: &str, expected: &str, found: &DeValue<'_>) {
        self.error(
            at,
            format!("\"{name}\" must be {expected}, found {}", shown(found)),
        );
    }

    /// Complains of a key that is none of those that are known.
    pub fn unknown(&mut self, at: usize, name: &str, known: impl Iterator<Item = &'static str>) {
        let near = known.max_by_key(|known| {
            known
                .bytes()
                .zip(name.bytes())
                .take_while(|(a, b)| a == b)
                .count()
        });
        let hint = near.filter(|near| near.bytes().next() == name.bytes().next());
        let suggestion = hint
            .map(|near| format!(", did you mean \"{near}\"?"))
            .unwrap_or_default();
        let name = handfast_pki::text::printable(name);
        self.error(at, format!("unknown key \"{name}\"{suggestion}"));
    }

    /// Complains in words.
    pub fn error(&mut self, at: usize, message: String) {
        self.problem(at, Problem::new(code::CONFIG_INVALID, message));
    }

    /// Complains.
    pub fn problem(&mut self, at: usize, problem: Problem) {
        self.errors.push(problem.place(Some(self.place(at))));
    }

    /// The line of a byte, with the name of the file.
    pub fn place(&self, at: usize) -> Place {
        Place::new(self.file, self.line(at))
    }

    /// The line of a byte, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }
}

/// Numbers and switches as they are written, and what may hold a secret by its kind alone.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => handfast_pki::text::printable(number.as_str()),
        DeValue::Boolean(on) => on.to_string(),
        other => with_article(other.type_str()),
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
