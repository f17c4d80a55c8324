//! We refused the server: which of the several reasons for the same refusal it is.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_messages::INSPECTORS;
use handfast_pki::{Anchors, Certificate, Purpose, Refusal, Trust, code, name, verify};
use jiff::Timestamp;

use super::{Evidence, clock, late, own, refused};
use crate::{Context, probe};

/// Why `refusal` came about.
pub(super) fn judge(
    evidence: &Evidence<'_>,
    refusal: &Refusal,
    purpose: Purpose,
    now: Timestamp,
) -> Vec<Finding> {
    let trace = evidence.trace;
    let presented = &trace.presented()[..];
    let leads_on = |link: &Certificate| leads_to_known(evidence.context, link);
    let mut findings = Vec::new();
    let plain = Finding::new(
        refusal.code(purpose),
        Refuser::Client,
        Certainty::Certain,
        format!("we do not trust the server: {refusal}"),
    )
    .help(refusal.hint());
    let Some(leaf) = presented.first() else {
        return vec![plain];
    };
    match refusal {
        Refusal::UnknownIssuer { .. } | Refusal::SelfSigned { .. } | Refusal::BadSignature { .. } => {
            findings.extend(inspected(presented));
            findings.extend(expired_anchor(evidence, presented, now));
            findings.extend(missing_intermediate(evidence, presented, &leads_on));
            findings.extend(changed_key(evidence, leaf));
            findings.push(Finding {
                code: code::SERVER_UNTRUSTED,
                certainty: beside(&findings),
                ..plain
            });
        }
        Refusal::NameMismatch { .. } | Refusal::NoIpName { .. } | Refusal::NoNames { .. } => {
            findings.extend(other_without_sni(evidence, leaf));
            findings.push(Finding {
                certainty: beside(&findings),
                ..plain
            });
        }
        Refusal::Expired { .. } | Refusal::NotYetValid { .. } => {
            findings.extend(several_instances(evidence, leaf, now));
            findings.push(plain);
        }
        // Others may support what we do not.
        Refusal::CannotVerify { .. } => findings.push(Finding {
            because: format!("we can say neither yes nor no to the server, and so refused it: {refusal}"),
            ..plain
        }),
        _ => findings.push(plain),
    }
    if let Refusal::SelfSigned { .. } = refusal {
        findings.extend(by_itself(leaf));
    }
    findings.extend(clock::of_server(evidence, presented, now));
    let also = beside_it(evidence, leaf, &findings, now);
    findings.extend(also);
    findings.extend(of_client(evidence, now));
    clock::doubt(&mut findings, evidence, presented, now);
    findings
}

/// What stands against the server's chain as well, as sure as what stands first: mending one alone is not enough.
fn beside_it(evidence: &Evidence<'_>, leaf: &Certificate, found: &[Finding], now: Timestamp) -> Vec<Finding> {
    let presented = evidence.trace.presented();
    let surest = found.iter().map(|finding| finding.certainty).min();
    let certainty = surest.unwrap_or(Certainty::Guess);
    // What lies around and has the name alone says nothing about this chain.
    let is_above = |root: &&Certificate| {
        evidence.context.known.contains(root) || presented.iter().any(|below| is_issuer(root, below))
    };
    let roots = evidence.context.around().filter(|known| known.is_self_issued());
    let roots: Vec<Certificate> = roots.filter(is_above).cloned().collect();
    let is_open = presented
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())
        .is_some_and(|top| roots.iter().all(|root| root.subject() != top.issuer()));
    let trust = Anchors::new(roots, now).map_or_else(|_| Trust::nobody(), Trust::from);
    let mut refusals = verify::faults(&presented, &trust, Purpose::Server, now);
    let asked = evidence
        .trace
        .client_hello()
        .and_then(handfast_trace::ClientHello::server_name);
    if let Ok(host) = verify::host(asked.as_deref().unwrap_or(&evidence.trace.target.host)) {
        refusals.extend(verify::has_name(leaf, &host).err());
    }
    let mut also: Vec<Finding> = refusals
        .iter()
        .map(|refusal| {
            let because = format!("and beside this: {refusal}");
            Finding::new(refusal.code(Purpose::Server), Refuser::Client, certainty, because)
                .help(refusal.hint())
        })
        .collect();
    also.extend(
        missing_intermediate(evidence, &presented, &|_| true)
            .filter(|_| is_open)
            .map(|finding| Finding {
                certainty: certainty.max(finding.certainty),
                ..finding
            }),
    );
    also.retain(|finding| found.iter().all(|other| other.code != finding.code));
    also
}

/// What the server would refuse, were it trusted. It has seen nothing of ours, so that this is a guess.
fn of_client(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    const NEXT: &str = "once the server is trusted, it may refuse the client";
    if evidence.trace.asked.is_none() {
        return Vec::new();
    }
    if evidence.trace.own_chain.is_empty() {
        let answer = evidence
            .probe(probe::Kind::AnyServer)
            .and_then(probe::Probe::answer);
        let is_said =
            answer.is_some_and(|answer| late::page(answer).contains("No required SSL certificate was sent"));
        let because = format!(
            "{NEXT}: it answers who sends no certificate 400 \"No required SSL certificate was sent\""
        );
        return is_said
            .then(|| refused::no_certificate(Certainty::Guess, because))
            .into_iter()
            .collect();
    }
    own::faults(evidence, now)
        .into_iter()
        .map(|fault| refused::of_fault(fault, Certainty::Guess, NEXT))
        .collect()
}

/// Nobody signed the server's certificate but itself.
fn by_itself(leaf: &Certificate) -> Option<Finding> {
    leaf.is_self_issued().then(|| {
        Finding::new(
            code::CA_AS_LEAF,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "the server's certificate \"{}\" is signed by itself",
                leaf.called()
            ),
        )
        .help("make a CA and a leaf: handfast init, then handfast issue")
    })
}

/// How sure the plain reading is beside more specific ones: the surest of them explains it.
fn beside(specific: &[Finding]) -> Certainty {
    let surest = specific.iter().map(|finding| finding.certainty).min();
    match surest {
        Some(Certainty::Certain | Certainty::Likely) => Certainty::Guess,
        _ => Certainty::Certain,
    }
}

fn inspected(presented: &[Certificate]) -> Option<Finding> {
    let (issuer, inspector) = presented.iter().find_map(|certificate| {
        let issuer = name::shown(certificate.issuer());
        let lower = issuer.to_lowercase();
        let found = INSPECTORS.iter().find(|inspector| lower.contains(**inspector))?;
        Some((issuer, *found))
    })?;
    Some(
        Finding::new(
            code::INSPECTED,
            Refuser::Network,
            Certainty::Likely,
            format!(
                "the certificate shown was issued by \"{issuer}\": that is TLS inspection (\"{inspector}\"), not the \
                 server itself, and no client certificate gets through it"
            ),
        )
        .help("ask for a bypass for this host, and name it in NO_PROXY"),
    )
}

/// Whether `above` has the name of the issuer of `below`, and its key is not another than the one that has signed.
fn is_issuer(above: &Certificate, below: &Certificate) -> bool {
    above.subject() == below.issuer() && below.signature_by(&above.public_key()) != Ok(false)
}

/// Whether a way upwards from `link`, over what lies around, ends at a CA that is trusted.
fn leads_to_known(context: &Context, link: &Certificate) -> bool {
    let mut way = vec![link];
    let mut open = vec![link];
    while let Some(below) = open.pop() {
        if context.known.contains(below) {
            return true;
        }
        for above in context.around().filter(|above| is_issuer(above, below)) {
            if !way.contains(&above) {
                way.push(above);
                open.push(above);
            }
        }
    }
    false
}

/// The server sent a leaf alone, and what stands above it lies around and `leads_on`, or can be seen to be missing.
fn missing_intermediate(
    evidence: &Evidence<'_>,
    presented: &[Certificate],
    leads_on: &dyn Fn(&Certificate) -> bool,
) -> Option<Finding> {
    let top = presented
        .iter()
        .rfind(|certificate| !certificate.is_self_issued())?;
    let link = evidence.context.around().find(|known| {
        is_issuer(known, top) && !known.is_self_issued() && !presented.contains(known) && leads_on(known)
    });
    let said = format!(
        "the server sent {} certificate{}, up to \"{}\", issued by \"{}\"",
        presented.len(),
        if presented.len() == 1 { "" } else { "s" },
        top.called(),
        name::shown(top.issuer())
    );
    if let Some(link) = link {
        return Some(
            Finding::new(
                code::SERVER_INTERMEDIATE,
                Refuser::Client,
                Certainty::Certain,
                format!(
                    "{said}; that one is an intermediate, which lies around here as \"{}\"",
                    link.called()
                ),
            )
            .help("configure the server with the full chain: leaf first, then the intermediate"),
        );
    }
    // The same organisation stands above and below the gap.
    let anchors = evidence
        .context
        .known
        .iter()
        .filter(|known| known.is_self_issued());
    let kin = anchors
        .filter_map(|anchor| name::organization(anchor.subject()))
        .any(|organization| name::organization(top.issuer()).is_some_and(|other| other == organization));
    kin.then(|| {
        Finding::new(
            code::SERVER_INTERMEDIATE,
            Refuser::Client,
            Certainty::Likely,
            format!("{said}; a root of the same organisation is trusted, so an intermediate may be missing"),
        )
        .help("configure the server with the full chain: leaf first, then the intermediate")
    })
}

/// The CA that signed the server's chain stands in our own file, and has expired: it is left out for that.
fn expired_anchor(evidence: &Evidence<'_>, presented: &[Certificate], now: Timestamp) -> Option<Finding> {
    let signed = |known: &&Certificate| {
        let is_issuer = |below: &Certificate| {
            below.issuer() == known.subject() && below.is_signed_by(&known.public_key())
        };
        known.is_ca() && known.not_after() < now && presented.iter().any(is_issuer)
    };
    let expired = evidence.context.known.iter().find(signed)?;
    Some(
        Finding::new(
            code::EXPIRED,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "the CA \"{}\" that signed the server's chain is among ours and expired at {}, it is {now}",
                expired.called(),
                expired.not_after()
            ),
        )
        .fault_of(Refuser::Client)
        .help("get the CA's renewed certificate, and put it into the file of trusted CAs"),
    )
}

/// A CA of the right name is trusted, with another key.
fn changed_key(evidence: &Evidence<'_>, leaf: &Certificate) -> Option<Finding> {
    let presented = evidence.trace.presented();
    let top = presented.last().unwrap_or(leaf);
    let same = evidence
        .context
        .known
        .iter()
        .find(|known| known.subject() == top.issuer() && known.is_ca())?;
    (top.signature_by(&same.public_key()) == Ok(false)).then(|| {
        Finding::new(
            code::BAD_SIGNATURE,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "\"{}\" is trusted, and with another key than the one that signed \"{}\"",
                same.called(),
                top.called()
            ),
        )
        .help("trust both CA certificates while a CA key changes, and never reuse a CA's name")
    })
}

/// Without the name in SNI the server shows another certificate: it chooses by SNI, and chose wrongly.
fn other_without_sni(evidence: &Evidence<'_>, leaf: &Certificate) -> Option<Finding> {
    let shown = evidence.probe(probe::Kind::WithoutSni)?.trace()?.presented();
    let other = shown.first()?;
    (other.fingerprint() != leaf.fingerprint()).then(|| {
        Finding::new(
            code::WRONG_SNI,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "the server shows \"{}\" for this name and \"{}\" without one: it serves several sites and chooses \
                 by SNI",
                leaf.called(),
                other.called()
            ),
        )
        .help("use a name that the server knows, or give it a site for this one")
    })
}

/// The same address shows different certificates: one of several processes has not been reloaded.
pub(super) fn several_instances(
    evidence: &Evidence<'_>,
    leaf: &Certificate,
    now: Timestamp,
) -> Option<Finding> {
    let others = evidence
        .probes
        .iter()
        .filter(|probe| matches!(probe.kind, probe::Kind::Again | probe::Kind::AnyServer));
    let other = others
        .filter_map(|probe| probe.trace()?.presented().into_iter().next())
        .find(|other| other.fingerprint() != leaf.fingerprint() && other.subject() == leaf.subject())?;
    let (old, new) = if leaf.not_after() < other.not_after() {
        (leaf, &other)
    } else {
        (&other, leaf)
    };
    let state = if old.not_after() < now { "expired" } else { "ends" };
    Some(
        Finding::new(
            code::OLD_PROCESS,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "two certificates are served in turn: serial {} {state} at {}, serial {} ends at {}",
                old.serial(),
                old.not_after(),
                new.serial(),
                new.not_after()
            ),
        )
        .help("reload every instance behind this address"),
    )
}
