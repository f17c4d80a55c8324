//! Is this chain to be believed, by these anchors, for this purpose, now? One answer for door, client,
//! authority and explanation.
//!
//! Path building and signatures are webpki's (RFC 5280 section 6). On top of it stand the rules that it
//! leaves to us: the leaf's key usage, a client certificate that says it is one, strong leaf keys, one URI
//! in a SPIFFE certificate, and anchors that expire. A refusal keeps both sides of what did not match.

use std::fmt;

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::{
    Certificate, Code, Error, Identity, code, name,
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

/// The CA certificates that are believed without further proof.
#[derive(Debug, Clone)]
pub struct Anchors {
    certificates: Vec<Certificate>,
    anchors: Vec<TrustAnchor<'static>>,
    left_out: Vec<Certificate>,
}

impl Anchors {
    /// Takes `certificates` as anchors. Each must be a CA (or a self-issued version 1 root); those that are
    /// expired at `at` are left out, and at least one must remain.
    pub fn new(certificates: Vec<Certificate>, at: Timestamp) -> Result<Self, AnchorError> {
        for certificate in &certificates {
            let old_root = certificate.version() == 1 && certificate.is_self_issued();
            if !certificate.is_ca() && !old_root {
                return Err(AnchorError::NotCa {
                    subject: certificate.called(),
                });
            }
        }
        let (certificates, left_out): (Vec<_>, Vec<_>) = certificates
            .into_iter()
            .partition(|certificate| at <= certificate.not_after());
        let Some(last) = certificates.last().or(left_out.last()) else {
            return Err(AnchorError::Empty);
        };
        if certificates.is_empty() {
            return Err(AnchorError::Expired {
                subject: last.called(),
                not_after: last.not_after(),
            });
        }
        let anchors = certificates
            .iter()
            .map(|certificate| {
                anchor_from_trusted_cert(certificate.der())
                    .map(|anchor| anchor.to_owned())
                    .map_err(|error| AnchorError::Unusable {
                        subject: certificate.called(),
                        detail: error.to_string(),
                    })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            certificates,
            anchors,
            left_out,
        })
    }

    /// No anchors: every chain is refused. For looking at what a server presents.
    pub fn nobody() -> Self {
        Self {
            certificates: Vec::new(),
            anchors: Vec::new(),
            left_out: Vec::new(),
        }
    }

    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What was given and not taken because it has expired.
    pub fn left_out(&self) -> &[Certificate] {
        &self.left_out
    }
}

/// Why a set of anchors cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    #[error("expected a CA certificate, found nothing")]
    Empty,
    #[error("expected a CA certificate, found the leaf \"{subject}\"")]
    NotCa { subject: String },
    #[error("the CA \"{subject}\" expired at {not_after}")]
    Expired { subject: String, not_after: Timestamp },
    #[error("the CA \"{subject}\" cannot be used: {detail}")]
    Unusable { subject: String, detail: String },
}

impl AnchorError {
    pub fn code(&self) -> Code {
        match self {
            Self::Expired { .. } => code::EXPIRED,
            _ => code::BAD_TRUST_FILE,
        }
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

/// Why a chain was refused, with what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("no certificate was sent")]
    NoCertificate,
    #[error("the certificate cannot be decoded: {detail}")]
    Malformed { detail: String },
    #[error("\"{subject}\" was issued by \"{issuer}\", which is not among the trusted CAs: {trusted}")]
    UnknownIssuer {
        subject: String,
        issuer: String,
        trusted: String,
    },
    #[error("\"{subject}\" is signed by itself and not among the trusted CAs: {trusted}")]
    SelfSigned { subject: String, trusted: String },
    #[error("\"{subject}\" expired at {not_after}, it is {now}")]
    Expired {
        subject: String,
        not_after: Timestamp,
        now: Timestamp,
    },
    #[error("\"{subject}\" is valid from {not_before}, it is {now}")]
    NotYetValid {
        subject: String,
        not_before: Timestamp,
        now: Timestamp,
    },
    #[error("\"{subject}\" may be used for {found}, expected {purpose}Auth")]
    WrongPurpose {
        subject: String,
        purpose: Purpose,
        found: String,
    },
    #[error("\"{subject}\" has key usage {found}, expected digitalSignature without keyCertSign")]
    WrongKeyUsage { subject: String, found: String },
    #[error("\"{subject}\" is an X.509 version {version} certificate, expected version 3")]
    OldVersion { subject: String, version: u8 },
    #[error("\"{subject}\" is a CA certificate used as a leaf")]
    CaAsLeaf { subject: String },
    #[error("a certificate in the chain of \"{subject}\" is not a CA")]
    NotACa { subject: String },
    #[error("the chain of \"{subject}\" is longer than a CA in it allows")]
    PathLength { subject: String },
    #[error("a name of \"{subject}\" lies outside what a CA in its chain may sign")]
    NameConstraints { subject: String },
    #[error("the signature on \"{subject}\" was not made by the key of \"{issuer}\"")]
    BadSignature { subject: String, issuer: String },
    #[error("\"{subject}\" is too weak: {found}")]
    Weak { subject: String, found: String },
    #[error("\"{subject}\" has a critical extension that is not understood")]
    CriticalExtension { subject: String },
    #[error("\"{subject}\" has {found} URI names, a SPIFFE certificate has exactly one")]
    NotOneSpiffeId { subject: String, found: usize },
    #[error("\"{subject}\" has no subject alternative name, expected \"{asked}\"")]
    NoNames { subject: String, asked: String },
    #[error("\"{subject}\" has no IP address among its names, expected \"{asked}\"; it has {found}")]
    NoIpName {
        subject: String,
        asked: String,
        found: String,
    },
    #[error("\"{subject}\" is valid for {found}, expected \"{asked}\"")]
    NameMismatch {
        subject: String,
        asked: String,
        found: String,
    },
    #[error("\"{subject}\" was revoked")]
    Revoked { subject: String },
    #[error("the chain of \"{subject}\" costs too much to verify: {detail}")]
    TooComplex { subject: String, detail: String },
}

impl Refusal {
    /// The stable code. [`Purpose::Server`] chains of unknown CAs are the client's finding, `HF-301`.
    pub fn code(&self, purpose: Purpose) -> Code {
        match self {
            Self::NoCertificate => code::NO_CERTIFICATE,
            Self::UnknownIssuer { .. } if purpose == Purpose::Server => code::SERVER_UNTRUSTED,
            Self::UnknownIssuer { .. } => code::UNKNOWN_ISSUER,
            Self::SelfSigned { .. } | Self::CaAsLeaf { .. } => code::CA_AS_LEAF,
            Self::Expired { .. } => code::EXPIRED,
            Self::NotYetValid { .. } => code::NOT_YET_VALID,
            Self::WrongPurpose { .. } | Self::WrongKeyUsage { .. } => code::WRONG_PURPOSE,
            Self::OldVersion { .. } => code::VERSION_1,
            Self::NotACa { .. } => code::NOT_A_CA,
            Self::PathLength { .. } => code::PATH_LENGTH,
            Self::NameConstraints { .. } => code::NAME_CONSTRAINTS,
            Self::BadSignature { .. } => code::BAD_SIGNATURE,
            Self::Weak { .. } => code::WEAK_KEY,
            Self::CriticalExtension { .. } => code::CRITICAL_EXTENSION,
            Self::NotOneSpiffeId { .. } => code::IDENTITY_MISMATCH,
            Self::NoNames { .. } => code::NO_NAMES,
            Self::NoIpName { .. } => code::NO_IP_NAME,
            Self::NameMismatch { .. } => code::NAME_MISMATCH,
            Self::Revoked { .. } => code::REVOKED,
            Self::Malformed { .. } | Self::TooComplex { .. } => code::WRONG_FORMAT,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoCertificate => "give the client its certificate and key: --cert tls.crt --key tls.key",
            Self::UnknownIssuer { .. } => {
                "add the issuing CA to the trusted file, or send the missing intermediate after the leaf"
            }
            Self::SelfSigned { .. } | Self::CaAsLeaf { .. } => {
                "make a CA and a leaf: handfast init, then handfast issue"
            }
            Self::Expired { .. } => "issue a new one: handfast issue, and reload the process that uses it",
            Self::NotYetValid { .. } => "check the clocks of both sides",
            Self::WrongPurpose { .. } => "issue it for this purpose: handfast issue client, server or peer",
            Self::WrongKeyUsage { .. } => "issue it with key usage digitalSignature: handfast issue does",
            Self::OldVersion { .. } | Self::NoNames { .. } => {
                "sign its request again with names: handfast sign REQUEST.csr server --dns NAME --out FILE"
            }
            Self::BadSignature { .. } => {
                "trust both CA certificates while a CA key changes, and never reuse a CA's name"
            }
            Self::Weak { .. } => "make a new key: P-256, or RSA of 2048 bits and SHA-256",
            Self::NoIpName { .. } => "issue it with the address: handfast issue server --ip ADDRESS",
            Self::NameMismatch { .. } => {
                "use one of its names, or issue it for this one: handfast issue server --dns NAME"
            }
            Self::NotOneSpiffeId { .. } => "issue it with one --uri spiffe://...",
            Self::NotACa { .. } | Self::PathLength { .. } => "issue from a CA that is allowed to",
            Self::NameConstraints { .. } => "ask a CA that may sign this name",
            Self::CriticalExtension { .. } => {
                "issue it without the private extension, or mark that non-critical"
            }
            Self::Revoked { .. } => "make a new key and certificate, and find out why this one was revoked",
            Self::Malformed { .. } | Self::TooComplex { .. } => "see what is in it: handfast inspect FILE",
        }
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
        .zip(&anchors.certificates)
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
    let leaf = chain.leaf();
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
        let ends: Vec<_> = anchors.certificates.iter().filter(is_issuer).collect();
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
                .certificates
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
