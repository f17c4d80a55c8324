//! Is this chain to be believed, by these anchors, for this purpose, now? One answer for door, client,
//! authority and explanation.
//!
//! Path building and signatures are webpki's (RFC 5280 section 6). On top of it stand the rules that it
//! leaves to us: the leaf's key usage, a client certificate that says it is one, strong leaf keys, one URI
//! in a SPIFFE certificate, and anchors that expire. A refusal keeps both sides of what did not match.

use std::fmt;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage};

use crate::{
    Anchors, Certificate, Error, Identity, Refusal, name,
    text::{listed, printable},
};

/// What a leaf is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Client,
    Server,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// A chain that was verified: the leaf, its path to an anchor, and how long this stays true.
///
/// There is no other way to make one than [`verify`].
#[derive(Debug, Clone)]
pub struct VerifiedChain {
    leaf: Certificate,
    path: Vec<Certificate>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl VerifiedChain {
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

    pub fn identity(&self) -> Identity {
        self.leaf.identity()
    }
}

/// Verifies `presented` (leaf first) up to one of `anchors` for `purpose` at `at`.
pub fn verify(
    presented: &[CertificateDer<'_>],
    anchors: &Anchors,
    purpose: Purpose,
    at: Timestamp,
) -> Result<VerifiedChain, Refusal> {
    let (leaf_der, intermediates) = presented.split_first().ok_or(Refusal::NoCertificate)?;
    let leaf = Certificate::from_der(leaf_der).map_err(|error| Refusal::Malformed {
        detail: error.to_string(),
    })?;
    judge_leaf(&leaf, purpose)?;
    let look = Look {
        leaf: &leaf,
        intermediates,
        anchors,
        purpose,
        at,
    };
    let end_entity = EndEntityCert::try_from(leaf_der).map_err(|error| look.refusal(error))?;
    let usage = match purpose {
        Purpose::Client => KeyUsage::client_auth(),
        Purpose::Server => KeyUsage::server_auth(),
    };
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        u64::try_from(at.as_second()).unwrap_or(0),
    ));
    let verified = end_entity
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors.anchors,
            intermediates,
            time,
            usage,
            None,
            None,
        )
        .map_err(|error| look.refusal(error))?;
    let mut path: Vec<Certificate> = verified
        .intermediate_certificates()
        .filter_map(|cert| Certificate::from_der(&cert.der()).ok())
        .collect();
    let anchor = anchors
        .anchors
        .iter()
        .zip(anchors.certificates())
        .find(|(anchor, _)| *anchor == verified.anchor());
    // The anchor that webpki returns is one of those it was given.
    let anchor = anchor
        .map(|(_, certificate)| certificate.clone())
        .ok_or(Refusal::NoCertificate)?;
    if at > anchor.not_after() {
        return Err(look.expired(&anchor));
    }
    path.push(anchor);
    let whole = || std::iter::once(&leaf).chain(&path);
    let not_before = whole().map(Certificate::not_before).max().unwrap_or(at);
    let not_after = whole().map(Certificate::not_after).min().unwrap_or(at);
    Ok(VerifiedChain {
        leaf,
        path,
        not_before,
        not_after,
    })
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

/// One way from the leaf upwards, and what became of it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Leaf first, then issuers by name; the last is an anchor when `reaches_anchor`.
    pub path: Vec<Certificate>,
    pub reaches_anchor: bool,
    pub verdict: Result<(), Refusal>,
}

/// Every way by issuer names from the leaf of `presented` to an anchor, each judged by itself.
/// At most [`MOST_CANDIDATES`] are looked at.
pub fn candidates(
    presented: &[Certificate],
    anchors: &Anchors,
    purpose: Purpose,
    at: Timestamp,
) -> Vec<Candidate> {
    let Some((leaf, rest)) = presented.split_first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut open = vec![vec![leaf.clone()]];
    while let Some(path) = open.pop() {
        if found.len() >= MOST_CANDIDATES {
            break;
        }
        // A path is never empty: it begins with the leaf.
        let Some(last) = path.last() else { continue };
        let issuer = name::der_of(last.issuer());
        let is_issuer = |certificate: &&Certificate| name::der_of(certificate.subject()) == issuer;
        let ends: Vec<_> = anchors.certificates().iter().filter(is_issuer).collect();
        let steps: Vec<_> = rest
            .iter()
            .filter(is_issuer)
            .filter(|step| !path.contains(step) && !ends.contains(step))
            .collect();
        if ends.is_empty() && (steps.is_empty() || path.len() > LONGEST_PATH) {
            let verdict = judge(&path, anchors, purpose, at);
            found.push(Candidate {
                path,
                reaches_anchor: false,
                verdict,
            });
            continue;
        }
        for end in ends {
            let only = Anchors::new(vec![end.clone()], at);
            let verdict = match &only {
                Ok(only) => judge(&path, only, purpose, at),
                Err(_) => Err(Refusal::Expired {
                    subject: end.called(),
                    not_after: end.not_after(),
                    now: at,
                }),
            };
            let path = path.iter().cloned().chain([end.clone()]).collect();
            found.push(Candidate {
                path,
                reaches_anchor: true,
                verdict,
            });
        }
        if path.len() <= LONGEST_PATH {
            open.extend(
                steps
                    .into_iter()
                    .map(|step| path.iter().cloned().chain([step.clone()]).collect()),
            );
        }
    }
    found
}

/// The most candidate paths that [`candidates`] looks at; cross-signed chains can make very many.
pub const MOST_CANDIDATES: usize = 32;

/// The most certificates below the anchor, as in webpki.
const LONGEST_PATH: usize = 7;

fn judge(path: &[Certificate], anchors: &Anchors, purpose: Purpose, at: Timestamp) -> Result<(), Refusal> {
    let ders: Vec<_> = path.iter().map(|certificate| certificate.der().clone()).collect();
    verify(&ders, anchors, purpose, at).map(drop)
}

/// The rules on the leaf that webpki leaves to its caller.
fn judge_leaf(leaf: &Certificate, purpose: Purpose) -> Result<(), Refusal> {
    let subject = || leaf.called();
    if leaf.version() != 3 {
        return Err(Refusal::OldVersion {
            subject: subject(),
            version: leaf.version(),
        });
    }
    if let Err(Error::WeakKey { found, .. } | Error::UnsupportedKey { found }) =
        leaf.public_key().must_be_strong()
    {
        return Err(Refusal::Weak {
            subject: subject(),
            found,
        });
    }
    if let Some(usage) = leaf.key_usage()
        && (!usage.digital_signature() || usage.key_cert_sign())
        && !leaf.is_ca()
    {
        return Err(Refusal::WrongKeyUsage {
            subject: subject(),
            found: leaf.key_usage_names().join(", "),
        });
    }
    // webpki lets a certificate without extended key usage pass as a client's (RFC 5280 section 4.2.1.12
    // leaves it open); a certificate that does not say that it is a client's is none here.
    if purpose == Purpose::Client && leaf.extended_key_usage().is_none() && !leaf.is_ca() {
        return Err(Refusal::WrongPurpose {
            subject: subject(),
            purpose,
            found: "nothing in particular (no extended key usage)".into(),
        });
    }
    let identity = leaf.identity();
    if identity
        .uris
        .iter()
        .any(|uri| uri.to_ascii_lowercase().starts_with("spiffe:"))
        && identity.spiffe_id().is_none()
    {
        return Err(Refusal::NotOneSpiffeId {
            subject: subject(),
            found: identity.uris.len(),
        });
    }
    Ok(())
}

/// What was looked at, for turning webpki's answer into ours with both values.
struct Look<'a> {
    leaf: &'a Certificate,
    intermediates: &'a [CertificateDer<'a>],
    anchors: &'a Anchors,
    purpose: Purpose,
    at: Timestamp,
}

impl Look<'_> {
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
            W::CertExpired { .. } => {
                self.expired(&self.first(|certificate| certificate.not_after() < self.at))
            }
            W::CertNotValidYet { .. } => {
                let early = self.first(|certificate| certificate.not_before() > self.at);
                Refusal::NotYetValid {
                    subject: early.called(),
                    not_before: early.not_before(),
                    now: self.at,
                }
            }
            W::RequiredEkuNotFoundContext(_) | W::EmptyEkuExtension => {
                let found = self.leaf.extended_key_usage_names().unwrap_or_default();
                let found = if found.is_empty() {
                    "nothing".to_owned()
                } else {
                    found.join(", ")
                };
                Refusal::WrongPurpose {
                    subject,
                    purpose: self.purpose,
                    found,
                }
            }
            W::UnsupportedCertVersion => {
                let old = self.first(|certificate| certificate.version() != 3);
                Refusal::OldVersion {
                    subject: old.called(),
                    version: old.version(),
                }
            }
            W::CaUsedAsEndEntity => Refusal::CaAsLeaf { subject },
            W::EndEntityUsedAsCa => Refusal::NotACa { subject },
            W::PathLenConstraintViolated => Refusal::PathLength { subject },
            W::NameConstraintViolation | W::MaximumNameConstraintComparisonsExceeded => {
                Refusal::NameConstraints { subject }
            }
            W::InvalidSignatureForPublicKey | W::SignatureAlgorithmMismatch => Refusal::BadSignature {
                subject,
                issuer: name::shown(self.leaf.issuer()),
            },
            W::UnsupportedSignatureAlgorithmContext(_)
            | W::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Refusal::Weak {
                subject,
                found: format!("signed with {}", self.leaf.signature_algorithm()),
            },
            W::UnsupportedCriticalExtension => Refusal::CriticalExtension { subject },
            W::CertRevoked => Refusal::Revoked { subject },
            W::MaximumPathBuildCallsExceeded
            | W::MaximumPathDepthExceeded
            | W::MaximumSignatureChecksExceeded => Refusal::TooComplex {
                subject,
                detail: error.to_string(),
            },
            other => Refusal::Malformed {
                detail: format!("\"{subject}\": {other}"),
            },
        }
    }

    fn expired(&self, certificate: &Certificate) -> Refusal {
        Refusal::Expired {
            subject: certificate.called(),
            not_after: certificate.not_after(),
            now: self.at,
        }
    }

    fn trusted(&self) -> String {
        listed(
            &self
                .anchors
                .certificates()
                .iter()
                .map(Certificate::called)
                .collect::<Vec<_>>(),
        )
    }

    /// The first certificate from the leaf upwards that `is_it`, else the leaf.
    fn first(&self, is_it: impl Fn(&Certificate) -> bool) -> Certificate {
        let intermediates = self
            .intermediates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok());
        std::iter::once(self.leaf.clone())
            .chain(intermediates)
            .find(is_it)
            .unwrap_or_else(|| self.leaf.clone())
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
