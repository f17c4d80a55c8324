//! From the revoked serial numbers to the exact bytes of a CRL that a CA signs (RFC 5280 section 5), and from the
//! signature to the list.
//!
//! Entries are encoded one at a time into one buffer of about 37 bytes each, so that a list of a million needs no more
//! memory than its own bytes.

use const_oid::AssociatedOid;
use der::{
    Encode, Header, Length, Sequence, Tag, TagNumber,
    asn1::{Int, OctetString, Uint},
};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::{
    ext::{
        Extension,
        pkix::{AuthorityKeyIdentifier, CrlNumber},
    },
    time::Time,
};

/// Why a certificate was revoked (RFC 5280 section 5.3.1).
pub use x509_cert::ext::pkix::CrlReason;

use crate::{Error, Result, build, text};

/// Everything that a CRL says about itself.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// Who signs, with the key identifier that stands in the list.
    pub issuer: &'a build::Issuer,
    /// Counted up by one with every list of an issuer (RFC 5280 section 5.2.3).
    pub number: u64,
    /// When it is issued, to the second.
    pub this_update: Timestamp,
    /// Until when the next one is promised, to the second.
    pub next_update: Timestamp,
}

/// The entries of a list, already encoded.
#[derive(Debug, Clone, Default)]
pub struct Entries(Vec<u8>);

/// One revoked certificate (RFC 5280 section 5.1.2.6).
#[derive(Sequence)]
struct Entry {
    serial: Int,
    at: Time,
    #[asn1(optional = "true")]
    extensions: Option<Vec<Extension>>,
}

impl Entries {
    /// Adds the certificate with `serial` (hexadecimal digits), revoked `at`. `reason` is left out for `unspecified`,
    /// as RFC 5280 section 5.3.1 asks for.
    ///
    /// # Errors
    ///
    /// [`Error::BadValue`] where `serial` is none of a certificate.
    pub fn add(&mut self, serial: &str, at: Timestamp, reason: CrlReason) -> Result<()> {
        let extensions = match reason {
            CrlReason::Unspecified => None,
            reason => Some(vec![extension(false, &reason)?]),
        };
        let bad = || Error::BadValue {
            found: text::printable(serial),
            expected: "a serial number in hexadecimal digits",
        };
        let octets = text::unhex(serial)
            .filter(|octets| !octets.is_empty())
            .ok_or_else(bad)?;
        let entry = Entry {
            serial: Int::new(&octets).map_err(|_| bad())?,
            at: build::time(at)?,
            extensions,
        };
        entry.encode_to_vec(&mut self.0).map_err(impossible)?;
        Ok(())
    }
}

/// The to-be-signed bytes of a list with these entries.
///
/// # Errors
///
/// Where a time cannot stand in a list.
pub fn to_be_signed(plan: &Plan<'_>, entries: &Entries) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut add =
        |part: &dyn Fn(&mut Vec<u8>) -> der::Result<Length>| part(&mut head).map_err(impossible).map(drop);
    // Version 2 is written as 1.
    add(&|out| 1_u8.encode_to_vec(out))?;
    add(&|out| plan.issuer.algorithm.encode_to_vec(out))?;
    add(&|out| plan.issuer.subject.encode_to_vec(out))?;
    let (this, next) = (build::time(plan.this_update)?, build::time(plan.next_update)?);
    add(&|out| this.encode_to_vec(out))?;
    add(&|out| next.encode_to_vec(out))?;
    // A list without entries leaves them out (RFC 5280 section 5.1.2.6).
    if !entries.0.is_empty() {
        add(&|out| header(Tag::Sequence, entries.0.len())?.encode_to_vec(out))?;
    }
    let extensions = extensions(plan)?.to_der().map_err(impossible)?;
    let explicit = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber(0),
    };
    let mut tail = header(explicit, extensions.len())
        .and_then(|tag| tag.to_der())
        .map_err(impossible)?;
    tail.extend(extensions);
    wrapped(&[&head, &entries.0, &tail])
}

/// The list of `tbs` and its `signature`, DER.
///
/// # Errors
///
/// Where the signature is longer than a list can be.
pub fn assemble(tbs: &[u8], algorithm: &AlgorithmIdentifierOwned, signature: &[u8]) -> Result<Vec<u8>> {
    let bits = der::asn1::BitString::from_bytes(signature).map_err(impossible)?;
    let algorithm = algorithm.to_der().map_err(impossible)?;
    wrapped(&[tbs, &algorithm, &bits.to_der().map_err(impossible)?])
}

fn extensions(plan: &Plan<'_>) -> Result<Vec<Extension>> {
    let key_id = OctetString::new(plan.issuer.key_id.clone()).map_err(impossible)?;
    let authority = AuthorityKeyIdentifier {
        key_identifier: Some(key_id),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    let number = Uint::new(&plan.number.to_be_bytes()).map_err(impossible)?;
    Ok(vec![
        extension(false, &authority)?,
        extension(false, &CrlNumber(number))?,
    ])
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension> {
    build::extension(critical, value)
}

/// `parts`, one behind the other, as one SEQUENCE.
fn wrapped(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut out = header(Tag::Sequence, length)
        .and_then(|tag| tag.to_der())
        .map_err(impossible)?;
    out.reserve_exact(length);
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(out)
}

fn header(tag: Tag, length: usize) -> der::Result<Header> {
    Ok(Header::new(tag, Length::try_from(length)?))
}

/// All parts were checked when they were made; what still fails is longer than DER of ours can be.
fn impossible(error: der::Error) -> Error {
    Error::Malformed {
        what: "revocation list under construction",
        detail: error.into(),
    }
}
