//! What values look like, in the file and behind a flag: texts, lists, switches, numbers, times, words, tables.

use std::{ops::RangeInclusive, time::Duration};

use handfast_finding::Problem;
use handfast_pki::code;
use handfast_values::duration_between;
use jiff::SignedDuration;
use toml::de::{DeArray, DeValue};

use crate::{
    reader::{Reader, Text},
    table::{Lined, Named, Shape, Table, Written, keys_of},
};

fn bad_flag(name: &str, expected: &str, given: &[String]) -> Problem {
    let found = given.join(" ");
    let found = handfast_pki::text::printable(&found);
    Problem::new(
        code::CONFIG_INVALID,
        format_args!("--{name} must be {expected}, found \"{found}\""),
    )
}

const RATE: &str = "bytes per second, 0 for none";
/// What is longer than a day is a mistake, and no limit.
const DURATIONS: RangeInclusive<SignedDuration> =
    SignedDuration::from_millis(1)..=SignedDuration::from_hours(24);

impl Written for Option<Text> {
    const SHAPE: Shape = Shape::Text;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        reader.string(at, name, value).map(Some)
    }

    fn from_flag(_: &str, given: Vec<String>) -> Result<Self, Problem> {
        Ok(given.into_iter().next_back().map(Text::from))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl Written for Vec<Text> {
    const SHAPE: Shape = Shape::Texts;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let DeValue::Array(items) = value else {
            reader.wrong_type(at, name, "a list of texts", value);
            return None;
        };
        reader
            .has_one(at, name, items.len())
            .then(|| texts(reader, name, items))
    }

    fn from_flag(_: &str, given: Vec<String>) -> Result<Self, Problem> {
        Ok(given.into_iter().map(Text::from).collect())
    }

    fn is_given(&self) -> bool {
        !self.is_empty()
    }
}

fn texts(reader: &mut Reader<'_>, name: &str, items: &DeArray<'_>) -> Vec<Text> {
    let texts = items.iter();
    texts
        .filter_map(|item| reader.string(item.span().start, name, item.get_ref()))
        .collect()
}

/// Texts where none of them is something else than no key at all, and harmless: the reference says what it means. Every
/// other list that is empty is refused: it reads like a check and would be none.
#[derive(Debug, Default)]
pub struct NoneOrMore(pub Vec<Text>);

impl Written for Option<NoneOrMore> {
    const SHAPE: Shape = Shape::NoneOrMore;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Array(items) => Some(Some(NoneOrMore(texts(reader, name, items)))),
            other => {
                reader.wrong_type(at, name, "a list of texts", other);
                None
            }
        }
    }

    fn from_flag(_: &str, given: Vec<String>) -> Result<Self, Problem> {
        Ok(Some(NoneOrMore(given.into_iter().map(Text::from).collect())))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

/// Texts of which there is mostly one, and then no list is needed.
#[derive(Debug, Default)]
pub struct OneOrMore(pub Vec<Text>);

impl Written for OneOrMore {
    const SHAPE: Shape = Shape::OneOrMore;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Array(_) => Vec::<Text>::read(reader, at, name, value).map(Self),
            DeValue::String(_) => reader.string(at, name, value).map(|text| Self(vec![text])),
            other => {
                reader.wrong_type(at, name, "a text in quotes, or a list of them", other);
                None
            }
        }
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        Vec::<Text>::from_flag(name, given).map(Self)
    }

    fn is_given(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Written for Option<Vec<Text>> {
    const SHAPE: Shape = Shape::Texts;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        Vec::<Text>::read(reader, at, name, value).map(Some)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        Vec::<Text>::from_flag(name, given).map(Some)
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl Written for Option<bool> {
    const SHAPE: Shape = Shape::Switch;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        bool::read(reader, at, name, value).map(Some)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        bool::from_flag(name, given).map(Some)
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl Written for bool {
    const SHAPE: Shape = Shape::Switch;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Boolean(on) => Some(*on),
            other => {
                reader.wrong_type(at, name, "true or false", other);
                None
            }
        }
    }

    fn from_flag(_: &str, _: Vec<String>) -> Result<Self, Problem> {
        Ok(true)
    }

    fn is_given(&self) -> bool {
        *self
    }
}

/// A number of these bounds: with one outside of them nothing works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<const LEAST: usize, const MOST: usize>(pub usize);

/// A number of connections.
pub type Connections = Within<1, 10_000_000>;

impl<const LEAST: usize, const MOST: usize> Within<LEAST, MOST> {
    fn of(text: &str) -> Option<Self> {
        let number = text.parse().ok()?;
        (LEAST..=MOST).contains(&number).then_some(Self(number))
    }

    fn expected() -> String {
        format!("a number from {LEAST} to {MOST}")
    }
}

impl<const LEAST: usize, const MOST: usize> Written for Option<Within<LEAST, MOST>> {
    const SHAPE: Shape = Shape::Count(LEAST, MOST);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let expected = Within::<LEAST, MOST>::expected();
        let DeValue::Integer(number) = value else {
            reader.wrong_type(at, name, &expected, value);
            return None;
        };
        let read = Within::of(number.as_str());
        if read.is_none() {
            reader.error(
                at,
                format!("\"{name}\" must be {expected}, found {}", number.as_str()),
            );
        }
        read.map(Some)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        let number = given.last().and_then(|text| Within::of(text));
        number
            .map(Some)
            .ok_or_else(|| bad_flag(name, &Within::<LEAST, MOST>::expected(), &given))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

/// Bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub u32);

impl Written for Option<Rate> {
    const SHAPE: Shape = Shape::Rate;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let rate = match value {
            DeValue::Integer(number) => number.as_str().parse().ok().map(Rate),
            _ => None,
        };
        if rate.is_none() {
            reader.wrong_type(at, name, RATE, value);
        }
        rate.map(Some)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        let rate = given.last().and_then(|text| text.parse().ok());
        rate.map(|rate| Some(Rate(rate)))
            .ok_or_else(|| bad_flag(name, RATE, &given))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl Written for Option<Duration> {
    const SHAPE: Shape = Shape::Duration;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let DeValue::String(text) = value else {
            reader.wrong_type(at, name, "a time such as \"10s\" or \"5m\"", value);
            return None;
        };
        match duration_between(text, &DURATIONS) {
            Ok(duration) => Some(Some(duration.unsigned_abs())),
            Err(error) => {
                let problem = Problem::new(code::CONFIG_INVALID, format_args!("\"{name}\": {error}"));
                reader.problem(at, problem.help(error.hint));
                None
            }
        }
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        let text = given.last().map(String::as_str).unwrap_or_default();
        let duration = duration_between(text, &DURATIONS).map_err(|error| {
            Problem::new(code::CONFIG_INVALID, format_args!("--{name}: {error}")).help(error.hint)
        })?;
        Ok(Some(duration.unsigned_abs()))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

/// How long something may last: from a minute to a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(pub SignedDuration);

const PERIODS: RangeInclusive<SignedDuration> =
    SignedDuration::from_mins(1)..=SignedDuration::from_hours(24 * 36_525);

impl Written for Option<Period> {
    const SHAPE: Shape = Shape::Period;

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let DeValue::String(text) = value else {
            reader.wrong_type(at, name, "a time such as \"24h\" or \"90d\"", value);
            return None;
        };
        match duration_between(text, &PERIODS) {
            Ok(period) => Some(Some(Period(period))),
            Err(error) => {
                let problem = Problem::new(code::CONFIG_INVALID, format_args!("\"{name}\": {error}"));
                reader.problem(at, problem.help(error.hint));
                None
            }
        }
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        let text = given.last().map(String::as_str).unwrap_or_default();
        let period = duration_between(text, &PERIODS).map_err(|error| {
            Problem::new(code::CONFIG_INVALID, format_args!("--{name}: {error}")).help(error.hint)
        })?;
        Ok(Some(Period(period)))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

/// A value that is one of a few words.
pub trait Choice: Sized {
    /// The words.
    const WORDS: &'static [&'static str];

    /// What `word` means; `None` where it is none of them.
    fn of(word: &str) -> Option<Self>;
}

fn chosen<T: Choice>(name: &str, word: &str) -> Result<T, Problem> {
    T::of(word).ok_or_else(|| {
        let (last, others) = T::WORDS.split_last().unwrap_or((&"", &[]));
        let word = handfast_pki::text::printable(word);
        Problem::new(
            code::CONFIG_INVALID,
            format_args!(
                "{name} \"{word}\" is unknown, expected {} or {last}",
                others.join(", ")
            ),
        )
    })
}

impl<T: Choice> Written for Option<T> {
    const SHAPE: Shape = Shape::Choice(T::WORDS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let text = reader.string(at, name, value)?;
        chosen(name, &text.text)
            .map_err(|problem| reader.problem(at, problem))
            .ok()
            .map(Some)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        chosen(name, given.last().map(String::as_str).unwrap_or_default()).map(Some)
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl<T: Table> Written for T {
    const SHAPE: Shape = Shape::Table(T::KEYS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Table(table) => Some(keys_of(reader, table)),
            other => {
                reader.wrong_type(at, name, "a table", other);
                None
            }
        }
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        Err(bad_flag(name, "in the file", &given))
    }

    fn is_given(&self) -> bool {
        true
    }
}

/// A table that need not be there, and is one also when it is empty.
impl<T: Table> Written for Option<Lined<T>> {
    const SHAPE: Shape = Shape::Table(T::KEYS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let table = T::read(reader, at, name, value)?;
        let (line, place) = (reader.line(at), reader.place(at));
        Some(Some(Lined { table, line, place }))
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        Err(bad_flag(name, "in the file", &given))
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl<T: Table> Written for Vec<Lined<T>> {
    const SHAPE: Shape = Shape::Tables(T::KEYS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let DeValue::Array(items) = value else {
            reader.wrong_type(at, name, &format!("tables, each written [[{name}]]"), value);
            return None;
        };
        if !reader.has_one(at, name, items.len()) {
            return None;
        }
        let mut tables = Vec::new();
        for item in items {
            let at = item.span().start;
            if let Some(table) = T::read(reader, at, name, item.get_ref()) {
                let (line, place) = (reader.line(at), reader.place(at));
                tables.push(Lined { table, line, place });
            }
        }
        Some(tables)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        Err(bad_flag(name, "in the file", &given))
    }

    fn is_given(&self) -> bool {
        !self.is_empty()
    }
}

impl<T: Table> Written for Vec<Named<T>> {
    const SHAPE: Shape = Shape::NamedTables(T::KEYS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let DeValue::Table(tables) = value else {
            reader.wrong_type(at, name, &format!("tables, each written [{name}.NAME]"), value);
            return None;
        };
        let mut named = Vec::new();
        for (key, value) in tables {
            let (at, text) = (key.span().start, key.get_ref().as_ref());
            if let Some(table) = T::read(reader, at, text, value.get_ref()) {
                let name = Text {
                    text: text.to_owned(),
                    place: Some(reader.place(at)),
                };
                named.push(Named { name, table });
            }
        }
        named.sort_by_key(|one| one.name.place.as_ref().map(|place| place.line));
        Some(named)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        Err(bad_flag(name, "in the file", &given))
    }

    fn is_given(&self) -> bool {
        !self.is_empty()
    }
}
