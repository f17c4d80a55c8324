//! YAML and JSON as a tree that knows its lines and bytes. JSON is read as the YAML that it is.

use std::fmt;

use handfast_finding::Place;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Options, Spanned};

use super::{files::Opened, span::Span, trouble::Trouble};

/// A value, the line on which it begins, and its bytes.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    /// Of a list or map, those of everything in it. What an alias stands for is where its anchor is.
    pub(super) span: Span,
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
    pub(super) span: Span,
}

/// What a value that is not there is like.
static NOTHING: Node = Node {
    line: 0,
    span: Span { part: 0, range: 0..0 },
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

    /// The members of a list, and none of anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
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

/// The documents in a text.
pub(super) fn read(file: &str, opened: &Opened) -> Result<Vec<Node>, Trouble> {
    serde_saphyr::from_multiple_with_options::<Spanned<Value>>(&opened.text, options())
        .map(|documents| {
            let placed = |document: Spanned<Value>| Node::from(document).placed(opened);
            documents.into_iter().map(placed).collect()
        })
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
            span: span(&spanned.defined),
            value: spanned.value,
        }
    }
}

/// In whichever text it is that is read.
fn span(location: &Location) -> Span {
    let index = |number: Option<u64>| {
        number
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(0)
    };
    let start = index(location.span().byte_offset());
    Span::new(0, start..start.saturating_add(index(location.span().byte_len())))
}

impl Node {
    /// In the text that it was read from, without the space that the parser counts to it.
    fn placed(mut self, opened: &Opened) -> Self {
        self.span = trimmed(self.span, opened);
        match &mut self.value {
            Value::List(list) => {
                *list = std::mem::take(list)
                    .into_iter()
                    .map(|inner| inner.placed(opened))
                    .collect();
            }
            Value::Map(entries) => {
                *entries = std::mem::take(entries)
                    .into_iter()
                    .map(|(key, value)| {
                        let span = trimmed(key.span.clone(), opened);
                        (Key { span, ..key }, value.placed(opened))
                    })
                    .collect();
            }
            Value::Text(_) => {
                self.span.range.start = head(&opened.text, self.span.range.start);
                return self;
            }
            Value::Null => return self,
        }
        let inner = match &self.value {
            Value::List(list) => list.iter().map(|inner| &inner.span).collect::<Vec<_>>(),
            Value::Map(entries) => entries
                .iter()
                .flat_map(|(key, value)| [&key.span, &value.span])
                .collect(),
            Value::Null | Value::Text(_) => Vec::new(),
        };
        // What is an alias stands elsewhere.
        let start = self.span.range.start;
        let after = inner.into_iter().filter(|span| span.range.start >= start);
        self.span.range.end = after.fold(self.span.range.end, |end, span| end.max(span.range.end));
        self
    }
}

/// Where the sign stands that begins a block of lines, such as `|-`, if `start` is the first of these.
fn head(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or_default();
    let bare = before.trim_end();
    let is_above = before.get(bare.len()..).is_some_and(|space| space.contains('\n'));
    let is_sign = |letter: char| letter == '|' || letter == '>';
    let signs = bare.trim_end_matches(|letter: char| "+-".contains(letter) || letter.is_ascii_digit());
    match signs.strip_suffix(is_sign) {
        Some(rest) if is_above && rest.ends_with([' ', '\t']) => rest.len(),
        _ => start,
    }
}

fn trimmed(span: Span, opened: &Opened) -> Span {
    let text = opened.text.get(span.range.clone()).unwrap_or_default();
    let start = span.range.start.min(opened.text.len());
    Span::new(opened.part, start..start + text.trim_end().len())
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
                span: span(&key.defined),
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

    fn opened(text: &str) -> Opened {
        Opened {
            part: 0,
            text: text.into(),
        }
    }

    #[test]
    fn every_scalar_knows_its_bytes_in_every_spelling() {
        let text = "é: \"q: 1\" # x\nb: [ 'a''b',  plain text , 443]\nc: &x { k: v }\nd: *x\ne: |\n  one\n  two\nf:\n";
        let tree = read("f", &opened(text)).expect("good");
        let raw = |node: &Node| &text[node.span.range.clone()];
        assert_eq!(raw(tree[0].at("é")), "\"q: 1\"");
        let list: Vec<&str> = tree[0].at("b").list().iter().map(raw).collect();
        assert_eq!(list, ["'a''b'", "plain text", "443"]);
        assert_eq!(raw(tree[0].path(&["c", "k"])), "v");
        assert_eq!(tree[0].path(&["d", "k"]).span, tree[0].path(&["c", "k"]).span);
        assert_eq!(raw(tree[0].at("e")), "|\n  one\n  two");
        let (key, _) = tree[0].entry("b").expect("a key");
        assert_eq!(&text[key.span.range.clone()], "b");
        let json = "{\"a\": {\"b\": \"c\"}}";
        let tree = read("f", &opened(json)).expect("good");
        assert_eq!(&json[tree[0].path(&["a", "b"]).span.range.clone()], "\"c\"");
    }

    #[test]
    fn lines_of_keys_and_values_are_known_in_both_spellings() {
        for text in [
            "a:\n  - camelCase: true\n    n: 1\n",
            "{\"a\":\n\t[{\"camelCase\": true,\n\t\t\"n\": 1}]}\n",
        ] {
            let tree = read("f", &opened(text)).expect("good");
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
            let error = read("f", &opened(text)).expect_err("broken");
            let Trouble::Malformed { place, .. } = &error else {
                panic!("{error}")
            };
            assert!(place.line >= 1 && place.line <= line + 1, "{text}: {error}");
        }
    }

    #[test]
    fn aliases_are_followed_and_bombs_refused() {
        let tree = read("f", &opened("a: &x {b: 1}\nc: *x\n")).expect("good");
        assert!(tree[0].path(&["c", "b"]).is("1"));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 9].join(",")));
        }
        assert!(read("f", &opened(&bomb)).is_err());
    }
}
