//! The objects in which Kubernetes keeps certificates: a Secret, whatever its keys are called (`tls.crt` and `tls.key`,
//! `user.crt`, `ca-cert.pem`, `keystore.p12` ...), a ConfigMap with CAs, a kubeconfig; alone, in a List, in YAML or JSON.
//!
//! Read is what `kubectl get secret NAME -o yaml` prints, each entry as the file that it was made from; written is what
//! `kubectl apply -f` takes.

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

/// What an object holds.
pub struct Object {
    /// The leaf's before the CAs', whichever order they stand in.
    pub entries: Vec<Entry>,
}

/// One entry, as the file that it was made from.
pub struct Entry {
    /// The key of the entry, or the user of a kubeconfig.
    pub name: String,
    /// Decoded; wiped when it is dropped.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.entries.iter().map(|entry| &entry.name).collect();
        f.debug_struct("Object").field("entries", &names).finish()
    }
}

impl Object {
    /// The contents of the entry `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.entries.iter().find(|entry| entry.name == name);
        found.map(|entry| &entry.bytes[..])
    }
}

type Texts = BTreeMap<String, Option<String>>;

#[derive(Deserialize)]
struct Manifest {
    kind: Option<String>,
    #[serde(default)]
    data: Texts,
    #[serde(default, rename = "stringData")]
    plain: Texts,
    #[serde(default, rename = "binaryData")]
    binary: Texts,
    /// Of a List.
    #[serde(default)]
    items: Vec<Manifest>,
    /// Of a kubeconfig.
    #[serde(default)]
    clusters: Vec<Cluster>,
    #[serde(default)]
    users: Vec<User>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Cluster {
    name: String,
    cluster: Texts,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    name: String,
    user: UserParts,
}

/// Beside these a user may have a token or a command, in any form.
#[derive(Deserialize, Default)]
#[serde(default)]
struct UserParts {
    #[serde(rename = "client-certificate-data")]
    certificate: Option<String>,
    #[serde(rename = "client-key-data")]
    key: Option<String>,
}

impl Drop for Manifest {
    fn drop(&mut self) {
        let texts = [&mut self.data, &mut self.plain, &mut self.binary];
        let values = texts.into_iter().flat_map(BTreeMap::values_mut);
        values.flatten().for_each(Zeroize::zeroize);
        self.users.iter_mut().for_each(|user| user.user.key.zeroize());
    }
}

/// Whether `bytes` are text in which an object stands that may hold certificates.
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
        // As a member of a List, too.
        bare(name.trim_start_matches("- ")) == "kind" && is_meant(&bare(value), text)
    })
}

fn is_meant(kind: &str, text: &str) -> bool {
    matches!(kind, "Secret" | "ConfigMap") || kind == "Config" && text.contains("clusters")
}

/// The one object in `bytes`.
pub fn read(bytes: &[u8]) -> Result<Object> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is no UTF-8".into()))?;
    let options = serde_saphyr::options! { with_snippet: false };
    let manifests = serde_saphyr::from_multiple_with_options::<Manifest>(text, options)
        .map_err(|error| malformed(place(&error)))?;
    let lists = manifests.iter().flat_map(|manifest| &manifest.items);
    let is_meant = |manifest: &&Manifest| {
        let kind = manifest.kind.as_deref().unwrap_or_default();
        self::is_meant(kind, text)
    };
    let found: Vec<&Manifest> = manifests.iter().chain(lists).filter(is_meant).collect();
    let [manifest] = found[..] else {
        return Err(Error::Unexpected {
            expected: "one Kubernetes Secret",
            found: Shown::filled("{} of them", &[&found.len()]),
        });
    };
    let mut entries = entries(manifest)?;
    entries.retain(|entry| !entry.bytes.is_empty());
    // A BTreeMap has them by name, and `ca.crt` before `tls.crt`.
    entries.sort_by_key(|entry| is_of_cas(&entry.name));
    Ok(Object { entries })
}

fn entries(manifest: &Manifest) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut add = |name: &str, bytes: Zeroizing<Vec<u8>>| {
        entries.push(Entry {
            name: name.to_owned(),
            bytes,
        });
    };
    let is_secret = manifest.kind.as_deref() == Some("Secret");
    let (encoded, plain) = if is_secret {
        // As the server does it: stringData wins.
        let rest = manifest
            .data
            .iter()
            .filter(|(name, _)| !manifest.plain.contains_key(*name));
        (rest.collect::<Vec<_>>(), &manifest.plain)
    } else {
        (manifest.binary.iter().collect(), &manifest.data)
    };
    for (name, text) in encoded {
        add(name, decoded(name, text.as_deref().unwrap_or_default())?);
    }
    for (name, text) in plain {
        let text = text.as_deref().unwrap_or_default();
        add(name, Zeroizing::new(text.as_bytes().to_vec()));
    }
    for User { name, user } in &manifest.users {
        for part in [&user.certificate, &user.key].into_iter().flatten() {
            add(name, decoded(name, part)?);
        }
    }
    for Cluster { name, cluster } in &manifest.clusters {
        if let Some(Some(ca)) = cluster.get("certificate-authority-data") {
            add(&format!("ca of {name}"), decoded(name, ca)?);
        }
    }
    Ok(entries)
}

fn decoded(name: &str, text: &str) -> Result<Zeroizing<Vec<u8>>> {
    let packed = Zeroizing::new(text.split_ascii_whitespace().collect::<String>());
    let bytes = STANDARD.decode(packed.as_bytes()).map(Zeroizing::new);
    bytes.map_err(|_| malformed(Shown::filled("{} is not base64", &[&Shown::names(&[name])])))
}

/// Whether an entry of this name holds those who are trusted: `ca.crt`, `cacert`, `root-cert.pem`, `truststore.jks`.
fn is_of_cas(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["ca.", "ca-", "ca_", "cacert", "ca of ", "root", "trust"]
        .iter()
        .any(|start| name.starts_with(start))
        || name.contains("-ca.")
}

fn malformed(detail: Shown) -> Error {
    Error::Malformed {
        what: "Kubernetes Secret",
        detail,
    }
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
    fn objects_that_hold_certificates_are_known_in_yaml_and_json_and_nothing_else_is_taken_for_one() {
        for text in [
            "apiVersion: v1\nkind: Secret\n",
            "kind: \"Secret\"\n",
            "{\"kind\":\"Secret\",\"data\":{}}",
            "{\n  \"data\": {},\n  \"kind\": \"Secret\"\n}",
            "kind: List\nitems:\n- kind: Secret\n",
            "kind: ConfigMap\n",
            "kind: Config\nclusters: []\n",
        ] {
            assert!(looks_like(text.as_bytes()), "{text}");
        }
        for text in [
            "kind: Ingress\n",
            "kind: SealedSecret\n",
            "kind: Config\n",
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
        assert!(complaint("kind: Secret\n---\nkind: Secret\n").contains("2 of them"));
        assert!(complaint("kind: [").starts_with("malformed Kubernetes Secret"));
        let good = read(b"kind: Secret\ndata: {tls.crt: eA==}\n").expect("read");
        assert_eq!(good.get("tls.crt"), Some(&b"x"[..]));
    }

    #[test]
    fn every_entry_is_read_whatever_it_is_called_and_cas_come_last() {
        let names = |text: &str| -> Vec<String> {
            let object = read(text.as_bytes()).expect("read");
            object.entries.into_iter().map(|entry| entry.name).collect()
        };
        for (text, expected) in [
            (
                "kind: Secret\ndata: {ca.crt: eA==, user.crt: eA==, user.key: eA==, none: \"\"}\n",
                &["user.crt", "user.key", "ca.crt"][..],
            ),
            (
                "kind: Secret\ndata: {a: eA==}\nstringData: {a: y, b: z}\n",
                &["a", "b"],
            ),
            (
                "kind: List\nitems:\n- kind: Secret\n  data: {tls.crt: eA==}\n",
                &["tls.crt"],
            ),
            (
                "kind: ConfigMap\ndata: {ca.crt: x}\nbinaryData: {a.p12: eA==}\n",
                &["a.p12", "ca.crt"],
            ),
            (
                "kind: Config\nclusters:\n- name: c\n  cluster: {server: 'https://x', certificate-authority-data: eA==}\n\
                 users:\n- name: admin\n  user: {client-certificate-data: eA==, client-key-data: eA==, exec: {command: x}}\n",
                &["admin", "admin", "ca of c"],
            ),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
        let both = read(b"kind: Secret\ndata: {a: eA==}\nstringData: {a: y}\n").expect("read");
        assert_eq!(both.get("a"), Some(&b"y"[..]));
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
