//! The keys of a file as a manual page lists them: a part for each table, in plain text.

use crate::table::{Key, Shape, Without};

/// A table of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// As it is written, such as `[proxy.limits]`; empty for the file itself.
    pub heading: String,
    /// Its keys that are no tables.
    pub keys: Vec<Entry>,
    /// What it is; empty for the file itself.
    pub what: String,
}

/// A key.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it is written.
    pub name: &'static str,
    /// What its value looks like.
    pub value: String,
    /// What it is.
    pub what: String,
    /// What holds without it.
    pub without: String,
}

/// The tables of a file with these keys, each before those in it.
pub fn manual(keys: &[Key]) -> Vec<Part> {
    let mut parts = Vec::new();
    add("", String::new(), String::new(), keys, &mut parts);
    parts.retain(|part| !part.keys.is_empty());
    parts
}

fn add(path: &str, heading: String, what: String, keys: &[Key], parts: &mut Vec<Part>) {
    let entries = keys.iter().filter_map(entry).collect();
    parts.push(Part {
        heading,
        keys: entries,
        what,
    });
    for key in keys {
        let name = match path {
            "" => key.name.to_owned(),
            path => format!("{path}.{}", key.name),
        };
        let (path, heading, below) = match key.shape {
            Shape::Table(below) => (name.clone(), format!("[{name}]"), below),
            Shape::Tables(below) => (name.clone(), format!("[[{name}]]"), below),
            Shape::NamedTables(below) => (format!("{name}.NAME"), format!("[{name}.NAME]"), below),
            _ => continue,
        };
        add(&path, heading, plain(key.reference), below, parts);
    }
}

/// None for a table.
fn entry(key: &Key) -> Option<Entry> {
    let value = match key.shape {
        Shape::Table(_) | Shape::Tables(_) | Shape::NamedTables(_) => return None,
        Shape::Text => "text".to_owned(),
        Shape::Texts | Shape::NoneOrMore => "list of texts".to_owned(),
        Shape::OneOrMore => "text or list of texts".to_owned(),
        Shape::Switch => "true or false".to_owned(),
        Shape::Count(least, most) => format!("number from {least} to {most}"),
        Shape::Rate => "bytes per second".to_owned(),
        Shape::Duration => "time, such as \"10s\"".to_owned(),
        Shape::Period => "time, such as \"24h\" or \"90d\"".to_owned(),
        Shape::Choice(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            quoted.join(" or ")
        }
    };
    let without = match key.without {
        Without::Refused => "an error".to_owned(),
        Without::Unless(other) => format!("an error, without {other}"),
        Without::Elsewhere(other) => format!("an error, without {}", plain(other)),
        Without::Is(without) => plain(without),
    };
    Some(Entry {
        name: key.name,
        value,
        what: plain(key.reference),
        without,
    })
}

/// Markdown on one line without its signs: code as it is, links as their text.
fn plain(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut is_code = false;
    let mut rest = markdown;
    while let Some(character) = rest.chars().next() {
        let link = (!is_code && character == '[').then(|| link(rest)).flatten();
        if let Some((text, after)) = link {
            out.push_str(&plain(text));
            rest = after;
            continue;
        }
        match character {
            '`' => is_code = !is_code,
            _ => out.push(character),
        }
        rest = &rest[character.len_utf8()..];
    }
    out
}

/// The text of the link that `text` begins with, and what follows the link.
fn link(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (_, after) = rest.split_once(')')?;
    Some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: &[Key] = &[Key {
        name: "idle",
        shape: Shape::Duration,
        flag: None,
        reference: "how long, see [limits](#limits) and `[[host]]`",
        without: Without::Is("`10s`"),
    }];
    const KEYS: &[Key] = &[
        Key {
            name: "log",
            shape: Shape::Choice(&["off", "on"]),
            flag: None,
            reference: "what is **written**",
            without: Without::Refused,
        },
        Key {
            name: "host",
            shape: Shape::Tables(INNER),
            flag: None,
            reference: "its hosts",
            without: Without::Is("none"),
        },
        Key {
            name: "profile",
            shape: Shape::NamedTables(INNER),
            flag: None,
            reference: "profiles",
            without: Without::Is("none"),
        },
    ];

    #[test]
    fn every_table_is_a_part_with_its_keys_in_plain_text() {
        let parts = manual(KEYS);
        let headings: Vec<&str> = parts.iter().map(|part| part.heading.as_str()).collect();
        assert_eq!(headings, ["", "[[host]]", "[profile.NAME]"]);
        assert_eq!(parts[0].keys.len(), 1);
        assert_eq!(parts[0].keys[0].value, "\"off\" or \"on\"");
        assert_eq!(parts[0].keys[0].without, "an error");
        assert_eq!(parts[1].what, "its hosts");
        assert_eq!(parts[1].keys[0].what, "how long, see limits and [[host]]");
        assert_eq!(parts[1].keys[0].without, "10s");
    }
}
