//! The files of one side, without a connection: what each holds, which belong together, and what is wrong.
//!
//! Pure: bytes and permission bits come in, findings go out. What cannot be read is a finding, never an error.

mod form;
mod judge;

use std::fmt;

use handfast_finding::Finding;
use handfast_formats::{container, jks};
use handfast_pki::{
    Certificate, PrivateKey, Purpose,
    crl::RevocationList,
    pem::{self, Item},
};
use jiff::Timestamp;

pub use judge::judge;

/// A file as it lies there.
#[derive(Clone)]
pub struct File {
    /// As the user would name it.
    pub name: String,
    /// Its bytes, or why they cannot be read.
    pub content: Result<Vec<u8>, String>,
    /// The permission bits, where the system has any.
    pub mode: Option<u32>,
}

/// Without the content: it may be a key.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("name", &self.name)
            .field("content", &self.content.as_ref().map(Vec::len))
            .field("mode", &self.mode)
            .finish()
    }
}

/// What a look needs to know beside the files.
#[derive(Clone)]
pub struct Look {
    pub purpose: Purpose,
    pub now: Timestamp,
    /// Passwords to try on containers.
    pub passwords: Vec<String>,
    /// Who is to read the containers, where that matters.
    pub reader: Option<Reader>,
}

/// Without the passwords.
impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Look")
            .field("purpose", &self.purpose)
            .field("now", &self.now)
            .field("passwords", &self.passwords.len())
            .field("reader", &self.reader)
            .finish()
    }
}

/// Programs that read no PKCS#12 with modern algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    MacOs,
    Windows,
    Java8,
}

impl Reader {
    pub const ALL: [(&'static str, Self); 3] = [
        ("macos", Self::MacOs),
        ("windows", Self::Windows),
        ("java8", Self::Java8),
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::MacOs => "macOS",
            Self::Windows => "Windows before 2019",
            Self::Java8 => "Java 8 before update 301",
        }
    }
}

/// Everything that was found in the files of one side.
#[derive(Debug, Default)]
pub struct Holdings {
    /// Certificates by file, in the order of the file.
    pub chains: Vec<(String, Vec<Certificate>)>,
    pub keys: Vec<(String, PrivateKey)>,
    pub lists: Vec<RevocationList>,
    /// What is in each file, in words.
    pub inventory: Vec<(String, String)>,
    /// What is wrong with a file by itself.
    pub findings: Vec<Finding>,
}

/// Reads `files`.
pub fn read(files: &[File], look: &Look) -> Holdings {
    let mut holdings = Holdings::default();
    for file in files {
        holdings.take(file, look);
    }
    holdings
}

impl Holdings {
    fn take(&mut self, file: &File, look: &Look) {
        let bytes = match &file.content {
            Ok(bytes) => bytes,
            Err(why) => {
                self.inventory.push((file.name.clone(), "cannot be read".into()));
                self.findings.push(form::unreadable(file, why));
                return;
            }
        };
        if jks::looks_like(bytes) {
            self.keystore(file, bytes);
            return;
        }
        self.findings.extend(form::problem(file, bytes));
        match pem::read(bytes) {
            Ok(items) => self.items(file, items, look),
            Err(error) => {
                self.inventory.push((file.name.clone(), error.to_string()));
                // A text beside the certificates is nobody's mistake.
                if form::is_meant(&file.name)
                    && !self.findings.iter().any(|found| form::is_about(found, file))
                {
                    self.findings.push(form::malformed(file, &error));
                }
            }
        }
    }

    fn items(&mut self, file: &File, items: Vec<Item>, look: &Look) {
        let mut words = Vec::new();
        let mut chain = Vec::new();
        for item in items {
            words.push(item.describe().to_string());
            match item {
                Item::Certificate(certificate) => chain.push(*certificate),
                Item::Key(key) => {
                    self.findings.extend(form::readable_by_others(file));
                    self.keys.push((file.name.clone(), key));
                }
                Item::EncryptedKey(label) => self.findings.push(form::encrypted(file, label)),
                Item::Crl(list) => self.lists.push(*list),
                Item::Pkcs12(der) => self.container(file, &der, look),
                Item::Request(_) => self.findings.extend(form::request(file)),
                Item::Other(label) => self.findings.extend(form::other(file, label)),
            }
        }
        if !chain.is_empty() {
            self.chains.push((file.name.clone(), chain));
        }
        self.inventory.push((file.name.clone(), words.join(", ")));
    }

    fn container(&mut self, file: &File, der: &[u8], look: &Look) {
        if let Ok(protection) = container::protection(der) {
            self.findings
                .extend(form::protection(file, &protection, look.reader));
        }
        let opened = look
            .passwords
            .iter()
            .find_map(|password| container::open(der, password).ok());
        let Some(contents) = opened else { return };
        if contents.keys.is_empty() {
            self.findings.push(form::without_key(file, "PKCS#12 container"));
        }
        let mut certificates = contents.certificates;
        // A container knows no order.
        certificates.sort_by_key(Certificate::is_ca);
        if !certificates.is_empty() {
            self.chains.push((file.name.clone(), certificates));
        }
        self.keys
            .extend(contents.keys.into_iter().map(|key| (file.name.clone(), key)));
    }

    fn keystore(&mut self, file: &File, bytes: &[u8]) {
        match jks::read(bytes) {
            Ok(store) => {
                let keys = store.entries.iter().filter(|entry| entry.has_key).count();
                let words = format!(
                    "a {} with {} entries, {keys} of them keys",
                    store.kind,
                    store.entries.len()
                );
                self.inventory.push((file.name.clone(), words));
                // A store of trusted CAs holds no keys, and is called so.
                if keys == 0 && !form::is_trust_store(&file.name) {
                    self.findings.push(form::without_key(file, "Java keystore"));
                }
                for entry in store.entries {
                    if !entry.certificates.is_empty() {
                        self.chains.push((file.name.clone(), entry.certificates));
                    }
                }
            }
            Err(error) => {
                self.inventory.push((file.name.clone(), error.to_string()));
                self.findings.push(form::malformed(file, &error));
            }
        }
    }

    /// The chain that belongs to one of the keys, and the two files; else the first chain that begins with a leaf.
    pub fn own(&self) -> Option<Own> {
        let paired = self.keys.iter().find_map(|(key_file, key)| {
            let chain = self
                .chains
                .iter()
                .find(|(_, chain)| chain.first().is_some_and(|leaf| key.must_match(leaf).is_ok()));
            chain.map(|(file, chain)| Own {
                file: file.clone(),
                chain: chain.clone(),
                key_file: Some(key_file.clone()),
            })
        });
        paired.or_else(|| {
            let is_leaf = |chain: &[Certificate]| chain.first().is_some_and(|first| !first.is_ca());
            let (file, chain) = self.chains.iter().find(|(_, chain)| is_leaf(chain))?;
            Some(Own {
                file: file.clone(),
                chain: chain.clone(),
                key_file: None,
            })
        })
    }

    /// The CAs that this side seems to believe: every certificate of files that hold CAs alone.
    pub fn authorities(&self) -> Vec<Certificate> {
        let is_ca = |certificate: &Certificate| {
            certificate.is_ca() || (certificate.version() == 1 && certificate.is_self_issued())
        };
        self.chains
            .iter()
            .filter(|(_, chain)| chain.iter().all(is_ca))
            .flat_map(|(_, chain)| chain.clone())
            .collect()
    }

    /// Every certificate there is.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.chains.iter().flat_map(|(_, chain)| chain.clone()).collect()
    }
}

/// The chain of one side with where it stands.
#[derive(Debug, Clone)]
pub struct Own {
    pub file: String,
    /// Leaf first.
    pub chain: Vec<Certificate>,
    pub key_file: Option<String>,
}
