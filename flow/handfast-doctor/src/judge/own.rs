//! What our own certificate and chain say against themselves, the most specific first: the faults for which a
//! server may have refused us.

mod reach;

use handfast_pki::{
    AnchorError, Anchors, Certificate, Code, Error, Purpose, Refusal, Role, code, name, text::printable,
    verify,
};
use jiff::Timestamp;

use self::reach::of_reach;
use super::Evidence;

/// A fault of what we sent.
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) because: String,
    pub(super) help: String,
    /// Whether it stands in the files for everybody to see, and every verifier minds it.
    pub(super) is_plain: bool,
}

impl Fault {
    fn new(code: Code, because: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            because: because.into(),
            help: help.into(),
            is_plain: true,
        }
    }

    fn arguable(mut self) -> Self {
        self.is_plain = false;
        self
    }

    fn of(refusal: &Refusal, purpose: Purpose) -> Self {
        Self::new(
            refusal.code(purpose),
            format!("the {purpose}'s certificate: {refusal}"),
            refusal.hint(),
        )
    }
}

/// Every fault of what the client sent, at `now`.
pub(super) fn faults(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Fault> {
    let mut faults = of_files(evidence, Purpose::Client, now);
    if let Some(own) = evidence.trace.own_chain.first() {
        faults.extend(of_reach(evidence, own));
    }
    faults
}

/// Every fault that stands in the chain itself, for `purpose` at `now`.
pub(super) fn of_files(evidence: &Evidence<'_>, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let Some(own) = evidence.trace.own_chain.first() else {
        return Vec::new();
    };
    let mut faults = of_leaf(own, purpose, now);
    faults.extend(revoked(evidence, own, purpose, now));
    faults.extend(of_chain(evidence, own, purpose, now));
    faults
}

// long: one paragraph per fault, in the order in which they are told
fn of_leaf(own: &Certificate, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let subject = own.called();
    let mut faults = Vec::new();
    if now > own.not_after() {
        faults.push(Fault::of(
            &Refusal::Expired {
                role: Role::Leaf,
                subject: subject.clone(),
                not_after: own.not_after(),
                now,
            },
            purpose,
        ));
    }
    if now < own.not_before() {
        faults.push(Fault::of(
            &Refusal::NotYetValid {
                role: Role::Leaf,
                subject: subject.clone(),
                not_before: own.not_before(),
                now,
            },
            purpose,
        ));
    }
    if own.is_self_issued() {
        faults.push(Fault::new(
            code::CA_AS_LEAF,
            format!("the {purpose}'s certificate \"{subject}\" is signed by itself"),
            "make a CA and a leaf: handfast init, then handfast issue",
        ));
    } else if own.is_ca() {
        faults.push(
            Fault::of(
                &Refusal::CaAsLeaf {
                    subject: subject.clone(),
                },
                purpose,
            )
            .arguable(),
        );
    }
    let wanted = format!("{purpose}Auth");
    if let Some(usages) = own.extended_key_usage_names()
        && !usages.iter().any(|usage| *usage == wanted || usage == "any")
    {
        faults.push(Fault::of(
            &Refusal::WrongPurpose {
                role: Role::Leaf,
                subject: subject.clone(),
                purpose,
                found: usages.join(", "),
            },
            purpose,
        ));
    }
    faults.extend(of_strength(own, purpose));
    // GnuTLS and Go do not mind.
    if let Some(usage) = own.key_usage()
        && !usage.digital_signature()
        && !own.is_ca()
    {
        let found = own.key_usage_names().join(", ");
        let refusal = Refusal::WrongKeyUsage {
            subject: subject.clone(),
            found,
        };
        faults.push(Fault::of(&refusal, purpose).arguable());
    }
    // OpenSSL takes version 1, so it is a fault for some only.
    if own.version() != 3 {
        faults.push(
            Fault::of(
                &Refusal::OldVersion {
                    role: Role::Leaf,
                    subject,
                    version: own.version(),
                },
                purpose,
            )
            .arguable(),
        );
    }
    faults
}

/// Keys and digests that are too weak for everybody, and keys that are not for everybody.
fn of_strength(own: &Certificate, purpose: Purpose) -> Option<Fault> {
    let (role, subject) = (Role::Leaf, own.called());
    match own.public_key().must_be_strong() {
        // Our own limit is not the server's: OpenSSL takes P-521 and more.
        Err(Error::UnsupportedKey { found }) => {
            let refusal = Refusal::UnsupportedKey { role, subject, found };
            return Some(Fault::of(&refusal, purpose).arguable());
        }
        Err(error) => {
            let found = error.to_string();
            return Some(Fault::of(&Refusal::Weak { role, subject, found }, purpose));
        }
        Ok(()) => {}
    }
    let digest = own.signature_algorithm();
    let found = printable(&digest);
    is_old_digest(&digest).then(|| Fault::of(&Refusal::Weak { role, subject, found }, purpose))
}

fn is_old_digest(algorithm: &str) -> bool {
    let algorithm = algorithm.to_ascii_lowercase();
    algorithm.contains("sha1") || algorithm.contains("md5")
}

/// The lists that the user gave say that the leaf was revoked, or are of no use themselves.
fn revoked(evidence: &Evidence<'_>, own: &Certificate, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let lists = &evidence.context.revocation;
    let mut faults = Vec::new();
    let chain = || {
        std::iter::once(own)
            .chain(&evidence.trace.own_chain)
            .chain(&evidence.context.known)
    };
    for list in lists {
        let listed = |certificate: &&Certificate| {
            name::shown(certificate.issuer()) == list.issuer && list.revoked.contains(&certificate.serial())
        };
        if let Some(certificate) = evidence.trace.own_chain.iter().find(listed) {
            faults.push(Fault::of(
                &Refusal::Revoked {
                    subject: certificate.called(),
                },
                purpose,
            ));
        }
        let concerns = chain().any(|certificate| name::shown(certificate.issuer()) == list.issuer);
        if let Some(until) = list.next_update
            && now > until
            && concerns
        {
            faults.push(Fault::new(
                code::CRL_UNUSABLE,
                format!(
                    "the revocation list of \"{}\" ended at {until}, it is {now}",
                    list.issuer
                ),
                "publish a new list, have the server load it, and watch the date of the next one",
            ));
        }
    }
    // Who is not believed at all is not looked up either.
    if !lists.is_empty() && is_below_known(evidence) {
        let has_list = |certificate: &&Certificate| {
            let issuer = name::shown(certificate.issuer());
            lists.iter().any(|list| list.issuer == issuer)
        };
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

/// Whether the server knows one of the CAs in our chain: it names it or, where it names none, one of the lists is its.
fn is_below_known(evidence: &Evidence<'_>) -> bool {
    let named = evidence
        .trace
        .asked
        .as_ref()
        .map(|asked| asked.issuers.as_slice());
    let named = named.unwrap_or_default();
    let is_known = |certificate: &Certificate| match named {
        [] => {
            let issuer = name::shown(certificate.issuer());
            evidence
                .context
                .revocation
                .iter()
                .any(|list| list.issuer == issuer)
        }
        named => named.contains(&name::der_of(certificate.issuer())),
    };
    evidence.trace.own_chain.iter().any(is_known)
}

/// What stands above the leaf: certificates that may not sign, that do not fit, or that have ended.
fn of_chain(evidence: &Evidence<'_>, own: &Certificate, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let around = around(evidence);
    let mut faults = Vec::new();
    let issuers: Vec<&Certificate> = around
        .iter()
        .copied()
        .filter(|other| other.subject() == own.issuer() && *other != own)
        .collect();
    if !issuers.is_empty()
        // A signature with an old digest is not even looked at.
        && !is_old_digest(&own.signature_algorithm())
        && issuers
            .iter()
            .all(|issuer| !own.is_signed_by(&issuer.public_key()))
    {
        faults.push(Fault::of(
            &Refusal::BadSignature {
                role: Role::Leaf,
                subject: own.called(),
                issuer: name::shown(own.issuer()),
            },
            purpose,
        ));
    }
    for refusal in judged(evidence, &around, purpose, now) {
        if faults.iter().all(|fault| fault.code != refusal.code(purpose)) {
            faults.push(Fault::of(&refusal, purpose));
        }
    }
    faults
}

/// Every other certificate that is known: sent with the leaf, or lying around.
fn around<'a>(evidence: &Evidence<'a>) -> Vec<&'a Certificate> {
    let sent = evidence.trace.own_chain.iter().skip(1);
    sent.chain(&evidence.context.known).collect()
}

/// What the proxy's own judgement says of the CAs above the leaf, with the best anchors that are known, and of the
/// leaf beside that: what it says of itself was found before.
fn judged(
    evidence: &Evidence<'_>,
    around: &[&Certificate],
    purpose: Purpose,
    now: Timestamp,
) -> Vec<Refusal> {
    let sent = &evidence.trace.own_chain;
    let Some(own) = sent.first().filter(|own| !own.is_self_issued()) else {
        return Vec::new();
    };
    let is_root = |certificate: &&&Certificate| certificate.is_self_issued();
    let mut roots: Vec<Certificate> = around
        .iter()
        .filter(is_root)
        .map(|root| (*root).clone())
        .collect();
    if roots.is_empty() {
        roots.extend(sent.iter().skip(1).last().cloned());
    }
    // A root that cannot be used says nothing of the others.
    let (good, bad): (Vec<_>, Vec<_>) = roots
        .into_iter()
        .partition(|root| Anchors::new(vec![root.clone()], now).is_ok());
    let between = around.iter().filter(|certificate| !certificate.is_self_issued());
    let chain: Vec<Certificate> = std::iter::once(own).chain(between.copied()).cloned().collect();
    let mut refusals = match Anchors::new(good, now) {
        Ok(anchors) => {
            let ders: Vec<_> = chain.iter().map(|one| one.der().clone()).collect();
            let Err(refusal) = verify::verify(&ders, &anchors, purpose, now) else {
                return Vec::new();
            };
            let all = verify::faults(&chain, &anchors, purpose, now);
            std::iter::once(refusal).chain(all).collect()
        }
        Err(_) => Vec::new(),
    };
    refusals.extend(bad.iter().filter_map(|root| unfit(root, &chain, now)));
    refusals.retain(|refusal| refusal.role() != Role::Leaf || !was_found_before(refusal));
    refusals
}

/// Why `root`, which signed a certificate of `chain`, cannot be trusted by anybody.
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

/// Whether the leaf alone tells it, or it says no more than that the CA is not known here.
fn was_found_before(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UnknownIssuer { .. }
            | Refusal::SelfSigned { .. }
            | Refusal::NoCertificate
            | Refusal::OldVersion { .. }
            | Refusal::CaAsLeaf { .. }
            | Refusal::Malformed { .. }
            | Refusal::WrongPurpose { .. }
            | Refusal::WrongKeyUsage { .. }
            | Refusal::UnsupportedKey { .. }
            | Refusal::Expired { .. }
            | Refusal::NotYetValid { .. }
    )
}
