//! The Online Certificate Status Protocol (OCSP, RFC 6960), the responder's half: what was asked, and the exact bytes of
//! the answer, to be signed by the CA or by a signer that it has certified for that.
//!
//! For other people's software; our own proxies know by [`crate::revocation`]. A request is bytes of a stranger: what is
//! not well-formed is refused with the status that the protocol has for it, and nothing of it is repeated but serial
//! number and nonce.

mod request;
mod response;

use aws_lc_rs::digest;
use const_oid::{
    ObjectIdentifier,
    db::rfc5912::{ID_SHA_1, ID_SHA_256, ID_SHA_384, ID_SHA_512},
};
use jiff::Timestamp;

pub use self::{
    request::Request,
    response::{Plan, assemble, refusal, to_be_signed},
};
use crate::{
    Certificate, Code,
    asn1::{self, Flaw, Value},
    code,
    crl::build::CrlReason,
    oid::Oid,
};

/// Extended key usage of a certificate that signs answers in the place of its CA (RFC 6960 section 4.2.2.2).
pub const OCSP_SIGNING: ObjectIdentifier = crate::profile::OCSP_SIGNING;

/// What became of one certificate (RFC 6960 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Issued and not revoked.
    Good,
    /// Taken back.
    Revoked {
        /// When.
        at: Timestamp,
        /// Left out for `unspecified`.
        reason: CrlReason,
    },
    /// None that this responder answers for.
    Unknown,
}

/// Why there is no answer (RFC 6960 section 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It is no request, or breaks the rules for one.
    #[error("malformed OCSP request")]
    Malformed,
    /// The responder cannot answer at all.
    #[error("the OCSP responder failed")]
    Internal,
    /// The responder cannot answer now.
    #[error("the OCSP responder cannot answer now")]
    Later,
    /// Nothing of what is asked is about a CA of this responder.
    #[error("the OCSP request is about no CA of this responder")]
    Unauthorized,
}

/// Which certificate is meant (CertID, RFC 6960 section 4.1.1), as it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertId {
    /// AlgorithmIdentifier, DER.
    algorithm: Vec<u8>,
    digest: Option<Digest>,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: Vec<u8>,
}

/// The digests by which issuers are named. SHA-1 is one, since most clients know no other here; it proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digest {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl CertId {
    /// The certificate of `issuer` with this serial number (two's complement octets), as clients ask: by SHA-1.
    pub fn of(issuer: &Certificate, serial: &[u8]) -> Self {
        let id = asn1::wrap(asn1::OBJECT_IDENTIFIER, ID_SHA_1.as_bytes());
        Self {
            algorithm: asn1::wrap(asn1::SEQUENCE, &[&id[..], &[5, 0]].concat()),
            digest: Some(Digest::Sha1),
            name_hash: Digest::Sha1.of(&issuer.subject().der()),
            key_hash: Digest::Sha1.of(&key_bits(issuer)),
            serial: serial.to_vec(),
        }
    }

    /// The serial number, two's complement octets.
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// Whether a certificate of `issuer` is meant.
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        self.digest.is_some_and(|digest| {
            self.name_hash == digest.of(&issuer.subject().der())
                && self.key_hash == digest.of(&key_bits(issuer))
        })
    }

    fn read(value: Value<'_>) -> Result<Self, Flaw> {
        const WHAT: &str = "certificate";
        let mut parts = value.values();
        let algorithm = parts.expect(asn1::SEQUENCE, WHAT)?;
        let name_hash = parts.expect(asn1::OCTET_STRING, WHAT)?;
        let key_hash = parts.expect(asn1::OCTET_STRING, WHAT)?;
        let serial = parts.expect(asn1::INTEGER, WHAT)?;
        parts.end(WHAT)?;
        // A serial number beyond the rule is none that can be asked for here; it would be repeated in the answer.
        if serial.content.is_empty() || serial.content.len() > LONGEST_SERIAL {
            return Err(Flaw(WHAT));
        }
        let id = algorithm.values().expect(asn1::OBJECT_IDENTIFIER, WHAT)?;
        let id = Oid::from_octets(id.content).map_err(|_| Flaw(WHAT))?;
        Ok(Self {
            algorithm: algorithm.whole.to_vec(),
            digest: Digest::ALL.into_iter().find(|digest| id == digest.id()),
            name_hash: name_hash.content.to_vec(),
            key_hash: key_hash.content.to_vec(),
            serial: serial.content.to_vec(),
        })
    }

    fn der(&self) -> Vec<u8> {
        let parts = [
            self.algorithm.clone(),
            asn1::wrap(asn1::OCTET_STRING, &self.name_hash),
            asn1::wrap(asn1::OCTET_STRING, &self.key_hash),
            asn1::wrap(asn1::INTEGER, &self.serial),
        ];
        asn1::wrap(asn1::SEQUENCE, &parts.concat())
    }
}

/// Twice the longest of RFC 5280: others have longer ones.
const LONGEST_SERIAL: usize = 40;

impl Digest {
    const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    fn id(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => ID_SHA_1,
            Self::Sha256 => ID_SHA_256,
            Self::Sha384 => ID_SHA_384,
            Self::Sha512 => ID_SHA_512,
        }
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }
}

/// The bits of the public key, without tag, length and unused bits (RFC 6960 section 4.1.1).
fn key_bits(certificate: &Certificate) -> Vec<u8> {
    let key = certificate.public_key();
    key.bits().unwrap_or_default().to_vec()
}

/// Whether `signer` may sign answers about certificates of `issuer` (RFC 6960 section 4.2.2.2), or why not.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn may_answer_for(
    signer: &Certificate,
    issuer: &Certificate,
    now: Timestamp,
) -> Result<(), (Code, String)> {
    if signer == issuer {
        return Ok(());
    }
    let usages = signer.extended_key_usage().unwrap_or_default();
    if !signer.is_signed_by(&issuer.public_key()) {
        let why = format!("\"{}\" has not issued it", issuer.called());
        Err((code::UNKNOWN_ISSUER, why))
    } else if !usages.iter().any(|usage| *usage == OCSP_SIGNING) {
        Err((
            code::WRONG_PURPOSE,
            "its extended key usage is not OCSPSigning".into(),
        ))
    } else if now < signer.not_before() {
        Err((
            code::NOT_YET_VALID,
            format!("it is valid from {}", signer.not_before()),
        ))
    } else if now > signer.not_after() {
        Err((code::EXPIRED, format!("it expired at {}", signer.not_after())))
    } else {
        Ok(())
    }
}
