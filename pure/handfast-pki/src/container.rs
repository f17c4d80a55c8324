//! PKCS#12 (RFC 7292): one key with its chain behind a password, for browsers, Java and phones.

use der::{Decode, Sequence, asn1::Any};
use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKeyChain};
use zeroize::Zeroizing;

use crate::{Certificate, Error, PrivateKey, Result};

/// PFX (RFC 7292 section 4), as far as needed to recognise one.
#[derive(Sequence)]
struct Pfx {
    version: u8,
    auth_safe: Any,
    #[asn1(optional = "true")]
    mac_data: Option<Any>,
}

/// What a container holds.
#[derive(Debug)]
pub struct Contents {
    pub keys: Vec<PrivateKey>,
    pub certificates: Vec<Certificate>,
}

/// Whether `der` has the outer shape of PKCS#12.
pub fn looks_like(der: &[u8]) -> bool {
    Pfx::from_der(der).is_ok_and(|pfx| pfx.version == 3)
}

/// Opens a container with its password.
pub fn open(der: &[u8], password: &str) -> Result<Contents> {
    let failed = |error: p12_keystore::error::Error| Error::Container {
        detail: error.to_string(),
    };
    let archive = Pkcs12Archive::from_pkcs12(der, password).map_err(failed)?;
    let keys = archive
        .keys
        .iter()
        .map(|bag| PrivateKey::from_der(bag.key.as_der()))
        .collect::<Result<_>>()?;
    let certificates = archive
        .certs
        .iter()
        .map(|bag| Certificate::from_der(bag.cert.as_der()))
        .collect::<Result<_>>()?;
    Ok(Contents { keys, certificates })
}

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

/// `key` and `chain` (leaf first) under `alias`, encrypted with AES-256 and an HMAC-SHA-256 MAC.
pub fn write(
    key: &PrivateKey,
    chain: &[Certificate],
    alias: &str,
    password: &str,
) -> Result<Zeroizing<Vec<u8>>> {
    let failed = |error: p12_keystore::error::Error| Error::Container {
        detail: error.to_string(),
    };
    let leaf = chain.first().ok_or(Error::Unexpected {
        expected: "a certificate",
        found: "an empty chain".into(),
    })?;
    key.must_match(leaf)?;
    let certificates = chain
        .iter()
        .map(|certificate| p12_keystore::Certificate::from_der(certificate.der()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let private = p12_keystore::PrivateKey::from_der(key.pkcs8()).map_err(failed)?;
    let id = leaf.fingerprint().0[..20].to_vec();
    let mut store = KeyStore::new();
    store.add_entry(
        alias,
        KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, private, certificates)),
    );
    store.writer(password).write().map(Zeroizing::new).map_err(failed)
}
