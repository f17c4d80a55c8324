//! The last look at the exact bytes before a CA key signs them. Any problem stops the signature.
//!
//! What a certificate of a profile may be is read from the profile's data, and nowhere else.

mod extras;

use const_oid::AssociatedOid;
use x509_cert::ext::pkix::NameConstraints;

use crate::{
    Certificate, build,
    general::GeneralName,
    name::AltName,
    profile::{NameKind, ProfileRules},
};

/// Every rule that `certificate` breaks, in words; empty is good. `issuer` is `None` for a root.
///
/// The certificate comes with a placeholder signature: what is looked at is all but that.
pub fn problems(
    certificate: &Certificate,
    profile: &ProfileRules,
    issuer: Option<&Certificate>,
) -> Vec<String> {
    let mut rules = of_every_certificate(certificate);
    rules.extend(of_the_profile(certificate, profile));
    if let Some(issuer) = issuer {
        rules.extend(of_the_issuer(certificate, profile, issuer));
    }
    rules
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, rule)| rule.to_owned())
        .collect()
}

/// Whether a rule holds, and the rule in words.
type Rule = (bool, &'static str);

fn of_every_certificate(certificate: &Certificate) -> Vec<Rule> {
    let decoded = certificate.decoded();
    let serial = certificate.serial_octets();
    vec![
        (certificate.version() == 3, "version must be 3"),
        (
            serial.len() == 20 && (serial[0] >> 6 == 0b01 || serial[0] >> 5 == 0b001),
            "the serial number must be 20 octets, positive, of 158 random bits, or of 109 and an index",
        ),
        (
            decoded.inner_algorithm == decoded.algorithm,
            "both signature algorithms must be the same",
        ),
        (
            certificate.not_before() < certificate.not_after(),
            "validity must not be empty",
        ),
        (
            certificate.public_key().must_be_strong().is_ok(),
            "the key must be strong",
        ),
        (no_extension_twice(certificate), "no extension may stand twice"),
    ]
}

fn of_the_profile(certificate: &Certificate, profile: &ProfileRules) -> Vec<Rule> {
    let mut rules = extras::rules(certificate, profile);
    rules.extend(of_its_core(certificate, profile));
    rules
}

fn of_its_core(certificate: &Certificate, profile: &ProfileRules) -> Vec<Rule> {
    let usages = certificate.extended_key_usage().unwrap_or_default();
    let lasts = certificate.not_after().duration_since(certificate.not_before());
    let lifetime = profile.lifetime;
    vec![
        (
            certificate.is_ca() == profile.is_ca(),
            "basicConstraints must follow the profile",
        ),
        (
            certificate.path_length() == profile.path_length(),
            "the path length must be the profile's",
        ),
        (
            certificate.subject_key_id() == Some(profile.key_id_of(&certificate.public_key())),
            "the subject key identifier must be the key's, or that of the certificate that is cross-signed",
        ),
        (
            constraints_follow(certificate, profile),
            "name constraints must be the profile's, and critical",
        ),
        (
            usages.len() == profile.extended_key_usage.len()
                && usages
                    .iter()
                    .zip(&profile.extended_key_usage)
                    .all(|(has, wanted)| has == wanted),
            "extended key usage must follow the profile",
        ),
        (
            certificate.key_usage().as_ref() == Some(&profile.key_usage),
            "key usage must follow the profile",
        ),
        (
            lifetime
                .longest
                .is_none_or(|longest| lasts <= longest.saturating_add(lifetime.backdate)),
            "the lifetime must be within the profile's",
        ),
        (
            names_follow(certificate, profile),
            "names must be of the profile's types and number, and with a SPIFFE ID exactly one URI",
        ),
        (
            !profile.is_ca() || !certificate.subject().is_empty(),
            "a CA needs a subject",
        ),
        (
            profile.is_ca() || webpki::EndEntityCert::try_from(certificate.der()).is_ok(),
            "an independent decoder must read it",
        ),
    ]
}

fn of_the_issuer(certificate: &Certificate, profile: &ProfileRules, issuer: &Certificate) -> Vec<Rule> {
    let issuer_id = issuer
        .subject_key_id()
        .unwrap_or_else(|| issuer.public_key().key_id());
    vec![
        (
            certificate.issuer().is_written_as(issuer.subject()),
            "the issuer must be the CA's subject, byte for byte",
        ),
        (
            certificate.not_after() <= issuer.not_after(),
            "a certificate must not outlive its issuer",
        ),
        (
            certificate.authority_key_id() == Some(issuer_id),
            "the authority key identifier must be the issuer's",
        ),
        (
            issuer.path_length() != Some(0) || !profile.is_ca(),
            "the issuer's path length allows no further CA",
        ),
    ]
}

/// `tbs` as a certificate with a placeholder signature, for [`problems`].
pub fn placeholder(tbs: &[u8], issuer: &build::Issuer) -> crate::Result<Certificate> {
    build::assemble(tbs, &issuer.algorithm, &[0; 64])
}

fn names_follow(certificate: &Certificate, profile: &ProfileRules) -> bool {
    let rules = &profile.names;
    let names = certificate.alt_names();
    let is_of_the_profile =
        |name: &GeneralName| NameKind::of_general(name).is_some_and(|kind| rules.kinds.contains(&kind));
    let identity = certificate.identity();
    let spiffe = identity.uris.iter().any(|uri| uri.starts_with("spiffe:"));
    names.is_empty() == rules.kinds.is_empty()
        && names.len() <= rules.most
        && names.iter().all(is_of_the_profile)
        && names.iter().all(|name| fits_a_pattern(name, profile))
        && (!(spiffe || rules.is_spiffe) || identity.spiffe_id().is_some())
}

fn fits_a_pattern(name: &GeneralName, profile: &ProfileRules) -> bool {
    let patterns = &profile.names.patterns;
    let name = match name {
        GeneralName::Dns(dns) => AltName::dns(dns).ok(),
        GeneralName::Uri(uri) => AltName::uri(uri).ok(),
        GeneralName::Email(email) => AltName::email(email).ok(),
        other => other.ip().map(AltName::Ip),
    };
    patterns.is_empty() || name.is_some_and(|name| patterns.iter().any(|pattern| pattern.fits(&name)))
}

/// RFC 5280 section 4.2.1.10: critical, and in CA certificates alone.
fn constraints_follow(certificate: &Certificate, profile: &ProfileRules) -> bool {
    let written = certificate
        .extensions()
        .iter()
        .find(|extension| extension.id == NameConstraints::OID);
    let Ok(expected) = profile.constraints() else {
        return false;
    };
    written.is_some() == expected.is_some()
        && written.is_none_or(|extension| extension.critical)
        && certificate.extension::<NameConstraints>() == expected
}

fn no_extension_twice(certificate: &Certificate) -> bool {
    let mut ids: Vec<_> = certificate
        .extensions()
        .iter()
        .map(|extension| &extension.id)
        .collect();
    ids.sort();
    ids.windows(2).all(|pair| pair[0] != pair[1])
        && ids
            .iter()
            .any(|id| **id == x509_cert::ext::pkix::BasicConstraints::OID)
}
