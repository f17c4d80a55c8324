//! The URI of a key in a token (RFC 7512), with where its PIN is found and how long is waited.

use std::{collections::BTreeMap, env, fs, path::PathBuf, str::FromStr, time::Duration};

use handfast_pki::text::printable;
use zeroize::Zeroizing;

use crate::token_error::TokenError;

/// Where the PIN is looked for when the URI names no place.
const PIN_VARIABLE: &str = "HANDFAST_TOKEN_PIN";

/// How long is waited for a token when the URI does not say.
const DEADLINE: Duration = Duration::from_secs(30);

/// Which key, in which token, behind which module.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenUri {
    /// Attributes of the path, decoded.
    path: BTreeMap<String, Vec<u8>>,
    /// Attributes of the query, decoded; the PIN is not among them.
    query: BTreeMap<String, String>,
    pin: Option<Zeroizing<String>>,
}

/// Path attributes that choose a token, and one that chooses an object.
const PATH: [&str; 8] = [
    "token",
    "serial",
    "manufacturer",
    "model",
    "object",
    "id",
    "type",
    "slot-id",
];
/// Query attributes that are understood.
const QUERY: [&str; 4] = ["module-path", "pin-source", "pin-value", "x-deadline"];

impl FromStr for TokenUri {
    type Err = TokenError;

    /// What is not understood is refused, since it could choose another key.
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let bad = |detail: String| TokenError::BadUri { detail };
        let rest = text
            .strip_prefix("pkcs11:")
            .ok_or_else(|| bad("it does not begin with \"pkcs11:\"".into()))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self {
            path: BTreeMap::new(),
            query: BTreeMap::new(),
            pin: None,
        };
        for (name, value) in attributes(path, ';', &PATH)? {
            if uri.path.insert(name.clone(), value).is_some() {
                return Err(bad(format!("\"{name}\" stands twice")));
            }
        }
        for (name, value) in attributes(query, '&', &QUERY)? {
            let value = String::from_utf8(value).map_err(|_| bad(format!("\"{name}\" is no text")))?;
            if name == "pin-value" {
                uri.pin = Some(Zeroizing::new(value));
            } else if uri.query.insert(name.clone(), value).is_some() {
                return Err(bad(format!("\"{name}\" stands twice")));
            }
        }
        if !uri.path.contains_key("object") && !uri.path.contains_key("id") {
            return Err(bad("it names no key: \"object\" or \"id\" is missing".into()));
        }
        if uri
            .query
            .get("x-deadline")
            .is_some_and(|text| text.parse::<u64>().is_err())
        {
            return Err(bad("\"x-deadline\" is no number of seconds".into()));
        }
        Ok(uri)
    }
}

/// `NAME=VALUE` with `between` them; every name is among `known`.
fn attributes(text: &str, between: char, known: &[&str]) -> Result<Vec<(String, Vec<u8>)>, TokenError> {
    let bad = |detail: String| TokenError::BadUri { detail };
    let parts = text.split(between).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| bad("an attribute has no value".into()))?;
            if !known.contains(&name) {
                return Err(bad(format!("\"{}\" is not understood", printable(name))));
            }
            let value = decoded(value).ok_or_else(|| bad(format!("\"{name}\" has a bad %")))?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        octets.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(octets)
}

fn encoded(octets: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    octets
        .iter()
        .map(|byte| {
            if plain(*byte) {
                char::from(*byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// As it is kept in the records: without a PIN.
impl std::fmt::Display for TokenUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path: Vec<String> = self
            .path
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        write!(f, "pkcs11:{}", path.join(";"))?;
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value.as_bytes())))
            .collect();
        if query.is_empty() {
            return Ok(());
        }
        write!(f, "?{}", query.join("&"))
    }
}

impl std::fmt::Debug for TokenUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenUri({self})")
    }
}

impl TokenUri {
    /// The token, for people.
    pub fn called(&self) -> String {
        let text = |name| self.text(name);
        let found = text("token")
            .or_else(|| text("serial"))
            .or_else(|| text("slot-id"));
        found.unwrap_or_else(|| "any".into())
    }

    /// The key, for people.
    pub fn key(&self) -> String {
        let id = || self.path.get("id").map(|id| handfast_pki::text::hex(id));
        self.text("object").or_else(id).unwrap_or_default()
    }

    /// The same token with another label of the key, for one of several keys.
    pub fn with_object(&self, ending: &str) -> Self {
        let mut uri = self.clone();
        let object = self.text("object").unwrap_or_default();
        uri.path
            .insert("object".into(), format!("{object}{ending}").into_bytes());
        uri.path.remove("id");
        uri
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.path.get(name)?;
        Some(printable(&String::from_utf8_lossy(value)))
    }

    /// The value of a path attribute, to be compared.
    pub(super) fn attribute(&self, name: &str) -> Option<&[u8]> {
        self.path.get(name).map(Vec::as_slice)
    }

    pub(super) fn module(&self) -> Result<PathBuf, TokenError> {
        let path = self.query.get("module-path").ok_or_else(|| TokenError::BadUri {
            detail: "\"module-path\" is missing".into(),
        })?;
        Ok(path.into())
    }

    pub(super) fn deadline(&self) -> Duration {
        let seconds = self.query.get("x-deadline").and_then(|text| text.parse().ok());
        seconds.map_or(DEADLINE, Duration::from_secs)
    }

    /// From the URI itself, from the file that it names, or from the environment.
    pub(super) fn pin(&self) -> Result<Option<Zeroizing<String>>, TokenError> {
        if let Some(pin) = &self.pin {
            return Ok(Some(pin.clone()));
        }
        let Some(source) = self.query.get("pin-source") else {
            return Ok(env::var(PIN_VARIABLE).ok().map(Zeroizing::new));
        };
        let file = source
            .strip_prefix("file://")
            .or(source.strip_prefix("file:"))
            .unwrap_or(source.as_str());
        let text = fs::read_to_string(file)
            .map(Zeroizing::new)
            .map_err(|_| TokenError::Pin {
                token: self.called(),
                detail: "the file of pin-source cannot be read",
            })?;
        Ok(text.lines().next().map(|line| Zeroizing::new(line.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_read_and_kept_without_its_pin() {
        let text = "pkcs11:token=The%20CA;object=issuing;id=%00%FF?module-path=/usr/lib/m.so&pin-value=4711&x-deadline=2";
        let uri: TokenUri = text.parse().expect("a URI");
        assert_eq!((uri.called().as_str(), uri.key().as_str()), ("The CA", "issuing"));
        assert_eq!(uri.attribute("id"), Some(&[0, 0xff][..]));
        assert_eq!(uri.deadline(), Duration::from_secs(2));
        assert_eq!(
            uri.pin().expect("a PIN").as_deref().map(String::as_str),
            Some("4711")
        );
        let kept = uri.to_string();
        assert!(
            !kept.contains("4711") && !format!("{uri:?}").contains("4711"),
            "{kept}"
        );
        let again: TokenUri = kept.parse().expect("a URI");
        assert_eq!((again.key(), again.module()), (uri.key(), uri.module()));
        assert_eq!(again.attribute("id"), uri.attribute("id"));
    }

    #[test]
    fn what_is_not_understood_or_names_no_key_is_refused() {
        for (text, said) in [
            ("token=a", "pkcs11:"),
            ("pkcs11:token=a", "names no key"),
            ("pkcs11:object=a;object=b", "twice"),
            ("pkcs11:object=%zz", "bad %"),
            ("pkcs11:object", "no value"),
            ("pkcs11:object=a;library-version=3", "not understood"),
            ("pkcs11:object=a?module-name=x", "not understood"),
            ("pkcs11:object=a?x-deadline=soon", "seconds"),
        ] {
            let error = text.parse::<TokenUri>().expect_err(text);
            assert!(error.to_string().contains(said), "{text}: {error}");
        }
    }
}
