//! From what a CA has revoked to the exact bytes of its set, and from the signature to the file.

use der::{Encode, Length, asn1::GeneralizedTime};
use jiff::Timestamp;
use roaring::RoaringTreemap;
use spki::AlgorithmIdentifierOwned;

use super::{LAYOUT, VERSION};
use crate::{
    Certificate, Error, Result,
    asn1::{self, wrapped},
};

/// Everything that a set says about itself.
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    /// The CA that it is about.
    pub issuer: &'a Certificate,
    /// Who signs it, where that is another, whom the CA has certified for it.
    pub signer: Option<&'a Certificate>,
    /// Of the signature.
    pub algorithm: &'a AlgorithmIdentifierOwned,
    /// Counted up with every set of an issuer.
    pub number: u64,
    /// When it is made, to the second.
    pub this_update: Timestamp,
    /// Until when the next one is promised, to the second.
    pub next_update: Timestamp,
    /// Every index below belongs to a certificate that has expired.
    pub first_index: u64,
    /// Every index below was given.
    pub next_index: u64,
    /// Whether every serial number without an index that was given is among the contents.
    pub is_complete: bool,
}

/// What a set is filled with, in any order.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    revoked: RoaringTreemap,
    others_issued: Vec<u8>,
    others_revoked: Vec<u8>,
}

impl Contents {
    /// Adds a revoked index.
    pub fn revoke_index(&mut self, index: u64) {
        self.revoked.insert(index);
    }

    /// Adds a revoked serial number that is not known by its index (two's complement octets).
    pub fn revoke_other(&mut self, octets: &[u8]) {
        self.others_revoked.extend(asn1::wrap(asn1::INTEGER, octets));
    }

    /// Adds a serial number that was given and is not known by its index.
    pub fn issue_other(&mut self, octets: &[u8]) {
        self.others_issued.extend(asn1::wrap(asn1::INTEGER, octets));
    }
}

/// The to-be-signed bytes of a set. Revoked indexes before the plan's are left out.
///
/// # Errors
///
/// Where an index is revoked that was not given, a time cannot stand in it, or where it is longer than DER of ours can be (256 MB).
pub fn to_be_signed(plan: &Plan<'_>, mut contents: Contents) -> Result<Vec<u8>> {
    contents.revoked.remove_range(..plan.first_index);
    // It would be good as soon as it is given.
    if contents.revoked.max().is_some_and(|most| most >= plan.next_index) {
        return Err(Error::BadValue {
            found: contents.revoked.max().unwrap_or_default().to_string(),
            expected: "an index that was given",
        });
    }
    let mut bitmap = Vec::with_capacity(contents.revoked.serialized_size());
    // Writing to memory cannot fail.
    let _ = contents.revoked.serialize_into(&mut bitmap);
    let mut head = Vec::new();
    let mut add =
        |part: &dyn Fn(&mut Vec<u8>) -> der::Result<Length>| part(&mut head).map_err(impossible).map(drop);
    add(&|out| VERSION.encode_to_vec(out))?;
    add(&|out| LAYOUT.encode_to_vec(out))?;
    add(&|out| plan.algorithm.encode_to_vec(out))?;
    let key = plan.issuer.public_key().fingerprint();
    add(&|out| der::asn1::OctetStringRef::new(&key.0)?.encode_to_vec(out))?;
    let certificates = std::iter::once(plan.issuer).chain(plan.signer);
    let certificates: Vec<&[u8]> = certificates.map(|one| one.der().as_ref()).collect();
    head.extend(wrapped(asn1::SEQUENCE, &certificates).map_err(impossible)?);
    let mut add =
        |part: &dyn Fn(&mut Vec<u8>) -> der::Result<Length>| part(&mut head).map_err(impossible).map(drop);
    add(&|out| plan.number.encode_to_vec(out))?;
    for at in [plan.this_update, plan.next_update] {
        let at = time(at)?;
        add(&|out| at.encode_to_vec(out))?;
    }
    add(&|out| plan.first_index.encode_to_vec(out))?;
    add(&|out| plan.next_index.encode_to_vec(out))?;
    let octets = asn1::header(asn1::OCTET_STRING, bitmap.len()).map_err(impossible)?;
    let others = others(plan, &contents).map_err(impossible)?;
    wrapped(asn1::SEQUENCE, &[&head, &octets, &bitmap, &others]).map_err(impossible)
}

fn others(plan: &Plan<'_>, contents: &Contents) -> der::Result<Vec<u8>> {
    let parts = [
        plan.is_complete.to_der()?,
        wrapped(asn1::SEQUENCE, &[&contents.others_issued])?,
        wrapped(asn1::SEQUENCE, &[&contents.others_revoked])?,
    ];
    wrapped(asn1::SEQUENCE, &parts.each_ref().map(|part| part.as_slice()))
}

/// The set of `tbs` and its `signature`, DER.
///
/// # Errors
///
/// Where it is longer than DER of ours can be.
pub fn assemble(tbs: &[u8], algorithm: &AlgorithmIdentifierOwned, signature: &[u8]) -> Result<Vec<u8>> {
    let bits = der::asn1::BitStringRef::from_bytes(signature).map_err(impossible)?;
    let algorithm = algorithm.to_der().map_err(impossible)?;
    let bits = bits.to_der().map_err(impossible)?;
    wrapped(asn1::SEQUENCE, &[tbs, &algorithm, &bits]).map_err(impossible)
}

/// The file of these sets.
///
/// # Errors
///
/// Where it is longer than DER of ours can be.
pub fn file(sets: &[&[u8]]) -> Result<Vec<u8>> {
    wrapped(asn1::SEQUENCE, sets).map_err(impossible)
}

fn time(at: Timestamp) -> Result<GeneralizedTime> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| Error::BadValue {
        found: at.to_string(),
        expected: "a time after 1970",
    })?;
    GeneralizedTime::from_unix_duration(std::time::Duration::from_secs(seconds)).map_err(impossible)
}

/// All parts were checked when they were made; what still fails is longer than DER of ours can be.
fn impossible(error: der::Error) -> Error {
    Error::Malformed {
        what: "revocation set under construction",
        detail: error.into(),
    }
}
