//! The last look at the exact bytes before a CA key signs them. Any problem stops the signature.

use const_oid::AssociatedOid;
use x509_cert::ext::pkix::SubjectAltName;

use crate::{Certificate, Profile, build, name};

/// Every rule that `certificate` breaks, in words; empty is good. `issuer` is `None` for a root.
///
/// The certificate comes with a placeholder signature: what is looked at is all but that.
pub fn problems(certificate: &Certificate, profile: Profile, issuer: Option<&Certificate>) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |holds: bool, rule: &str| {
        if !holds {
            found.push(rule.to_owned());
        }
    };
    let decoded = certificate.decoded();
    let tbs = decoded.tbs_certificate();
    let serial = tbs.serial_number().as_bytes();
    must(certificate.version() == 3, "version must be 3");
    must(
        serial.len() == 20 && serial[0] & 0xc0 == 0x40,
        "the serial number must be 20 octets, positive, of 158 random bits",
    );
    must(
        tbs.signature() == decoded.signature_algorithm(),
        "both signature algorithms must be the same",
    );
    must(
        certificate.not_before() < certificate.not_after(),
        "validity must not be empty",
    );
    must(
        certificate.public_key().must_be_strong().is_ok(),
        "the key must be strong",
    );
    must(
        certificate.is_ca() == profile.is_ca(),
        "basicConstraints must follow the profile",
    );
    must(
        certificate.subject_key_id() == Some(certificate.public_key().key_id()),
        "the subject key identifier must be the key's",
    );
    must(
        names_are_good(certificate, profile),
        "a leaf needs names, and with a SPIFFE ID exactly one URI",
    );
    let usages = certificate.extended_key_usage().unwrap_or_default();
    must(
        usages == profile.extended_key_usage(),
        "extended key usage must follow the profile",
    );
    must(
        certificate.key_usage() == Some(profile.key_usage()),
        "key usage must follow the profile",
    );
    must(no_extension_twice(certificate), "no extension may stand twice");
    if let Some(issuer) = issuer {
        must(
            name::der_of(certificate.issuer()) == name::der_of(issuer.subject()),
            "the issuer must be the CA's subject, byte for byte",
        );
        must(
            certificate.not_after() <= issuer.not_after(),
            "a certificate must not outlive its issuer",
        );
        let issuer_id = issuer
            .subject_key_id()
            .unwrap_or_else(|| issuer.public_key().key_id());
        must(
            certificate.authority_key_id() == Some(issuer_id),
            "the authority key identifier must be the issuer's",
        );
        must(
            issuer.path_length() != Some(0) || !profile.is_ca(),
            "the issuer's path length allows no further CA",
        );
    }
    if !profile.is_ca() {
        must(
            webpki::EndEntityCert::try_from(certificate.der()).is_ok(),
            "an independent decoder must read it",
        );
    }
    found
}

/// `tbs` as a certificate with a placeholder signature, for [`problems`].
pub fn placeholder(tbs: &[u8], issuer: &build::Issuer) -> crate::Result<Certificate> {
    build::assemble(tbs, &issuer.algorithm, &[0; 64])
}

fn names_are_good(certificate: &Certificate, profile: Profile) -> bool {
    if profile.is_ca() {
        return !certificate.subject().is_empty();
    }
    let identity = certificate.identity();
    let has_name = certificate
        .extension::<SubjectAltName>()
        .is_some_and(|names| !names.0.is_empty());
    let spiffe = identity.uris.iter().any(|uri| uri.starts_with("spiffe:"));
    has_name && (!spiffe || identity.spiffe_id().is_some())
}

fn no_extension_twice(certificate: &Certificate) -> bool {
    let mut ids: Vec<_> = certificate
        .extensions()
        .iter()
        .map(|extension| extension.extn_id)
        .collect();
    ids.sort();
    ids.windows(2).all(|pair| pair[0] != pair[1])
        && ids.contains(&x509_cert::ext::pkix::BasicConstraints::OID)
}
