//! Is this chain to be believed, by these anchors, for this purpose, now? One answer for proxy, client,
//! authority and explanation.
//!
//! Path building and signatures are webpki's (RFC 5280 section 6). Every path that it would take is judged by the
//! rules of `faults.rs` as well, on every certificate and on the anchor; where they refuse it, webpki looks for
//! another. A refusal names the certificate at fault and keeps both sides of what did not match.

use std::{cell::RefCell, sync::Arc};

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, VerifiedPath};
use x509_cert::ext::pkix::NameConstraints;

use crate::{
    Certificate, Error, Identity, Purpose, Refusal, Role, Trust, TrustedCa, faults, name,
    text::{listed, printable},
    ways::{Way, ways},
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
}

impl VerifiedChain {
    fn new(found: Path, purpose: Purpose, generation: u64) -> Self {
        let Path {
            certificates: mut path,
            ca,
        } = found;
        let not_before = path.iter().map(Certificate::not_before).max();
        let not_after = path.iter().map(Certificate::not_after).min();
        let leaf = path.remove(0);
        Self {
            not_before: not_before.unwrap_or_else(|| leaf.not_before()),
            not_after: not_after.unwrap_or_else(|| leaf.not_after()),
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

    /// The same chain, judged by `trust` as it is now: for a session that is resumed, and for a connection that is open
    /// when something changes. The signatures were verified and stay good, so that only another way upwards costs as
    /// much as [`verify`].
    pub fn still_holds(&self, trust: &Trust, at: Timestamp) -> Result<Self, Refusal> {
        let certificates: Vec<_> = std::iter::once(&self.leaf).chain(&self.path).cloned().collect();
        if let Some(ca) = certificates.last().and_then(|anchor| trust.owner(anchor)) {
            let path = faults::Path {
                certificates: &certificates,
                trusted: Some(ca),
                purpose: self.purpose,
                at,
            };
            if path.faults().is_empty() {
                let ca = ca.clone();
                return Ok(Self::new(
                    Path { certificates, ca },
                    self.purpose,
                    trust.generation(),
                ));
            }
        }
        let presented: Vec<_> = certificates.iter().map(|one| one.der().clone()).collect();
        verify(&presented, trust, self.purpose, at)
    }
}

/// A path up to an anchor, and whose the anchor is.
struct Path {
    /// Leaf first and the anchor last.
    certificates: Vec<Certificate>,
    ca: Arc<TrustedCa>,
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
    if let Some(fault) = alone.faults().into_iter().next() {
        return Err(fault);
    }
    let end_entity = EndEntityCert::try_from(leaf_der).map_err(|error| look.refusal(error))?;
    let usage = match purpose {
        Purpose::Client => KeyUsage::client_auth(),
        Purpose::Server => KeyUsage::server_auth(),
    };
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        u64::try_from(at.as_second()).unwrap_or(0),
    ));
    let judged = RefCell::new(Judged::default());
    let judge = |found: &VerifiedPath<'_>| judged.borrow_mut().judge(found, &look);
    let verdict = end_entity.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &trust.anchors().anchors,
        intermediates,
        time,
        usage,
        None,
        Some(&judge),
    );
    let judged = judged.take();
    match (verdict, judged) {
        (Ok(_), Judged { good: Some(path), .. }) => Ok(VerifiedChain::new(path, purpose, trust.generation())),
        // A path that fails by our rules alone is nearer to the truth than one that webpki could not finish.
        (
            _,
            Judged {
                bad: Some((_, refusal)),
                ..
            },
        ) => Err(refusal),
        (Err(error), _) => Err(look.refusal(error)),
        // webpki takes no path that the callback has not taken.
        (Ok(_), _) => Err(Refusal::NoCertificate),
    }
}

/// Everything that stands against `presented` (leaf first): the faults of the best way upwards, the leaf's first. Empty
/// where [`verify`] says yes, and where nothing but the issuer is unknown.
pub fn faults(presented: &[Certificate], trust: &Trust, purpose: Purpose, at: Timestamp) -> Vec<Refusal> {
    let judged = ways(presented, trust).into_iter().map(|way| {
        let path = faults::Path {
            certificates: &way.certificates,
            trusted: way.trusted.as_deref(),
            purpose,
            at,
        };
        let mut faults = path.faults();
        faults.extend(path.broken_signatures());
        (way.trusted.is_none(), faults)
    });
    judged
        .min_by_key(|(is_open, faults)| (*is_open, faults.len()))
        .map(|(_, faults)| faults)
        .unwrap_or_default()
}

/// What became of the paths that webpki found good.
#[derive(Default)]
struct Judged {
    good: Option<Path>,
    /// The refusal of the path with the fewest faults, and how many it has.
    bad: Option<(usize, Refusal)>,
}

impl Judged {
    /// Judges one path by all of our rules. An error makes webpki look for another.
    fn judge(&mut self, found: &VerifiedPath<'_>, look: &Look<'_>) -> Result<(), webpki::Error> {
        let path = look.path_of(found).ok_or(webpki::Error::UnknownIssuer)?;
        let faults = look.path(&path.certificates, Some(&path.ca)).faults();
        let count = faults.len();
        match faults.into_iter().next() {
            None => {
                self.good = Some(path);
                Ok(())
            }
            Some(fault) => {
                if self.bad.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
                    self.bad = Some((count, fault));
                }
                Err(webpki::Error::UnknownIssuer)
            }
        }
    }
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
    if names.is_empty() && identity.uris.is_empty() && identity.emails.is_empty() {
        return Err(Refusal::NoNames {
            subject,
            asked: asked_text,
        });
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

/// What was looked at, for turning webpki's answer into ours with both values.
struct Look<'a> {
    leaf: &'a Certificate,
    intermediates: &'a [CertificateDer<'a>],
    trust: &'a Trust,
    purpose: Purpose,
    at: Timestamp,
}

impl Look<'_> {
    fn path<'p>(&self, certificates: &'p [Certificate], trusted: Option<&'p TrustedCa>) -> faults::Path<'p> {
        faults::Path {
            certificates,
            trusted,
            purpose: self.purpose,
            at: self.at,
        }
    }

    /// A path of webpki's in our certificates.
    fn path_of(&self, found: &VerifiedPath<'_>) -> Option<Path> {
        let between = found
            .intermediate_certificates()
            .map(|certificate| Certificate::from_der(&certificate.der()).ok());
        // Two certificates of one CA can make equal anchors, so the place in memory says which one it is.
        let anchors = self.trust.anchors();
        let place = anchors
            .anchors
            .iter()
            .position(|anchor| std::ptr::eq(anchor, found.anchor()))?;
        let anchor = anchors.certificates().get(place).cloned();
        let certificates = std::iter::once(Some(self.leaf.clone()))
            .chain(between)
            .chain([anchor])
            .collect::<Option<_>>()?;
        let ca = self.trust.owner_at(place)?.clone();
        Some(Path { certificates, ca })
    }

    /// webpki's answer in our words, said of the certificate that it is about.
    fn refusal(&self, error: webpki::Error) -> Refusal {
        use webpki::Error as W;
        let subject = self.leaf.called();
        match error {
            W::UnknownIssuer if self.leaf.is_self_issued() => Refusal::SelfSigned {
                subject,
                trusted: self.trusted(),
            },
            W::UnknownIssuer => {
                let top = self.top();
                Refusal::UnknownIssuer {
                    subject: top.called(),
                    issuer: name::shown(top.issuer()),
                    trusted: self.trusted(),
                }
            }
            W::CertRevoked => Refusal::Revoked { subject },
            W::MaximumPathBuildCallsExceeded
            | W::MaximumPathDepthExceeded
            | W::MaximumNameConstraintComparisonsExceeded
            | W::MaximumSignatureChecksExceeded => Refusal::TooComplex {
                subject,
                detail: error.to_string(),
            },
            W::NameConstraintViolation => Refusal::NameConstraints {
                subject,
                issuer: self.constrained(),
            },
            W::InvalidSignatureForPublicKey
            | W::SignatureAlgorithmMismatch
            | W::UnsupportedSignatureAlgorithmContext(_)
            | W::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
                self.of_signature().unwrap_or_else(|| Refusal::BadSignature {
                    role: Role::Leaf,
                    subject,
                    issuer: name::shown(self.leaf.issuer()),
                })
            }
            other => self
                .fault(|fault| explains(&other, fault))
                .unwrap_or_else(|| Refusal::Malformed {
                    detail: format!("\"{subject}\": {other}"),
                }),
        }
    }

    /// The fault that `is_it`, of the way with the fewest.
    fn fault(&self, is_it: impl Fn(&Refusal) -> bool) -> Option<Refusal> {
        let of = |way: &Way| self.path(&way.certificates, way.trusted.as_deref()).faults();
        let mut all: Vec<_> = self
            .ways()
            .iter()
            .map(|way| (way.trusted.is_none(), of(way)))
            .collect();
        all.sort_by_key(|(is_open, faults)| (*is_open, faults.len()));
        all.into_iter().flat_map(|(_, faults)| faults).find(is_it)
    }

    /// The signature at fault, or the key that is too weak to be asked.
    fn of_signature(&self) -> Option<Refusal> {
        let weak = self.fault(|fault| matches!(fault, Refusal::Weak { role, .. } if *role != Role::Leaf));
        weak.or_else(|| {
            self.ways()
                .iter()
                .filter(|way| way.trusted.is_some())
                .map(|way| {
                    self.path(&way.certificates, way.trusted.as_deref())
                        .broken_signatures()
                })
                .min_by_key(Vec::len)?
                .into_iter()
                .next()
        })
    }

    fn ways(&self) -> Vec<Way> {
        let rest = self
            .intermediates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok());
        let presented: Vec<_> = std::iter::once(self.leaf.clone()).chain(rest).collect();
        let mut ways = ways(&presented, self.trust);
        // For a name in a message; who sends very many ways gets the work of a few.
        ways.truncate(8);
        ways
    }

    /// The CA of the chain whose name constraints may be meant: the lowest that has any.
    fn constrained(&self) -> String {
        let ways = self.ways();
        let all = ways.iter().flat_map(|way| way.certificates.iter().skip(1));
        all.filter(|ca| ca.extension::<NameConstraints>().is_some())
            .map(Certificate::called)
            .next()
            .unwrap_or_else(|| name::shown(self.leaf.issuer()))
    }

    fn trusted(&self) -> String {
        listed(
            &self
                .trust
                .anchors()
                .certificates()
                .iter()
                .map(Certificate::called)
                .collect::<Vec<_>>(),
        )
    }

    /// Where the way upwards by names ends among what was presented.
    fn top(&self) -> Certificate {
        let others: Vec<_> = self
            .intermediates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        let mut top = self.leaf.clone();
        for _ in 0..others.len() {
            let issuer = name::der_of(top.issuer());
            match others
                .iter()
                .find(|other| name::der_of(other.subject()) == issuer && **other != top)
            {
                Some(next) => top = next.clone(),
                None => break,
            }
        }
        top
    }
}

/// Whether `fault` is what webpki calls `error`.
fn explains(error: &webpki::Error, fault: &Refusal) -> bool {
    use webpki::Error as W;
    match error {
        W::CertExpired { .. } => matches!(fault, Refusal::Expired { .. }),
        W::CertNotValidYet { .. } => matches!(fault, Refusal::NotYetValid { .. }),
        W::RequiredEkuNotFoundContext(_) | W::EmptyEkuExtension => {
            matches!(fault, Refusal::WrongPurpose { .. })
        }
        W::UnsupportedCertVersion => matches!(fault, Refusal::OldVersion { .. }),
        W::CaUsedAsEndEntity => matches!(fault, Refusal::CaAsLeaf { .. }),
        W::EndEntityUsedAsCa => matches!(fault, Refusal::NotACa { .. }),
        W::PathLenConstraintViolated => matches!(fault, Refusal::PathLength { .. }),
        W::UnsupportedCriticalExtension => matches!(fault, Refusal::CriticalExtension { .. }),
        // Everything else that webpki refuses is about the form.
        _ => matches!(fault, Refusal::Irregular { .. }),
    }
}
