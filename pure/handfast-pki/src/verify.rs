//! Is this chain to be believed, by these anchors, for this purpose, now? One answer for proxy, client,
//! authority and explanation.
//!
//! Path building and signatures are webpki's (RFC 5280 section 6). Every path that it would take is judged by the
//! rules of `faults.rs` as well, on every certificate and on the anchor; where they refuse it, webpki looks for
//! another. A refusal names the certificate at fault and keeps both sides of what did not match.

use std::sync::Arc;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use crate::{
    Certificate, Error, Identity, Purpose, Refusal, Role, Trust, TrustedCa, faults,
    general::AltNames,
    look::{Look, Path, Refused},
    text::{listed, printable},
    ways::ways,
};

/// A chain that was verified: the leaf, its path to an anchor, and how long this stays true.
///
/// There is no other way to make one than [`verify`].
#[derive(Debug, Clone)]
pub struct VerifiedChain {
    leaf: Certificate,
    path: Vec<Certificate>,
    not_before: Timestamp,
    not_after: Timestamp,
    ca: Arc<TrustedCa>,
    purpose: Purpose,
    generation: u64,
    holds_until: Timestamp,
}

impl VerifiedChain {
    fn new(found: Path, purpose: Purpose, generation: u64, at: Timestamp) -> Self {
        let Path {
            certificates: mut path,
            ca,
        } = found;
        let not_before = path.iter().map(Certificate::not_before).max();
        let not_after = path.iter().map(Certificate::not_after).min();
        let pairs = path.iter().zip(path.iter().skip(1));
        let lists = ca.revocations().into_iter();
        let listed = lists.flat_map(|lists| {
            let pairs = pairs.clone();
            pairs.filter_map(move |(_, issuer)| lists.until(issuer, at))
        });
        let holds_until = listed.chain(not_after).min();
        let leaf = path.remove(0);
        Self {
            not_before: not_before.unwrap_or_else(|| leaf.not_before()),
            not_after: not_after.unwrap_or_else(|| leaf.not_after()),
            holds_until: holds_until.unwrap_or_else(|| leaf.not_after()),
            leaf,
            path,
            ca,
            purpose,
            generation,
        }
    }

    /// The leaf; the only certificate whose key was, or will be, proven.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The issuers of the leaf in order, the anchor last.
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// When the whole path began to be valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// When the first certificate of the path ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Until when it need not be judged again: the end of the first certificate, or of a revocation list that speaks for one.
    pub fn holds_until(&self) -> Timestamp {
        self.holds_until
    }

    /// The names of the leaf. A common name that the CA may not vouch for is none of them.
    pub fn identity(&self) -> Identity {
        self.ca.vouched(self.leaf.identity())
    }

    /// The CA that the chain is trusted for.
    pub fn ca(&self) -> &TrustedCa {
        &self.ca
    }

    /// The generation of the [`Trust`] that it was verified with.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What the rules say against `leaf` in the place of this chain's own: for a CA that looks at what it has signed with
    /// the key of [`Self::path`]'s first certificate. No signature is looked at, and no name constraint of the path:
    /// where [`crate::constraints::has_any`] says that there is one, [`verify`] judges.
    pub fn fault_of_sibling(&self, leaf: &Certificate, purpose: Purpose, at: Timestamp) -> Option<Refusal> {
        let certificates: Vec<_> = std::iter::once(leaf).chain(&self.path).cloned().collect();
        let path = faults::Path {
            certificates: &certificates,
            trusted: Some(&self.ca),
            // What is signed a moment ago is on no list yet.
            revocation: None,
            purpose,
            at,
        };
        Refusal::first(path.faults())
    }

    /// The same chain, judged by `trust` as it is now: for a session that is resumed, and for a connection that is open
    /// when something changes. The signatures were verified and stay good, so that only another way upwards costs as
    /// much as [`verify`].
    pub fn still_holds(&self, trust: &Trust, at: Timestamp) -> Result<Self, Refusal> {
        let certificates: Vec<_> = std::iter::once(&self.leaf).chain(&self.path).cloned().collect();
        if let Some(ca) = certificates.last().and_then(|anchor| trust.owner(anchor)) {
            let path = faults::Path {
                certificates: &certificates,
                trusted: Some(ca),
                revocation: trust.revocation(),
                purpose: self.purpose,
                at,
            };
            if path.faults().is_empty() {
                let ca = ca.clone();
                return Ok(Self::new(
                    Path { certificates, ca },
                    self.purpose,
                    trust.generation(),
                    at,
                ));
            }
        }
        let presented: Vec<_> = certificates.iter().map(|one| one.der().clone()).collect();
        verify(&presented, trust, self.purpose, at)
    }
}

/// Verifies `presented` (leaf first) up to one of the CAs of `trust` for `purpose` at `at`.
pub fn verify(
    presented: &[CertificateDer<'_>],
    trust: &Trust,
    purpose: Purpose,
    at: Timestamp,
) -> Result<VerifiedChain, Refusal> {
    let (leaf_der, intermediates) = presented.split_first().ok_or(Refusal::NoCertificate)?;
    let leaf = Certificate::from_der(leaf_der).map_err(|error| Refusal::Malformed {
        detail: error.to_string(),
    })?;
    let look = Look {
        leaf: &leaf,
        intermediates,
        trust,
        purpose,
        at,
    };
    let alone = look.path(std::slice::from_ref(&leaf), None);
    // What cannot be told of the leaf waits: the path may show what is wrong for certain. It is refused in the end, since
    // every path is judged by the same rules.
    if let Some(fault) = Refusal::first(alone.faults())
        && !fault.is_undecided()
    {
        return Err(fault);
    }
    let end_entity = EndEntityCert::try_from(leaf_der).map_err(|error| look.refusal(error))?;
    match look.find(&end_entity) {
        Ok(path) => Ok(VerifiedChain::new(path, purpose, trust.generation(), at)),
        Err(Refused::ByRule(refusal)) => Err(refusal),
        Err(Refused::ByWebpki(error)) => {
            Err(look.of_signed_way(&error).unwrap_or_else(|| look.refusal(error)))
        }
    }
}

/// Everything that stands against `presented` (leaf first): the faults of the best way upwards, the leaf's first. Empty
/// where [`verify`] says yes, and where nothing but the issuer is unknown. A CA whose key has signed is better than one
/// that has its name alone.
pub fn faults(presented: &[Certificate], trust: &Trust, purpose: Purpose, at: Timestamp) -> Vec<Refusal> {
    let judged = ways(presented, trust).into_iter().map(|way| {
        let path = faults::Path {
            certificates: &way.certificates,
            trusted: way.trusted.as_deref(),
            revocation: trust.revocation(),
            purpose,
            at,
        };
        let mut faults = path.faults();
        faults.extend(path.broken_signatures());
        let is_by_name_alone = faults.iter().any(Refusal::is_bad_signature);
        ((is_by_name_alone, way.trusted.is_none(), faults.len()), faults)
    });
    judged
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, faults)| faults)
        .unwrap_or_default()
}

/// Whether the leaf of `chain` is valid for the host `asked` (RFC 9525: names only from the SAN).
pub fn for_host(chain: &VerifiedChain, asked: &ServerName<'_>) -> Result<(), Refusal> {
    has_name(chain.leaf(), asked)
}

/// Whether `leaf` has the name `asked`; whether it is to be believed is another question.
pub fn has_name(leaf: &Certificate, asked: &ServerName<'_>) -> Result<(), Refusal> {
    let end_entity = EndEntityCert::try_from(leaf.der()).map_err(|error| Refusal::Malformed {
        detail: error.to_string(),
    })?;
    if end_entity.verify_is_valid_for_subject_name(asked).is_ok() {
        return Ok(());
    }
    let identity = leaf.identity();
    let subject = leaf.called();
    let asked_text = printable(&asked.to_str());
    let mut names: Vec<String> = identity.dns.clone();
    names.extend(identity.ips.iter().map(ToString::to_string));
    if leaf.is_unreadable::<AltNames>() {
        return Err(Refusal::Irregular {
            role: Role::Leaf,
            subject,
            found: "its extension subjectAltName cannot be read".into(),
        });
    }
    if identity.is_nameless() {
        return Err(Refusal::NoNames {
            subject,
            asked: asked_text,
        });
    }
    if names.is_empty() {
        names = identity
            .names()
            .into_iter()
            .filter(|name| !name.starts_with("cn:"))
            .collect();
    }
    let found = listed(&names);
    if matches!(asked, ServerName::IpAddress(_)) && identity.ips.is_empty() {
        return Err(Refusal::NoIpName {
            subject,
            asked: asked_text,
            found,
        });
    }
    Err(Refusal::NameMismatch {
        subject,
        asked: asked_text,
        found,
    })
}

/// The host that a user named: a DNS name or an IP address.
pub fn host(text: &str) -> crate::Result<ServerName<'static>> {
    let bad = |_| Error::BadName {
        found: printable(text),
        expected: "a host name or an IP address",
    };
    ServerName::try_from(text.to_owned()).map_err(bad)
}
