//! The forms in which keys are written, as far as the cryptographic library does not read them itself.

use der::{
    Any, Decode, Encode, SliceReader,
    asn1::{AnyRef, ObjectIdentifier},
};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

/// RSAPublicKey (RFC 8017 appendix A.1.1).
#[derive(der::Sequence)]
pub(super) struct RsaParts<'a> {
    pub(super) modulus: der::asn1::UintRef<'a>,
    pub(super) exponent: der::asn1::UintRef<'a>,
}

/// ECPrivateKey (RFC 5915 section 3), as far as needed to find the curve.
#[derive(der::Sequence)]
pub(super) struct EcPrivateKey<'a> {
    version: u8,
    private_key: &'a der::asn1::OctetStringRef,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    parameters: Option<ObjectIdentifier>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    public_key: Option<der::asn1::BitStringRef<'a>>,
}

/// PrivateKeyInfo (RFC 5208 section 5) around an older form.
#[derive(der::Sequence)]
pub(super) struct Pkcs8<'a> {
    version: u8,
    algorithm: AlgorithmIdentifierOwned,
    key: &'a der::asn1::OctetStringRef,
}

/// The contents of a short SEQUENCE: algorithm identifiers are compared without their outer header.
pub(super) fn inside(der: &[u8]) -> Option<&[u8]> {
    match der {
        [0x30, length @ 0..0x80, rest @ ..] if usize::from(*length) == rest.len() => Some(rest),
        _ => None,
    }
}

pub(super) fn wrap_pkcs8(
    oid: ObjectIdentifier,
    parameters: &[u8],
    key: &[u8],
) -> der::Result<Zeroizing<Vec<u8>>> {
    let algorithm = AlgorithmIdentifierOwned {
        oid,
        parameters: Some(Any::from_der(parameters)?),
    };
    Pkcs8 {
        version: 0,
        algorithm,
        key: der::asn1::OctetStringRef::new(key)?,
    }
    .to_der()
    .map(Zeroizing::new)
}

pub(super) fn sec1_curve(der: &[u8]) -> Option<ObjectIdentifier> {
    EcPrivateKey::from_der(der).ok()?.parameters
}

/// The algorithm that a PKCS#8 structure names (RFC 5958 section 2), for a refusal.
pub(super) fn pkcs8_algorithm(pkcs8: &[u8]) -> String {
    named_in(pkcs8).map_or_else(
        |_| "unreadable".into(),
        |algorithm| {
            const_oid::db::DB
                .by_oid(&algorithm.oid)
                .map_or_else(|| algorithm.oid.to_string(), str::to_owned)
        },
    )
}

/// Whether `der` names an algorithm where PKCS#8 does.
pub(super) fn names_an_algorithm(der: &[u8]) -> bool {
    named_in(der).is_ok()
}

fn named_in(pkcs8: &[u8]) -> der::Result<AlgorithmIdentifierOwned> {
    let outer = AnyRef::from_der(pkcs8)?;
    let mut inner = SliceReader::new(outer.value())?;
    u8::decode(&mut inner)?;
    AlgorithmIdentifierOwned::decode(&mut inner)
}
