//! The CAs that are believed: checked when they are made, looked up when a chain is judged.

use jiff::Timestamp;
use rustls_pki_types::TrustAnchor;
use webpki::anchor_from_trusted_cert;
use x509_cert::ext::pkix::NameConstraints;

use crate::{Certificate, Code, code, constraints::are_ours_to_judge, may_sign};

/// The CA certificates that are believed without further proof.
#[derive(Debug, Clone)]
pub struct Anchors {
    certificates: Vec<Certificate>,
    pub(crate) anchors: Vec<TrustAnchor<'static>>,
    left_out: Vec<Certificate>,
}

impl Anchors {
    /// Takes `certificates` as anchors. Each must be a CA that may sign certificates (or a self-issued version 1
    /// root); those that are expired at `at` are left out, and at least one must remain.
    pub fn new(certificates: Vec<Certificate>, at: Timestamp) -> Result<Self, AnchorError> {
        for certificate in &certificates {
            let Some(found) = may_sign::may_not_sign(certificate) else {
                continue;
            };
            let subject = certificate.called();
            return Err(if certificate.is_ca() {
                AnchorError::MayNotSign { subject, found }
            } else {
                AnchorError::NotCa { subject }
            });
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
                    .map(|anchor| judged_by_us(anchor.to_owned(), certificate))
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

    /// All of `parts`, in their order.
    pub(crate) fn joined<'a>(parts: impl Iterator<Item = &'a Self>) -> Self {
        parts.fold(Self::nobody(), |mut all, part| {
            all.certificates.extend_from_slice(&part.certificates);
            all.anchors.extend_from_slice(&part.anchors);
            all.left_out.extend_from_slice(&part.left_out);
            all
        })
    }

    /// Those that are trusted, in the order of the file.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The CAs that stand for themselves, by [`Certificate::called`], each once: not those that another of these issued,
    /// and a CA that changes its key is one.
    pub fn independent(&self) -> Vec<String> {
        let is_above = |ca: &Certificate, other: &Certificate| {
            other != ca && !ca.is_self_issued() && other.subject() == ca.issuer()
        };
        let stands_alone = |ca: &&Certificate| !self.certificates.iter().any(|other| is_above(ca, other));
        let independent = self.certificates.iter().filter(stands_alone);
        let mut names: Vec<String> = independent.map(Certificate::called).collect();
        names.sort();
        names.dedup();
        names
    }

    /// What was given and not taken because it has expired.
    pub fn left_out(&self) -> &[Certificate] {
        &self.left_out
    }
}

/// webpki refuses every URI and e-mail address below an anchor that limits them, because it cannot judge them. We can, and
/// do so on each path that it finds (`faults.rs`), so that it is not told of such limits. What nobody judges stays.
fn judged_by_us(anchor: TrustAnchor<'static>, certificate: &Certificate) -> TrustAnchor<'static> {
    let limits = certificate.extension::<NameConstraints>();
    if limits.as_ref().is_some_and(are_ours_to_judge) {
        return TrustAnchor {
            name_constraints: None,
            ..anchor
        };
    }
    anchor
}

/// Why a set of anchors cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorError {
    /// There is no CA certificate at all.
    #[error("expected a CA certificate, found nothing")]
    Empty,
    /// A leaf among the CAs.
    #[error("expected a CA certificate, found the leaf \"{subject}\"")]
    NotCa {
        /// The certificate, by [`Certificate::called`].
        subject: String,
    },
    /// A CA certificate whose usages or constraints forbid it to sign.
    #[error("the CA \"{subject}\" is not allowed to sign certificates: {found}")]
    MayNotSign {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// What it says instead.
        found: String,
    },
    /// Every CA has expired; one that has, among others, is left out.
    #[error("the CA \"{subject}\" expired at {not_after}")]
    Expired {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// The end of its validity.
        not_after: Timestamp,
    },
    /// webpki cannot make an anchor of it.
    #[error("the CA \"{subject}\" cannot be used: {detail}")]
    Unusable {
        /// The certificate, by [`Certificate::called`].
        subject: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl AnchorError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Expired { .. } => code::EXPIRED,
            Self::MayNotSign { .. } => code::NOT_A_CA,
            _ => code::BAD_TRUST_FILE,
        }
    }
}
