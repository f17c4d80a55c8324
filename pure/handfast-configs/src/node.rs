//! YAML and JSON as a tree that knows its lines. JSON is read as the YAML that it is.

use std::fmt;

use handfast_finding::Place;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Options, Spanned};

use super::trouble::Trouble;

/// A value and the line on which it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    /// Text, a number, true or false.
    Text(String),
    List(Vec<Node>),
    /// Keys with their lines, in order.
    Map(Vec<(Key, Node)>),
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    /// In lower case with underscores, whichever way it was written.
    pub(super) name: String,
    pub(super) written: String,
    pub(super) line: usize,
}

/// What a value that is not there is like.
static NOTHING: Node = Node {
    line: 0,
    value: Value::Null,
};

impl Node {
    /// The value under `name`; nothing where there is none.
    pub(super) fn at(&self, name: &str) -> &Self {
        self.entry(name).map_or(&NOTHING, |(_, value)| value)
    }

    /// The value under the first name, under the second within it, and so on.
    pub(super) fn path(&self, names: &[&str]) -> &Self {
        names.iter().fold(self, |node, name| node.at(name))
    }

    /// The key and value under `name`.
    pub(super) fn entry(&self, name: &str) -> Option<&(Key, Self)> {
        self.entries().iter().find(|(key, _)| key.name == name)
    }

    /// The line of the key `name`, or else of the node itself.
    pub(super) fn line_of(&self, name: &str) -> usize {
        self.entry(name).map_or(self.line, |(key, _)| key.line)
    }

    pub(super) fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The members of a list; a single value is a list of one.
    pub(super) fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text() == Some(text)
    }

    pub(super) fn is_there(&self) -> bool {
        !matches!(self.value, Value::Null)
    }

    /// This node and all below it, the outer ones first.
    pub(super) fn all(&self) -> Vec<&Self> {
        let mut found = vec![self];
        let mut at = 0;
        while let Some(node) = found.get(at).copied() {
            match &node.value {
                Value::List(list) => found.extend(list),
                Value::Map(entries) => found.extend(entries.iter().map(|(_, value)| value)),
                _ => {}
            }
            at += 1;
        }
        found
    }
}

/// The documents in `text`.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Node>, Trouble> {
    serde_saphyr::from_multiple_with_options::<Spanned<Value>>(text, options())
        .map(|documents| documents.into_iter().map(Node::from).collect())
        .map_err(|error| {
            let line = error.location().map_or(1, |location| line(location.line()));
            let told = error.without_snippet().to_string();
            Trouble::malformed(
                &Place::new(file, line),
                "YAML or JSON",
                handfast_pki::text::printable(&told),
            )
        })
}

fn options() -> Options {
    serde_saphyr::options! { with_snippet: false }
}

fn line(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).max(1)
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        Self {
            line: line(spanned.referenced.line()),
            value: spanned.value,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element::<Spanned<Value>>()? {
            list.push(value.into());
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let key = Key {
                name: snake(&key.value),
                line: line(key.referenced.line()),
                written: key.value,
            };
            entries.push((key, access.next_value::<Spanned<Value>>()?.into()));
        }
        Ok(Value::Map(entries))
    }
}

/// `requireClientCertificate` is `require_client_certificate`: Envoy takes both.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys_and_values_are_known_in_both_spellings() {
        for text in [
            "a:\n  - camelCase: true\n    n: 1\n",
            "{\"a\":\n\t[{\"camelCase\": true,\n\t\t\"n\": 1}]}\n",
        ] {
            let tree = read("f", text).expect("good");
            let inner = &tree[0].at("a").list()[0];
            assert!(inner.at("camel_case").is("true"), "{text}");
            assert_eq!(
                (inner.line_of("camel_case"), inner.line_of("n")),
                (2, 3),
                "{text}"
            );
            assert!(!inner.at("x").is_there());
        }
    }

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        for (text, line) in [
            ("a: b\n c: d\n", 2),
            ("a: [\n", 2),
            ("a: 1\na: 2\n", 2),
            ("{\"a\": }}", 1),
        ] {
            let error = read("f", text).expect_err("broken");
            let Trouble::Malformed { place, .. } = &error else {
                panic!("{error}")
            };
            assert!(place.line >= 1 && place.line <= line + 1, "{text}: {error}");
        }
    }

    #[test]
    fn aliases_are_followed_and_bombs_refused() {
        let tree = read("f", "a: &x {b: 1}\nc: *x\n").expect("good");
        assert!(tree[0].path(&["c", "b"]).is("1"));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 9].join(",")));
        }
        assert!(read("f", &bomb).is_err());
    }
}
