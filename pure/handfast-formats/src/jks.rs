//! Java's own keystores: which entries there are and the certificates in them, which needs no password, and the keys
//! of a JKS with it. The format has no specification; this is what the JDK's `JavaKeyStore` writes.

mod unlock;

use std::fmt;

use handfast_pki::{Certificate, Error, PrivateKey, Result, pem::envelope, text::printable};

/// What a keystore holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// `JKS` or `JCEKS`.
    pub kind: &'static str,
    /// In the order of the file; their certificates can be read without a password.
    pub entries: Vec<Entry>,
    /// The entry behind which nothing is read: a secret key, which is a Java object of no known length.
    pub ends_at: Option<Unread>,
}

/// An entry that is not read, and those behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Safe to print.
    pub alias: String,
    /// How many entries are not read, this one among them.
    pub count: usize,
}

/// One entry of a keystore.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Safe to print.
    pub alias: String,
    /// Whether a private key is behind it.
    pub has_key: bool,
    /// Leaf first; those that cannot be decoded are left out.
    pub certificates: Vec<Certificate>,
    /// The key as it lies there; empty without one.
    protected: Vec<u8>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("alias", &self.alias)
            .field("has_key", &self.has_key)
            .field("certificates", &self.certificates)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// The key as it lies there: EncryptedPrivateKeyInfo (RFC 5958 section 3); empty without one.
    pub fn protected(&self) -> &[u8] {
        &self.protected
    }

    /// The key behind this entry. Java can give it another password than the store; then that one is needed.
    pub fn unlock(&self, password: &str) -> Result<PrivateKey> {
        unlock::key(&self.protected, password)
    }
}

const JKS: u32 = 0xfeed_feed;
const JCEKS: u32 = 0xcece_cece;
/// More entries than any store has, so that a count cannot keep us busy.
const MOST_ENTRIES: u32 = 10_000;

/// Whether `bytes` begin as a keystore of Java does.
pub fn looks_like(bytes: &[u8]) -> bool {
    envelope::is_java_keystore(bytes)
}

/// Refuses a keystore over which `password` does not give the digest at its end.
pub fn must_open(bytes: &[u8], password: &str) -> Result<()> {
    if unlock::is_whole(bytes, password) {
        return Ok(());
    }
    Err(Error::Password {
        what: "Java keystore",
    })
}

/// Reads the entries of a keystore. Its password protects the keys and the whole, which is not checked here.
pub fn read(bytes: &[u8]) -> Result<Store> {
    let broken = || Error::Malformed {
        what: "Java keystore",
        detail: "it breaks off".into(),
    };
    let mut bytes = Bytes(bytes);
    let kind = match bytes.u32() {
        Some(JKS) => "JKS",
        Some(JCEKS) => "JCEKS",
        _ => {
            return Err(Error::Unexpected {
                expected: "a Java keystore",
                found: "something else".into(),
            });
        }
    };
    let version = bytes.u32().ok_or_else(broken)?;
    let count = bytes.u32().ok_or_else(broken)?.min(MOST_ENTRIES);
    let mut entries = Vec::new();
    let mut ends_at = None;
    for done in 0..count {
        match entry(&mut bytes, version).ok_or_else(broken)? {
            Ok(entry) => entries.push(entry),
            Err(alias) => {
                let count = usize::try_from(count - done).unwrap_or(usize::MAX);
                ends_at = Some(Unread { alias, count });
                break;
            }
        }
    }
    Ok(Store {
        kind,
        entries,
        ends_at,
    })
}

/// Nothing where it breaks off, and inside the alias of an entry of another kind.
fn entry(bytes: &mut Bytes<'_>, version: u32) -> Option<Result<Entry, String>> {
    let tag = bytes.u32()?;
    let alias = printable(&String::from_utf8_lossy(bytes.text()?));
    bytes.take(8)?;
    let mut certificates = Vec::new();
    let mut certificate = |bytes: &mut Bytes<'_>| {
        if version == 2 {
            bytes.text()?;
        }
        certificates.extend(Certificate::from_der(bytes.block()?).ok());
        Some(())
    };
    let mut protected = Vec::new();
    match tag {
        1 => {
            protected = bytes.block()?.to_vec();
            for _ in 0..bytes.u32()?.min(MOST_ENTRIES) {
                certificate(bytes)?;
            }
        }
        2 => certificate(bytes)?,
        _ => return Some(Err(alias)),
    }
    Some(Ok(Entry {
        alias,
        has_key: tag == 1,
        certificates,
        protected,
    }))
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)
            .map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
    }

    /// Behind a length of two bytes.
    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.take(2).map(|two| u16::from_be_bytes([two[0], two[1]]))?;
        self.take(usize::from(length))
    }

    /// Behind a length of four bytes.
    fn block(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(tag: u32) -> Vec<u8> {
        let mut bytes = [
            JKS.to_be_bytes(),
            2_u32.to_be_bytes(),
            1_u32.to_be_bytes(),
            tag.to_be_bytes(),
        ]
        .concat();
        bytes.extend_from_slice(b"\0\x02ca");
        bytes.extend_from_slice(&[0; 8]);
        if tag == 1 {
            bytes.extend_from_slice(&[0, 0, 0, 1, 7, 0, 0, 0, 0]);
        } else {
            bytes.extend_from_slice(b"\0\x05X.509\0\0\0\x01\x30");
        }
        bytes
    }

    #[test]
    fn entries_with_and_without_a_key_are_told_apart() {
        for (tag, has_key) in [(1, true), (2, false)] {
            let read = read(&store(tag)).expect("a store");
            assert_eq!((read.kind, read.entries.len()), ("JKS", 1));
            assert_eq!(
                (read.entries[0].alias.as_str(), read.entries[0].has_key),
                ("ca", has_key)
            );
        }
    }

    #[test]
    fn what_is_behind_a_secret_key_is_counted_and_not_called_absent() {
        let mut bytes = store(1);
        bytes[11] = 3;
        bytes.extend_from_slice(&3_u32.to_be_bytes());
        bytes.extend_from_slice(b"\0\x03aes\0\0\0\0\0\0\0\0\xac\xed");
        let read = read(&bytes).expect("a store");
        assert_eq!(read.entries.len(), 1);
        let unread = read.ends_at.expect("not read to its end");
        assert_eq!((unread.alias.as_str(), unread.count), ("aes", 2));
        assert_eq!(self::read(&store(1)).expect("a store").ends_at, None);
    }

    #[test]
    fn a_store_that_breaks_off_is_refused_wherever_it_does() {
        let whole = store(2);
        assert!(looks_like(&whole));
        for length in 12..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        assert!(!looks_like(b"\x30\x82"));
    }
}
