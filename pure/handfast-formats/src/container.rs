//! PKCS#12 (RFC 7292): one key with its chain behind a password, for browsers, Java and phones.

mod write;

use der::{
    Decode, Encode, Sequence,
    asn1::{Any, ObjectIdentifier, OctetString},
};
use p12_keystore::{Pkcs12Archive, error::Error as KeystoreError};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

pub use self::write::{Age, Lock, new_password, write, write_trusted};
use crate::algorithms::name_of;
use handfast_pki::{
    Certificate, Error, PrivateKey, Result, Shown,
    pem::{
        ber,
        envelope::{self, Container},
    },
};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const WHAT: &str = "PKCS#12 file";
/// For what neither we nor OpenSSL 3 read by itself.
const WAY: &str = "write it anew with the program that made it, or with OpenSSL: openssl pkcs12 -legacy -in FILE -nodes \
                   -out all.pem && openssl pkcs12 -export -in all.pem -out new.p12";

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

/// What protects the container `bytes`; read without its password.
pub fn protection(bytes: &[u8]) -> Result<Protection> {
    let pfx = Pfx::from_der(&as_der(bytes)?).map_err(malformed)?;
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
    let safes = Vec::<ContentInfo>::from_der(&ber::definite(inner.as_bytes())?).ok()?;
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

/// Whether `bytes` have the outer shape of PKCS#12.
pub fn looks_like(bytes: &[u8]) -> bool {
    envelope::is_pkcs12(bytes)
}

/// Opens a container, in BER or DER, with its password.
pub fn open(bytes: &[u8], password: &str) -> Result<Contents> {
    let der = as_der(bytes)?;
    let archive = match Pkcs12Archive::from_pkcs12(&der, password) {
        // The MAC is over the safe as it was written, and is verified before anything in it is read. So what fails there
        // has passed it, and may be read as the DER that it stands for.
        Err(error @ KeystoreError::DerError(_)) if reaches_mac(password) => match rewritten(&der) {
            Some(again) => Pkcs12Archive::from_pkcs12(&again, password),
            None => Err(error),
        },
        opened => opened,
    };
    let archive = archive.map_err(|error| failed(&der, error))?;
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

/// The key in `locked`, an EncryptedPrivateKeyInfo with an algorithm of PKCS#12: read as the only bag of a container.
pub(crate) fn unlock_shrouded(locked: &[u8], password: &str) -> Result<PrivateKey> {
    let pack = || {
        let bag = SafeBag {
            kind: SHROUDED_KEY_BAG,
            value: Any::from_der(locked)?,
            attributes: None,
        };
        let safe = ContentInfo::data(vec![bag].to_der()?)?;
        let pfx = Pfx {
            version: 3,
            auth_safe: Any::encode_from(&ContentInfo::data(vec![safe].to_der()?)?)?,
            mac_data: None,
        };
        pfx.to_der()
    };
    let container = Zeroizing::new(pack().map_err(malformed)?);
    let archive = Pkcs12Archive::from_pkcs12(&container, password).map_err(|error| match error {
        // A wrong password passes the padding once in 256 times.
        KeystoreError::UnpadError | KeystoreError::DerError(_) => Error::Password {
            what: "encrypted private key",
        },
        other => failed(&container, other),
    })?;
    let key = archive.keys.first().ok_or(Error::Password {
        what: "encrypted private key",
    })?;
    PrivateKey::from_der(key.key.as_der())
}

impl ContentInfo {
    fn data(content: Vec<u8>) -> der::Result<Self> {
        Ok(Self {
            kind: DATA,
            content: Any::encode_from(&OctetString::new(content)?)?,
        })
    }
}

fn as_der(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    match envelope::container(bytes) {
        Some(Container::Pkcs12(der)) => Ok(der),
        // The complaint of the decoder names the place.
        _ => match Pfx::from_der(bytes) {
            Err(error) => Err(malformed(error)),
            Ok(_) => Err(Error::NotOpened {
                what: WHAT,
                detail: "its version is not 3".into(),
                way: WAY,
            }),
        },
    }
}

/// A password with a character that needs more than 16 bits fails before the MAC.
fn reaches_mac(password: &str) -> bool {
    password.chars().all(|c| u32::from(c) <= 0xffff)
}

/// `der` with its safe in DER and without the MAC, which has been verified; nothing where the safe is DER already.
fn rewritten(der: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut pfx = Pfx::from_der(der).ok()?;
    let outer: ContentInfo = pfx.auth_safe.decode_as().ok()?;
    let safe = outer.content.decode_as::<OctetString>().ok()?;
    let again = ber::definite(safe.as_bytes())?;
    if again[..] == *safe.as_bytes() || outer.kind != DATA {
        return None;
    }
    pfx.auth_safe = Any::encode_from(&ContentInfo::data(again.to_vec()).ok()?).ok()?;
    pfx.mac_data = None;
    pfx.to_der().ok().map(Zeroizing::new)
}

fn malformed(error: der::Error) -> Error {
    Error::Malformed {
        what: "PKCS#12 container",
        detail: error.into(),
    }
}

/// Why the container `der` does not open, in words of ours: those of the crate are about its insides, and may repeat
/// what it read.
fn failed(der: &[u8], error: KeystoreError) -> Error {
    let protection = protection(der).unwrap_or_default();
    let not_opened = |detail: Shown| Error::NotOpened {
        what: WHAT,
        detail,
        way: WAY,
    };
    let wrong_password = Error::Password {
        what: "PKCS#12 container",
    };
    let unread_mac = protection.mac.as_ref().and_then(Digest::unread);
    match error {
        KeystoreError::MacError(_) => wrong_password,
        _ if unread_mac.is_some() => not_opened(Shown::filled(
            "its MAC is {}, which is not read",
            &[&unread_mac.unwrap_or_default()],
        )),
        // Without a MAC a wrong password shows in the padding.
        KeystoreError::UnpadError => wrong_password,
        KeystoreError::Pkcs5Error(_) if protection.mac.is_none() => wrong_password,
        KeystoreError::DerError(error) => malformed(error),
        KeystoreError::InvalidVersion => not_opened("its version is not 3".into()),
        _ => match protection.encryption.iter().find_map(Cipher::unread) {
            Some(name) => not_opened(Shown::filled(
                "it is encrypted with {}, which is not read",
                &[&name],
            )),
            None if protection.encryption.contains(&Cipher::Pbes2) => {
                not_opened("it is encrypted with PBES2 in a way that is not read".into())
            }
            None => not_opened("it is damaged, or uses what is not read".into()),
        },
    }
}

impl Cipher {
    /// The name of an algorithm that is not read.
    fn unread(&self) -> Option<&'static str> {
        match self {
            Self::Other(oid) => Some(name_of(oid)),
            Self::Rc2With40Bits | Self::TripleDes | Self::Pbes2 => None,
        }
    }
}

impl Digest {
    fn unread(&self) -> Option<&'static str> {
        // SHA-2 in all its lengths is read; SHA-3 has the numbers behind it.
        let number = |oid: &str| oid.strip_prefix("2.16.840.1.101.3.4.2.")?.parse::<u8>().ok();
        match self {
            Self::Other(oid) if number(oid).is_none_or(|number| number > 6) => Some(name_of(oid)),
            _ => None,
        }
    }
}
