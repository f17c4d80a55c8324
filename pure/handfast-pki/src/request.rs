//! A certificate request (PKCS#10, RFC 2986): a public key, and names that its sender wishes for.
//!
//! Nothing else is taken from it: extensions of a certificate come from the profile, so a request that
//! asks to be a CA is simply not heard.

use const_oid::{AssociatedOid, db::rfc5912};
use der::Decode;
use x509_cert::{
    ext::pkix::{SubjectAltName, name::GeneralName},
    name::Name,
    request::{CertReq, ExtensionReq},
};

use crate::{Error, PublicKey, Result, name, name::AltName, signed::signed_bytes};

/// A request whose signature was verified with the key that it carries, and whose key is strong.
#[derive(Debug, Clone)]
pub struct Request {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKey,
    wished: Vec<AltName>,
    ignored: Vec<String>,
}

impl Request {
    /// Decodes `der`, checks the key and the proof of possession.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let decoded = CertReq::from_der(der).map_err(|error| Error::Malformed {
            what: "certificate request",
            detail: error.into(),
        })?;
        let public_key = PublicKey::from_spki(&decoded.info.public_key);
        public_key.must_be_strong()?;
        prove_possession(der, &decoded, &public_key)?;
        let (wished, ignored) = wishes(&decoded)?;
        Ok(Self {
            der: der.to_vec(),
            subject: decoded.info.subject,
            public_key,
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

    /// What the request asks for and never gets, for saying so: other extensions and name types.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The common name of the subject, when there is exactly one.
    pub fn common_name(&self) -> Option<String> {
        name::common_name(&self.subject)
    }
}

fn prove_possession(der: &[u8], request: &CertReq, key: &PublicKey) -> Result<()> {
    let signed = signed_bytes(der).ok_or(Error::RequestSignature)?;
    let signature = request.signature.as_bytes().ok_or(Error::RequestSignature)?;
    if key.has_signed(&request.algorithm, signed, signature) {
        Ok(())
    } else {
        Err(Error::RequestSignature)
    }
}

fn wishes(request: &CertReq) -> Result<(Vec<AltName>, Vec<String>)> {
    let (mut wished, mut ignored) = (Vec::new(), Vec::new());
    for attribute in request
        .info
        .attributes
        .iter()
        .filter(|attribute| attribute.oid == rfc5912::ID_EXTENSION_REQ)
    {
        for value in attribute.values.iter() {
            let malformed = |error: der::Error| Error::Malformed {
                what: "extension request",
                detail: error.into(),
            };
            let extensions: ExtensionReq = value.decode_as().map_err(malformed)?;
            for extension in extensions.0 {
                if extension.extn_id == SubjectAltName::OID {
                    let names =
                        SubjectAltName::from_der(extension.extn_value.as_bytes()).map_err(malformed)?;
                    collect(names, &mut wished, &mut ignored)?;
                } else {
                    let oid = extension.extn_id;
                    ignored.push(
                        const_oid::db::DB
                            .by_oid(&oid)
                            .map_or_else(|| oid.to_string(), str::to_owned),
                    );
                }
            }
        }
    }
    Ok((wished, ignored))
}

fn collect(names: SubjectAltName, wished: &mut Vec<AltName>, ignored: &mut Vec<String>) -> Result<()> {
    for general in &names.0 {
        match general {
            GeneralName::DnsName(dns) => wished.push(AltName::dns(dns.as_str())?),
            GeneralName::UniformResourceIdentifier(uri) => wished.push(AltName::uri(uri.as_str())?),
            GeneralName::Rfc822Name(email) => wished.push(AltName::email(email.as_str())?),
            GeneralName::IpAddress(octets) => match name::ip_from_octets(octets) {
                Some(ip) => wished.push(AltName::Ip(ip)),
                None => ignored.push("an IP address of odd length".to_owned()),
            },
            _ => ignored.push("a name of a type that we do not certify".to_owned()),
        }
    }
    Ok(())
}
