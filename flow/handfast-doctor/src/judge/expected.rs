//! What the user expected of this server, compared with what it showed: the certificate on its disk, a pin, an
//! identity, being asked for a certificate.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Certificate, code, name, text::listed};
use jiff::Timestamp;

use super::{Evidence, allowed, late, untrusted};
use crate::{Pending, Trace, Verdict, probe};

/// More names than these, and the list is no private PKI's.
pub(crate) const MOST_ISSUERS: usize = 20;

pub(super) fn judge(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(old_process(evidence, now));
    findings.extend(pin(evidence));
    findings.extend(identity(evidence));
    findings.extend(preflight(evidence));
    findings.extend(not_asked(evidence));
    findings.extend(not_named(evidence));
    findings.extend(unverified(evidence));
    findings.extend(resumed_unchecked(evidence));
    findings.extend(public_cas(evidence));
    findings.extend(allowed::judge(evidence));
    findings
}

fn leaf(evidence: &Evidence<'_>) -> Option<Certificate> {
    evidence.trace.presented().into_iter().next()
}

/// The file was renewed, the process was not told.
fn old_process(evidence: &Evidence<'_>, now: Timestamp) -> Option<Finding> {
    let (leaf, file) = (leaf(evidence)?, evidence.context.served.as_ref()?);
    if leaf.fingerprint() == file.fingerprint() {
        return untrusted::several_instances(evidence, &leaf, now);
    }
    Some(
        Finding::new(
            code::OLD_PROCESS,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "the server shows serial {} (until {}), its file holds serial {} (until {})",
                leaf.serial(),
                leaf.not_after(),
                file.serial(),
                file.not_after()
            ),
        )
        .help("reload the server, and every instance of it"),
    )
}

fn pin(evidence: &Evidence<'_>) -> Option<Finding> {
    let (leaf, pin) = (leaf(evidence)?, evidence.context.pin?);
    let found = handfast_pki::Fingerprint::of(leaf.public_key().spki_der());
    (found.0 != pin).then(|| {
        Finding::new(
            code::PIN_CHANGED,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "the key of \"{}\" has the SHA-256 {found}, the pin is {}",
                leaf.called(),
                handfast_pki::Fingerprint(pin)
            ),
        )
        .help("pin the CA or the key, never a leaf that is renewed, and keep the old pin beside the new one")
    })
}

fn identity(evidence: &Evidence<'_>) -> Option<Finding> {
    let expected = evidence.context.expected.as_ref()?;
    // Believed or not: the names stand in what it showed.
    let identity = leaf(evidence)?.identity();
    let ips = identity.ips.iter().map(ToString::to_string);
    let names: Vec<String> = [&identity.uris, &identity.dns, &identity.emails]
        .into_iter()
        .flatten()
        .cloned()
        .chain(ips)
        .collect();
    let wanted = expected
        .split_once(':')
        .filter(|(kind, _)| ["uri", "dns", "email", "ip"].contains(kind));
    let wanted = wanted.map_or(expected.as_str(), |(_, name)| name);
    (!names.iter().any(|name| name == wanted)).then(|| {
        Finding::new(
            code::IDENTITY_MISMATCH,
            Refuser::Client,
            Certainty::Certain,
            format!("the server is {}, expected \"{wanted}\"", listed(&names)),
        )
        .help("change the identity that is expected, or the one that this workload is issued")
    })
}

/// With a certificate all is well, and the browser's question before it is refused.
fn preflight(evidence: &Evidence<'_>) -> Option<Finding> {
    let origin = evidence.context.origin.as_ref()?;
    let probe = evidence.probe(probe::Kind::Preflight)?;
    let well = evidence.answer.is_some() && evidence.trace.went_well();
    // A browser takes no other answer to it (Fetch, section 4.8).
    let is_ok = probe.answer().is_some_and(|answer| answer.status.is_success());
    (well && !is_ok).then(|| {
        Finding::new(
            code::PREFLIGHT,
            Refuser::Server,
            Certainty::Certain,
            format!(
                "a request with the certificate goes well, the preflight from {origin} carries none and is refused ({})",
                probe.told()
            ),
        )
        .help("serve both from one origin, or ask for the certificate optionally and demand it on all but OPTIONS")
    })
}

/// We have a certificate, and nobody wanted it.
fn not_asked(evidence: &Evidence<'_>) -> Option<Finding> {
    let trace = evidence.trace;
    if trace.established.is_none() || trace.asked.is_some() || trace.resumed || trace.peer.is_none() {
        return None;
    }
    if late::asks_late(evidence).is_some() {
        return None;
    }
    let refused = matches!(&trace.verdict, Verdict::Refused(reply) if !reply.code.starts_with('3'));
    let has_own = !trace.own_chain.is_empty();
    let certainty = match (has_own, refused) {
        (true, _) => Certainty::Certain,
        (false, true) => Certainty::Guess,
        (false, false) => return None,
    };
    let issuer = leaf(evidence)
        .map(|leaf| name::shown(leaf.issuer()))
        .unwrap_or_default();
    Some(
        Finding::new(
            code::NOT_ASKED,
            Refuser::Server,
            certainty,
            format!(
                "the handshake holds no CertificateRequest, so our certificate was not sent; the program that ends TLS here has a \
                 certificate of \"{issuer}\""
            ),
        )
        .help("switch mutual TLS on where TLS ends (proxy, CDN, ingress), and check port and name"),
    )
}

/// The server takes our certificate and does not name its issuer. We send what we have; many clients do not.
fn not_named(evidence: &Evidence<'_>) -> Option<Finding> {
    let trace = evidence.trace;
    let asked = trace.asked.as_ref()?;
    let is_named = |own: &Certificate| name::is_among(own.issuer(), &asked.issuers);
    let went_well = trace.went_well();
    let own = trace.own_chain.first()?;
    if asked.issuers.is_empty() || !asked.sent || !went_well || trace.own_chain.iter().any(is_named) {
        return None;
    }
    let shown: Vec<String> = asked.issuers.iter().map(|der| name::shown_der(der)).collect();
    Some(
        Finding::new(
            code::HELD_BACK,
            Refuser::Client,
            Certainty::Likely,
            format!(
                "our certificate was taken, and its issuer \"{}\" is not among those that the server names ({}): \
                 browsers, Java and .NET send nothing then",
                name::shown(own.issuer()),
                listed(&shown)
            ),
        )
        .help("name the issuing CA in ssl_client_certificate or SSLCADNRequestFile, or name none"),
    )
}

/// A certificate that no server can want to accept is accepted.
fn unverified(evidence: &Evidence<'_>) -> Option<Finding> {
    let thrown = [probe::Kind::ThrowAway, probe::Kind::Stranger];
    let (probe, certainty) = thrown
        .into_iter()
        .filter_map(|kind| evidence.probe(kind))
        .filter_map(|probe| Some((probe, accepts(probe.trace()?)?)))
        .min_by_key(|(_, certainty)| *certainty)?;
    Some(
        Finding::new(
            code::UNVERIFIED,
            Refuser::Server,
            certainty,
            format!("a self-signed certificate is accepted ({})", probe.told()),
        )
        .help("switch verification on: ssl_verify_client on, SSLVerifyClient require, verify required"),
    )
}

/// How sure it is that the server accepts a certificate of no CA: many take it in TLS and refuse in the protocol within it,
/// so that the end of the handshake is a guess, and a login that was not refused for it no more than likely.
fn accepts(trace: &Trace) -> Option<Certainty> {
    let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
    if !sent || !trace.ending.is_good() {
        return None;
    }
    match &trace.verdict {
        Verdict::Accepted(_) => Some(Certainty::Certain),
        Verdict::Undecided(Pending::LoginRefused, _) => Some(Certainty::Likely),
        Verdict::NotSpoken => trace.acceptance().map(|_| Certainty::Guess),
        Verdict::Undecided(..) | Verdict::Refused(_) | Verdict::NotReached => None,
    }
}

/// Without a certificate the server refuses us, and with a session of another of its names it does not.
fn resumed_unchecked(evidence: &Evidence<'_>) -> Option<Finding> {
    let plain = evidence.probe(probe::Kind::WithoutCertificate)?;
    let resumed = evidence.probe(probe::Kind::ResumedFromOther)?;
    let is_resumed = resumed.trace().is_some_and(|trace| trace.resumed);
    (is_resumed && resumed.went_well() && !plain.went_well()).then(|| {
        Finding::new(
            code::RESUMED_UNCHECKED,
            Refuser::Server,
            Certainty::Certain,
            format!(
                "without a certificate the server refuses us ({}); a session that was begun under {} without one is \
                 resumed here, and the request is served ({})",
                plain.told(),
                listed(&evidence.context.other_names),
                resumed.told()
            ),
        )
        .help(
            "update the server (nginx 1.27.4 or 1.26.3, Apache 2.4.64), and give each name its own session cache and \
             ticket keys, or switch tickets off",
        )
    })
}

fn public_cas(evidence: &Evidence<'_>) -> Option<Finding> {
    let issuers = &evidence.trace.asked.as_ref()?.issuers;
    (issuers.len() > MOST_ISSUERS).then(|| {
        let shown: Vec<String> = issuers.iter().take(3).map(|der| name::shown_der(der)).collect();
        Finding::new(
            code::PUBLIC_CAS,
            Refuser::Server,
            Certainty::Likely,
            format!(
                "the server accepts {} issuers, such as {}: certificates of all of them enter",
                issuers.len(),
                listed(&shown)
            ),
        )
        .help("trust a CA of your own for clients, and rules for the names it issues")
    })
}
