//! What was asked (RFC 6960 section 4.1).

use super::{CertId, Refused, response::NONCE};
use crate::{
    asn1::{self, Flaw, Value, constructed},
    extensions::Extension,
};

/// A request that is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The certificates, in the order in which they are asked for; at least one.
    pub asked: Vec<CertId>,
    /// To be repeated in the answer, which then cannot be an old one (RFC 9654): 1 to 128 octets.
    pub nonce: Option<Vec<u8>>,
}

/// The most certificates of one request; an answer is as long as it.
const MOST: usize = 100;

impl Request {
    /// Reads a request. Its signature, where it has one, changes nothing: everybody may ask.
    ///
    /// # Errors
    ///
    /// [`Refused::Malformed`].
    pub fn from_der(der: &[u8]) -> Result<Self, Refused> {
        Self::read(der).map_err(|_| Refused::Malformed)
    }

    fn read(der: &[u8]) -> Result<Self, Flaw> {
        const WHAT: &str = "request";
        let mut outer = Value::only(der, asn1::SEQUENCE, WHAT)?.values();
        let mut parts = outer.expect(asn1::SEQUENCE, WHAT)?.values();
        outer.optional(constructed(0));
        outer.end(WHAT)?;
        if let Some(version) = parts.optional(constructed(0))
            && Value::only(version.content, asn1::INTEGER, WHAT)?.content != [0]
        {
            return Err(Flaw(WHAT));
        }
        parts.optional(constructed(1));
        let list = parts.expect(asn1::SEQUENCE, WHAT)?;
        let extensions = parts.optional(constructed(2));
        parts.end(WHAT)?;
        let mut asked = Vec::new();
        for one in list.values() {
            asked.push(single(one?)?);
            if asked.len() > MOST {
                return Err(Flaw(WHAT));
            }
        }
        if asked.is_empty() {
            return Err(Flaw(WHAT));
        }
        let nonce = match extensions {
            None => None,
            Some(extensions) => nonce(extensions)?,
        };
        Ok(Self { asked, nonce })
    }
}

fn single(value: Value<'_>) -> Result<CertId, Flaw> {
    const WHAT: &str = "request";
    let mut parts = value.values();
    let id = CertId::read(parts.expect(asn1::SEQUENCE, WHAT)?)?;
    if let Some(extensions) = parts.optional(constructed(0)) {
        for extension in all(extensions)? {
            if extension.critical {
                return Err(Flaw(WHAT));
            }
        }
    }
    parts.end(WHAT)?;
    Ok(id)
}

/// The nonce among the extensions; every other one has to be one that may be ignored.
fn nonce(explicit: Value<'_>) -> Result<Option<Vec<u8>>, Flaw> {
    const WHAT: &str = "nonce";
    let mut found = None;
    for extension in all(explicit)? {
        if extension.id == NONCE {
            let octets = Value::only(&extension.value, asn1::OCTET_STRING, WHAT)?.content;
            if octets.is_empty() || octets.len() > 128 || found.is_some() {
                return Err(Flaw(WHAT));
            }
            found = Some(octets.to_vec());
        } else if extension.critical {
            return Err(Flaw("extension"));
        }
    }
    Ok(found)
}

fn all(explicit: Value<'_>) -> Result<Vec<Extension>, Flaw> {
    let list = Value::only(explicit.content, asn1::SEQUENCE, "extensions")?.values();
    list.map(|extension| Extension::read(extension?)).collect()
}
