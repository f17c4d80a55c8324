//! One key and its chain out of a file of any form, opened with a password where that is needed.
//!
//! In: bytes, a password, the name of an entry. Out: certificates in the file's order, at most one key, and what was
//! passed over. [`crate::open`] says what the parts of a file are; here they are taken out.

use std::fmt;

use handfast_pki::{Certificate, Error, PrivateKey, Result, Shown, pem::Item};

pub use crate::open::Form;
use crate::open::{Part, open};

/// What opens a file.
#[derive(Clone, Copy, Default)]
pub struct Opening<'a> {
    /// Of the container or of the encrypted key; empty is a password, too.
    pub password: Option<&'a str>,
    /// Which key is meant, where a keystore holds several.
    pub alias: Option<&'a str>,
}

impl fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("alias", &self.alias)
            .finish_non_exhaustive()
    }
}

/// What was in a file.
#[derive(Debug)]
pub struct Gathered {
    /// How it was read.
    pub form: Form,
    /// In the order of the file.
    pub certificates: Vec<Certificate>,
    /// The one private key, if there is one.
    pub key: Option<PrivateKey>,
    /// What was there and is neither certificate nor key, in words.
    pub passed_over: Vec<Shown>,
}

/// Opens `bytes`. Nothing in them, more than one key, or a lock without a password are errors.
pub fn gather(bytes: &[u8], opening: Opening<'_>) -> Result<Gathered> {
    let passwords: Vec<&str> = opening.password.into_iter().collect();
    let mut opened = open(bytes, &passwords)?;
    if let Some(error) = opened.closed {
        return Err(error);
    }
    keep_meant(&mut opened.parts, opening.alias)?;
    let mut gathered = Gathered {
        form: opened.form,
        certificates: Vec::new(),
        key: None,
        passed_over: Vec::new(),
    };
    let mut keys = Vec::new();
    let mut closed = Vec::new();
    for part in opened.parts {
        if let Some(error) = part.closed {
            closed.push((part.entry.unwrap_or_default(), part.item.describe(), error));
            continue;
        }
        match part.item {
            Item::Certificate(certificate) => gathered.certificates.push(*certificate),
            Item::Key(key) => keys.push((part.entry.unwrap_or_default(), key)),
            other => gathered.passed_over.push(other.describe()),
        }
    }
    // A Secret often has the same key once more in a keystore, whose password is elsewhere.
    let is_spare = gathered.form == Form::Kubernetes && !keys.is_empty() && !gathered.certificates.is_empty();
    for (entry, what, error) in closed {
        if !is_spare {
            return Err(error);
        }
        let name = Shown::names(&[entry]);
        let text = "the entry {}, {} that was not opened";
        gathered.passed_over.push(Shown::filled(text, &[&name, &what]));
    }
    gathered.passed_over.extend(opened.passed_over);
    gathered.key = one_of(keys)?;
    if gathered.certificates.is_empty() && gathered.key.is_none() {
        let found = match &gathered.passed_over[..] {
            [] => "nothing of the kind".into(),
            _ => Shown::all(gathered.passed_over),
        };
        return Err(Error::Unexpected {
            expected: "a certificate or a private key",
            found,
        });
    }
    Ok(gathered)
}

/// Leaves out the entries with another key than the one under `alias`.
fn keep_meant(parts: &mut Vec<Part>, alias: Option<&str>) -> Result<()> {
    let has_key = |part: &Part| matches!(part.item, Item::Key(_) | Item::EncryptedKey(_));
    let with_keys: Vec<String> = parts
        .iter()
        .filter(|part| has_key(part))
        .filter_map(|part| part.entry.clone())
        .collect();
    let (Some(alias), false) = (alias, with_keys.is_empty()) else {
        return Ok(());
    };
    // Java writes aliases in lower case; the entries of a Secret have endings.
    let is_meant = |entry: &str| {
        let stem = entry.rsplit_once('.').map_or(entry, |(stem, _)| stem);
        entry.eq_ignore_ascii_case(alias) || stem.eq_ignore_ascii_case(alias)
    };
    if !with_keys.iter().any(|entry| is_meant(entry)) {
        return Err(Error::Unexpected {
            expected: "a private key under this alias",
            found: Shown::names(&with_keys),
        });
    }
    parts.retain(|part| match &part.entry {
        Some(entry) => is_meant(entry) || !with_keys.contains(entry),
        None => true,
    });
    Ok(())
}

/// The one of `keys`, which have the names of their entries. Copies of one key are one key.
fn one_of(keys: Vec<(String, PrivateKey)>) -> Result<Option<PrivateKey>> {
    let public = keys.first().map(|(_, key)| key.public_key());
    if keys.iter().any(|(_, key)| Some(key.public_key()) != public) {
        let aliases: Vec<&String> = keys.iter().map(|(alias, _)| alias).collect();
        return Err(Error::Unexpected {
            expected: "one private key",
            found: Shown::filled("{}: {}", &[&keys.len(), &Shown::names(&aliases)]),
        });
    }
    Ok(keys.into_iter().next().map(|(_, key)| key))
}
