//! The look for a path: webpki finds it, every rule of `faults.rs` judges it, and what webpki says is turned into ours
//! with both values, of the certificate that it is about.

use std::{cell::RefCell, sync::Arc};

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, Der, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, VerifiedPath};
use x509_cert::ext::pkix::NameConstraints;

use crate::{
    Anchors, Certificate, Purpose, Refusal, Role, Trust, TrustedCa, faults, link, name,
    text::listed,
    ways::{Way, ways},
};

/// A path up to an anchor, and whose the anchor is.
pub(crate) struct Path {
    /// Leaf first and the anchor last.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) ca: Arc<TrustedCa>,
}

/// Why there is no path.
pub(crate) enum Refused {
    /// webpki would take one, and it breaks a rule of ours.
    ByRule(Refusal),
    ByWebpki(webpki::Error),
}

/// What is looked at.
pub(crate) struct Look<'a> {
    pub(crate) leaf: &'a Certificate,
    pub(crate) intermediates: &'a [CertificateDer<'a>],
    pub(crate) trust: &'a Trust,
    pub(crate) purpose: Purpose,
    pub(crate) at: Timestamp,
}

impl Look<'_> {
    pub(crate) fn path<'p>(
        &'p self,
        certificates: &'p [Certificate],
        trusted: Option<&'p TrustedCa>,
    ) -> faults::Path<'p> {
        faults::Path {
            certificates,
            trusted,
            revocation: self.trust.revocation(),
            purpose: self.purpose,
            at: self.at,
        }
    }

    /// A path to one of the anchors that keeps all of our rules.
    pub(crate) fn find(&self, end_entity: &EndEntityCert<'_>) -> Result<Path, Refused> {
        let own = &self.trust.anchors().anchors;
        let first = self.run(end_entity, own, &[]);
        // Who is not found by the bytes of its name may be found by the name.
        let Err(Refused::ByWebpki(webpki::Error::UnknownIssuer)) = first else {
            return first;
        };
        let (more, places): (Vec<_>, Vec<_>) = self.written_otherwise().into_iter().unzip();
        if more.is_empty() {
            return first;
        }
        self.run(end_entity, &[own.clone(), more].concat(), &places)
    }

    /// The trusted CAs that something presented names as its issuer in other bytes, under those bytes: the name is the
    /// same (RFC 5280 section 7.1), and the key that has to have signed stays the CA's.
    ///
    /// Each with its place among the anchors.
    fn written_otherwise(&self) -> Vec<(TrustAnchor<'static>, usize)> {
        let anchors = self.trust.anchors();
        let mut found = Vec::new();
        for certificate in std::iter::once(self.leaf.clone()).chain(self.others()) {
            let cas = anchors.certificates().iter().zip(&anchors.anchors).enumerate();
            for (place, (ca, anchor)) in cas {
                if link::other_writing(&certificate, ca).is_some() {
                    let subject = Der::from(certificate.issuer().content().to_vec());
                    let anchor = TrustAnchor {
                        subject,
                        ..anchor.clone()
                    };
                    found.push((anchor, place));
                }
            }
        }
        found
    }

    /// Asks webpki for a path to one of `anchors` that keeps all of our rules. Those behind our own stand for the anchors
    /// at `more`.
    fn run(
        &self,
        end_entity: &EndEntityCert<'_>,
        anchors: &[TrustAnchor<'static>],
        more: &[usize],
    ) -> Result<Path, Refused> {
        let usage = match self.purpose {
            Purpose::Client => KeyUsage::client_auth(),
            Purpose::Server => KeyUsage::server_auth(),
        };
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            u64::try_from(self.at.as_second()).unwrap_or(0),
        ));
        let judged = RefCell::new(Judged::default());
        // Two certificates of one CA can make equal anchors, so the place in memory says which one it is.
        let place = |found: &VerifiedPath<'_>| {
            let place = anchors
                .iter()
                .position(|anchor| std::ptr::eq(anchor, found.anchor()))?;
            match place.checked_sub(self.trust.anchors().anchors.len()) {
                None => Some(place),
                Some(behind) => more.get(behind).copied(),
            }
        };
        let judge = |found: &VerifiedPath<'_>| {
            let path = place(found).and_then(|place| self.path_of(found, place));
            judged
                .borrow_mut()
                .judge(path.ok_or(webpki::Error::UnknownIssuer)?, self)
        };
        let verdict = end_entity.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            anchors,
            self.intermediates,
            time,
            usage,
            None,
            Some(&judge),
        );
        let verdict = verdict.map(drop);
        match (verdict, judged.take()) {
            (Ok(()), Judged { good: Some(path), .. }) => Ok(path),
            // A path that fails by our rules alone is nearer to the truth than one that webpki could not finish.
            (
                _,
                Judged {
                    bad: Some((_, refusal)),
                    ..
                },
            ) => Err(Refused::ByRule(refusal)),
            (Err(error), _) => Err(Refused::ByWebpki(error)),
            // webpki takes no path that the callback has not taken.
            (Ok(()), _) => Err(Refused::ByRule(Refusal::NoCertificate)),
        }
    }

    /// A path of webpki's in our certificates, up to the anchor of this place.
    fn path_of(&self, found: &VerifiedPath<'_>, place: usize) -> Option<Path> {
        let between = found
            .intermediate_certificates()
            .map(|certificate| Certificate::from_der(&certificate.der()).ok());
        let anchor = self.trust.anchors().certificates().get(place).cloned();
        let certificates = std::iter::once(Some(self.leaf.clone()))
            .chain(between)
            .chain([anchor])
            .collect::<Option<_>>()?;
        let ca = self.trust.owner_at(place)?.clone();
        Some(Path { certificates, ca })
    }

    /// What was presented with the leaf, as far as it can be read.
    fn others(&self) -> impl Iterator<Item = Certificate> {
        self.intermediates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
    }

    /// webpki's answer in our words, said of the certificate that it is about.
    pub(crate) fn refusal(&self, error: webpki::Error) -> Refusal {
        use webpki::Error as W;
        let subject = self.leaf.called();
        match error {
            W::UnknownIssuer if self.leaf.is_self_issued() => Refusal::SelfSigned {
                subject,
                trusted: self.trusted(),
            },
            W::UnknownIssuer if self.is_written_otherwise().is_some() => {
                self.is_written_otherwise().unwrap_or(Refusal::NoCertificate)
            }
            W::UnknownIssuer => {
                let top = self.top();
                Refusal::UnknownIssuer {
                    subject: top.called(),
                    issuer: name::shown(top.issuer()),
                    trusted: self.trusted(),
                }
            }
            W::CertRevoked => Refusal::Revoked {
                role: Role::Leaf,
                subject,
            },
            error if is_about_work(&error) => Refusal::TooComplex {
                subject,
                detail: error.to_string(),
            },
            W::NameConstraintViolation => Refusal::NameConstraints {
                subject,
                issuer: self.constrained(),
            },
            W::UnsupportedSignatureAlgorithmContext(_)
            | W::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
                self.of_signature().unwrap_or_else(|| Refusal::CannotVerify {
                    role: Role::Leaf,
                    subject,
                    because: format!("its chain has a signature that is not supported: {error}"),
                })
            }
            W::InvalidSignatureForPublicKey | W::SignatureAlgorithmMismatch => {
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

    /// What stands against the way whose signatures are good, where there are others by CAs of the same name: webpki tries
    /// all of them, and `error` may be about one whose key has signed nothing here.
    pub(crate) fn of_signed_way(&self, error: &webpki::Error) -> Option<Refusal> {
        let ways = self.ways();
        if ways.len() < 2 || is_about_work(error) {
            return None;
        }
        let (by_name_alone, signed): (Vec<_>, Vec<_>) = ways.into_iter().partition(|way| {
            let broken = self
                .path(&way.certificates, way.trusted.as_deref())
                .broken_signatures();
            broken.iter().any(Refusal::is_bad_signature)
        });
        if by_name_alone.is_empty() {
            return None;
        }
        let trusted = signed.iter().filter(|way| way.trusted.is_some());
        let way = trusted.min_by_key(|way| {
            let path = self.path(&way.certificates, way.trusted.as_deref());
            path.faults().len()
        })?;
        let (anchor, below) = way.certificates.split_last()?;
        let only = way
            .trusted
            .as_ref()?
            .only(Anchors::new(vec![anchor.clone()], self.at).ok()?);
        let ders: Vec<_> = below.iter().map(|one| one.der().clone()).collect();
        let (leaf, intermediates) = ders.split_first()?;
        let look = Look {
            leaf: self.leaf,
            intermediates,
            trust: &only,
            purpose: self.purpose,
            at: self.at,
        };
        // That it would be taken alone is no reason to take it.
        match look.find(&EndEntityCert::try_from(leaf).ok()?) {
            Ok(_) => None,
            Err(Refused::ByRule(refusal)) => Some(refusal),
            Err(Refused::ByWebpki(error)) => Some(look.refusal(error)),
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
            let ways = self.ways();
            let broken = ways.iter().filter(|way| way.trusted.is_some()).map(|way| {
                self.path(&way.certificates, way.trusted.as_deref())
                    .broken_signatures()
            });
            Refusal::first(broken.min_by_key(Vec::len)?)
        })
    }

    /// A way that leads to a trusted CA by the names of issuers, and not by their bytes, which is all that webpki follows.
    /// What is trusted itself is found all the same, see [`Self::written_otherwise`]; so this is about a CA between.
    fn is_written_otherwise(&self) -> Option<Refusal> {
        let ways = self.ways();
        let mut links = ways.iter().filter(|way| way.trusted.is_some()).flat_map(|way| {
            way.certificates
                .array_windows()
                .enumerate()
                .filter_map(|(place, [below, above])| {
                    let writing = link::other_writing(below, above)?;
                    let role = if place == 0 { Role::Leaf } else { Role::Issuer };
                    Some((role, below.called(), writing))
                })
        });
        let (role, subject, writing) = links.next()?;
        Some(Refusal::CannotVerify {
            role,
            subject,
            because: format!(
                "{writing}; the name is the same (RFC 5280 section 7.1), which OpenSSL and Java accept, and Go, NSS and \
                 rustls compare bytes"
            ),
        })
    }

    fn ways(&self) -> Vec<Way> {
        let presented: Vec<_> = std::iter::once(self.leaf.clone()).chain(self.others()).collect();
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
        let others: Vec<_> = self.others().collect();
        let mut top = self.leaf.clone();
        for _ in 0..others.len() {
            match others
                .iter()
                .find(|other| other.subject() == top.issuer() && **other != top)
            {
                Some(next) => top = next.clone(),
                None => break,
            }
        }
        top
    }
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
    fn judge(&mut self, path: Path, look: &Look<'_>) -> Result<(), webpki::Error> {
        let faults = look.path(&path.certificates, Some(&path.ca)).faults();
        let count = faults.len();
        match Refusal::first(faults) {
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

/// Whether webpki gave up, for it would have been too much work.
fn is_about_work(error: &webpki::Error) -> bool {
    use webpki::Error as W;
    matches!(
        error,
        W::MaximumPathBuildCallsExceeded
            | W::MaximumPathDepthExceeded
            | W::MaximumNameConstraintComparisonsExceeded
            | W::MaximumSignatureChecksExceeded
    )
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
