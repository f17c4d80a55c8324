//! What a path is refused for, certificate by certificate: RFC 5280 sections 4.2 and 6.1.3 to 6.1.5 in one list.
//!
//! webpki finds the path, verifies the signatures and checks a part of these rules by itself; its callback runs all
//! of them on every path that it would take, so that what it leaves out is checked too and what it refuses can be
//! said of the right certificate. Nothing here makes a chain trusted that webpki refuses.

use const_oid::db::{
    rfc3280::EMAIL_ADDRESS,
    rfc5280::{
        ANY_EXTENDED_KEY_USAGE, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES,
        ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE, ID_CE_INHIBIT_ANY_POLICY, ID_CE_KEY_USAGE,
        ID_CE_NAME_CONSTRAINTS, ID_CE_POLICY_CONSTRAINTS, ID_CE_POLICY_MAPPINGS, ID_CE_SUBJECT_ALT_NAME,
    },
};
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, NameConstraints, PolicyConstraints};

use crate::{
    Certificate, ClientUsage, Error, Purpose, Refusal, Role, TrustedCa, constraints,
    extensions::{Extended, ExtendedUsages},
    general::AltNames,
    may_sign, name,
    oid::Oid,
    revocation::Revocation,
    text::{listed, printable},
};

/// A way from the leaf upwards, and what it is to be used for.
pub(crate) struct Path<'a> {
    /// Leaf first.
    pub(crate) certificates: &'a [Certificate],
    /// The CA that the last of them is trusted as; nothing where the way does not reach so far.
    pub(crate) trusted: Option<&'a TrustedCa>,
    /// Asked about every certificate below the anchor; nothing where revocation is not checked.
    pub(crate) revocation: Option<&'a Revocation>,
    pub(crate) purpose: Purpose,
    pub(crate) at: Timestamp,
}

/// One certificate of a path.
struct Step<'a> {
    path: &'a Path<'a>,
    index: usize,
    certificate: &'a Certificate,
    role: Role,
}

type Rule = fn(&Step<'_>) -> Option<Refusal>;

/// Every rule for a certificate of a path, the most telling first.
const RULES: [Rule; 18] = [
    version_is_3,
    key_is_strong,
    leaf_signs_and_certifies_nothing,
    client_says_that_it_is_one,
    spiffe_id_is_the_only_uri,
    time_is_within_validity,
    leaf_is_no_ca,
    issuer_may_sign,
    path_is_not_too_long,
    purpose_is_among_the_extended_usages,
    critical_extensions_are_understood,
    extensions_are_readable_and_stand_once,
    issuer_has_a_name,
    no_policy_is_demanded,
    names_are_within_name_constraints,
    subject_is_within_name_constraints,
    names_are_its_cas_to_vouch_for,
    issuer_stands_by_it,
];

impl<'a> Path<'a> {
    /// Everything that the rules say against the path, the leaf first. Signatures are not among them.
    pub(crate) fn faults(&'a self) -> Vec<Refusal> {
        self.steps()
            .flat_map(|step| RULES.iter().filter_map(|rule| rule(&step)).collect::<Vec<_>>())
            .collect()
    }

    /// The signatures that are not by the key of the next certificate, or of a kind that nobody should verify.
    pub(crate) fn broken_signatures(&'a self) -> Vec<Refusal> {
        self.steps().filter_map(|step| signature_is_good(&step)).collect()
    }

    fn steps(&'a self) -> impl Iterator<Item = Step<'a>> {
        let last = self.certificates.len().saturating_sub(1);
        self.certificates
            .iter()
            .enumerate()
            .map(move |(index, certificate)| Step {
                path: self,
                index,
                certificate,
                role: match index {
                    0 => Role::Leaf,
                    _ if self.trusted.is_some() && index == last => Role::Anchor,
                    _ => Role::Issuer,
                },
            })
    }
}

impl Step<'_> {
    fn subject(&self) -> String {
        self.certificate.called()
    }

    fn is_leaf(&self) -> bool {
        self.role == Role::Leaf
    }

    fn irregular(&self, found: impl Into<String>) -> Refusal {
        Refusal::Irregular {
            role: self.role,
            subject: self.subject(),
            found: found.into(),
        }
    }
}

/// Section 4.1.2.1 and 6.1.4 (k). Roots of version 1 are for [`crate::Anchors`] to take or leave.
fn version_is_3(step: &Step<'_>) -> Option<Refusal> {
    let version = step.certificate.version();
    (version != 3 && step.role != Role::Anchor).then(|| Refusal::OldVersion {
        role: step.role,
        subject: step.subject(),
        version,
    })
}

/// No section: RFC 5280 leaves algorithms to others. A CA's key may also be of a kind that we verify with and
/// certify nobody for.
fn key_is_strong(step: &Step<'_>) -> Option<Refusal> {
    let (role, subject) = (step.role, || step.subject());
    match step.certificate.public_key().must_be_strong() {
        Err(Error::WeakKey { found, .. }) => Some(Refusal::Weak {
            role,
            subject: subject(),
            found,
        }),
        Err(Error::UnsupportedKey { found }) if step.is_leaf() => Some(Refusal::CannotVerify {
            role,
            subject: subject(),
            because: format!("its key is {found}, which is not supported"),
        }),
        _ => None,
    }
}

/// Section 4.2.1.3, and SPIFFE's X509-SVID section 4.3.
fn leaf_signs_and_certifies_nothing(step: &Step<'_>) -> Option<Refusal> {
    let usage = step.certificate.key_usage()?;
    let wrong = !usage.digital_signature() || usage.key_cert_sign();
    (step.is_leaf() && wrong && !step.certificate.is_ca()).then(|| Refusal::WrongKeyUsage {
        subject: step.subject(),
        found: step.certificate.key_usage_names().join(", "),
    })
}

/// Section 4.2.1.12: a certificate without extended key usage may be used for everything, unless the operator knows that its
/// CA always says what it is for.
fn client_says_that_it_is_one(step: &Step<'_>) -> Option<Refusal> {
    let purpose = step.path.purpose;
    let asked = step.path.trusted.map(TrustedCa::client_usage) == Some(ClientUsage::Required);
    // What cannot be read is not the same as none; `extensions_are_readable_and_stand_once` says so.
    let silent = step.certificate.extended_key_usage().is_none()
        && !step.certificate.is_unreadable::<ExtendedUsages>()
        && !step.certificate.is_ca();
    (asked && step.is_leaf() && purpose == Purpose::Client && silent).then(|| Refusal::WrongPurpose {
        role: step.role,
        subject: step.subject(),
        purpose,
        found: "none (no extended key usage)".into(),
    })
}

/// X509-SVID section 2.
fn spiffe_id_is_the_only_uri(step: &Step<'_>) -> Option<Refusal> {
    let identity = step.certificate.identity();
    let is_spiffe = |uri: &String| uri.to_ascii_lowercase().starts_with("spiffe:");
    let wrong = identity.uris.iter().any(is_spiffe) && identity.spiffe_id().is_none();
    (step.is_leaf() && wrong).then(|| Refusal::NotOneSpiffeId {
        subject: step.subject(),
        found: identity.uris.len(),
    })
}

/// Section 6.1.3 (a)(2). webpki keeps no dates of anchors.
fn time_is_within_validity(step: &Step<'_>) -> Option<Refusal> {
    let (certificate, now) = (step.certificate, step.path.at);
    if now > certificate.not_after() {
        return Some(Refusal::Expired {
            role: step.role,
            subject: step.subject(),
            not_after: certificate.not_after(),
            now,
        });
    }
    (now < certificate.not_before()).then(|| Refusal::NotYetValid {
        role: step.role,
        subject: step.subject(),
        not_before: certificate.not_before(),
        now,
    })
}

/// A CA's key signs certificates and no handshakes.
fn leaf_is_no_ca(step: &Step<'_>) -> Option<Refusal> {
    (step.is_leaf() && step.certificate.is_ca()).then(|| Refusal::CaAsLeaf {
        subject: step.subject(),
    })
}

/// Section 6.1.4 (k) and (n).
fn issuer_may_sign(step: &Step<'_>) -> Option<Refusal> {
    if step.is_leaf() {
        return None;
    }
    may_sign::may_not_sign(step.certificate).map(|found| Refusal::NotACa {
        role: step.role,
        subject: step.subject(),
        found,
    })
}

/// Section 6.1.4 (l) and (m). webpki counts every intermediate, and no limit of an anchor; the RFC does not count
/// those that a CA issued to itself to change its key.
fn path_is_not_too_long(step: &Step<'_>) -> Option<Refusal> {
    let allowed = step.certificate.path_length()?;
    let below = step.path.certificates.get(1..step.index)?;
    let counts = |ca: &&Certificate| step.role == Role::Issuer || !ca.is_self_issued();
    let found = below.iter().filter(counts).count();
    (found > usize::from(allowed)).then(|| Refusal::PathLength {
        role: step.role,
        subject: step.subject(),
        allowed,
        found,
    })
}

/// Section 4.2.1.12, on CAs as every verifier reads it there: what a CA is not for, its certificates are not for.
fn purpose_is_among_the_extended_usages(step: &Step<'_>) -> Option<Refusal> {
    let usages = step.certificate.extended_key_usage()?;
    let wanted = match step.path.purpose {
        Purpose::Client => const_oid::db::rfc5280::ID_KP_CLIENT_AUTH,
        Purpose::Server => const_oid::db::rfc5280::ID_KP_SERVER_AUTH,
    };
    // webpki knows no "any"; nobody but us looks at anchors.
    let fits =
        |usage: &Oid| *usage == wanted || (*usage == ANY_EXTENDED_KEY_USAGE && step.role == Role::Anchor);
    if usages.iter().any(fits) {
        return None;
    }
    let found = step.certificate.extended_key_usage_names().unwrap_or_default();
    Some(Refusal::WrongPurpose {
        role: step.role,
        subject: step.subject(),
        purpose: step.path.purpose,
        found: match found.join(", ") {
            none if none.is_empty() => "none (an empty extended key usage)".into(),
            found => found,
        },
    })
}

/// Section 4.2, 6.1.4 (o) and 6.1.5 (f). webpki looks at no critical extension of an anchor.
fn critical_extensions_are_understood(step: &Step<'_>) -> Option<Refusal> {
    const PROCESSED: [ObjectIdentifier; 6] = [
        ID_CE_KEY_USAGE,
        ID_CE_SUBJECT_ALT_NAME,
        ID_CE_BASIC_CONSTRAINTS,
        ID_CE_NAME_CONSTRAINTS,
        ID_CE_CRL_DISTRIBUTION_POINTS,
        ID_CE_EXT_KEY_USAGE,
    ];
    // Nobody asks for a policy, so what an anchor says about policies changes nothing; one that demands one is
    // refused by `no_policy_is_demanded`.
    const OF_POLICIES: [ObjectIdentifier; 4] = [
        ID_CE_CERTIFICATE_POLICIES,
        ID_CE_POLICY_MAPPINGS,
        ID_CE_POLICY_CONSTRAINTS,
        ID_CE_INHIBIT_ANY_POLICY,
    ];
    let understood = |id: &Oid| {
        let is_it = |known: &ObjectIdentifier| id == known;
        PROCESSED.iter().any(is_it) || (step.role == Role::Anchor && OF_POLICIES.iter().any(is_it))
    };
    let unknown = step
        .certificate
        .extensions()
        .iter()
        .find(|extension| extension.critical && !understood(&extension.id))?;
    Some(Refusal::CriticalExtension {
        role: step.role,
        subject: step.subject(),
        found: identified(&unknown.id),
    })
}

/// Section 4.2: an extension stands at most once; and one that bears on trust and cannot be read is not the same as
/// none.
fn extensions_are_readable_and_stand_once(step: &Step<'_>) -> Option<Refusal> {
    let certificate = step.certificate;
    let mut ids: Vec<_> = certificate
        .extensions()
        .iter()
        .map(|extension| &extension.id)
        .collect();
    ids.sort();
    if let Some([twice, _]) = ids.array_windows().find(|[one, next]| one == next) {
        return Some(step.irregular(format!("the extension {} stands twice", identified(twice))));
    }
    fn unreadable<T: Extended>(certificate: &Certificate, name: &'static str) -> Option<&'static str> {
        certificate.is_unreadable::<T>().then_some(name)
    }
    unreadable::<BasicConstraints>(certificate, "basicConstraints")
        .or_else(|| unreadable::<KeyUsage>(certificate, "keyUsage"))
        .or_else(|| unreadable::<ExtendedUsages>(certificate, "extendedKeyUsage"))
        .or_else(|| unreadable::<AltNames>(certificate, "subjectAltName"))
        .or_else(|| unreadable::<NameConstraints>(certificate, "nameConstraints"))
        .or_else(|| unreadable::<PolicyConstraints>(certificate, "policyConstraints"))
        .map(|name| step.irregular(format!("its extension {name} cannot be read")))
}

/// Name and number, where there is a name.
fn identified(id: &Oid) -> String {
    id.name()
        .map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
}

/// Section 4.1.2.4 and 4.1.2.6: who issues has a name.
fn issuer_has_a_name(step: &Step<'_>) -> Option<Refusal> {
    (step.role != Role::Anchor && step.certificate.issuer().is_empty())
        .then(|| step.irregular("it names no issuer"))
}

/// Section 6.1.4 (i) and 6.1.5 (a), (b) and (g). Certificate policies are not looked at here, so whoever demands one is
/// refused, even where the extension is not marked critical as section 4.2.1.11 wants it.
fn no_policy_is_demanded(step: &Step<'_>) -> Option<Refusal> {
    let constraints = step.certificate.extension::<PolicyConstraints>()?;
    constraints
        .require_explicit_policy
        .map(|_| Refusal::PolicyDemanded {
            role: step.role,
            subject: step.subject(),
        })
}

/// Section 6.1.3 (b) and (c). webpki judges no limits of URIs and e-mail addresses, so that those of an anchor are judged
/// here alone ([`crate::Anchors`]).
fn names_are_within_name_constraints(step: &Step<'_>) -> Option<Refusal> {
    let above = step.path.certificates.get(step.index + 1..)?;
    let names = step.certificate.alt_names();
    above
        .iter()
        .find(|ca| {
            ca.extension::<NameConstraints>()
                .is_some_and(|limits| names.iter().any(|name| constraints::forbids(&limits, name)))
        })
        .map(|ca| Refusal::NameConstraints {
            subject: step.subject(),
            issuer: ca.called(),
        })
}

/// Section 6.1.3 (b) and (c) for the names in the subject, which webpki does not compare: a common name that is a host
/// name in all but its place (a rule may let it in), and an e-mail address (section 4.2.1.10).
fn subject_is_within_name_constraints(step: &Step<'_>) -> Option<Refusal> {
    let above = step.path.certificates.get(step.index + 1..)?;
    let host = name::common_name(step.certificate.subject())
        .filter(|text| step.is_leaf() && text.contains('.'))
        .and_then(|text| name::AltName::dns(&text).ok())
        .map(|host| host.to_string().trim_start_matches("dns:").to_owned());
    let has_email = step
        .certificate
        .subject()
        .iter()
        .any(|attribute| attribute.kind == EMAIL_ADDRESS);
    above
        .iter()
        .find(|ca| {
            ca.extension::<NameConstraints>().is_some_and(|limits| {
                (has_email && constraints::limits_emails(&limits))
                    || host
                        .as_ref()
                        .is_some_and(|host| constraints::forbids_host(&limits, host))
            })
        })
        .map(|ca| Refusal::NameConstraints {
            subject: step.subject(),
            issuer: ca.called(),
        })
}

/// No section: the operator binds a CA to names ([`TrustedCa`]), so that no CA can make the identities of another.
fn names_are_its_cas_to_vouch_for(step: &Step<'_>) -> Option<Refusal> {
    let ca = step.path.trusted.filter(|_| step.is_leaf())?;
    let name = ca.outside(&step.certificate.identity())?;
    let allowed: Vec<_> = ca.names()?.iter().map(ToString::to_string).collect();
    Some(Refusal::ForeignName {
        subject: step.subject(),
        name,
        ca: ca.name().to_owned(),
        allowed: if allowed.is_empty() {
            "no name".to_owned()
        } else {
            listed(&allowed)
        },
    })
}

/// Section 6.1.3 (a)(3), and 6.3 for the lists. An anchor has nobody above it who could revoke it. A CA that has lists of its
/// own is judged by these.
fn issuer_stands_by_it(step: &Step<'_>) -> Option<Refusal> {
    if step.role == Role::Anchor {
        return None;
    }
    let issuer = step.path.certificates.get(step.index + 1)?;
    let (certificate, role, at) = (step.certificate, step.role, step.path.at);
    match step.path.trusted.and_then(TrustedCa::revocations) {
        Some(own) => own.refusal(certificate, issuer, role, at),
        None => step.path.revocation?.refusal(certificate, issuer, role, at),
    }
}

/// Section 6.1.3 (a)(1); both algorithm fields must agree (section 4.1.1.2). webpki verifies, this finds out where it
/// went wrong.
fn signature_is_good(step: &Step<'_>) -> Option<Refusal> {
    let certificate = step.certificate;
    if step.role == Role::Anchor {
        return None;
    }
    let decoded = certificate.decoded();
    if decoded.inner_algorithm != decoded.algorithm {
        return Some(step.irregular("it names two signature algorithms"));
    }
    let algorithm = certificate.signature();
    if algorithm.is_broken() {
        return Some(Refusal::Weak {
            role: step.role,
            subject: step.subject(),
            found: format!("signed with {}", printable(&algorithm.name())),
        });
    }
    let cannot = |because| Refusal::CannotVerify {
        role: step.role,
        subject: step.subject(),
        because,
    };
    if !algorithm.is_known() {
        return Some(cannot(format!(
            "it is signed with {}, which is not supported",
            algorithm.name()
        )));
    }
    let issuer = step.path.certificates.get(step.index + 1)?;
    match certificate.signature_by(&issuer.public_key()) {
        Ok(true) => None,
        Ok(false) => Some(Refusal::BadSignature {
            role: step.role,
            subject: step.subject(),
            issuer: name::shown(certificate.issuer()),
        }),
        // A key that is too weak is told by its own rule, and nothing else is known of the signature.
        Err(_) if matches!(issuer.public_key().must_be_strong(), Err(Error::WeakKey { .. })) => None,
        Err(because) => Some(cannot(because)),
    }
}
