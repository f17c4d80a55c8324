//! Writing PKCS#12, for readers of today and of yesterday.

use std::fmt;

use handfast_pki::{Certificate, Error, PrivateKey, Result};
use p12_keystore::{EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use zeroize::Zeroizing;

use super::failed;

/// A new password of 120 random bits for [`write()`], in letters and digits that are not mistaken for one another.
pub fn new_password() -> Result<Zeroizing<String>> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut octets = Zeroizing::new([0; 24]);
    aws_lc_rs::rand::fill(&mut octets[..]).map_err(|_| Error::Crypto {
        what: "making a password",
    })?;
    Ok(Zeroizing::new(
        octets
            .iter()
            .map(|octet| char::from(LETTERS[usize::from(octet % 32)]))
            .collect(),
    ))
}

/// Who is to read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// AES-256 and a MAC of SHA-256, for everything of the last years.
    Modern,
    /// Triple DES and a MAC of SHA-1, for macOS, Windows before 2019 and Java 8 before update 301. Never RC2, which
    /// OpenSSL 3 does not read.
    Legacy,
}

/// How a container is locked.
#[derive(Clone, Copy)]
pub struct Lock<'a> {
    /// As whoever opens the container will type it.
    pub password: &'a str,
    /// For which software it has to be readable.
    pub age: Age,
}

impl fmt::Debug for Lock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("age", &self.age)
            .finish_non_exhaustive()
    }
}

/// `key` and `chain` (leaf first) under `alias`.
pub fn write(
    key: &PrivateKey,
    chain: &[Certificate],
    alias: &str,
    lock: Lock<'_>,
) -> Result<Zeroizing<Vec<u8>>> {
    let leaf = chain.first().ok_or(Error::Unexpected {
        expected: "a certificate",
        found: "an empty chain".into(),
    })?;
    key.must_match(leaf)?;
    let certificates = chain.iter().map(foreign).collect::<Result<Vec<_>>>()?;
    let private = p12_keystore::PrivateKey::from_der(key.pkcs8()).map_err(|error| failed(&[], error))?;
    let id = leaf.fingerprint().0[..20].to_vec();
    let mut store = KeyStore::new();
    store.add_entry(
        &sixteen_bit(alias),
        KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, private, certificates)),
    );
    locked(&store, lock)
}

/// `certificates` without a key, marked as trusted in the way that Java reads: a trust store.
pub fn write_trusted(certificates: &[Certificate], lock: Lock<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let mut store = KeyStore::new();
    for certificate in certificates {
        let alias = format!(
            "{} {}",
            certificate.called(),
            &certificate.fingerprint().to_string()[..8]
        );
        store.add_entry(
            &sixteen_bit(&alias),
            KeyStoreEntry::Certificate(foreign(certificate)?),
        );
    }
    locked(&store, lock)
}

/// A friendlyName is a BMPString (RFC 7292 section 4.2), which holds no character beyond 16 bits.
fn sixteen_bit(alias: &str) -> String {
    alias.chars().filter(|c| u32::from(*c) <= 0xffff).collect()
}

fn foreign(certificate: &Certificate) -> Result<p12_keystore::Certificate> {
    p12_keystore::Certificate::from_der(certificate.der()).map_err(|error| failed(&[], error))
}

fn locked(store: &KeyStore, lock: Lock<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let writer = store.writer(lock.password);
    let writer = match lock.age {
        Age::Modern => writer,
        Age::Legacy => writer
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
            .mac_algorithm(MacAlgorithm::HmacSha1),
    };
    writer
        .write()
        .map(Zeroizing::new)
        .map_err(|error| failed(&[], error))
}
