//! Everything in a file, in whatever form it is: the one decoder of all commands.
//!
//! In: bytes, and the passwords to try. Out: the parts of the file, each with the entry it stands in. What stays closed
//! is a part as well, with the reason, so that nobody takes it for absent. What is no file of keys and certificates is an
//! error that names it, and nothing is taken for the nearest kind.

use base64::{Engine, engine::general_purpose::STANDARD};
use handfast_pki::{
    Certificate, Error, PrivateKey, Request, Result, Shown,
    pem::{self, Item, Label, LockedKey},
    text::utf16,
};
use zeroize::Zeroizing;

use crate::{
    container::{self, Protection},
    jks, kubernetes, locked, pkcs7,
};

/// The form that a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Blocks of text (RFC 7468).
    Pem,
    /// One certificate, request, key or list in DER.
    Der,
    /// The base64 of PEM without its BEGIN and END lines.
    Base64,
    /// A PFX (RFC 7292).
    Pkcs12,
    /// JKS or JCEKS, the keystores of Java before version 9.
    Jks,
    /// A bag of certificates (RFC 2315, RFC 5652), PEM or DER.
    Pkcs7,
    /// A Secret, a ConfigMap or a kubeconfig, YAML or JSON.
    Kubernetes,
}

impl Form {
    /// For a sentence that begins with "read as".
    pub fn name(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::Base64 => "base64 without BEGIN and END lines",
            Self::Pkcs12 => "PKCS#12",
            Self::Jks => "a Java keystore",
            Self::Pkcs7 => "PKCS#7",
            Self::Kubernetes => "a Kubernetes Secret",
        }
    }
}

/// One thing in a file.
#[derive(Debug)]
pub struct Part {
    /// The alias, or the entry of a Secret, in which it stands; none where the form knows no entries. From the file: not
    /// for a message without [`Shown::names`].
    pub entry: Option<String>,
    /// What it is.
    pub item: Item,
    /// Why it has not been opened; none where it has, and where nothing has to be.
    pub closed: Option<Error>,
    /// What says that it lies there encrypted by itself, opened or not.
    pub locked_by: Option<&'static str>,
}

/// What is in a file.
#[derive(Debug)]
pub struct Opened {
    /// How it was read.
    pub form: Form,
    /// In the order of the file; in that of containers, which know none, leaves before CAs.
    pub parts: Vec<Part>,
    /// What is there and is none of the things that a [`Part`] can be, in words.
    pub passed_over: Vec<Shown>,
    /// What protects the PKCS#12 in it, opened or not.
    pub protections: Vec<Protection>,
    /// Whether a certificate has trust settings of OpenSSL, which are left out: it may be trusted for less than it says.
    pub has_trust_settings: bool,
    /// Why the whole is not to be trusted with these passwords, though its parts can be read.
    pub closed: Option<Error>,
    /// False where there are entries that could not be read, so that nothing can be called absent.
    pub is_whole: bool,
}

/// Opens `bytes` with one of `passwords`; without any, what the empty password opens is opened all the same.
pub fn open(bytes: &[u8], passwords: &[&str]) -> Result<Opened> {
    if bytes.len() > pem::LARGEST {
        // Refused for its size.
        pem::read(bytes)?;
    }
    let text = utf16(bytes).map(|text| Zeroizing::new(text.into_bytes()));
    let bytes = text.as_ref().map_or(bytes, |text| text.as_slice());
    let mut opened = Opened::new(Form::Der);
    if kubernetes::looks_like(bytes) {
        opened.form = Form::Kubernetes;
        opened.object(&kubernetes::read(bytes)?, passwords)?;
    } else {
        opened.file(None, bytes, passwords)?;
    }
    Ok(opened)
}

/// The certificates in `bytes`, at least one; keys and others beside them are nobody's concern.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let opened = open(bytes, &[])?;
    // Who uses the certificates would trust one for what OpenSSL was told to reject it for.
    if opened.has_trust_settings {
        return Err(Error::NotOpened {
            what: "TRUSTED CERTIFICATE",
            detail: "it has trust settings of OpenSSL, which other programs do not read".into(),
            way: "write it without them: handfast convert FILE --to pem --out tls.crt",
        });
    }
    let mut found = Vec::new();
    for part in &opened.parts {
        if let Item::Certificate(certificate) = &part.item {
            found.push((**certificate).clone());
        }
    }
    if found.is_empty() {
        return Err(opened.without("a certificate"));
    }
    Ok(found)
}

/// The one private key in `bytes`.
pub fn private_key(bytes: &[u8]) -> Result<PrivateKey> {
    let mut opened = open(bytes, &[])?;
    let is_key = |part: &Part| matches!(part.item, Item::Key(_));
    let (mut keys, rest): (Vec<Part>, Vec<Part>) = opened.parts.into_iter().partition(is_key);
    opened.parts = rest;
    match (keys.pop().map(|part| part.item), keys.len()) {
        (Some(Item::Key(key)), 0) => Ok(key),
        (Some(_), more) => Err(Error::Unexpected {
            expected: "one private key",
            found: Shown::filled("{} of them", &[&(more + 1)]),
        }),
        (None, _) => Err(opened.without("a private key")),
    }
}

/// The one certificate request in `bytes`, its signature verified.
pub fn request(bytes: &[u8]) -> Result<Request> {
    let mut opened = open(bytes, &[])?;
    let is_request = |part: &Part| matches!(part.item, Item::Request(_));
    let (mut requests, rest): (Vec<Part>, Vec<Part>) = opened.parts.into_iter().partition(is_request);
    opened.parts = rest;
    match (requests.pop().map(|part| part.item), requests.len()) {
        (Some(Item::Request(request)), 0) => Ok(*request),
        (Some(_), more) => Err(Error::Unexpected {
            expected: "one certificate request (CSR)",
            found: Shown::filled("{} of them", &[&(more + 1)]),
        }),
        (None, _) => Err(opened.without("a certificate request (CSR)")),
    }
}

impl Opened {
    fn new(form: Form) -> Self {
        Self {
            form,
            parts: Vec::new(),
            passed_over: Vec::new(),
            protections: Vec::new(),
            has_trust_settings: false,
            closed: None,
            is_whole: true,
        }
    }

    /// Why `expected` is not here: it is behind a lock, or something else is here.
    fn without(self, expected: &'static str) -> Error {
        const TAKE_APART: &str = "take it apart: handfast convert FILE --password-file PASSWORD --to pem --out tls.crt \
                                  --key-out tls.key";
        let mut found = Vec::new();
        for part in self.parts {
            match (part.item, part.closed) {
                (Item::Pkcs12(_), Some(Error::Encrypted)) => {
                    return Error::NotOpened {
                        what: "PKCS#12 container",
                        detail: "it is encrypted".into(),
                        way: TAKE_APART,
                    };
                }
                (_, Some(error)) => return error,
                (item, None) => found.push(item.describe()),
            }
        }
        found.extend(self.passed_over);
        Error::Unexpected {
            expected,
            found: Shown::all(found),
        }
    }

    fn add(&mut self, entry: Option<&str>, item: Item) {
        self.parts.push(Part {
            entry: entry.map(str::to_owned),
            item,
            closed: None,
            locked_by: None,
        });
    }

    fn add_closed(&mut self, entry: Option<&str>, item: Item, error: Error) {
        self.parts.push(Part {
            entry: entry.map(str::to_owned),
            item,
            closed: Some(error),
            locked_by: None,
        });
    }

    /// The key behind a password, opened or not.
    fn add_locked(&mut self, entry: Option<&str>, key: LockedKey, unlocked: Result<PrivateKey>) {
        let by = key.by;
        match unlocked {
            Ok(key) => self.add(entry, Item::Key(key)),
            Err(error) => self.add_closed(entry, Item::EncryptedKey(key), error),
        }
        if let Some(part) = self.parts.last_mut() {
            part.locked_by = Some(by);
        }
    }

    /// A file, or an entry that was one.
    fn file(&mut self, entry: Option<&str>, bytes: &[u8], passwords: &[&str]) -> Result<()> {
        let is_outermost = entry.is_none();
        let mut found = if jks::looks_like(bytes) {
            let mut found = Self::new(Form::Jks);
            found.keystore(&jks::read(bytes)?, bytes, passwords);
            found
        } else {
            let mut found = Self::new(if pem::is_pem(bytes) { Form::Pem } else { Form::Der });
            let inner = bare(bytes);
            for item in pem::read(inner.as_ref().map_or(bytes, |inner| inner.as_slice()))? {
                found.item(entry, item, passwords);
            }
            if inner.is_some() {
                found.form = Form::Base64;
            }
            found
        };
        if is_outermost {
            self.form = found.form;
        }
        self.parts.append(&mut found.parts);
        self.passed_over.append(&mut found.passed_over);
        self.protections.append(&mut found.protections);
        // Of an entry its parts tell; the whole is the object.
        self.closed = found.closed.filter(|_| is_outermost);
        self.has_trust_settings |= found.has_trust_settings;
        self.is_whole &= found.is_whole;
        Ok(())
    }

    fn item(&mut self, entry: Option<&str>, item: Item, passwords: &[&str]) {
        match item {
            // `openssl ecparam` writes the curve before the key; it says nothing that the key does not.
            Item::Other(Label::EC_PARAMETERS) => {}
            Item::Pkcs7(der) => {
                self.form = Form::Pkcs7;
                match pkcs7::carried(&der) {
                    Ok(mut carried) => {
                        carried.certificates.sort_by_key(Certificate::is_ca);
                        for certificate in carried.certificates {
                            self.add(entry, Item::Certificate(Box::new(certificate)));
                        }
                        for list in carried.lists {
                            self.add(entry, Item::Crl(Box::new(list)));
                        }
                    }
                    Err(error) => self.add_closed(entry, Item::Pkcs7(der), error),
                }
            }
            Item::Pkcs12(der) => {
                self.form = Form::Pkcs12;
                self.protections.extend(container::protection(&der).ok());
                match tried(passwords, |password| container::open(&der, password)) {
                    Ok(contents) => self.contents(entry, contents),
                    Err(error) => self.add_closed(entry, Item::Pkcs12(der), error),
                }
            }
            Item::EncryptedKey(key) => {
                let unlocked = match &key.der {
                    None => Err(locked::of_rfc_1421()),
                    Some(_) if passwords.is_empty() => Err(Error::Encrypted),
                    Some(der) => tried(passwords, |password| locked::unlock(der, password)),
                };
                self.add_locked(entry, key, unlocked);
            }
            Item::Trusted(certificate) => {
                self.add(entry, Item::Certificate(certificate));
                self.passed_over.push("trust settings of OpenSSL".into());
                self.has_trust_settings = true;
            }
            other => self.add(entry, other),
        }
    }

    fn contents(&mut self, entry: Option<&str>, contents: container::Contents) {
        let mut certificates = contents.certificates;
        // A container knows no order.
        certificates.sort_by_key(Certificate::is_ca);
        for certificate in certificates {
            self.add(entry, Item::Certificate(Box::new(certificate)));
        }
        for (alias, key) in contents.aliases.into_iter().zip(contents.keys) {
            self.add(Some(entry.unwrap_or(&alias)), Item::Key(key));
        }
    }

    fn keystore(&mut self, store: &jks::Store, bytes: &[u8], passwords: &[&str]) {
        if !passwords.is_empty() {
            self.closed = tried(passwords, |password| jks::must_open(bytes, password)).err();
        }
        for entry in &store.entries {
            let alias = Some(entry.alias.as_str());
            for certificate in &entry.certificates {
                self.add(alias, Item::Certificate(Box::new(certificate.clone())));
            }
            if !entry.has_key {
                continue;
            }
            let unlocked = match passwords {
                [] => Err(Error::Encrypted),
                _ => tried(passwords, |password| entry.unlock(password)),
            };
            let key = LockedKey {
                by: "Java keystore",
                der: Some(Zeroizing::new(entry.protected().to_vec())),
            };
            self.add_locked(alias, key, unlocked);
        }
        if let Some(unread) = &store.ends_at {
            self.is_whole = false;
            self.passed_over.push(Shown::filled(
                "the secret key {} and what stands behind it, {} entries of a {}, which are not read",
                &[&Shown::names(&[&unread.alias]), &unread.count, &store.kind],
            ));
        }
    }

    fn object(&mut self, object: &kubernetes::Object, passwords: &[&str]) -> Result<()> {
        let mut passwords = passwords.to_vec();
        let is_password = |entry: &&kubernetes::Entry| {
            let name = entry.name.to_ascii_lowercase();
            (name.ends_with("password") || name.ends_with("passphrase")) && entry.bytes.len() < 1024
        };
        let given = object.entries.iter().filter(is_password);
        passwords.extend(
            given
                .filter_map(|entry| std::str::from_utf8(&entry.bytes).ok())
                .map(str::trim_end),
        );
        for entry in &object.entries {
            let name = entry.name.as_str();
            if is_password(&entry) {
                continue;
            }
            match self.file(Some(name), &entry.bytes, &passwords) {
                Ok(()) => {}
                // What is meant to be read is not left out in silence.
                Err(error) if is_named_so(name) || pem::is_pem(&entry.bytes) => return Err(error),
                Err(_) => self.passed_over.push(Shown::filled(
                    "the entry {}, which is neither a certificate nor a key",
                    &[&Shown::names(&[name])],
                )),
            }
        }
        Ok(())
    }
}

/// Whether an entry of this name is meant to be a certificate, a key or a store of them.
fn is_named_so(name: &str) -> bool {
    const ENDINGS: [&str; 8] = [".crt", ".cer", ".pem", ".key", ".p12", ".pfx", ".jks", ".p7b"];
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The first success; else what the last password came to. Without passwords the empty one is tried, for a trust store
/// often has it, and that it fails says nothing but that a password is needed.
fn tried<T>(passwords: &[&str], mut open: impl FnMut(&str) -> Result<T>) -> Result<T> {
    let mut last = match open(passwords.first().copied().unwrap_or_default()) {
        Err(Error::Password { .. }) if passwords.is_empty() => return Err(Error::Encrypted),
        first => first,
    };
    for password in passwords.iter().skip(1) {
        match last {
            Err(Error::Password { .. }) => last = open(password),
            told => return told,
        }
    }
    last
}

/// What `bytes` decode to, where they are nothing but the base64 of DER or of PEM.
fn bare(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    /// Less is a password or a word.
    const SHORTEST: usize = 64;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_base64 =
        |byte: &u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"+/=".contains(byte);
    if !bytes.iter().all(is_base64) {
        return None;
    }
    let packed: Vec<u8> = bytes
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .copied()
        .collect();
    let packed = Zeroizing::new(packed);
    if packed.len() < SHORTEST {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(&packed[..]).ok()?);
    (decoded.first() == Some(&0x30) || pem::is_pem(&decoded)).then_some(decoded)
}
