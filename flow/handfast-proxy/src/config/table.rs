//! What a key of the configuration is: one entry in a [`table!`], from which come the field that holds it, the check of
//! the file, the flag, the row in the reference and the JSON Schema.
//!
//! A new key is an entry in `keys.rs` and a line in [`super::resolve`], which says what it means. A new table is a
//! [`table!`] and a key that has it as its type: `RawLimits` for `[proxy.limits]`, `Vec<Lined<T>>` for `[[proxy.name]]`.

use std::{ops::RangeInclusive, time::Duration};

use handfast_finding::Problem;
use handfast_pki::code;
use handfast_values::duration_between;
use jiff::SignedDuration;
use toml::de::{DeTable, DeValue};

use super::reader::{Reader, Text};
use crate::limits::Detail;

/// Everything that is known of a key but its meaning.
#[derive(Debug)]
pub struct Key {
    /// As it stands in the file, and behind the two dashes of its flag.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// How it stands in the help; `None` for what is no flag.
    pub flag: Option<Flag>,
    /// What it is, for the reference page: Markdown on one line.
    pub reference: &'static str,
    /// What holds without it.
    pub without: Without,
}

/// What the help says of a flag.
#[derive(Debug)]
pub struct Flag {
    /// What stands for the value; empty for a switch.
    pub value: &'static str,
    /// One line.
    pub help: &'static str,
}

/// What holds where a key is not given.
#[derive(Debug)]
pub enum Without {
    /// Nothing does: it has to be given.
    Refused,
    /// This, for the reference page: Markdown on one line.
    Is(&'static str),
}

/// What a value looks like.
#[derive(Debug)]
pub enum Shape {
    /// A text in quotes.
    Text,
    /// A list of texts; a flag that may be repeated.
    Texts,
    /// `true` or `false`; a flag without value.
    Switch,
    /// A number from the first to the second.
    Count(usize, usize),
    /// Bytes per second, 0 for none.
    Rate,
    /// A text that [`handfast_values::duration`] reads, from a millisecond to a day.
    Duration,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A table with these keys.
    Table(&'static [Key]),
    /// Any number of tables with these keys: `[[name]]`.
    Tables(&'static [Key]),
}

/// A table of the file. Made by [`table!`].
pub(crate) trait Table: Default {
    /// Its keys, in the order of the reference.
    const KEYS: &'static [Key];

    /// Takes the value of the key `name`; `false` where there is no such key.
    fn set(&mut self, reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> bool;

    /// Takes what was given to the flag `name`.
    ///
    /// # Errors
    ///
    /// If it is not of the key's shape.
    fn set_flag(&mut self, name: &str, given: Vec<String>) -> Result<(), Problem>;

    /// The keys that have to be given and were not.
    fn missing(&self) -> Vec<&'static str>;
}

/// The value of a key: what it looks like in the file and behind a flag.
pub(crate) trait Written: Sized {
    /// For everything that is made from the table.
    const SHAPE: Shape;

    /// Reads it from the file; `None` after a complaint to `reader`.
    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self>;

    /// Reads it from what was given to a flag, at least one text, or none for a switch.
    ///
    /// # Errors
    ///
    /// If that is no such value.
    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem>;

    /// Whether there is something.
    fn is_given(&self) -> bool;
}

/// A struct with a field for each key, and what is known of it.
macro_rules! table {
    (
        $(#[$about:meta])*
        $visible:vis struct $table:ident {
            $( $field:ident: $kind:ty = $name:literal { $($known:tt)* } )*
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Default)]
        $visible struct $table {
            $( #[doc = concat!("`", $name, "`")] pub $field: $kind, )*
        }

        impl $crate::config::table::Table for $table {
            const KEYS: &'static [$crate::config::table::Key] = &[
                $( $crate::config::table::Key {
                    name: $name,
                    shape: <$kind as $crate::config::table::Written>::SHAPE,
                    $($known)*
                }, )*
            ];

            fn set(
                &mut self,
                reader: &mut $crate::config::reader::Reader<'_>,
                at: usize,
                name: &str,
                value: &toml::de::DeValue<'_>,
            ) -> bool {
                use $crate::config::table::Written;
                match name {
                    $( $name => {
                        if let Some(read) = <$kind as Written>::read(reader, at, name, value) {
                            self.$field = read;
                        }
                    } )*
                    _ => return false,
                }
                true
            }

            fn set_flag(&mut self, name: &str, given: Vec<String>) -> Result<(), handfast_finding::Problem> {
                use $crate::config::table::Written;
                match name {
                    $( $name => self.$field = <$kind as Written>::from_flag(name, given)?, )*
                    _ => {}
                }
                Ok(())
            }

            fn missing(&self) -> Vec<&'static str> {
                use $crate::config::table::{Without, Written};
                let given = [ $( Written::is_given(&self.$field) ),* ];
                let keys = Self::KEYS.iter().zip(given);
                keys.filter(|(key, given)| matches!(key.without, Without::Refused) && !given)
                    .map(|(key, _)| key.name)
                    .collect()
            }
        }
    };
}
pub(super) use table;

/// One of several tables of a kind, and the line that it begins on.
#[derive(Debug, Clone)]
pub struct Lined<T> {
    /// What it holds.
    pub table: T,
    /// Counted from 1.
    pub line: usize,
}

/// Reads the keys of `T`, and complains of every other.
pub(crate) fn keys_of<T: Table>(reader: &mut Reader<'_>, table: &DeTable<'_>) -> T {
    let mut raw = T::default();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if !raw.set(reader, value.span().start, name, value.get_ref()) {
            reader.unknown(key.span().start, name, T::KEYS.iter().map(|key| key.name));
        }
    }
    raw
}

// --- the values --------------------------------------------------------------------------------------------

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
        let texts = items.iter();
        Some(
            texts
                .filter_map(|item| reader.string(item.span().start, name, item.get_ref()))
                .collect(),
        )
    }

    fn from_flag(_: &str, given: Vec<String>) -> Result<Self, Problem> {
        Ok(given.into_iter().map(Text::from).collect())
    }

    fn is_given(&self) -> bool {
        !self.is_empty()
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

const DETAILS: &[&str] = &["off", "connections", "requests"];

fn detail(name: &str, text: &str) -> Result<Detail, Problem> {
    match text {
        "off" => Ok(Detail::Off),
        "connections" => Ok(Detail::Connections),
        "requests" => Ok(Detail::Requests),
        other => Err(Problem::new(
            code::CONFIG_INVALID,
            format_args!("{name} \"{other}\" is unknown, expected off, connections or requests"),
        )),
    }
}

impl Written for Option<Detail> {
    const SHAPE: Shape = Shape::Choice(DETAILS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let text = reader.string(at, name, value)?;
        detail(name, &text.text)
            .map_err(|problem| reader.problem(at, problem))
            .ok()
            .map(Some)
    }

    fn from_flag(name: &str, given: Vec<String>) -> Result<Self, Problem> {
        detail(name, given.last().map(String::as_str).unwrap_or_default()).map(Some)
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

impl<T: Table> Written for Vec<Lined<T>> {
    const SHAPE: Shape = Shape::Tables(T::KEYS);

    fn read(reader: &mut Reader<'_>, at: usize, name: &str, value: &DeValue<'_>) -> Option<Self> {
        let DeValue::Array(items) = value else {
            reader.wrong_type(at, name, &format!("tables, each written [[{name}]]"), value);
            return None;
        };
        let mut tables = Vec::new();
        for item in items {
            let at = item.span().start;
            if let Some(table) = T::read(reader, at, name, item.get_ref()) {
                let line = reader.line(at);
                tables.push(Lined { table, line });
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

#[cfg(test)]
mod tests {
    use super::*;

    table! {
        /// A table with tables in it, as files have that grow.
        struct Listener {
            name: Option<Text> = "name" {
                flag: None,
                reference: "its name",
                without: Without::Refused,
            }
            hosts: Vec<Lined<Host>> = "host" {
                flag: None,
                reference: "its hosts",
                without: Without::Is("none"),
            }
        }
    }

    table! {
        /// A table in a table.
        struct Host {
            idle: Option<Duration> = "idle" {
                flag: None,
                reference: "how long",
                without: Without::Is("for ever"),
            }
        }
    }

    fn read(text: &str) -> (Listener, Vec<(Option<usize>, String)>) {
        let mut errors: Vec<Problem> = Vec::new();
        let (table, _) = toml::de::DeTable::parse_recoverable(text);
        let mut reader = Reader {
            file: "handfast.toml",
            text,
            errors: &mut errors,
        };
        let listener = keys_of(&mut reader, table.get_ref());
        let mut errors: Vec<_> = errors
            .into_iter()
            .map(|problem| (problem.place.map(|place| place.line), problem.message))
            .collect();
        errors.sort();
        (listener, errors)
    }

    #[test]
    fn tables_of_a_kind_are_read_each_with_its_line() {
        let (listener, errors) = read("name = \"a\"\n[[host]]\nidle = \"1s\"\n\n[[host]]\n");
        assert_eq!(errors, Vec::new());
        let hosts: Vec<_> = listener
            .hosts
            .iter()
            .map(|host| (host.line, host.table.idle))
            .collect();
        assert_eq!(hosts, [(2, Some(Duration::from_secs(1))), (5, None)]);
        assert!(listener.missing().is_empty());
    }

    #[test]
    fn what_is_wrong_inside_of_one_has_its_line_and_what_is_missing_its_name() {
        let (listener, errors) = read("[[host]]\nidle = 5\nidel = \"1s\"\n");
        let texts = [
            (2, "\"idle\" must be a time such as \"10s\" or \"5m\", found 5"),
            (3, "unknown key \"idel\", did you mean \"idle\"?"),
        ];
        assert_eq!(errors, texts.map(|(line, text)| (Some(line), text.to_owned())));
        assert_eq!(listener.missing(), ["name"]);
        let (_, errors) = read("name = \"a\"\nhost = 5\n");
        let text = "\"host\" must be tables, each written [[host]], found 5";
        assert_eq!(errors, [(Some(2), text.to_owned())]);
    }
}
