//! A certificate revocation list (RFC 5280 section 5): what it says, and ([`build`]) how one is made.

pub mod build;
pub mod lint;

use const_oid::db::rfc5280::{ID_CE_CRL_NUMBER, ID_CE_CRL_REASONS};
use jiff::Timestamp;

use crate::{
    Error, PublicKey, Result,
    asn1::{self, Flaw, Value, Values, constructed},
    extensions::Extension,
    name::{self, Name},
    serial,
    signed::signed_bytes,
    time::timestamp,
};

/// A decoded revocation list. Its signature is not verified here.
#[derive(Debug, Clone)]
pub struct RevocationList {
    /// 2 as RFC 5280 wants it, or 1, which has no extensions and which much software refuses.
    pub version: u8,
    /// The issuer (RFC 5280 section 5.1.2.3).
    pub issuer: Name,
    /// When it was issued (RFC 5280 section 5.1.2.4).
    pub this_update: Timestamp,
    /// When the next list is promised; a verifier that enforces freshness refuses everybody after it.
    pub next_update: Option<Timestamp>,
    /// CRL number as hexadecimal digits.
    pub number: Option<String>,
    /// Serial numbers as hexadecimal digits, in the order of the list.
    pub revoked: Vec<String>,
}

/// What a list says of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedEntry {
    /// Hexadecimal digits.
    pub serial: String,
    /// When it was revoked, to the second.
    pub at: Timestamp,
    /// The reason code (RFC 5280 section 5.3.1), where one is said.
    pub reason: Option<u8>,
}

/// The entries of the list in `der`, which [`RevocationList::from_der`] has read, with times and reasons.
///
/// # Errors
///
/// [`Error::Malformed`], with the part that cannot be read.
pub fn entries_of(der: &[u8]) -> Result<Vec<RevokedEntry>> {
    let read = || {
        let mut outer = Value::only(der, asn1::SEQUENCE, "outer form")?.values();
        let mut list = outer.expect(asn1::SEQUENCE, "contents")?.values();
        list.optional(asn1::INTEGER);
        list.expect(asn1::SEQUENCE, "signature algorithm")?;
        list.expect(asn1::SEQUENCE, "issuer")?;
        for tag in [UTC_TIME, GENERALIZED_TIME, UTC_TIME, GENERALIZED_TIME] {
            list.optional(tag);
        }
        entries(list.optional(asn1::SEQUENCE).map_or(Values(&[]), Value::values))
    };
    read().map_err(|flaw: Flaw| Error::Malformed {
        what: "revocation list",
        detail: flaw.into(),
    })
}

/// Whether the list in `der` carries a good signature by `issuer`.
pub fn is_signed_by(der: &[u8], issuer: &PublicKey) -> bool {
    let parts = || {
        let mut outer = Value::only(der, asn1::SEQUENCE, "outer form").ok()?.values();
        outer.expect(asn1::SEQUENCE, "contents").ok()?;
        let algorithm = outer.expect(asn1::SEQUENCE, "signature algorithm").ok()?;
        let signature = outer.expect(asn1::BIT_STRING, "signature").ok()?;
        Some((algorithm.whole, signature.bits()?, signed_bytes(der)?))
    };
    parts()
        .is_some_and(|(algorithm, signature, signed)| issuer.made(algorithm, signed, signature) == Ok(true))
}

impl RevocationList {
    /// Decodes a list of version 2 or 1; the latter does not say so, its version is left out (RFC 5280 section 5.1).
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], with the part that cannot be read.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        Self::read(der).map_err(|flaw| Error::Malformed {
            what: "revocation list",
            detail: flaw.into(),
        })
    }

    /// The issuer as RFC 4514 text.
    pub fn issuer_shown(&self) -> String {
        name::shown(&self.issuer)
    }

    fn read(der: &[u8]) -> Result<Self, Flaw> {
        let mut outer = Value::only(der, asn1::SEQUENCE, "outer form")?.values();
        let mut list = outer.expect(asn1::SEQUENCE, "contents")?.values();
        outer.expect(asn1::SEQUENCE, "signature algorithm")?;
        outer.expect(asn1::BIT_STRING, "signature")?;
        outer.end("outer form")?;
        let version = match list.optional(asn1::INTEGER).map(|version| version.content) {
            None => 1,
            Some([1]) => 2,
            Some(_) => return Err(Flaw("version")),
        };
        list.expect(asn1::SEQUENCE, "signature algorithm")?;
        let issuer = list.expect(asn1::SEQUENCE, "issuer")?;
        let this_update = timestamp(list.next().unwrap_or(Err(Flaw("time")))?)?;
        let next_update = [UTC_TIME, GENERALIZED_TIME]
            .into_iter()
            .find_map(|tag| list.optional(tag))
            .map(timestamp)
            .transpose()?;
        let revoked = list.optional(asn1::SEQUENCE);
        let extensions = list.optional(constructed(0));
        list.end("contents")?;
        Ok(Self {
            version,
            issuer: Name::from_content(issuer.content)?,
            this_update,
            next_update,
            number: number(extensions)?,
            revoked: entries(revoked.map_or(Values(&[]), Value::values))?
                .into_iter()
                .map(|entry| entry.serial)
                .collect(),
        })
    }
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const ENUMERATED: u8 = 0x0a;

/// The CRL number (RFC 5280 section 5.2.3).
fn number(extensions: Option<Value<'_>>) -> Result<Option<String>, Flaw> {
    let Some(explicit) = extensions else {
        return Ok(None);
    };
    let list = Value::only(explicit.content, asn1::SEQUENCE, "extensions")?.values();
    let extensions: Vec<Extension> = list
        .map(|extension| Extension::read(extension?))
        .collect::<Result<_, _>>()?;
    let number = extensions
        .iter()
        .find(|extension| extension.id == ID_CE_CRL_NUMBER);
    let number = number.and_then(|number| Value::only(&number.value, asn1::INTEGER, "number").ok());
    Ok(number.map(|number| serial::shown(number.content)))
}

/// What was revoked; serial numbers as certificates show theirs.
fn entries(revoked: Values<'_>) -> Result<Vec<RevokedEntry>, Flaw> {
    let one = |entry: Result<Value<'_>, Flaw>| {
        let mut parts = entry?.values();
        let serial = parts.expect(asn1::INTEGER, "entries")?;
        let at = timestamp(parts.next().unwrap_or(Err(Flaw("entries")))?)?;
        let reason = parts.optional(asn1::SEQUENCE).map(reason).transpose()?.flatten();
        Ok(RevokedEntry {
            serial: serial::shown(serial.content),
            at,
            reason,
        })
    };
    revoked.map(one).collect()
}

/// The reason code (RFC 5280 section 5.3.1) among the extensions of an entry.
fn reason(extensions: Value<'_>) -> Result<Option<u8>, Flaw> {
    for extension in extensions.values() {
        let extension = Extension::read(extension?)?;
        if extension.id == ID_CE_CRL_REASONS {
            let code = Value::only(&extension.value, ENUMERATED, "reason")?;
            return match code.content {
                [code] => Ok(Some(*code)),
                _ => Err(Flaw("reason")),
            };
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    /// A list of these entries, of the version that `version` is the field of.
    fn list(version: &[u8], revoked: &[&[u8]], until: &str) -> Vec<u8> {
        let wrap = asn1::wrap;
        let time = wrap(UTC_TIME, b"260102030405Z");
        let entries: Vec<u8> = revoked
            .iter()
            .flat_map(|serial| {
                wrap(
                    asn1::SEQUENCE,
                    &[wrap(asn1::INTEGER, serial), time.clone()].concat(),
                )
            })
            .collect();
        let algorithm = wrap(asn1::SEQUENCE, &[6, 3, 0x2b, 0x65, 0x70]);
        let content = [
            version.to_vec(),
            algorithm.clone(),
            Name::from_str("CN=Root").expect("a name").der(),
            time,
            wrap(GENERALIZED_TIME, until.as_bytes()),
            wrap(asn1::SEQUENCE, &entries),
        ];
        let content = wrap(asn1::SEQUENCE, &content.concat());
        let signature = wrap(asn1::BIT_STRING, b"\0not verified");
        wrap(asn1::SEQUENCE, &[content, algorithm, signature].concat())
    }

    fn first(revoked: &[&[u8]]) -> Vec<u8> {
        list(&[], revoked, "20270102030405Z")
    }

    #[test]
    fn a_list_of_the_first_version_is_read_and_says_so() {
        let list = RevocationList::from_der(&first(&[&[7], &[9], &[0xff]])).expect("a list");
        assert_eq!((list.version, list.issuer_shown().as_str()), (1, "CN=Root"));
        assert_eq!(list.revoked, ["07", "09", "-01"]);
        assert!(list.next_update.is_some_and(|next| next > list.this_update));
    }

    #[test]
    fn a_list_without_an_end_is_shown_with_the_end_that_it_names() {
        let list = list(&[2, 1, 1], &[], "99991231235959Z");
        let list = RevocationList::from_der(&list).expect("a list");
        assert_eq!(list.version, 2);
        assert!(list.next_update.is_some_and(crate::time::is_no_end));
    }

    #[test]
    fn a_list_that_breaks_off_is_refused_wherever_it_does() {
        let whole = first(&[&[7]]);
        for length in 0..whole.len() {
            assert!(RevocationList::from_der(&whole[..length]).is_err(), "{length}");
        }
    }
}
