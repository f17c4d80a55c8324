//! One X.509 certificate: its bytes and what they say. Decoding proves nothing; [`crate::verify`] does.

use std::fmt;

use const_oid::AssociatedOid;
use der::{Decode, asn1::ObjectIdentifier};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_cert::{
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName,
            SubjectKeyIdentifier,
        },
    },
    name::Name,
};

use crate::{
    Error, Fingerprint, Identity, PrivateKey, PublicKey, Result, key, name, pem, signed::signed_bytes,
    text::hex, time::timestamp,
};

/// RFC 3279 section 2.2.3; too old for the table of names.
const ECDSA_WITH_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.1");

/// A decoded certificate with the exact bytes that it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    decoded: x509_cert::Certificate,
}

impl Certificate {
    /// Decodes `der`, which must hold nothing after the certificate.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let decoded = x509_cert::Certificate::from_der(der).map_err(|error| Error::Malformed {
            what: "certificate",
            detail: error.into(),
        })?;
        Ok(Self {
            der: CertificateDer::from(der.to_vec()),
            decoded,
        })
    }

    /// The exact bytes.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// As a PEM block.
    pub fn to_pem(&self) -> String {
        pem::write("CERTIFICATE", &self.der)
    }

    /// SHA-256 of the whole.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// 1, 2 or 3.
    pub fn version(&self) -> u8 {
        self.decoded.tbs_certificate().version() as u8 + 1
    }

    /// The serial number as lower-case hexadecimal digits.
    pub fn serial(&self) -> String {
        hex(self.decoded.tbs_certificate().serial_number().as_bytes())
    }

    /// The subject (RFC 5280 section 4.1.2.6); may be empty.
    pub fn subject(&self) -> &Name {
        self.decoded.tbs_certificate().subject()
    }

    /// The issuer as this certificate names it (RFC 5280 section 4.1.2.4).
    pub fn issuer(&self) -> &Name {
        self.decoded.tbs_certificate().issuer()
    }

    /// Subject, for messages; a certificate without subject is called by its first name.
    pub fn called(&self) -> String {
        if self.subject().is_empty() {
            self.identity().called()
        } else {
            name::shown(self.subject())
        }
    }

    /// The first second of its validity (RFC 5280 section 4.1.2.5).
    pub fn not_before(&self) -> Timestamp {
        timestamp(self.decoded.tbs_certificate().validity().not_before)
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> Timestamp {
        timestamp(self.decoded.tbs_certificate().validity().not_after)
    }

    /// Its names, by type. Proven by [`crate::VerifiedChain`] alone.
    pub fn identity(&self) -> Identity {
        let names = self.extension::<SubjectAltName>().map(|names| names.0);
        Identity::of(self.fingerprint(), self.subject(), &names.unwrap_or_default())
    }

    /// The public key with its algorithm.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_spki(self.decoded.tbs_certificate().subject_public_key_info())
    }

    /// The algorithm of the issuer's signature, by name where we know it.
    pub fn signature_algorithm(&self) -> String {
        let oid = self.decoded.signature_algorithm().oid;
        if oid == ECDSA_WITH_SHA_1 {
            return "ecdsa-with-SHA1".into();
        }
        const_oid::db::DB
            .by_oid(&oid)
            .map_or_else(|| oid.to_string(), str::to_owned)
    }

    /// Whether basicConstraints says that this is a CA; a version 1 certificate says nothing.
    pub fn is_ca(&self) -> bool {
        self.extension::<BasicConstraints>()
            .is_some_and(|constraints| constraints.ca)
    }

    /// How many CAs may follow below this one, when it is limited.
    pub fn path_length(&self) -> Option<u8> {
        self.extension::<BasicConstraints>()
            .and_then(|constraints| constraints.path_len_constraint)
    }

    /// Whether subject and issuer are the same name. Whether it really signed itself is for [`crate::verify`].
    pub fn is_self_issued(&self) -> bool {
        name::der_of(self.subject()) == name::der_of(self.issuer())
    }

    /// Section 4.2.1.3 of RFC 5280; `None` where the extension is missing, and then everything is allowed.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.extension()
    }

    /// Names of the key usages, in the order of RFC 5280 section 4.2.1.3.
    pub fn key_usage_names(&self) -> Vec<&'static str> {
        let Some(usage) = self.key_usage() else {
            return Vec::new();
        };
        [
            (usage.digital_signature(), "digitalSignature"),
            (usage.non_repudiation(), "nonRepudiation"),
            (usage.key_encipherment(), "keyEncipherment"),
            (usage.data_encipherment(), "dataEncipherment"),
            (usage.key_agreement(), "keyAgreement"),
            (usage.key_cert_sign(), "keyCertSign"),
            (usage.crl_sign(), "cRLSign"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect()
    }

    /// The extended key usages; `None` where the extension is missing.
    pub fn extended_key_usage(&self) -> Option<Vec<ObjectIdentifier>> {
        self.extension::<ExtendedKeyUsage>().map(|usage| usage.0)
    }

    /// The extended key usages by name: `serverAuth`, `clientAuth`, or the object identifier.
    pub fn extended_key_usage_names(&self) -> Option<Vec<String>> {
        let named = |oid: &ObjectIdentifier| match *oid {
            const_oid::db::rfc5280::ID_KP_SERVER_AUTH => "serverAuth".to_owned(),
            const_oid::db::rfc5280::ID_KP_CLIENT_AUTH => "clientAuth".to_owned(),
            other => other.to_string(),
        };
        Some(self.extended_key_usage()?.iter().map(named).collect())
    }

    /// The bytes of the extension (RFC 5280 section 4.2.1.2).
    pub fn subject_key_id(&self) -> Option<Vec<u8>> {
        self.extension::<SubjectKeyIdentifier>()
            .map(|id| id.0.as_bytes().to_vec())
    }

    /// The key identifier of the issuer (RFC 5280 section 4.2.1.1); issuer and serial number are not looked at.
    pub fn authority_key_id(&self) -> Option<Vec<u8>> {
        self.extension::<AuthorityKeyIdentifier>()?
            .key_identifier
            .map(|id| id.as_bytes().to_vec())
    }

    /// The extension `T` when it is there and can be decoded. Verification reads extensions by itself and
    /// refuses broken ones; this is for showing and for rules that only add refusals.
    pub fn extension<T: AssociatedOid + for<'a> Decode<'a>>(&self) -> Option<T> {
        let found = self
            .extensions()
            .iter()
            .find(|extension| extension.extn_id == T::OID)?;
        T::from_der(found.extn_value.as_bytes()).ok()
    }

    /// Whether the extension `T` is there and cannot be decoded.
    pub(crate) fn is_unreadable<T: AssociatedOid + for<'a> Decode<'a>>(&self) -> bool {
        self.extensions()
            .iter()
            .any(|extension| extension.extn_id == T::OID)
            && self.extension::<T>().is_none()
    }

    /// All extensions, in order.
    pub(crate) fn extensions(&self) -> &[Extension] {
        self.decoded
            .tbs_certificate()
            .extensions()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Whether the key `issuer` made the signature. Nothing else is looked at; [`crate::verify`] does.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let signature = self.decoded.signature().as_bytes().unwrap_or_default();
        issuer.has_signed(self.decoded.signature_algorithm(), self.tbs_der(), signature)
    }

    /// Whether the signature is of a kind that is verified at all: no MD5, no SHA-1.
    pub(crate) fn has_known_signature(&self) -> bool {
        key::is_known_signature(self.decoded.signature_algorithm())
    }

    /// The to-be-signed bytes, as they were received.
    pub fn tbs_der(&self) -> &[u8] {
        signed_bytes(&self.der).unwrap_or_default()
    }

    pub(crate) fn decoded(&self) -> &x509_cert::Certificate {
        &self.decoded
    }
}

impl PrivateKey {
    /// Refuses a certificate that carries another public key.
    pub fn must_match(&self, certificate: &Certificate) -> Result<()> {
        self.public_key().must_match(certificate)
    }
}

impl PublicKey {
    /// Refuses a certificate that carries another public key.
    pub fn must_match(&self, certificate: &Certificate) -> Result<()> {
        let theirs = certificate.public_key();
        if self.same_key(&theirs) {
            return Ok(());
        }
        Err(Error::KeyMismatch {
            key: self.short(),
            certificate: theirs.short(),
        })
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", self.called(), self.serial())
    }
}

/// All certificates as one PEM text, in order.
pub fn chain_to_pem<'a>(chain: impl IntoIterator<Item = &'a Certificate>) -> String {
    chain.into_iter().map(Certificate::to_pem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_in_both_spellings() {
        let fingerprint = Fingerprint::of(b"x");
        let plain = fingerprint.to_string();
        let colons = plain
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
            .collect::<Vec<_>>()
            .join(":");
        assert_eq!(plain.parse(), Ok(fingerprint));
        assert_eq!(colons.parse(), Ok(fingerprint));
        assert!(plain[2..].parse::<Fingerprint>().is_err());
        assert!("zz".repeat(32).parse::<Fingerprint>().is_err());
    }
}
