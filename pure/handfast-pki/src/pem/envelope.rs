//! The outer shapes of what has to be opened before it is read: PKCS#12, encrypted PKCS#8, the keystores of Java.
//!
//! In: bytes. Out: whether they have the shape. What is inside, `handfast-formats` reads.

use der::{
    Decode, Sequence,
    asn1::{Any, OctetString},
};
use spki::AlgorithmIdentifierOwned;

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

/// Whether `der` has the outer shape of PKCS#12.
pub fn is_pkcs12(der: &[u8]) -> bool {
    Pfx::from_der(der).is_ok_and(|pfx| pfx.version == 3)
}

/// Whether `der` has the form of an encrypted key: PKCS#5 (RFC 8018) or PKCS#12 (RFC 7292) names the algorithm.
pub fn is_encrypted_key(der: &[u8]) -> bool {
    Locked::from_der(der).is_ok_and(|locked| {
        let algorithm = locked.algorithm.oid.to_string();
        algorithm.starts_with("1.2.840.113549.1.5.") || algorithm.starts_with("1.2.840.113549.1.12.1.")
    })
}

/// Whether `bytes` begin as a keystore of Java does: the mark of JKS or of JCEKS, then the version.
pub fn is_java_keystore(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] | [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..]
    )
}
