//! The outer shapes of what has to be opened before it is read: PKCS#12, PKCS#7, encrypted PKCS#8, keystores.
//!
//! In: bytes. Out: whether they have the shape. What is inside, `handfast-formats` reads.

use der::{
    AnyRef, Decode, Sequence, Tag, Tagged,
    asn1::{Any, ObjectIdentifier, OctetString},
};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::ber;

/// PFX (RFC 7292 section 4), as far as needed to recognise one.
#[derive(Sequence)]
struct Pfx {
    version: u8,
    auth_safe: Any,
    #[asn1(optional = "true")]
    mac_data: Option<Any>,
}

/// EncryptedPrivateKeyInfo (RFC 5958 section 3).
#[derive(Sequence)]
struct Locked {
    algorithm: AlgorithmIdentifierOwned,
    data: OctetString,
}

/// ContentInfo (RFC 5652 section 3), as far as needed to recognise one.
#[derive(Sequence)]
struct ContentInfo {
    kind: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<Any>,
}

/// A container in DER, whichever of BER and DER it was written in.
pub enum Container {
    /// PKCS#12 (RFC 7292), to be opened with a password.
    Pkcs12(Zeroizing<Vec<u8>>),
    /// PKCS#7 (RFC 2315, RFC 5652).
    Pkcs7(Zeroizing<Vec<u8>>),
}

/// The container that `bytes` are, if they are one.
pub fn container(bytes: &[u8]) -> Option<Container> {
    const PKCS7: &str = "1.2.840.113549.1.7.";
    // Both are a SEQUENCE. What is none costs no copy.
    if bytes.first() != Some(&0x30) {
        return None;
    }
    let der = ber::definite(bytes)?;
    if Pfx::from_der(&der).is_ok_and(|pfx| pfx.version == 3) {
        return Some(Container::Pkcs12(der));
    }
    let is_pkcs7 = ContentInfo::from_der(&der).is_ok_and(|info| info.kind.to_string().starts_with(PKCS7));
    is_pkcs7.then_some(Container::Pkcs7(der))
}

/// Whether `bytes` have the outer shape of PKCS#12.
pub fn is_pkcs12(bytes: &[u8]) -> bool {
    matches!(container(bytes), Some(Container::Pkcs12(_)))
}

/// Whether `der` has the form of an encrypted key: PKCS#5 (RFC 8018) or PKCS#12 (RFC 7292) names the algorithm.
pub fn is_encrypted_key(der: &[u8]) -> bool {
    Locked::from_der(der).is_ok_and(|locked| {
        let algorithm = locked.algorithm.oid.to_string();
        algorithm.starts_with("1.2.840.113549.1.5.") || algorithm.starts_with("1.2.840.113549.1.12.1.")
    })
}

/// What `bytes` are, where they are a store of keys that is not read: for a sentence that begins with "found".
pub fn foreign_store(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        // Version, then a salt of 20 bytes behind its length.
        [0, 0, 0, 0..=2, 0, 0, 0, 20, ..] => {
            Some("a keystore of Bouncy Castle (BKS or UBER), which is not read")
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("a file of Microsoft Office, or an installer"),
        [b'P', b'K', 3, 4, ..] => Some("a ZIP archive"),
        [0x1f, 0x8b, ..] => Some("a file that gzip has packed"),
        _ if is_bcfks(bytes) => Some("a keystore of Bouncy Castle (BCFKS), which is not read"),
        _ if bytes.starts_with(b"SQLite format 3\0") => {
            Some("an SQLite database, such as NSS keeps its keys in")
        }
        _ => None,
    }
}

/// ObjectStore of Bouncy Castle: EncryptedObjectStoreData, then the check of its integrity.
fn is_bcfks(bytes: &[u8]) -> bool {
    let is_store = |der: &[u8]| {
        let outer = AnyRef::from_der(der)?;
        let mut parts = der::SliceReader::new(outer.value())?;
        let store = AnyRef::decode(&mut parts)?;
        let check = AnyRef::decode(&mut parts)?;
        Ok::<_, der::Error>(
            Locked::from_der(&der::Encode::to_der(&store)?).is_ok() && check.tag() == Tag::Sequence,
        )
    };
    is_store(bytes).unwrap_or(false)
}

/// Whether `bytes` begin as a keystore of Java does: the mark of JKS or of JCEKS, then the version.
pub fn is_java_keystore(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] | [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..]
    )
}
