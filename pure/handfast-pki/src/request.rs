//! A certificate request (PKCS#10, RFC 2986): a public key, and names that its sender wishes for.
//!
//! Nothing else is taken from it: extensions of a certificate come from the profile, so a request that
//! asks to be a CA is simply not heard.

use const_oid::{AssociatedOid, db::rfc5912::ID_EXTENSION_REQ};

use crate::{
    Error, PublicKey, Result, Shown,
    asn1::{self, Flaw, Value, Values, constructed},
    extensions::{Extended, Extension},
    general::{AltNames, GeneralName},
    name::{self, AltName, Name},
    oid::Oid,
    signed::signed_bytes,
};

/// A request whose signature was verified with the key that it carries, and whose key is strong.
#[derive(Debug, Clone)]
pub struct Request {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKey,
    wished: Vec<AltName>,
    ignored: Vec<String>,
}

/// More octets than a request with the largest key and hundreds of names has.
const LARGEST: usize = 1 << 16;

impl Request {
    /// Decodes `der`, checks the key and the proof of possession.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        if der.len() > LARGEST {
            return Err(Error::Malformed {
                what: "certificate request",
                detail: Shown::filled("it has {} octets, expected at most {}", &[&der.len(), &LARGEST]),
            });
        }
        let decoded = Decoded::read(der).map_err(malformed)?;
        decoded.public_key.must_be_strong()?;
        let signed = signed_bytes(der).ok_or(Error::RequestSignature)?;
        match decoded
            .public_key
            .made(decoded.algorithm, signed, decoded.signature)
        {
            Ok(true) => {}
            Ok(false) => return Err(Error::RequestSignature),
            // The key is of a kind that is verified with, so it is the algorithm that is not.
            Err(_) => {
                return Err(Error::UnsupportedSignature {
                    found: crate::key::Signature::of(decoded.algorithm).name(),
                });
            }
        }
        let (wished, ignored) = wishes(decoded.attributes)?;
        Ok(Self {
            der: der.to_vec(),
            subject: decoded.subject,
            public_key: decoded.public_key,
            wished,
            ignored,
        })
    }

    /// The exact bytes of the CSR (RFC 2986).
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject that the sender would like; nothing is taken from it.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Its private half has signed the request.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The subject alternative names that the sender would like to have.
    pub fn wished(&self) -> &[AltName] {
        &self.wished
    }

    /// What the request asks for and never gets, for saying so: other attributes (such as a challengePassword, whose value
    /// is not kept), extensions and name types.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The common name of the subject, when there is exactly one.
    pub fn common_name(&self) -> Option<String> {
        name::common_name(&self.subject)
    }
}

/// CertificationRequest (RFC 2986 section 4).
struct Decoded<'a> {
    subject: Name,
    public_key: PublicKey,
    attributes: Values<'a>,
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Decoded<'a> {
    fn read(der: &'a [u8]) -> Result<Self, Flaw> {
        let mut outer = Value::only(der, asn1::SEQUENCE, "outer form")?.values();
        let mut info = outer.expect(asn1::SEQUENCE, "contents")?.values();
        let algorithm = outer.expect(asn1::SEQUENCE, "signature algorithm")?;
        let signature = outer.expect(asn1::BIT_STRING, "signature")?;
        outer.end("outer form")?;
        if info.expect(asn1::INTEGER, "version")?.content != [0] {
            return Err(Flaw("version"));
        }
        let subject = info.expect(asn1::SEQUENCE, "subject")?;
        let public_key = info.expect(asn1::SEQUENCE, "public key")?;
        // Programs leave them out where there is none.
        let attributes = info.optional(constructed(0));
        info.end("contents")?;
        Ok(Self {
            subject: Name::from_content(subject.content)?,
            public_key: PublicKey::from_der(public_key.whole),
            attributes: attributes.map_or(Values(&[]), Value::values),
            algorithm: algorithm.whole,
            signature: signature.bits().ok_or(Flaw("signature"))?,
        })
    }
}

fn malformed(flaw: Flaw) -> Error {
    Error::Malformed {
        what: "certificate request",
        detail: flaw.into(),
    }
}

fn wishes(attributes: Values<'_>) -> Result<(Vec<AltName>, Vec<String>)> {
    const WHAT: Flaw = Flaw("attributes");
    let (mut wished, mut ignored) = (Vec::new(), Vec::new());
    for attribute in attributes {
        let mut parts = attribute.map_err(malformed)?.values();
        let kind = parts.expect(asn1::OBJECT_IDENTIFIER, WHAT.0).map_err(malformed)?;
        let kind = Oid::from_octets(kind.content).map_err(|_| malformed(WHAT))?;
        let values = parts.expect(asn1::SET, WHAT.0).map_err(malformed)?.values();
        if kind != ID_EXTENSION_REQ {
            ignored.push(kind.called());
            continue;
        }
        for list in values {
            let list = list.ok().filter(|list| list.tag == asn1::SEQUENCE);
            for extension in list.ok_or_else(|| malformed(WHAT))?.values() {
                let extension = extension.and_then(Extension::read).map_err(malformed)?;
                if extension.id == AltNames::OID {
                    let names = AltNames::read(&extension.value).ok_or_else(|| malformed(Flaw("names")))?;
                    collect(names, &mut wished, &mut ignored)?;
                } else {
                    ignored.push(extension.id.called());
                }
            }
        }
    }
    Ok((wished, ignored))
}

fn collect(names: AltNames, wished: &mut Vec<AltName>, ignored: &mut Vec<String>) -> Result<()> {
    for general in &names.0 {
        match general {
            GeneralName::Dns(dns) => wished.push(AltName::dns(dns)?),
            GeneralName::Uri(uri) => wished.push(AltName::uri(uri)?),
            GeneralName::Email(email) => wished.push(AltName::email(email)?),
            GeneralName::Ip(octets) => match name::ip_from_octets(octets) {
                Some(ip) => wished.push(AltName::Ip(ip)),
                None => ignored.push("an IP address of odd length".to_owned()),
            },
            other => ignored.push(format!("the name {other}, of a type that we do not certify")),
        }
    }
    Ok(())
}
