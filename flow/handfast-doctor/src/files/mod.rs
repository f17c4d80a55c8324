//! The files of one side, without a connection: what each holds, which belong together, and what is wrong.
//!
//! Pure, but for `disk.rs`: bytes and permission bits come in, findings go out. What cannot be read is a finding, never an error.

mod disk;
mod form;
mod judge;
mod own;

use std::fmt;

use handfast_finding::Finding;
use handfast_formats::open::{Form, Opened, Part, open};
use handfast_pki::{Certificate, Error, PrivateKey, Purpose, crl::RevocationList, pem::Item};
use jiff::Timestamp;

pub use disk::{named, report};
pub use judge::judge;
pub use own::Own;

/// Passwords that keystores are found with when nobody chose one.
const USUAL: [&str; 3] = ["", "changeit", "password"];

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
    /// Passwords that the user gave; those that nobody chose are tried as well.
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
    /// Files of PKCS#7, which few programs read.
    pub bags: Vec<String>,
    /// Whose files these are.
    pub purpose: Option<Purpose>,
    pub lists: Vec<RevocationList>,
    /// What is in each file, in words.
    pub inventory: Vec<(String, String)>,
    /// What is wrong with a file by itself.
    pub findings: Vec<Finding>,
}

/// Reads `files`.
pub fn read(files: &[File], look: &Look) -> Holdings {
    let mut holdings = Holdings {
        purpose: Some(look.purpose),
        ..Holdings::default()
    };
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
        self.findings.extend(form::problem(file, bytes));
        let given = look.passwords.iter().map(String::as_str);
        let passwords: Vec<&str> = given.chain(USUAL).collect();
        match open(bytes, &passwords) {
            Ok(opened) => self.opened(file, opened, look),
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

    fn opened(&mut self, file: &File, mut opened: Opened, look: &Look) {
        self.inventory.push((file.name.clone(), form::inventory(&opened)));
        match opened.form {
            Form::Base64 => self.findings.push(form::without_lines(file)),
            Form::Pkcs7 => self.bags.push(file.name.clone()),
            _ => {}
        }
        for protection in &opened.protections {
            self.findings
                .extend(form::protection(file, protection, look.reader));
        }
        if let Some(error) = opened.closed.take().filter(|_| !look.passwords.is_empty()) {
            self.refused(file, &error);
        }
        self.findings.extend(form::without_key(file, &opened));
        let mut chains: Vec<(Option<String>, Vec<Certificate>)> = Vec::new();
        for part in opened.parts {
            self.part(file, opened.form, part, look, &mut chains);
        }
        let chains = chains.into_iter().map(|(_, chain)| (file.name.clone(), chain));
        self.chains.extend(chains);
    }

    /// The password that the user gave opens neither the whole nor its parts; said once.
    fn refused(&mut self, file: &File, error: &Error) {
        let finding = form::wrong_password(file, error);
        let is_same = |known: &Finding| known.code == finding.code && form::is_about(known, file);
        if !self.findings.iter().any(is_same) {
            self.findings.push(finding);
        }
    }

    /// One thing in a file; of certificates, each entry is a chain of its own.
    fn part(
        &mut self,
        file: &File,
        form: Form,
        part: Part,
        look: &Look,
        chains: &mut Vec<(Option<String>, Vec<Certificate>)>,
    ) {
        let by_itself = matches!(form, Form::Pem | Form::Der | Form::Base64);
        if let Some(by) = part.locked_by.filter(|_| by_itself) {
            self.findings.push(form::encrypted(file, by));
        }
        match part.closed {
            Some(error @ Error::Password { .. }) if !look.passwords.is_empty() => {
                self.refused(file, &error);
            }
            // Without a password nobody expects it to open.
            None | Some(Error::Password { .. } | Error::Encrypted) => {}
            Some(_) if part.locked_by.is_some() => {}
            Some(error) => self.findings.push(form::malformed(file, &error)),
        }
        match part.item {
            Item::Certificate(certificate) | Item::Trusted(certificate) => {
                match chains.iter_mut().find(|(entry, _)| *entry == part.entry) {
                    Some((_, chain)) => chain.push(*certificate),
                    None => chains.push((part.entry, vec![*certificate])),
                }
            }
            Item::Key(key) => {
                if by_itself && part.locked_by.is_none() {
                    self.findings.extend(form::readable_by_others(file));
                }
                self.keys.push((file.name.clone(), key));
            }
            Item::Crl(list) => self.lists.push(*list),
            Item::Request(_) => self.findings.extend(form::request(file)),
            Item::Other(label) => self.findings.extend(form::other(file, label)),
            Item::EncryptedKey(_) | Item::Pkcs12(_) | Item::Pkcs7(_) => {}
        }
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
