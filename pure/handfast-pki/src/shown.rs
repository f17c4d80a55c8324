//! What an error may say about the contents of a file: kind, length and place, never the text itself.
//!
//! Any file can be a private key that was given in the wrong place, and any part of it a secret: a line, a PEM label,
//! what a decoder repeats. [`Shown`] is the only thing that errors about contents are made of. It is made of texts of
//! ours and of numbers, and there is no way from the text of a file to it, so that quoting one does not compile.

use std::fmt;

use const_oid::ObjectIdentifier;

use crate::{
    conceal::concealed,
    pem::{Label, envelope},
    text::{listed, utf16},
};

/// What is said about contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(String);

/// What texts that are none of ours begin with, in lower case, and what they are.
const TEXTS: [(&str, &str); 10] = [
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("ssh-", "a public key of SSH"),
    ("ecdsa-sha2-", "a public key of SSH"),
    ("putty-user-key-file", "a private key of PuTTY"),
    ("{\"kty\"", "a JSON Web Key"),
    ("apiversion:", "a manifest of Kubernetes without a Secret"),
    ("certificate:", "the text of a certificate without its PEM block"),
    (
        "private-key: (",
        "the text of a private key without its PEM block",
    ),
    ("%pdf-", "a PDF document"),
];

/// A value that tells nothing of a secret: a number, a word of ours, an object identifier.
pub trait Safe: fmt::Display + private::Sealed {}

mod private {
    pub trait Sealed {}
}

macro_rules! safe {
    ($($kind:ty),*) => { $(
        impl private::Sealed for $kind {}
        impl Safe for $kind {}
    )* };
}
safe!(
    usize,
    u32,
    u64,
    der::Length,
    ObjectIdentifier,
    &'static str,
    Label,
    Shown
);

impl Shown {
    /// `template` with the `values` in the places of `{}`, in order.
    pub fn filled(template: &'static str, values: &[&dyn Safe]) -> Self {
        let mut parts = template.split("{}");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (value, part) in values.iter().zip(parts) {
            text.push_str(&value.to_string());
            text.push_str(part);
        }
        Self(text)
    }

    /// The kind and the length of `bytes` that were to be PEM or DER.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.trim_ascii().is_empty() {
            return "an empty file".into();
        }
        if utf16(bytes).is_some() {
            return "text in UTF-16".into();
        }
        if let Some(store) = envelope::foreign_store(bytes) {
            return store.into();
        }
        if envelope::is_java_keystore(bytes) {
            return "a Java keystore".into();
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => text,
            _ => return Self::filled("{} bytes that are no text", &[&bytes.len()]),
        };
        let start: String = text.trim_start().chars().take(32).collect();
        let start = start.to_ascii_lowercase();
        if let Some((_, kind)) = TEXTS.iter().find(|(begin, _)| start.starts_with(begin)) {
            return (*kind).into();
        }
        let packed = || text.chars().filter(|c| !c.is_whitespace());
        let length = packed().count();
        let is_long = length >= 16;
        let kind = if text.contains("BEGIN ") {
            "text of {} characters with a BEGIN line that does not begin with five dashes"
        } else if is_long && packed().all(|c| c.is_ascii_hexdigit() || c == ':') {
            "{} characters of hexadecimal digits"
        } else if is_long && packed().all(|c| c.is_ascii_alphanumeric() || "+/=-_".contains(c)) {
            "{} characters of base64 without BEGIN and END lines"
        } else {
            "text of {} characters without a BEGIN line"
        };
        Self::filled(kind, &[&length])
    }

    /// Names that are no contents: of entries, of aliases. One that could be a key is not shown all the same.
    pub fn names<S: AsRef<str>>(names: &[S]) -> Self {
        let names: Vec<String> = names
            .iter()
            .map(|name| concealed(name.as_ref()).into_owned())
            .collect();
        Self(listed(&names))
    }

    /// All of `parts`, separated by commas.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let parts: Vec<String> = parts.into_iter().map(|part| part.0).collect();
        Self(parts.join(", "))
    }
}

impl From<&'static str> for Shown {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

/// Names what was expected and where; repeats nothing of the input.
impl From<der::Error> for Shown {
    fn from(error: der::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_told_by_kind_and_length_and_never_by_their_text() {
        for (bytes, told) in [
            (&b" \r\n"[..], "an empty file"),
            (b"hello", "text of 5 characters without a BEGIN line"),
            (b"\xff\xfeh\0i\0", "text in UTF-16"),
            (b"\x01\x02\0", "3 bytes that are no text"),
            (b"<!DOCTYPE html><p>Sign in", "an HTML page"),
            (
                b"MC4CAQAwBQYDK2VwBCIEIAAAAAAA\nAAAA",
                "32 characters of base64 without BEGIN and END lines",
            ),
            (b"30:2e:02:01:00:30:05:06", "23 characters of hexadecimal digits"),
            (
                b"---BEGIN PRIVATE KEY---",
                "text of 21 characters with a BEGIN line that does not begin with five dashes",
            ),
        ] {
            assert_eq!(Shown::of(bytes).to_string(), told);
        }
    }

    #[test]
    fn a_template_takes_its_values_in_order() {
        assert_eq!(
            Shown::filled("{} of {}", &[&2_usize, &"three"]).to_string(),
            "2 of three"
        );
        assert_eq!(
            Shown::names(&["tls.crt", "ca.crt"]).to_string(),
            "\"tls.crt\", \"ca.crt\""
        );
    }
}
