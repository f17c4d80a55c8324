//! What our own certificate and chain say against themselves, the most specific first: the faults for which a
//! server may have refused us.

use handfast_pki::{
    Anchors, Certificate, Code, Purpose, Refusal, code, name,
    text::{listed, printable},
    verify,
};
use jiff::Timestamp;

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

fn of_leaf(own: &Certificate, purpose: Purpose, now: Timestamp) -> Vec<Fault> {
    let subject = own.called();
    let mut faults = Vec::new();
    if now > own.not_after() {
        faults.push(Fault::of(
            &Refusal::Expired {
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
                subject: subject.clone(),
                purpose,
                found: usages.join(", "),
            },
            purpose,
        ));
    }
    let digest = own.signature_algorithm();
    if let Err(error) = own.public_key().must_be_strong() {
        faults.push(Fault::of(
            &Refusal::Weak {
                subject: subject.clone(),
                found: error.to_string(),
            },
            purpose,
        ));
    } else if is_old_digest(&digest) {
        faults.push(Fault::of(
            &Refusal::Weak {
                subject: subject.clone(),
                found: printable(&digest),
            },
            purpose,
        ));
    }
    // OpenSSL takes version 1, so it is a fault for some only.
    if own.version() != 3 {
        faults.push(
            Fault::of(
                &Refusal::OldVersion {
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
    if !issuers.is_empty() && issuers.iter().all(|issuer| !may_sign(issuer)) {
        faults.push(Fault::new(
            code::NOT_A_CA,
            format!(
                "\"{}\" issued the {purpose}'s certificate and is not allowed to sign certificates",
                issuers
                    .iter()
                    .map(|issuer| issuer.called())
                    .next()
                    .unwrap_or_default()
            ),
            "issue the CA certificate again, with the same key, CA:TRUE and keyCertSign",
        ));
    } else if !issuers.is_empty()
        // A signature with an old digest is not even looked at.
        && !is_old_digest(&own.signature_algorithm())
        && issuers
            .iter()
            .all(|issuer| !own.is_signed_by(&issuer.public_key()))
    {
        faults.push(Fault::of(
            &Refusal::BadSignature {
                subject: own.called(),
                issuer: name::shown(own.issuer()),
            },
            purpose,
        ));
    }
    if let Some(refusal) = verified(evidence, &around, purpose, now) {
        let known = faults.iter().any(|fault| fault.code == refusal.code(purpose));
        let of_leaf = matches!(
            refusal,
            Refusal::UnknownIssuer { .. }
                | Refusal::SelfSigned { .. }
                | Refusal::NoCertificate
                | Refusal::OldVersion { .. }
                | Refusal::CaAsLeaf { .. }
                | Refusal::Malformed { .. }
                | Refusal::WrongPurpose { .. }
                | Refusal::WrongKeyUsage { .. }
        ) || (matches!(refusal, Refusal::Expired { .. }) && now > own.not_after())
            || (matches!(refusal, Refusal::NotYetValid { .. }) && now < own.not_before());
        if !known && !of_leaf {
            faults.push(Fault::of(&refusal, purpose));
        }
    }
    faults
}

fn may_sign(certificate: &Certificate) -> bool {
    let usages = certificate.key_usage_names();
    certificate.is_ca() && (usages.is_empty() || usages.contains(&"keyCertSign"))
}

/// Every other certificate that is known: sent with the leaf, or lying around.
fn around<'a>(evidence: &Evidence<'a>) -> Vec<&'a Certificate> {
    let sent = evidence.trace.own_chain.iter().skip(1);
    sent.chain(&evidence.context.known).collect()
}

/// What the door's own judgement says of the chain, with the best anchors that are known.
fn verified(
    evidence: &Evidence<'_>,
    around: &[&Certificate],
    purpose: Purpose,
    now: Timestamp,
) -> Option<Refusal> {
    let roots: Vec<Certificate> = around
        .iter()
        .filter(|certificate| certificate.is_self_issued() && certificate.is_ca())
        .map(|certificate| (*certificate).clone())
        .collect();
    let roots = if roots.is_empty() {
        let top = evidence.trace.own_chain.iter().skip(1).last()?;
        vec![top.clone()]
    } else {
        roots
    };
    let anchors = Anchors::new(roots, now).ok()?;
    let between = around.iter().filter(|certificate| !certificate.is_self_issued());
    let chain: Vec<_> = evidence
        .trace
        .own_chain
        .iter()
        .take(1)
        .chain(between.copied())
        .map(|certificate| certificate.der().clone())
        .collect();
    verify::verify(&chain, &anchors, purpose, now).err()
}

/// Whether what we sent leads to what the server says it accepts.
fn of_reach(evidence: &Evidence<'_>, own: &Certificate) -> Vec<Fault> {
    let Some(asked) = &evidence.trace.asked else {
        return Vec::new();
    };
    let accepted = &asked.issuers;
    if own.is_self_issued() {
        return Vec::new();
    }
    let sent = &evidence.trace.own_chain;
    let is_accepted = |certificate: &Certificate| accepted.contains(&name::der_of(certificate.issuer()));
    let shown: Vec<String> = accepted.iter().map(|der| name::shown_der(der)).collect();
    let top = sent
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())
        .unwrap_or(own);
    if accepted.is_empty() {
        return missing_link(evidence, top, |issuer| issuer.is_self_issued())
            .into_iter()
            .collect();
    }
    if !sent.iter().any(is_accepted) {
        if let Some(missing) = missing_link(evidence, top, |issuer| {
            is_accepted(issuer) || accepted.contains(&name::der_of(issuer.subject()))
        }) {
            return vec![missing];
        }
        let unknown = Fault::new(
            code::UNKNOWN_ISSUER,
            format!(
                "the client's certificate was issued by \"{}\", the server accepts {}",
                name::shown(top.issuer()),
                listed(&shown)
            ),
            "have the issuing CA added to the server's client CAs, or get a certificate from an accepted one",
        );
        let kin = kin_of(top, accepted).map(|root| {
            Fault::new(
                code::MISSING_INTERMEDIATE,
                format!(
                    "the client's chain ends with \"{}\", issued by \"{}\"; the server accepts \"{root}\" of the same \
                     organisation, so a certificate between them may be missing",
                    top.called(),
                    name::shown(top.issuer()),
                ),
                "put the intermediate behind the leaf in the file of --cert, leaf first, without the root",
            )
            .arguable()
        });
        return match kin {
            Some(kin) => vec![kin, unknown.arguable()],
            None => vec![unknown],
        };
    }
    of_servers_file(evidence, own, accepted)
}

/// The accepted issuer that has the organisation of the one that `top` names, and another name.
fn kin_of(top: &Certificate, accepted: &[Vec<u8>]) -> Option<String> {
    let organisation = name::organization(top.issuer())?;
    accepted
        .iter()
        .filter_map(|der| name::of_der(der))
        .find(|issuer| name::organization(issuer).as_ref() == Some(&organisation))
        .map(|issuer| name::shown(&issuer))
}

/// The intermediate that lies around and was not sent, when it leads on.
fn missing_link(
    evidence: &Evidence<'_>,
    top: &Certificate,
    leads_on: impl Fn(&Certificate) -> bool,
) -> Option<Fault> {
    let link = evidence.context.known.iter().find(|known| {
        known.subject() == top.issuer()
            && !known.is_self_issued()
            && known.is_ca()
            && !evidence.trace.own_chain.contains(known)
            && top.is_signed_by(&known.public_key())
    })?;
    let above = |certificate: &&Certificate| certificate.subject() == link.issuer();
    let leads = leads_on(link) || evidence.context.known.iter().find(above).is_some_and(&leads_on);
    leads.then(|| {
        Fault::new(
            code::MISSING_INTERMEDIATE,
            format!(
                "the client's chain ends with \"{}\", issued by \"{}\"; that intermediate lies around and was not sent",
                top.called(),
                link.called()
            ),
            "put the intermediate behind the leaf in the file of --cert, leaf first, without the root",
        )
    })
}

/// The server names our issuer and refuses us all the same: its own file may be incomplete, or its depth small.
fn of_servers_file(evidence: &Evidence<'_>, own: &Certificate, accepted: &[Vec<u8>]) -> Vec<Fault> {
    let sent = &evidence.trace.own_chain;
    let mut faults = Vec::new();
    let is_named = |certificate: &Certificate| accepted.contains(&name::der_of(certificate.issuer()));
    let intermediates = sent.iter().skip(1).filter(|sent| !sent.is_self_issued()).count();
    let all = around(evidence);
    let parent = all.iter().find(|other| other.subject() == own.issuer());
    // The issuer is named, it is no root, and the root above it is not named.
    if let Some(parent) = parent
        && is_named(own)
        && !parent.is_self_issued()
        && !is_named(parent)
    {
        faults.push(
            Fault::new(
                code::BAD_CLIENT_CAS,
                format!(
                    "the server names \"{}\" and not \"{}\" above it: its file of client CAs ends below the root",
                    name::shown(own.issuer()),
                    name::shown(parent.issuer())
                ),
                "put the intermediate and its root into one file of client CAs",
            )
            .arguable(),
        );
    }
    if intermediates >= 2 {
        faults.push(
            Fault::new(
                code::VERIFY_DEPTH,
                format!(
                    "{intermediates} intermediates stand between the client's certificate and the root; nginx and Apache \
                     follow one unless they are told otherwise"
                ),
                "raise ssl_verify_depth or SSLVerifyDepth to the length of the chain",
            )
            .arguable(),
        );
    }
    faults
}
