//! PKCS#12 (RFC 7292): one key with its chain behind a password, for browsers, Java and phones.

mod write;

use der::{
    Decode, Sequence,
    asn1::{Any, ObjectIdentifier, OctetString},
};
use p12_keystore::{Pkcs12Archive, error::Error as KeystoreError};
use spki::AlgorithmIdentifierOwned;

pub use self::write::{Age, Lock, new_password, write, write_trusted};
use handfast_pki::{Certificate, Error, PrivateKey, Result, pem::envelope};

/// PFX (RFC 7292 section 4), as far as its algorithms.
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
    /// Every private key, decrypted, in the order of the file.
    pub keys: Vec<PrivateKey>,
    /// The name of each key; empty where it has none.
    pub aliases: Vec<String>,
    /// Every certificate, in the order of the file, which need not be that of a chain.
    pub certificates: Vec<Certificate>,
}

/// The algorithms that protect a container; they stand outside of what the password locks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protection {
    /// What the contents are encrypted with, in order.
    pub encryption: Vec<Cipher>,
    /// The digest of the MAC over the whole; none without a MAC.
    pub mac: Option<Digest>,
}

/// How a part of a container is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cipher {
    /// RC2 with 40 bits (RFC 7292 appendix C): OpenSSL 3 reads it with its legacy provider only.
    Rc2With40Bits,
    /// Triple DES (RFC 7292 appendix C), which everybody reads.
    TripleDes,
    /// PBES2 (RFC 8018), which macOS, older Windows and Java 8 do not read.
    Pbes2,
    /// Another algorithm, by its object identifier in dotted form.
    Other(String),
}

/// The digest of a container's MAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digest {
    /// SHA-1, as Windows before 2019 and Java 8 want it.
    Sha1,
    /// SHA-256, as OpenSSL 3 writes it.
    Sha256,
    /// Another algorithm, by its object identifier in dotted form.
    Other(String),
}

impl Protection {
    /// Whether OpenSSL 3 refuses it unless its legacy provider is loaded.
    pub fn is_too_old(&self) -> bool {
        self.encryption.contains(&Cipher::Rc2With40Bits)
    }

    /// Whether macOS, Windows before 2019 and Java 8 before update 301 refuse it.
    pub fn is_too_new(&self) -> bool {
        self.encryption.contains(&Cipher::Pbes2) || self.mac.as_ref().is_some_and(|mac| *mac != Digest::Sha1)
    }
}

/// What protects the container `der`; read without its password.
pub fn protection(der: &[u8]) -> Result<Protection> {
    let pfx = Pfx::from_der(der).map_err(|error| Error::Malformed {
        what: "PKCS#12 container",
        detail: error.into(),
    })?;
    Ok(Protection {
        encryption: ciphers(&pfx.auth_safe).unwrap_or_default(),
        mac: pfx.mac_data.as_ref().and_then(mac_digest),
    })
}

/// AuthenticatedSafe: in a ContentInfo of type data, an OCTET STRING with a SEQUENCE of ContentInfo (RFC 7292
/// section 4.1). Each is EncryptedData with its algorithm, or data with shrouded keys in it.
fn ciphers(auth_safe: &Any) -> Option<Vec<Cipher>> {
    let outer: ContentInfo = auth_safe.decode_as().ok()?;
    let inner = outer.content.decode_as::<OctetString>().ok()?;
    let safes = Vec::<ContentInfo>::from_der(inner.as_bytes()).ok()?;
    let mut found = Vec::new();
    for safe in safes {
        if let Ok(encrypted) = safe.content.decode_as::<EncryptedData>() {
            found.push(cipher(&encrypted.content.algorithm));
        } else if let Ok(plain) = safe.content.decode_as::<OctetString>() {
            let bags = Vec::<SafeBag>::from_der(plain.as_bytes()).unwrap_or_default();
            let shrouded = bags
                .iter()
                .filter_map(|bag| bag.value.decode_as::<Shrouded>().ok());
            found.extend(shrouded.map(|shrouded| cipher(&shrouded.algorithm)));
        }
    }
    Some(found)
}

fn cipher(algorithm: &AlgorithmIdentifierOwned) -> Cipher {
    match algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.12.1.6" => Cipher::Rc2With40Bits,
        "1.2.840.113549.1.12.1.3" => Cipher::TripleDes,
        "1.2.840.113549.1.5.13" => Cipher::Pbes2,
        other => Cipher::Other(other.to_owned()),
    }
}

fn mac_digest(mac: &Any) -> Option<Digest> {
    let mac: MacData = mac.decode_as().ok()?;
    Some(match mac.mac.algorithm.oid.to_string().as_str() {
        "1.3.14.3.2.26" => Digest::Sha1,
        "2.16.840.1.101.3.4.2.1" => Digest::Sha256,
        other => Digest::Other(other.to_owned()),
    })
}

#[derive(Sequence)]
struct ContentInfo {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: Any,
}

/// RFC 2315 section 13.
#[derive(Sequence)]
struct EncryptedData {
    version: u8,
    content: EncryptedContent,
}

#[derive(Sequence)]
struct EncryptedContent {
    kind: ObjectIdentifier,
    algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    content: Option<OctetString>,
}

#[derive(Sequence)]
struct SafeBag {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    value: Any,
    #[asn1(optional = "true")]
    attributes: Option<Any>,
}

/// EncryptedPrivateKeyInfo (RFC 5958 section 3).
#[derive(Sequence)]
struct Shrouded {
    algorithm: AlgorithmIdentifierOwned,
    data: OctetString,
}

#[derive(Sequence)]
struct MacData {
    mac: DigestInfo,
    salt: OctetString,
    #[asn1(optional = "true")]
    iterations: Option<u32>,
}

#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// Whether `der` has the outer shape of PKCS#12.
pub fn looks_like(der: &[u8]) -> bool {
    envelope::is_pkcs12(der)
}

/// Opens a container with its password.
pub fn open(der: &[u8], password: &str) -> Result<Contents> {
    let archive = Pkcs12Archive::from_pkcs12(der, password).map_err(|error| match error {
        // Without a MAC a wrong password shows in the padding.
        KeystoreError::MacError(_) | KeystoreError::UnpadError => Error::Password {
            what: "PKCS#12 container",
        },
        other => failed(other),
    })?;
    let keys = archive
        .keys
        .iter()
        .map(|bag| PrivateKey::from_der(bag.key.as_der()))
        .collect::<Result<_>>()?;
    let aliases = archive
        .keys
        .iter()
        .map(|bag| bag.friendly_name.clone().unwrap_or_default())
        .collect();
    let certificates = archive
        .certs
        .iter()
        .map(|bag| Certificate::from_der(bag.cert.as_der()))
        .collect::<Result<_>>()?;
    Ok(Contents {
        keys,
        aliases,
        certificates,
    })
}

/// In words of ours: those of the crate are about its insides, and may repeat what it read.
fn failed(error: KeystoreError) -> Error {
    Error::Container {
        detail: match error {
            KeystoreError::DerError(error) => error.into(),
            KeystoreError::InvalidVersion => "its version is not 3".into(),
            KeystoreError::UnsupportedEncryptionScheme => "it is encrypted in a way that is not read".into(),
            KeystoreError::UnsupportedMacAlgorithm => "its MAC is of a kind that is not read".into(),
            _ => "it is damaged, or uses what is not read".into(),
        },
    }
}
