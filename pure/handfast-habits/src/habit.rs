//! One habit: where it is met, what stands in its place, and what is said where it is not simply taken.

use handfast_finding::Problem;
use handfast_pki::code;

/// One thing that is typed, and what it comes to.
pub struct Habit {
    /// The commands that it is typed to, one a word, `doctor.pcap` for a nested one; the program itself is ``.
    pub on: &'static str,
    /// What is typed.
    pub typed: Typed,
    /// What it is in our words.
    pub instead: Instead,
    /// Why it is not simply taken, and what to do; none where it means the same.
    pub(crate) taught: Option<(&'static str, &'static str)>,
}

/// In which place it stands. Spellings are separated by blanks.
#[derive(Clone, Copy)]
pub enum Typed {
    /// A flag.
    Flag(&'static str),
    /// The first word after the command.
    Word(&'static str),
    /// The first word, where it looks so.
    Like(fn(&str) -> bool),
    /// A value of this flag.
    Value(&'static str, &'static str),
}

/// What stands there in our words.
#[derive(Clone, Copy)]
pub enum Instead {
    /// These words; a value that follows stays where it is.
    Words(&'static str),
    /// These words in the place of the flag and its value, which is `{}` in them.
    Around(&'static str),
    /// These words behind all others.
    Last(&'static str),
    /// What this makes of the value of the flag, in the place of both.
    Made(fn(&str) -> Option<Vec<String>>),
    /// Another command line altogether, made of the words after the command.
    Line(fn(&[String]) -> Option<String>),
    /// Nothing that can be run.
    Nothing,
}

/// Where a habit was met: so many words, and the value among them.
pub(crate) struct Met {
    pub(crate) typed: String,
    value: Option<String>,
    /// Whether the value is written behind a `=`.
    is_joined: bool,
    pub(crate) length: usize,
}

impl Met {
    fn word(word: &str) -> Self {
        Self {
            typed: word.to_owned(),
            value: Some(word.to_owned()),
            is_joined: false,
            length: 1,
        }
    }
}

impl Habit {
    pub(crate) fn is_on(&self, command: &[String]) -> bool {
        let path = command.join(".");
        self.on.split(' ').any(|on| on == path)
    }

    /// Whether it is what stands at `at`.
    pub(crate) fn meets(&self, words: &[String], at: usize) -> Option<Met> {
        let word = words.get(at)?;
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let is_joined = joined.is_some();
        let next = || joined.clone().or_else(|| words.get(at + 1).cloned());
        let both = if is_joined { 1 } else { 2 };
        let is_one_of = |spellings: &str, word: &str| spellings.split(' ').any(|spelling| spelling == word);
        match self.typed {
            Typed::Flag(spellings) if is_one_of(spellings, name) => {
                let takes = matches!(self.instead, Instead::Around(_) | Instead::Made(_));
                let value = if takes { Some(next()?) } else { joined.clone() };
                Some(Met {
                    typed: name.to_owned(),
                    value,
                    is_joined,
                    length: if takes { both } else { 1 },
                })
            }
            Typed::Word(spellings) if at == 0 && is_one_of(spellings, word) => Some(Met::word(word)),
            Typed::Like(looks) if at == 0 && looks(word) => Some(Met::word(word)),
            Typed::Value(flag, spellings) if name == flag => {
                let value = next()?;
                is_one_of(spellings, &value.to_ascii_lowercase()).then_some(Met {
                    typed: format!("{flag} {value}"),
                    value: Some(value),
                    is_joined,
                    length: both,
                })
            }
            _ => None,
        }
    }

    /// The words in the place of what was met.
    pub(crate) fn instead_of(&self, met: &Met) -> Vec<String> {
        let value = met.value.as_deref().unwrap_or_default();
        let split = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match (self.instead, self.typed) {
            (Instead::Words(words), Typed::Value(flag, _)) => {
                std::iter::once(flag.to_owned()).chain(split(words)).collect()
            }
            (Instead::Words(words), _) => {
                let mut words = split(words);
                if met.is_joined {
                    words.extend(met.value.clone());
                }
                words
            }
            (Instead::Around(words), _) => split(words)
                .into_iter()
                .map(|word| word.replace("{}", value))
                .collect(),
            (Instead::Made(made), _) => made(value).unwrap_or_default(),
            (Instead::Line(_) | Instead::Last(_) | Instead::Nothing, _) => Vec::new(),
        }
    }

    /// `other` is the command line in its place where there is one, empty for `written`.
    pub(crate) fn refusal(&self, typed: &str, other: Option<String>, written: &str) -> Problem {
        let (why, help) = self.taught.unwrap_or_default();
        let problem = Problem::new(code::USAGE, format!("\"{typed}\": {why}")).help(help);
        match other {
            Some(line) if line.is_empty() => problem.command(written),
            Some(line) => problem.command(line),
            None => problem,
        }
    }
}
