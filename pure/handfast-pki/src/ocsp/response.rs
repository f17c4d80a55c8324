//! The answer (RFC 6960 section 4.2), first the bytes that are signed.

use const_oid::ObjectIdentifier;
use der::{Encode, asn1::GeneralizedTime};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;

use super::{CertId, Digest, Refused, Status, key_bits};
use crate::{
    Certificate, Error, Result,
    asn1::{self, constructed, context, wrap},
    crl::build::CrlReason,
};

/// id-pkix-ocsp-basic.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");

/// id-pkix-ocsp-nonce (RFC 9654).
pub(super) const NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");

const ENUMERATED: u8 = 0x0a;

/// Everything that an answer says beside the certificates.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Whose key signs: the CA, or a signer that it has certified.
    pub signer: &'a Certificate,
    /// When what it says was known to be true, to the second.
    pub this_update: Timestamp,
    /// Until when newer information is promised, to the second.
    pub next_update: Timestamp,
    /// That of the request.
    pub nonce: Option<&'a [u8]>,
}

/// ResponseData with these answers.
///
/// # Errors
///
/// Where a time cannot stand in it.
pub fn to_be_signed(plan: &Plan<'_>, answers: &[(CertId, Status)]) -> Result<Vec<u8>> {
    let key = wrap(asn1::OCTET_STRING, &Digest::Sha1.of(&key_bits(plan.signer)));
    let mut singles = Vec::new();
    for (id, status) in answers {
        singles.extend(single(plan, id, *status)?);
    }
    let mut parts = [
        wrap(constructed(2), &key),
        time(plan.this_update)?,
        wrap(asn1::SEQUENCE, &singles),
    ]
    .concat();
    if let Some(nonce) = plan.nonce {
        let octets = wrap(asn1::OCTET_STRING, nonce);
        let id = wrap(asn1::OBJECT_IDENTIFIER, NONCE.as_bytes());
        let extension = [id, wrap(asn1::OCTET_STRING, &octets)].concat();
        let extensions = wrap(asn1::SEQUENCE, &wrap(asn1::SEQUENCE, &extension));
        parts.extend(wrap(constructed(1), &extensions));
    }
    Ok(wrap(asn1::SEQUENCE, &parts))
}

fn single(plan: &Plan<'_>, id: &CertId, status: Status) -> Result<Vec<u8>> {
    let status = match status {
        Status::Good => wrap(context(0), &[]),
        Status::Unknown => wrap(context(2), &[]),
        Status::Revoked { at, reason } => {
            let mut info = time(at)?;
            if reason != CrlReason::Unspecified {
                info.extend(wrap(constructed(0), &wrap(ENUMERATED, &[reason as u8])));
            }
            wrap(constructed(1), &info)
        }
    };
    let parts = [
        id.der(),
        status,
        time(plan.this_update)?,
        wrap(constructed(0), &time(plan.next_update)?),
    ];
    Ok(wrap(asn1::SEQUENCE, &parts.concat()))
}

/// The whole answer. `certificates`: that of a signer that is not the CA itself, which clients already have.
///
/// # Errors
///
/// Where the algorithm cannot be written.
pub fn assemble(
    tbs: &[u8],
    algorithm: &AlgorithmIdentifierOwned,
    signature: &[u8],
    certificates: &[&Certificate],
) -> Result<Vec<u8>> {
    let mut basic = [
        tbs.to_vec(),
        algorithm.to_der().map_err(impossible)?,
        wrap(asn1::BIT_STRING, &[&[0], signature].concat()),
    ]
    .concat();
    if !certificates.is_empty() {
        let all: Vec<u8> = certificates.iter().flat_map(|one| one.der().to_vec()).collect();
        basic.extend(wrap(constructed(0), &wrap(asn1::SEQUENCE, &all)));
    }
    let bytes = [
        wrap(asn1::OBJECT_IDENTIFIER, BASIC.as_bytes()),
        wrap(asn1::OCTET_STRING, &wrap(asn1::SEQUENCE, &basic)),
    ];
    let bytes = wrap(constructed(0), &wrap(asn1::SEQUENCE, &bytes.concat()));
    Ok(wrap(asn1::SEQUENCE, &[wrap(ENUMERATED, &[0]), bytes].concat()))
}

/// The answer that there is none; it is not signed.
pub fn refusal(refused: Refused) -> Vec<u8> {
    let status = match refused {
        Refused::Malformed => 1,
        Refused::Internal => 2,
        Refused::Later => 3,
        Refused::Unauthorized => 6,
    };
    wrap(asn1::SEQUENCE, &wrap(ENUMERATED, &[status]))
}

fn time(at: Timestamp) -> Result<Vec<u8>> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| Error::BadValue {
        found: at.to_string(),
        expected: "a time after 1970",
    })?;
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds))
        .and_then(|time| time.to_der())
        .map_err(impossible)
}

/// All parts were checked when they were made.
fn impossible(error: der::Error) -> Error {
    Error::Malformed {
        what: "OCSP response under construction",
        detail: error.into(),
    }
}
