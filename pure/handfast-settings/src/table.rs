//! What a key of a configuration is: one entry in a [`table!`](crate::table!), from which come the field that holds it, the
//! check of the file, the flag, the row in the reference and the JSON Schema.
//!
//! A new table is a [`table!`](crate::table!) and a key that has it as its type: `T` for `[name]`, `Vec<Lined<T>>` for
//! `[[name]]`, `Vec<Named<T>>` for `[name.ANY]`. What the keys mean is for the crate that has the file.

use handfast_finding::{Place, Problem};
use toml::de::{DeTable, DeValue};

use crate::reader::{Reader, Text};

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
    /// The same, unless the key of this name is given.
    Unless(&'static str),
    /// It is an error only where something outside of the table is missing as well, which is for the crate to say: Markdown.
    Elsewhere(&'static str),
    /// This, for the reference page: Markdown on one line.
    Is(&'static str),
}

/// What a value looks like.
#[derive(Debug)]
pub enum Shape {
    /// A text in quotes.
    Text,
    /// A list of texts, at least one; a flag that may be repeated.
    Texts,
    /// A list of texts that may be empty; a flag that may be repeated.
    NoneOrMore,
    /// A text, or a list of texts, at least one; a flag that may be repeated.
    OneOrMore,
    /// `true` or `false`; a flag without value.
    Switch,
    /// A number from the first to the second.
    Count(usize, usize),
    /// Bytes per second, 0 for none.
    Rate,
    /// A text that [`handfast_values::duration`] reads, from a millisecond to a day.
    Duration,
    /// The same, from a minute to a hundred years.
    Period,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A table with these keys.
    Table(&'static [Key]),
    /// Tables with these keys: `[[name]]`, at least one where the key is there.
    Tables(&'static [Key]),
    /// The same, each with a name of its own: `[name.ANY]`.
    NamedTables(&'static [Key]),
}

/// A table of the file. Made by [`table!`](crate::table!).
pub trait Table: Default {
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

    /// The keys that have to be given and were not. One whose value cannot be read was given.
    fn missing(&self) -> Vec<&'static str>;

    /// Whether the key `name` was given a value that cannot be read, which was complained of.
    fn is_unreadable(&self, name: &str) -> bool;
}

/// The value of a key: what it looks like in the file and behind a flag.
pub trait Written: Sized {
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
#[macro_export]
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
            #[doc(hidden)]
            pub unreadable: Vec<&'static str>,
        }

        impl $crate::Table for $table {
            const KEYS: &'static [$crate::Key] = &[
                $( $crate::Key {
                    name: $name,
                    shape: <$kind as $crate::Written>::SHAPE,
                    $($known)*
                }, )*
            ];

            fn set(
                &mut self,
                reader: &mut $crate::Reader<'_>,
                at: usize,
                name: &str,
                value: &$crate::DeValue<'_>,
            ) -> bool {
                use $crate::Written;
                match name {
                    $( $name => {
                        match <$kind as Written>::read(reader, at, name, value) {
                            Some(read) => self.$field = read,
                            None => self.unreadable.push($name),
                        }
                    } )*
                    _ => return false,
                }
                true
            }

            fn set_flag(&mut self, name: &str, given: Vec<String>) -> Result<(), $crate::Problem> {
                use $crate::Written;
                match name {
                    $( $name => self.$field = <$kind as Written>::from_flag(name, given)?, )*
                    _ => {}
                }
                Ok(())
            }

            fn missing(&self) -> Vec<&'static str> {
                use $crate::{Without, Written};
                let given = [ $( ($name, Written::is_given(&self.$field)) ),* ];
                let is_missing = |key: &&$crate::Key| match key.without {
                    Without::Refused => given.contains(&(key.name, false)),
                    Without::Unless(other) => {
                        given.contains(&(key.name, false))
                            && given.contains(&(other, false))
                            && !self.unreadable.contains(&other)
                    }
                    Without::Elsewhere(_) | Without::Is(_) => false,
                };
                let names = Self::KEYS.iter().filter(is_missing).map(|key| key.name);
                names.filter(|name| !self.unreadable.contains(name)).collect()
            }

            fn is_unreadable(&self, name: &str) -> bool {
                self.unreadable.contains(&name)
            }
        }
    };
}

/// One of several tables of a kind, and the line that it begins on.
#[derive(Debug, Clone)]
pub struct Lined<T> {
    /// What it holds.
    pub table: T,
    /// Counted from 1.
    pub line: usize,
    /// The same with the file.
    pub place: Place,
}

/// One of several tables that have names.
#[derive(Debug, Clone)]
pub struct Named<T> {
    /// As it is written.
    pub name: Text,
    /// What it holds.
    pub table: T,
}

/// Reads the keys of `T`, and complains of every other.
pub fn keys_of<T: Table>(reader: &mut Reader<'_>, table: &DeTable<'_>) -> T {
    let mut raw = T::default();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if !raw.set(reader, value.span().start, name, value.get_ref()) {
            reader.unknown(key.span().start, name, T::KEYS.iter().map(|key| key.name));
        }
    }
    raw
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let (listener, errors) = read("name = 5\n");
        let text = "\"name\" must be a text in quotes, found 5";
        assert_eq!(errors, [(Some(1), text.to_owned())]);
        assert!(listener.missing().is_empty(), "it is there, and wrong");
        assert!(listener.is_unreadable("name") && !listener.is_unreadable("host"));
        let (_, errors) = read("name = \"a\"\nhost = 5\n");
        let text = "\"host\" must be tables, each written [[host]], found 5";
        assert_eq!(errors, [(Some(2), text.to_owned())]);
        let (listener, errors) = read("name = \"a\"\nhost = []\n");
        let text = "\"host\" is an empty list, expected at least one value";
        assert_eq!(errors, [(Some(2), text.to_owned())]);
        assert!(listener.is_unreadable("host"));
    }
}
