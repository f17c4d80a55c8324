//! One X.509 certificate: its bytes and what they say. Decoding proves nothing; [`crate::verify`] does.

use std::fmt;

use const_oid::db::rfc5280::{ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, SubjectKeyIdentifier};

pub use crate::signed::signed_bytes;
use crate::{
    Error, Fingerprint, Identity, PrivateKey, PublicKey, Result,
    asn1::{self, Flaw, Value, Values, constructed, context},
    extensions::{AuthorityKey, Extended, ExtendedUsages, Extension},
    general::{AltNames, GeneralName},
    key::Signature,
    name::{self, Name},
    oid::Oid,
    pem,
    purpose::Purpose,
    serial,
    time::timestamp,
};

/// A decoded certificate with the exact bytes that it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    decoded: Decoded,
}

/// What a certificate says (RFC 5280 section 4.1), each part as it stands.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    version: u8,
    /// Two's complement, as many octets as there are.
    serial: Vec<u8>,
    /// The algorithm that was signed with the rest.
    pub(crate) inner_algorithm: Vec<u8>,
    issuer: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Name,
    public_key: PublicKey,
    extensions: Vec<Extension>,
    /// The algorithm beside the signature.
    pub(crate) algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Decodes `der`, which must hold nothing after the certificate.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let decoded = Decoded::read(der).map_err(|flaw| Error::Malformed {
            what: "certificate",
            detail: flaw.into(),
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
        self.decoded.version
    }

    /// The serial number as lower-case hexadecimal digits, with a sign where it is below zero.
    pub fn serial(&self) -> String {
        serial::shown(&self.decoded.serial)
    }

    /// The serial number as it stands: two's complement.
    pub fn serial_octets(&self) -> &[u8] {
        &self.decoded.serial
    }

    /// The subject (RFC 5280 section 4.1.2.6); may be empty.
    pub fn subject(&self) -> &Name {
        &self.decoded.subject
    }

    /// The issuer as this certificate names it (RFC 5280 section 4.1.2.4).
    pub fn issuer(&self) -> &Name {
        &self.decoded.issuer
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
        self.decoded.not_before
    }

    /// The last second of its validity.
    pub fn not_after(&self) -> Timestamp {
        self.decoded.not_after
    }

    /// Its names, by type. Proven by [`crate::VerifiedChain`] alone.
    pub fn identity(&self) -> Identity {
        Identity::of(self.fingerprint(), self.subject(), &self.alt_names())
    }

    /// The subject alternative names of every kind (RFC 5280 section 4.2.1.6).
    pub fn alt_names(&self) -> Vec<GeneralName> {
        self.extension::<AltNames>()
            .map(|names| names.0)
            .unwrap_or_default()
    }

    /// The public key with its algorithm.
    pub fn public_key(&self) -> PublicKey {
        self.decoded.public_key.clone()
    }

    /// The algorithm of the issuer's signature, by name where we know it.
    pub fn signature_algorithm(&self) -> String {
        Signature::of(&self.decoded.algorithm).name()
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
        self.subject() == self.issuer()
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
    pub fn extended_key_usage(&self) -> Option<Vec<Oid>> {
        self.extension::<ExtendedUsages>().map(|usage| usage.0)
    }

    /// Whether its extended key usages name `purpose`.
    pub fn is_for(&self, purpose: Purpose) -> bool {
        let wanted = match purpose {
            Purpose::Client => ID_KP_CLIENT_AUTH,
            Purpose::Server => ID_KP_SERVER_AUTH,
        };
        let usages = self.extended_key_usage().unwrap_or_default();
        usages.iter().any(|usage| *usage == wanted)
    }

    /// The extended key usages by name: `serverAuth`, `clientAuth`, or the object identifier.
    pub fn extended_key_usage_names(&self) -> Option<Vec<String>> {
        Some(self.extended_key_usage()?.iter().map(Oid::called).collect())
    }

    /// The bytes of the extension (RFC 5280 section 4.2.1.2).
    pub fn subject_key_id(&self) -> Option<Vec<u8>> {
        self.extension::<SubjectKeyIdentifier>()
            .map(|id| id.0.as_bytes().to_vec())
    }

    /// The key identifier of the issuer (RFC 5280 section 4.2.1.1); issuer and serial number are not looked at.
    pub fn authority_key_id(&self) -> Option<Vec<u8>> {
        self.extension::<AuthorityKey>()?.key_id
    }

    /// The extension `T` when it is there and can be decoded. Verification reads extensions by itself and
    /// refuses broken ones; this is for showing and for rules that only add refusals.
    pub fn extension<T: Extended>(&self) -> Option<T> {
        T::read(&self.find(T::OID)?.value)
    }

    /// Whether the extension `T` is there and marked critical.
    pub fn is_critical<T: Extended>(&self) -> bool {
        self.find(T::OID).is_some_and(|extension| extension.critical)
    }

    /// Whether the extension `T` is there and cannot be decoded.
    pub fn is_unreadable<T: Extended>(&self) -> bool {
        self.find(T::OID).is_some() && self.extension::<T>().is_none()
    }

    fn find(&self, id: ObjectIdentifier) -> Option<&Extension> {
        self.extensions().iter().find(|extension| extension.id == id)
    }

    /// All extensions, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.decoded.extensions
    }

    /// Whether the key `issuer` is known to have made the signature. Nothing else is looked at; [`crate::verify`] does.
    ///
    /// No is said of what cannot be told, too; see [`Self::signature_by`].
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        self.signature_by(issuer) == Ok(true)
    }

    /// Whether the key `issuer` made the signature, or why that cannot be told here.
    pub fn signature_by(&self, issuer: &PublicKey) -> std::result::Result<bool, String> {
        issuer.made(&self.decoded.algorithm, self.tbs_der(), &self.decoded.signature)
    }

    /// The algorithm of the signature.
    pub(crate) fn signature(&self) -> Signature<'_> {
        Signature::of(&self.decoded.algorithm)
    }

    /// The to-be-signed bytes, as they were received.
    pub fn tbs_der(&self) -> &[u8] {
        signed_bytes(&self.der).unwrap_or_default()
    }

    pub(crate) fn decoded(&self) -> &Decoded {
        &self.decoded
    }
}

impl Decoded {
    fn read(der: &[u8]) -> std::result::Result<Self, Flaw> {
        let mut outer = Value::only(der, asn1::SEQUENCE, "outer form")?.values();
        let mut tbs = outer.expect(asn1::SEQUENCE, "contents")?.values();
        let algorithm = outer.expect(asn1::SEQUENCE, "signature algorithm")?;
        let signature = outer.expect(asn1::BIT_STRING, "signature")?;
        outer.end("outer form")?;
        let version = version(tbs.optional(constructed(0)))?;
        let serial = tbs.expect(asn1::INTEGER, "serial number")?;
        let inner_algorithm = tbs.expect(asn1::SEQUENCE, "signature algorithm")?;
        let issuer = tbs.expect(asn1::SEQUENCE, "issuer")?;
        let mut validity = tbs.expect(asn1::SEQUENCE, "validity")?.values();
        let mut time = || timestamp(validity.next().unwrap_or(Err(Flaw("validity")))?);
        let (not_before, not_after) = (time()?, time()?);
        validity.end("validity")?;
        let subject = tbs.expect(asn1::SEQUENCE, "subject")?;
        let public_key = tbs.expect(asn1::SEQUENCE, "public key")?;
        // Unique identifiers; webpki refuses them.
        tbs.optional(context(1));
        tbs.optional(context(2));
        let extensions = extensions(tbs.optional(constructed(3)))?;
        tbs.end("contents")?;
        Ok(Self {
            version,
            serial: integer(serial)?,
            inner_algorithm: inner_algorithm.whole.to_vec(),
            issuer: Name::from_content(issuer.content)?,
            not_before,
            not_after,
            subject: Name::from_content(subject.content)?,
            public_key: PublicKey::from_der(public_key.whole),
            extensions,
            algorithm: algorithm.whole.to_vec(),
            signature: signature.bits().ok_or(Flaw("signature"))?.to_vec(),
        })
    }
}

/// As people count; left out for the first.
fn version(explicit: Option<Value<'_>>) -> std::result::Result<u8, Flaw> {
    let Some(explicit) = explicit else { return Ok(1) };
    match Value::only(explicit.content, asn1::INTEGER, "version")?.content {
        [number @ 0..=2] => Ok(number + 1),
        _ => Err(Flaw("version")),
    }
}

/// The octets of an integer in its shortest form.
fn integer(value: Value<'_>) -> std::result::Result<Vec<u8>, Flaw> {
    match value.content {
        [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Flaw("serial number")),
        octets => Ok(octets.to_vec()),
    }
}

fn extensions(explicit: Option<Value<'_>>) -> std::result::Result<Vec<Extension>, Flaw> {
    let Some(explicit) = explicit else {
        return Ok(Vec::new());
    };
    let list: Values<'_> = Value::only(explicit.content, asn1::SEQUENCE, "extensions")?.values();
    list.map(|extension| Extension::read(extension?)).collect()
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
        self.must_be(&certificate.public_key())
    }

    /// Refuses another public key than that of a certificate.
    pub fn must_be(&self, theirs: &Self) -> Result<()> {
        if self.same_key(theirs) {
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
