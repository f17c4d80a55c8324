//! From the bytes of a file to sets whose signatures are good. Nothing of the bitmap is looked at before that.

use jiff::{SignedDuration, Timestamp};
use roaring::RoaringTreemap;

use super::{LAYOUT, Others, RevocationSet, RevocationSets, SET_SIGNING, SetError, VERSION};
use crate::{
    Certificate, Fingerprint,
    asn1::{self, Flaw, Value, Values},
    oid::Oid,
    revocation::serials::Serials,
    serial::HIGHEST_INDEX,
    time::timestamp,
};

/// How far the clock of the CA may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

const GENERALIZED_TIME: u8 = 0x18;

impl RevocationSets {
    /// Reads a file of sets and verifies their signatures. One that is stale is read all the same, and says so in its
    /// answers.
    ///
    /// # Errors
    ///
    /// One set that is not right is enough for the whole file to be refused.
    pub fn read(bytes: &[u8], now: Timestamp) -> Result<Self, SetError> {
        let mut sets: Vec<RevocationSet> = Vec::new();
        for one in Value::only(bytes, asn1::SEQUENCE, "outer form")?.values() {
            let set = RevocationSet::read(one?, now)?;
            if sets.iter().any(|other| other.key == set.key) {
                let issuer = set.issuer.called();
                return Err(SetError::Twice { issuer });
            }
            sets.push(set);
        }
        if sets.is_empty() {
            return Err(Flaw("list of sets").into());
        }
        Ok(Self(sets))
    }
}

/// A set as it stands.
struct Parts<'a> {
    tbs: Value<'a>,
    algorithm: Value<'a>,
    signature: &'a [u8],
    claims: Claims<'a>,
}

/// What it says, without the bitmap.
struct Claims<'a> {
    key: Fingerprint,
    issuer: Certificate,
    signer: Option<Certificate>,
    number: u64,
    this_update: Timestamp,
    next_update: Timestamp,
    first_index: u64,
    next_index: u64,
    revoked: &'a [u8],
    others: Value<'a>,
}

impl RevocationSet {
    fn read(value: Value<'_>, now: Timestamp) -> Result<Self, SetError> {
        let parts = Parts::read(value)?;
        parts.must_be_signed()?;
        let claims = parts.claims;
        if claims.this_update.duration_since(now) > SKEW {
            return Err(SetError::FromTheFuture {
                issuer: claims.issuer.called(),
                this_update: claims.this_update,
                now,
            });
        }
        let mut bitmap = claims.revoked;
        let revoked = RoaringTreemap::deserialize_from(&mut bitmap).map_err(|_| Flaw("bitmap"))?;
        let is_within = revoked.min().is_none_or(|least| least >= claims.first_index)
            && revoked.max().is_none_or(|most| most < claims.next_index);
        if !bitmap.is_empty() || !is_within || claims.next_index > HIGHEST_INDEX + 1 {
            return Err(Flaw("bitmap").into());
        }
        Ok(Self {
            public_key: claims.issuer.public_key(),
            issuer: claims.issuer,
            key: claims.key,
            number: claims.number,
            this_update: claims.this_update,
            next_update: claims.next_update,
            first_index: claims.first_index,
            next_index: claims.next_index,
            revoked: revoked.into(),
            others: Others::read(claims.others)?,
        })
    }
}

impl<'a> Parts<'a> {
    fn read(value: Value<'a>) -> Result<Self, SetError> {
        let mut outer = Value::only(value.whole, asn1::SEQUENCE, "outer form")?.values();
        let tbs = outer.expect(asn1::SEQUENCE, "contents")?;
        let algorithm = outer.expect(asn1::SEQUENCE, "signature algorithm")?;
        let signature = outer.expect(asn1::BIT_STRING, "signature")?;
        outer.end("outer form")?;
        Ok(Self {
            claims: Claims::read(tbs, algorithm)?,
            tbs,
            algorithm,
            signature: signature.bits().ok_or(Flaw("signature"))?,
        })
    }

    /// Refuses what the key of the issuer has neither signed nor had signed.
    fn must_be_signed(&self) -> Result<(), SetError> {
        let claims = &self.claims;
        let not = |detail: String| SetError::NotSigned {
            issuer: claims.issuer.called(),
            detail,
        };
        if claims.issuer.public_key().fingerprint() != claims.key {
            return Err(not("it is about the key of another CA".into()));
        }
        if let Some(because) = claims.may_not_sign() {
            return Err(not(because));
        }
        let signer = claims.signer.as_ref().unwrap_or(&claims.issuer);
        let key = signer.public_key();
        match key.made(self.algorithm.whole, self.tbs.whole, self.signature) {
            Ok(true) => Ok(()),
            Ok(false) => Err(not(format!(
                "the signature was not made by the key of \"{}\"",
                signer.called()
            ))),
            Err(because) => Err(not(because)),
        }
    }
}

impl<'a> Claims<'a> {
    fn read(tbs: Value<'a>, algorithm: Value<'_>) -> Result<Self, SetError> {
        let mut parts = tbs.values();
        known(&mut parts, "version", VERSION)?;
        known(&mut parts, "layout", LAYOUT)?;
        if parts.expect(asn1::SEQUENCE, "signature algorithm")?.whole != algorithm.whole {
            return Err(Flaw("signature algorithm").into());
        }
        let key = parts.expect(asn1::OCTET_STRING, "issuer key")?.content;
        let (issuer, signer) = certificates(parts.expect(asn1::SEQUENCE, "certificates")?)?;
        let claims = Self {
            issuer,
            signer,
            key: Fingerprint(key.try_into().map_err(|_| Flaw("issuer key"))?),
            number: number(&mut parts, "number")?,
            this_update: timestamp(parts.expect(GENERALIZED_TIME, "time")?)?,
            next_update: timestamp(parts.expect(GENERALIZED_TIME, "time")?)?,
            first_index: number(&mut parts, "first index")?,
            next_index: number(&mut parts, "next index")?,
            revoked: parts.expect(asn1::OCTET_STRING, "bitmap")?.content,
            others: parts.expect(asn1::SEQUENCE, "others")?,
        };
        parts.end("contents")?;
        Ok(claims)
    }

    fn may_not_sign(&self) -> Option<String> {
        let Some(signer) = &self.signer else {
            let usage = self.issuer.key_usage();
            let without = usage.is_some_and(|usage| !usage.crl_sign());
            return without.then(|| "its key usage leaves cRLSign out".into());
        };
        let name = signer.called();
        let usages = signer.extended_key_usage().unwrap_or_default();
        let is_for_sets = Oid::from_octets(&SET_SIGNING).is_ok_and(|wanted| usages.contains(&wanted));
        let lives = signer.not_before()..=signer.not_after();
        if !signer.is_signed_by(&self.issuer.public_key()) {
            return Some(format!("it has not certified its signer \"{name}\""));
        }
        if !is_for_sets || signer.is_ca() {
            return Some(format!(
                "its signer \"{name}\" is not certified for revocation sets"
            ));
        }
        // So that a signer whose time is over cannot sign for later.
        let within = lives.contains(&self.this_update) && lives.contains(&self.next_update);
        (!within).then(|| format!("it lives longer than its signer \"{name}\""))
    }
}

/// That of the issuer, then that of the signer where it is another.
fn certificates(list: Value<'_>) -> Result<(Certificate, Option<Certificate>), Flaw> {
    const WHAT: Flaw = Flaw("certificates");
    let mut certificates = list
        .values()
        .map(|one| Certificate::from_der(one.map_err(|_| WHAT)?.whole).map_err(|_| WHAT));
    let issuer = certificates.next().ok_or(WHAT)??;
    let signer = certificates.next().transpose()?;
    match certificates.next() {
        None => Ok((issuer, signer)),
        Some(_) => Err(WHAT),
    }
}

/// A number that a program of another release may have written otherwise.
fn known(parts: &mut Values<'_>, what: &'static str, expected: u8) -> Result<(), SetError> {
    let found = number(parts, what)?;
    if found == u64::from(expected) {
        Ok(())
    } else {
        Err(SetError::TooNew {
            what,
            found,
            expected,
        })
    }
}

/// A number from 0 to 2^63 - 1 in its shortest form.
fn number(parts: &mut Values<'_>, what: &'static str) -> Result<u64, Flaw> {
    match parts.expect(asn1::INTEGER, what)?.content {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => Err(Flaw(what)),
        octets if octets.len() > 8 => Err(Flaw(what)),
        octets => Ok(octets
            .iter()
            .fold(0, |number, octet| number << 8 | u64::from(*octet))),
    }
}

impl Others {
    fn read(value: Value<'_>) -> Result<Self, Flaw> {
        let mut parts = value.values();
        let is_complete = match parts.expect(asn1::BOOLEAN, "others")?.content {
            [0] => false,
            [0xff] => true,
            _ => return Err(Flaw("others")),
        };
        let issued = parts.expect(asn1::SEQUENCE, "others")?;
        let revoked = parts.expect(asn1::SEQUENCE, "others")?;
        parts.end("others")?;
        Ok(Self {
            is_complete,
            issued: Serials::read(issued.values())?,
            revoked: Serials::read(revoked.values())?,
        })
    }
}

impl From<Flaw> for SetError {
    fn from(flaw: Flaw) -> Self {
        Self::Malformed { detail: flaw.into() }
    }
}
