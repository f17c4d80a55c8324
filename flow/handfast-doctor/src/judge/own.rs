//! What our own certificate and chain say against themselves, the most specific first: the faults for which a
//! server may have refused us.

mod around;
mod reach;

use handfast_finding::Certainty;
use handfast_pki::{
    AnchorError, Anchors, Certificate, Code, Purpose, Refusal, Role, Trust, code, crl::RevocationList, link,
    name, text::hex, verify,
};
use jiff::Timestamp;

use self::{
    around::{ancestry, around, is_below_known, roots},
    reach::of_reach,
};
use super::{
    Evidence,
    clock::{Limit, OUR_CLOCK},
    schemes::signs_with,
};

/// A fault of what we sent.
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) because: String,
    pub(super) help: String,
    pub(super) minded: Minded,
    /// The time that makes it one, where a time does.
    limit: Option<Limit>,
}

/// Who minds a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Minded {
    /// Every verifier: it stands in the files for everybody to see.
    ByAll,
    /// Some.
    BySome,
    /// Every verifier whose clock says what ours says, and nothing but ours says it.
    ByOurClock,
    /// Some, maybe: it is not supported here, and others may support it.
    Unknown,
}

impl Minded {
    /// The same where the alert `number` says it: certificate_expired is what the peer's clock says, too.
    pub(super) fn said_by(self, number: u8) -> Self {
        match self {
            Self::ByOurClock if number == 45 => Self::ByAll,
            other => other,
        }
    }

    /// How sure it is that it is the cause, where it would be `by_all` or `by_some` for a fault of that kind.
    pub(super) fn certainty(self, by_all: Certainty, by_some: Certainty) -> Certainty {
        match self {
            Self::ByAll => by_all,
            Self::BySome => by_some,
            // Clocks are seldom wrong by days; most of what we do not support, others do not support either.
            Self::ByOurClock | Self::Unknown => by_all.max(Certainty::Likely),
        }
    }
}

impl Fault {
    fn new(code: Code, because: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            because: because.into(),
            help: help.into(),
            minded: Minded::ByAll,
            limit: None,
        }
    }

    fn dated(self, limit: Limit) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    fn arguable(mut self) -> Self {
        self.minded = Minded::BySome;
        self
    }

    fn of(refusal: &Refusal, purpose: Purpose) -> Self {
        if let Refusal::CannotVerify { .. } = refusal {
            return Self {
                minded: Minded::Unknown,
                ..Self::new(
                    code::NO_COMMON_SCHEME,
                    format!("the other side may not support it either: {refusal}"),
                    "use what every stack takes: ECDSA P-256",
                )
            };
        }
        Self {
            limit: Limit::of(refusal),
            ..Self::new(
                refusal.code(purpose),
                format!("the {purpose}'s certificate: {refusal}"),
                refusal.hint(),
            )
        }
    }
}

/// Every fault of what the client sent, at `now`.
pub(super) fn faults(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Fault> {
    let mut faults = of_files(evidence, Purpose::Client, now);
    if let Some(own) = evidence.trace.own_chain.first() {
        faults.extend(of_reach(evidence, own));
        faults.extend(rare(evidence));
    }
    // What is known outranks what may be.
    faults.sort_by_key(|fault| fault.minded == Minded::Unknown);
    faults
}

/// Every fault that stands in the chain itself, for `purpose` at `now`: what the proxy's own judgement says of it, the leaf
/// first, with the best anchors that are known.
pub(super) fn of_files(evidence: &Evidence<'_>, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let Some(own) = evidence.trace.own_chain.first() else {
        return Vec::new();
    };
    let mut refusals = judged(evidence, own, purpose, now);
    // What is nearest to the cause first; the rest in the order of the rules.
    refusals.sort_by_key(|refusal| (refusal.role() != Role::Leaf, rank(refusal)));
    let (of_leaf, of_cas): (Vec<_>, Vec<_>) = refusals
        .into_iter()
        .partition(|refusal| refusal.role() == Role::Leaf);
    let mut faults: Vec<Fault> = Vec::new();
    if own.is_self_issued() {
        faults.push(self_signed(own, purpose));
    }
    faults.extend(of_leaf.iter().filter_map(|refusal| minded(refusal, own, purpose)));
    faults.extend(other_key_sent(evidence));
    faults.extend(other_key_id(evidence));
    faults.extend(revoked(evidence, own, purpose, now));
    faults.extend(misidentified(evidence, purpose));
    for refusal in &of_cas {
        if faults.iter().all(|fault| fault.code != refusal.code(purpose)) {
            faults.push(Fault::of(refusal, purpose));
        }
    }
    for fault in &mut faults {
        let is_doubtful = |limit| evidence.is_by_our_clock(limit, now);
        if fault.minded == Minded::ByAll && fault.limit.is_some_and(is_doubtful) {
            fault.minded = Minded::ByOurClock;
            fault.help = format!("{OUR_CLOCK}, then: {}", fault.help);
        }
    }
    faults
}

/// A certificate of the chain says that another certificate of its CA is meant than any that is known. OpenSSL and what
/// is made with it looks no further then.
fn misidentified(evidence: &Evidence<'_>, purpose: Purpose) -> Option<Fault> {
    let around = around(evidence);
    evidence.trace.own_chain.iter().find_map(|below| {
        let above = around.iter().filter(|above| {
            above.subject() == below.issuer() && **above != below && below.is_signed_by(&above.public_key())
        });
        let mismatches: Vec<Option<String>> = above.map(|above| link::identifier_mismatch(below, above)).collect();
        let mismatches: Option<Vec<String>> = mismatches.into_iter().collect();
        let mismatch = mismatches?.into_iter().next()?;
        let fault = Fault::new(
            code::BAD_SIGNATURE,
            format!(
                "the {purpose}'s certificate: \"{}\" is signed by the right key, and {mismatch}; OpenSSL takes another \
                 issuer then, and finds none",
                below.called()
            ),
            "issue it again from the CA certificate that is in use, or give the server the CA certificate that is named; \
             with openssl x509 and ca, write authorityKeyIdentifier=keyid and leave issuer out",
        );
        Some(fault.arguable())
    })
}

/// A certificate of the chain is signed with an algorithm that is verified here and by few others, or has such a key.
fn rare(evidence: &Evidence<'_>) -> Option<Fault> {
    // One that the peer asks for is not rare to it.
    let asked = evidence
        .trace
        .asked
        .as_ref()
        .map_or(&[][..], |asked| &asked.schemes);
    let is_rare = |algorithm: &String| {
        (algorithm.starts_with("ML-DSA") || algorithm.starts_with("SLH-DSA"))
            && !asked.iter().any(|scheme| signs_with(algorithm, *scheme))
    };
    evidence.trace.own_chain.iter().find_map(|certificate| {
        let signature = Some(certificate.signature_algorithm()).filter(is_rare);
        let key = Some(certificate.public_key().algorithm()).filter(is_rare);
        let what = match (signature, key) {
            (Some(algorithm), _) => format!("is signed with {algorithm}, which few programs verify"),
            (None, Some(algorithm)) => format!("has a key of {algorithm}, which few programs take"),
            (None, None) => return None,
        };
        Some(Fault {
            minded: Minded::Unknown,
            ..Fault::new(
                code::NO_COMMON_SCHEME,
                format!("\"{}\" {what} (OpenSSL since 3.5)", certificate.called()),
                "issue from a CA that signs with ECDSA P-256, until every peer knows the new algorithm",
            )
        })
    })
}

fn self_signed(own: &Certificate, purpose: Purpose) -> Fault {
    Fault::new(
        code::CA_AS_LEAF,
        format!(
            "the {purpose}'s certificate \"{}\" is signed by itself",
            own.called()
        ),
        "make a CA and a leaf: handfast init, then handfast issue",
    )
}

fn rank(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::Expired { .. } => 0,
        Refusal::NotYetValid { .. } => 1,
        Refusal::CaAsLeaf { .. } => 2,
        Refusal::WrongPurpose { .. } => 3,
        Refusal::Weak { .. } => 4,
        Refusal::WrongKeyUsage { .. } => 5,
        Refusal::OldVersion { .. } => 6,
        Refusal::BadSignature { .. } => 7,
        Refusal::CannotVerify { .. } => 9,
        _ => 8,
    }
}

/// A fault of the leaf as other verifiers see it. We are stricter than they are: what only we mind is none, and what some do
/// not mind is arguable.
fn minded(refusal: &Refusal, own: &Certificate, purpose: Purpose) -> Option<Fault> {
    let fault = Fault::of(refusal, purpose);
    match refusal {
        Refusal::CaAsLeaf { .. } if own.is_self_issued() => None,
        // To be any purpose's, or nobody's, is refused by us alone.
        Refusal::WrongPurpose { .. } => {
            let usages = own.extended_key_usage_names()?;
            (!usages.iter().any(|usage| usage == "anyExtendedKeyUsage")).then_some(fault)
        }
        // A leaf that may sign certificates is minded by us alone; GnuTLS and Go mind no key usage at all.
        Refusal::WrongKeyUsage { .. } => own
            .key_usage()
            .is_some_and(|usage| !usage.digital_signature())
            .then(|| fault.arguable()),
        // OpenSSL takes version 1, and nobody else asks what a SPIFFE certificate is.
        Refusal::OldVersion { .. } | Refusal::CaAsLeaf { .. } | Refusal::NotOneSpiffeId { .. } => {
            Some(fault.arguable())
        }
        _ => Some(fault),
    }
}

/// What was sent as the issuer of a certificate has its name and another key, and the right one was not sent.
fn other_key_sent(evidence: &Evidence<'_>) -> Option<Fault> {
    let sent = &evidence.trace.own_chain;
    sent.iter().find_map(|below| {
        let named = sent.iter().filter(|above| {
            *above != below && above.subject() == below.issuer() && !above.is_self_issued()
        });
        let verdicts: Vec<_> = named.map(|above| (above, below.signature_by(&above.public_key()))).collect();
        let (wrong, _) = verdicts.first()?;
        // What cannot be verified here is no other key.
        if verdicts.iter().any(|(_, verdict)| *verdict != Ok(false)) {
            return None;
        }
        let right = evidence.context.known.iter().find(|known| {
            known.subject() == below.issuer() && below.signature_by(&known.public_key()) == Ok(true)
        });
        let help = match right {
            Some(_) => "the CA certificate with the right key lies around: put it behind the leaf, in the place of the other",
            None => "put the CA certificate that signed it behind the leaf, in the place of the other of that name",
        };
        let fault = Fault::new(
            code::BAD_SIGNATURE,
            format!(
                "\"{}\" was sent with \"{}\", which has the name of its issuer and another key than the one that signed it",
                below.called(),
                wrong.called()
            ),
            help,
        );
        // A verifier that has the right one itself takes that.
        Some(fault.arguable())
    })
}

/// A certificate that names another key of its issuer than the one which stands above it. OpenSSL and GnuTLS take no such
/// issuer; others look at names and signatures alone (RFC 5280 section 4.2.1.1).
fn other_key_id(evidence: &Evidence<'_>) -> Option<Fault> {
    let around = around(evidence);
    let sent = &evidence.trace.own_chain;
    sent.iter().find_map(|below| {
        let wanted = below.authority_key_id()?;
        let named = |above: &&&Certificate| above.subject() == below.issuer() && !below.is_self_issued();
        let ids: Vec<Vec<u8>> = around
            .iter()
            .filter(named)
            .filter_map(|above| above.subject_key_id())
            .collect();
        let found = ids.first().filter(|_| !ids.contains(&wanted))?;
        Some(
            Fault::new(
                code::BAD_SIGNATURE,
                format!(
                    "\"{}\" names the key {} of its issuer (authority key identifier), and \"{}\" has the key {}",
                    below.called(),
                    hex(&wanted),
                    name::shown(below.issuer()),
                    hex(found)
                ),
                "issue the certificate anew, or use the CA certificate whose key identifier it names",
            )
            .arguable(),
        )
    })
}

/// The lists that the user gave say that the leaf was revoked, or are of no use themselves.
fn revoked(evidence: &Evidence<'_>, own: &Certificate, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let lists = &evidence.context.revocation;
    let mut faults = Vec::new();
    let chain = || {
        std::iter::once(own)
            .chain(&evidence.trace.own_chain)
            .chain(evidence.context.around())
    };
    for list in lists {
        let listed = |certificate: &&Certificate| {
            *certificate.issuer() == list.issuer && list.revoked.contains(&certificate.serial())
        };
        if let Some(certificate) = evidence.trace.own_chain.iter().find(listed) {
            let is_own = evidence.trace.own_chain.first() == Some(certificate);
            faults.push(Fault::of(
                &Refusal::Revoked {
                    role: if is_own { Role::Leaf } else { Role::Issuer },
                    subject: certificate.called(),
                },
                purpose,
            ));
        }
        let concerns = chain().any(|certificate| *certificate.issuer() == list.issuer);
        faults.extend(dated(list, now).filter(|_| concerns));
    }
    // Who is not believed at all is not looked up either.
    if !lists.is_empty() && is_below_known(evidence) {
        let has_list =
            |certificate: &&Certificate| lists.iter().any(|list| list.issuer == *certificate.issuer());
        if let Some(certificate) = evidence.trace.own_chain.iter().find(|one| !has_list(one)) {
            faults.push(Fault::new(
                code::CRL_UNUSABLE,
                format!(
                    "there is no revocation list of \"{}\", which issued \"{}\"",
                    name::shown(certificate.issuer()),
                    certificate.called()
                ),
                "give the server one list for every CA of the chain",
            ));
        }
    }
    faults
}

/// The list has ended, or has not begun.
fn dated(list: &RevocationList, now: Timestamp) -> Option<Fault> {
    let issuer = list.issuer_shown();
    if list.this_update > now {
        let fault = Fault::new(
            code::CRL_UNUSABLE,
            format!(
                "the revocation list of \"{issuer}\" begins at {}, it is {now}",
                list.this_update
            ),
            "set both clocks by NTP, and publish lists that begin some minutes before they are used",
        );
        return Some(fault.dated(Limit::Begins(list.this_update)));
    }
    let until = list.next_update.filter(|until| now > *until)?;
    let fault = Fault::new(
        code::CRL_UNUSABLE,
        format!("the revocation list of \"{issuer}\" ended at {until}, it is {now}"),
        "publish a new list, have the server load it, and watch the date of the next one",
    );
    Some(fault.dated(Limit::Ended(until)))
}

/// Everything that the proxy's own judgement says against the chain, with the best anchors that are known. That the issuer
/// is not known here is not among it.
fn judged(evidence: &Evidence<'_>, own: &Certificate, purpose: Purpose, now: Timestamp) -> Vec<Refusal> {
    let around = around(evidence);
    // Nothing stands above what signed itself.
    if own.is_self_issued() {
        return verify::faults(std::slice::from_ref(own), &Trust::nobody(), purpose, now);
    }
    let (good, bad): (Vec<_>, Vec<_>) = roots(evidence, &around)
        .into_iter()
        .partition(|root| Anchors::new(vec![root.clone()], now).is_ok());
    let between = around.iter().filter(|certificate| !certificate.is_self_issued());
    let chain: Vec<Certificate> = std::iter::once(own).chain(between.copied()).cloned().collect();
    let trust = Anchors::new(good, now).map_or_else(|_| Trust::nobody(), Trust::from);
    let mut refusals = verify::faults(&chain, &trust, purpose, now);
    // What webpki alone looks at, such as names that a CA may not sign.
    let ders: Vec<_> = chain.iter().map(|one| one.der().clone()).collect();
    let verdict = verify::verify(&ders, &trust, purpose, now).err();
    refusals.extend(verdict.filter(|refusal| !is_unknown(refusal) && !refusals.contains(refusal)));
    // It looks at names last, and not at all where a certificate has expired: so once more in the time of all of them.
    let began = chain.iter().map(Certificate::not_before).max();
    let then = began.and_then(|began| verify::verify(&ders, &trust, purpose, began).err());
    refusals.extend(then.filter(|refusal| matches!(refusal, Refusal::NameConstraints { .. })));
    let above = ancestry(own, &chain);
    refusals.extend(bad.iter().filter_map(|root| unfit(root, &above, now)));
    refusals
}

/// Why `root`, where it signed a certificate of `chain`, cannot be trusted by anybody.
fn unfit(root: &Certificate, chain: &[Certificate], now: Timestamp) -> Option<Refusal> {
    let (role, subject) = (Role::Anchor, root.called());
    let is_above =
        |below: &Certificate| below.issuer() == root.subject() && below.is_signed_by(&root.public_key());
    if !chain.iter().any(is_above) {
        return None;
    }
    match Anchors::new(vec![root.clone()], now).err()? {
        AnchorError::MayNotSign { found, .. } => Some(Refusal::NotACa { role, subject, found }),
        AnchorError::NotCa { .. } => Some(Refusal::NotACa {
            role,
            subject,
            found: "it does not say that it is a CA (basicConstraints)".into(),
        }),
        AnchorError::Expired { not_after, .. } => Some(Refusal::Expired {
            role,
            subject,
            not_after,
            now,
        }),
        _ => None,
    }
}

/// Whether it says no more than that the CA is not known here.
fn is_unknown(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UnknownIssuer { .. } | Refusal::SelfSigned { .. } | Refusal::NoCertificate
    )
}
