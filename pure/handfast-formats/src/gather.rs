//! Everything in a file, in whatever form it is, opened with a password where that is needed.
//!
//! In: bytes, a password, the name of an entry. Out: certificates in the file's order, at most one key, and what was
//! passed over. [`pem`] says what the parts of a file are; here they are taken out.

use std::fmt;

use handfast_pki::{
    Certificate, Error, PrivateKey, Result, Shown,
    pem::{self, Item, Label, envelope},
};

use crate::{container, jks, kubernetes, locked, pkcs7};

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

/// The form that a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Blocks of text (RFC 7468).
    Pem,
    /// One certificate, request, key or list in DER.
    Der,
    /// A PFX (RFC 7292).
    Pkcs12,
    /// JKS or JCEKS, the keystores of Java before version 9.
    Jks,
    /// A bag of certificates (RFC 2315, RFC 5652), PEM or DER.
    Pkcs7,
    /// A manifest of type `kubernetes.io/tls`, YAML or JSON.
    Kubernetes,
}

impl Form {
    /// For a sentence that begins with "read as".
    pub fn name(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::Pkcs12 => "PKCS#12",
            Self::Jks => "a Java keystore",
            Self::Pkcs7 => "PKCS#7",
            Self::Kubernetes => "a Kubernetes Secret",
        }
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
    let gathered = if jks::looks_like(bytes) && bytes.len() <= pem::LARGEST {
        from_jks(bytes, opening)?
    } else if kubernetes::looks_like(bytes) {
        from_secret(bytes, opening)?
    } else if pem::is_pem(bytes) {
        from_pem(bytes, opening)?
    } else {
        from_der(bytes, opening)?
    };
    if gathered.certificates.is_empty() && gathered.key.is_none() {
        return Err(Error::Unexpected {
            expected: "a certificate or a private key",
            found: Shown::all(gathered.passed_over),
        });
    }
    Ok(gathered)
}

/// A key with the name of its entry; without one where the form knows none.
type Named = (String, PrivateKey);

/// The one of `keys` that is meant. Copies of one key are one key.
fn one_of(mut keys: Vec<Named>, opening: Opening<'_>) -> Result<Option<PrivateKey>> {
    let aliases: Vec<String> = keys.iter().map(|(alias, _)| alias.clone()).collect();
    if let Some(wanted) = opening.alias {
        // Java writes aliases in lower case.
        keys.retain(|(alias, _)| alias.eq_ignore_ascii_case(wanted));
        if keys.is_empty() {
            return Err(Error::Unexpected {
                expected: "a private key under this alias",
                found: Shown::names(&aliases),
            });
        }
    }
    let public = keys.first().map(|(_, key)| key.public_key());
    if keys.iter().any(|(_, key)| Some(key.public_key()) != public) {
        return Err(Error::Unexpected {
            expected: "one private key",
            found: Shown::filled("{}: {}", &[&keys.len(), &Shown::names(&aliases)]),
        });
    }
    Ok(keys.into_iter().next().map(|(_, key)| key))
}

fn from_jks(bytes: &[u8], opening: Opening<'_>) -> Result<Gathered> {
    let store = jks::read(bytes)?;
    if let Some(password) = opening.password {
        jks::must_open(bytes, password)?;
    }
    let is_meant = |entry: &&jks::Entry| {
        let named = |alias: &str| entry.alias.eq_ignore_ascii_case(alias);
        entry.has_key && opening.alias.is_none_or(named)
    };
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    for entry in store.entries.iter().filter(is_meant) {
        let password = opening.password.ok_or(Error::Encrypted)?;
        keys.push((entry.alias.clone(), entry.unlock(password)?));
        certificates.extend(entry.certificates.iter().cloned());
    }
    let trusted = store.entries.iter().filter(|entry| !entry.has_key);
    certificates.extend(trusted.flat_map(|entry| entry.certificates.iter().cloned()));
    Ok(Gathered {
        form: Form::Jks,
        certificates,
        key: one_of(keys, opening)?,
        passed_over: Vec::new(),
    })
}

fn from_secret(bytes: &[u8], opening: Opening<'_>) -> Result<Gathered> {
    let secret = kubernetes::read(bytes)?;
    let mut whole = Gathered {
        form: Form::Kubernetes,
        certificates: Vec::new(),
        key: None,
        passed_over: Vec::new(),
    };
    let parts = [secret.certificate, secret.ca];
    for part in parts.into_iter().flatten() {
        whole.certificates.extend(pem::certificates(&part)?);
    }
    if let Some(key) = secret.key {
        whole.key = from_pem(&key, opening)?.key;
    }
    Ok(whole)
}

fn from_der(bytes: &[u8], opening: Opening<'_>) -> Result<Gathered> {
    let mut whole = Gathered {
        form: Form::Der,
        certificates: Vec::new(),
        key: None,
        passed_over: Vec::new(),
    };
    if bytes.len() > pem::LARGEST {
        // Refused for its size.
        pem::read(bytes)?;
    } else if pkcs7::looks_like(bytes) {
        whole.form = Form::Pkcs7;
        whole.certificates = pkcs7::read(bytes)?;
    } else if envelope::is_encrypted_key(bytes) {
        whole.key = Some(locked::unlock(bytes, opening.password.ok_or(Error::Encrypted)?)?);
    } else if container::looks_like(bytes) {
        whole.form = Form::Pkcs12;
        let contents = match opening.password {
            Some(password) => container::open(bytes, password)?,
            // A trust store often has the empty password.
            None => container::open(bytes, "").map_err(|error| match error {
                Error::Password { .. } => Error::Encrypted,
                other => other,
            })?,
        };
        whole.certificates = contents.certificates;
        whole.key = one_of(contents.aliases.into_iter().zip(contents.keys).collect(), opening)?;
    } else {
        let mut keys = Vec::new();
        pem::read(bytes)?
            .into_iter()
            .for_each(|item| sort(item, &mut whole, &mut keys));
        whole.key = one_of(keys, Opening::default())?;
    }
    Ok(whole)
}

fn from_pem(bytes: &[u8], opening: Opening<'_>) -> Result<Gathered> {
    let mut whole = Gathered {
        form: Form::Pem,
        certificates: Vec::new(),
        key: None,
        passed_over: Vec::new(),
    };
    let mut keys = Vec::new();
    let blocks = pem::blocks_of(bytes)?;
    for block in &blocks {
        match block.item()? {
            Item::EncryptedKey(pem::RFC_1421) => {
                return Err(Error::Malformed {
                    what: "encrypted private key",
                    detail:
                        "it is locked as before PKCS#8 (Proc-Type: 4,ENCRYPTED), which is not read; write it \
                             anew: openssl pkey -in FILE -aes256 -out new.key"
                            .into(),
                });
            }
            Item::EncryptedKey(_) => {
                let password = opening.password.ok_or(Error::Encrypted)?;
                keys.push((String::new(), locked::unlock(&block.contents()?, password)?));
            }
            Item::Other(label) if PKCS7_LABELS.contains(&label) => {
                whole.form = Form::Pkcs7;
                whole.certificates.extend(pkcs7::read(&block.contents()?)?);
            }
            // `openssl ecparam` writes the curve before the key; it says nothing that the key does not.
            Item::Other(Label::EC_PARAMETERS) => {}
            other => sort(other, &mut whole, &mut keys),
        }
    }
    whole.key = one_of(keys, Opening::default())?;
    Ok(whole)
}

const PKCS7_LABELS: [Label; 2] = [Label::PKCS7, Label::CMS];

fn sort(item: Item, whole: &mut Gathered, keys: &mut Vec<Named>) {
    match item {
        Item::Certificate(certificate) => whole.certificates.push(*certificate),
        Item::Key(key) => keys.push((String::new(), key)),
        other => whole.passed_over.push(other.describe()),
    }
}
