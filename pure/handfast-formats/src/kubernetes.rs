//! The Secret in which Kubernetes keeps a certificate: YAML or JSON, type `kubernetes.io/tls`, with `tls.crt`,
//! `tls.key` and, where somebody put it there, `ca.crt`, each in base64.
//!
//! Read is what `kubectl get secret NAME -o yaml` prints; written is what `kubectl apply -f` takes.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use handfast_pki::{
    Certificate, Error, PrivateKey, Result, Shown, certificate::chain_to_pem, text::printable,
};

/// A manifest larger than this is none: Kubernetes stores at most 1 MiB in a Secret, base64 adds a third.
const LARGEST: usize = 4 << 20;

/// What a Secret holds, each part as the file that it was made from.
#[derive(Default)]
pub struct Secret {
    /// `tls.crt`, base64 decoded.
    pub certificate: Option<Vec<u8>>,
    /// `tls.key`, base64 decoded; wiped when it is dropped.
    pub key: Option<Zeroizing<Vec<u8>>>,
    /// `ca.crt`, base64 decoded.
    pub ca: Option<Vec<u8>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("certificate", &self.certificate.is_some())
            .field("key", &self.key.is_some())
            .field("ca", &self.ca.is_some())
            .finish()
    }
}

#[derive(Deserialize)]
struct Manifest {
    kind: Option<String>,
    #[serde(default)]
    data: BTreeMap<String, Option<String>>,
    #[serde(default, rename = "stringData")]
    plain: BTreeMap<String, Option<String>>,
}

impl Drop for Manifest {
    fn drop(&mut self) {
        let values = self.data.values_mut().chain(self.plain.values_mut());
        values.flatten().for_each(Zeroize::zeroize);
    }
}

/// Whether `bytes` are text in which an object of the kind Secret stands.
pub fn looks_like(bytes: &[u8]) -> bool {
    if bytes.len() > LARGEST {
        return false;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    // `kind: Secret` in YAML, `"kind":"Secret"` in JSON.
    text.split(['\n', ',', '{']).any(|part| {
        let part = part.trim_matches(|c: char| c.is_whitespace() || c == '}');
        let Some((name, value)) = part.split_once(':') else {
            return false;
        };
        let bare = |word: &str| word.trim().trim_matches(['"', '\'']).to_owned();
        bare(name) == "kind" && bare(value) == "Secret"
    })
}

/// The one Secret in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Secret> {
    let malformed = |detail: Shown| Error::Malformed {
        what: "Kubernetes Secret",
        detail,
    };
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is no UTF-8".into()))?;
    let options = serde_saphyr::options! { with_snippet: false };
    let manifests = serde_saphyr::from_multiple_with_options::<Manifest>(text, options)
        .map_err(|error| malformed(place(&error)))?;
    let is_secret = |manifest: &&Manifest| manifest.kind.as_deref() == Some("Secret");
    let secrets: Vec<&Manifest> = manifests.iter().filter(is_secret).collect();
    let [manifest] = secrets[..] else {
        return Err(Error::Unexpected {
            expected: "one Kubernetes Secret",
            found: Shown::filled("{} of them", &[&secrets.len()]),
        });
    };
    let value = |name: &'static str| -> Result<Option<Vec<u8>>> {
        // As the server does it: stringData wins.
        if let Some(Some(plain)) = manifest.plain.get(name) {
            return Ok(Some(plain.as_bytes().to_vec()));
        }
        let Some(Some(encoded)) = manifest.data.get(name) else {
            return Ok(None);
        };
        let packed = Zeroizing::new(encoded.split_ascii_whitespace().collect::<String>());
        let decoded = STANDARD.decode(packed.as_bytes());
        decoded
            .map(|bytes| (!bytes.is_empty()).then_some(bytes))
            .map_err(|_| malformed(Shown::filled("\"{}\" is not base64", &[&name])))
    };
    let secret = Secret {
        certificate: value("tls.crt")?,
        key: value("tls.key")?.map(Zeroizing::new),
        ca: value("ca.crt")?,
    };
    if secret.certificate.is_none() && secret.key.is_none() && secret.ca.is_none() {
        let names: Vec<&String> = manifest.data.keys().chain(manifest.plain.keys()).collect();
        return Err(Error::Unexpected {
            expected: "\"tls.crt\", \"tls.key\" or \"ca.crt\" in the Secret",
            found: Shown::names(&names),
        });
    }
    Ok(secret)
}

/// Where the YAML cannot be read. What the reader of YAML says about it repeats what stands there.
fn place(error: &serde_saphyr::Error) -> Shown {
    match error.location() {
        Some(location) => Shown::filled(
            "line {} is no YAML or JSON of a Secret, at character {}",
            &[&location.line(), &location.column()],
        ),
        None => "it is no YAML or JSON of a Secret".into(),
    }
}

/// What a manifest is written from.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// `metadata.name`; has to be a DNS subdomain (RFC 1123), or Kubernetes refuses it.
    pub name: &'a str,
    /// `metadata.namespace`; left out without one.
    pub namespace: Option<&'a str>,
    /// What goes to `tls.key`, as PKCS#8 in PEM.
    pub key: &'a PrivateKey,
    /// Leaf first.
    pub chain: &'a [Certificate],
    /// What goes to `ca.crt`; left out when empty.
    pub roots: &'a [Certificate],
}

/// The manifest of a Secret of the type `kubernetes.io/tls`.
pub fn write(wanted: &Wanted<'_>) -> Result<Zeroizing<String>> {
    let name = subdomain(wanted.name)?;
    let namespace = wanted.namespace.map(label).transpose()?;
    let mut text = Zeroizing::new(String::from("apiVersion: v1\nkind: Secret\nmetadata:\n"));
    // Writing to a String cannot fail. Quoted, for a name of digits alone would be a number.
    let _ = writeln!(text, "  name: \"{name}\"");
    if let Some(namespace) = namespace {
        let _ = writeln!(text, "  namespace: \"{namespace}\"");
    }
    text.push_str("type: kubernetes.io/tls\ndata:\n");
    if !wanted.roots.is_empty() {
        let _ = writeln!(text, "  ca.crt: {}", STANDARD.encode(chain_to_pem(wanted.roots)));
    }
    let _ = writeln!(text, "  tls.crt: {}", STANDARD.encode(chain_to_pem(wanted.chain)));
    let key = Zeroizing::new(STANDARD.encode(wanted.key.to_pem().as_bytes()));
    let _ = writeln!(text, "  tls.key: {}", *key);
    Ok(text)
}

/// What may be the name of a Secret: a DNS subdomain in lower case (RFC 1123).
pub fn subdomain(text: &str) -> Result<&str> {
    let good = text.len() <= 253 && text.split('.').all(is_label);
    good.then_some(text).ok_or_else(|| Error::BadValue {
        found: printable(text),
        expected: "a name of Kubernetes: lower-case letters, digits, - and .",
    })
}

fn label(text: &str) -> Result<&str> {
    is_label(text).then_some(text).ok_or_else(|| Error::BadValue {
        found: printable(text),
        expected: "a namespace of Kubernetes: lower-case letters, digits and -",
    })
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_in_yaml_and_json_and_nothing_else_is_taken_for_one() {
        for text in [
            "apiVersion: v1\nkind: Secret\n",
            "kind: \"Secret\"\n",
            "{\"kind\":\"Secret\",\"data\":{}}",
            "{\n  \"data\": {},\n  \"kind\": \"Secret\"\n}",
        ] {
            assert!(looks_like(text.as_bytes()), "{text}");
        }
        for text in [
            "kind: ConfigMap\n",
            "-----BEGIN CERTIFICATE-----",
            "",
            "Secret: kind",
        ] {
            assert!(!looks_like(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_broken_secret_is_refused_for_what_is_wrong_with_it() {
        let complaint = |text: &str| read(text.as_bytes()).expect_err("refused").to_string();
        assert!(complaint("kind: Secret\ndata: {tls.crt: '%'}\n").contains("\"tls.crt\" is not base64"));
        assert!(complaint("kind: Secret\ndata: {password: eA==}\n").contains("found \"password\""));
        assert!(complaint("kind: Secret\n---\nkind: Secret\n").contains("2 of them"));
        assert!(complaint("kind: [").starts_with("malformed Kubernetes Secret"));
        let good = read(b"kind: Secret\ndata: {tls.crt: eA==}\n").expect("read");
        assert_eq!(good.certificate.as_deref(), Some(&b"x"[..]));
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused_before_it_does() {
        for good in ["web", "web-1.acme", "1"] {
            assert!(subdomain(good).is_ok(), "{good}");
        }
        for bad in ["", "Web", "-web", "web-", "a..b", "a\nb", "a b", "ü"] {
            assert!(subdomain(bad).is_err(), "{bad}");
        }
        assert!(label("a.b").is_err() && label("prod").is_ok());
    }
}
