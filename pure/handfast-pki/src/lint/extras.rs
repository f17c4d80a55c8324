//! What a profile says of policies, addresses, keys, subject and statements, compared with the bytes.

use const_oid::{
    AssociatedOid, ObjectIdentifier,
    db::rfc5280::{ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_PE_AUTHORITY_INFO_ACCESS},
};

use crate::{
    Certificate,
    asn1::{self, Value},
    build::{NO_REV_AVAIL, OCSP_NO_CHECK},
    extensions::{AuthorityAccess, CrlPoints, Extension},
    general::GeneralName,
    oid::Oid,
    profile::{
        ProfileRules, attributes,
        pointers::{CA_ISSUERS, OCSP, WebAddress},
    },
    qualified::Statements,
    serial,
};

pub(super) fn rules(certificate: &Certificate, profile: &ProfileRules) -> Vec<(bool, &'static str)> {
    let key = certificate.public_key();
    let subject = profile.subject.as_deref().map_or(Ok(()), |rules| {
        let applied = attributes::apply(rules, certificate.subject());
        applied.and_then(|subject| {
            let is_same = subject.is_written_as(certificate.subject());
            is_same.then_some(()).ok_or_else(String::new)
        })
    });
    vec![
        (
            profile.keys.is_empty() || profile.keys.iter().any(|rule| rule.allows(&key)),
            "the key must be of a kind that the profile has",
        ),
        (subject.is_ok(), "the subject must have the profile's attributes"),
        (
            policies(certificate)
                == Some(
                    profile
                        .policies
                        .iter()
                        .map(|policy| Oid::from(policy.id))
                        .collect(),
                ),
            "the certificate policies must be the profile's",
        ),
        (
            lists(certificate) == Some(wanted_lists(certificate, profile)),
            "the CRL distribution points must be the profile's",
        ),
        (
            access(certificate) == Some(wanted_access(profile)),
            "the authority information access must be the profile's",
        ),
        (
            contents(certificate, NO_REV_AVAIL) == profile.no_rev_avail.then_some(&[5, 0][..]),
            "noRevAvail must follow the profile",
        ),
        (
            contents(certificate, OCSP_NO_CHECK) == profile.ocsp_no_check.then_some(&[5, 0][..]),
            "ocsp-nocheck must follow the profile",
        ),
        (
            statements_follow(certificate, profile),
            "the statements of qualified certificates must be the profile's",
        ),
    ]
}

fn find(certificate: &Certificate, id: ObjectIdentifier) -> Option<&Extension> {
    certificate
        .extensions()
        .iter()
        .find(|extension| extension.id == id)
}

fn contents(certificate: &Certificate, id: ObjectIdentifier) -> Option<&[u8]> {
    find(certificate, id).map(|extension| &*extension.value)
}

/// Nothing where it cannot be read; an extension that is missing has none.
fn policies(certificate: &Certificate) -> Option<Vec<Oid>> {
    let Some(der) = contents(certificate, ID_CE_CERTIFICATE_POLICIES) else {
        return Some(Vec::new());
    };
    let one = |policy: Result<Value<'_>, asn1::Flaw>| {
        let id = policy
            .ok()?
            .values()
            .expect(asn1::OBJECT_IDENTIFIER, "policy")
            .ok()?;
        Oid::from_octets(id.content).ok()
    };
    let policies = Value::only(der, asn1::SEQUENCE, "policies").ok()?.values();
    policies.map(one).collect()
}

fn uris(addresses: &[WebAddress]) -> Vec<GeneralName> {
    let uri = |address: &WebAddress| GeneralName::Uri(address.as_str().to_owned());
    addresses.iter().map(uri).collect()
}

/// The complete list, and the part of it that the serial number names.
fn wanted_lists(certificate: &Certificate, profile: &ProfileRules) -> Vec<GeneralName> {
    let mut wanted = uris(&profile.pointers.crl);
    if let Some(shards) = &profile.pointers.crl_shards {
        let key_id = certificate.authority_key_id().unwrap_or_default();
        let shard = serial::shard(certificate.serial_octets());
        wanted.extend(shard.map(|shard| GeneralName::Uri(shards.of(&key_id, shard))));
    }
    wanted
}

fn lists(certificate: &Certificate) -> Option<Vec<GeneralName>> {
    match find(certificate, ID_CE_CRL_DISTRIBUTION_POINTS) {
        None => Some(Vec::new()),
        Some(_) => certificate.extension::<CrlPoints>().map(|points| points.0),
    }
}

fn access(certificate: &Certificate) -> Option<Vec<(Oid, GeneralName)>> {
    match find(certificate, ID_PE_AUTHORITY_INFO_ACCESS) {
        None => Some(Vec::new()),
        Some(_) => certificate.extension::<AuthorityAccess>().map(|access| access.0),
    }
}

fn wanted_access(profile: &ProfileRules) -> Vec<(Oid, GeneralName)> {
    let of = |method: ObjectIdentifier, addresses| {
        let with_method = move |name| (Oid::from(method), name);
        uris(addresses).into_iter().map(with_method)
    };
    let pointers = &profile.pointers;
    of(OCSP, &pointers.ocsp)
        .chain(of(CA_ISSUERS, &pointers.ca_issuers))
        .collect()
}

fn statements_follow(certificate: &Certificate, profile: &ProfileRules) -> bool {
    match (&profile.qualified, find(certificate, Statements::OID)) {
        (None, None) => true,
        (Some(qualified), Some(_)) => certificate
            .extension::<Statements>()
            .is_some_and(|statements| statements.follow(qualified)),
        _ => false,
    }
}
