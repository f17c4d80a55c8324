//! The forms in which keys are written, as far as the cryptographic library does not read them itself.

use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use der::{Any, Decode, Encode, asn1::ObjectIdentifier};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use crate::{
    asn1::{self, Value},
    oid::Oid,
};

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
    named_in(pkcs8).unwrap_or_else(|| "unreadable".into())
}

/// What an AlgorithmIdentifier of a key is called: the curve of an EC key, else the algorithm.
pub(super) fn algorithm_name(algorithm: Value<'_>) -> Option<String> {
    let mut parts = algorithm.values();
    let oid = |value: Value<'_>| Oid::from_octets(value.content).ok();
    let kind = oid(parts.optional(asn1::OBJECT_IDENTIFIER)?)?;
    if kind == RSA_ENCRYPTION {
        return Some("RSA".into());
    }
    if kind != ID_EC_PUBLIC_KEY {
        return Some(kind.called());
    }
    Some(match parts.optional(asn1::OBJECT_IDENTIFIER) {
        Some(curve) => oid(curve)?.called(),
        None => "EC with explicit parameters".into(),
    })
}

/// Whether `der` names an algorithm where PKCS#8 does.
pub(super) fn names_an_algorithm(der: &[u8]) -> bool {
    named_in(der).is_some()
}

fn named_in(pkcs8: &[u8]) -> Option<String> {
    let mut parts = Value::only(pkcs8, asn1::SEQUENCE, "key").ok()?.values();
    parts.optional(asn1::INTEGER)?;
    algorithm_name(parts.optional(asn1::SEQUENCE)?)
}
