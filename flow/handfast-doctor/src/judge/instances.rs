//! Several servers behind one address that do not agree: what one look shows holds for one of them.

use std::collections::BTreeSet;

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{alert, code, name, text::listed};
use handfast_trace::Side;

use super::Evidence;
use crate::{Trace, Verdict, probe};

/// Connections that ask the server the same thing, so that one server answers all of them alike.
const ALIKE: [probe::Kind; 5] = [
    probe::Kind::Again,
    probe::Kind::ThrowAway,
    probe::Kind::Stranger,
    probe::Kind::AnyServer,
    probe::Kind::MustRefuse,
];

/// The difference, where there is one.
pub(super) fn judge(evidence: &Evidence<'_>) -> Option<Finding> {
    let first = evidence.trace;
    let others = evidence
        .probes
        .iter()
        .filter(|probe| ALIKE.contains(&probe.kind))
        .filter_map(|probe| Some((probe.kind, probe.trace()?)));
    let because = others
        .into_iter()
        .find_map(|(kind, other)| question(first, other).or_else(|| verdict(first, other, kind)))?;
    Some(
        Finding::new(code::INSTANCES, Refuser::Server, Certainty::Certain, because).help(
            "give every server behind this address the same CAs, certificates and rules, and reload all of them; until then \
             the other findings hold for one of them only",
        ),
    )
}

/// What holds for one of several servers is no more than a guess for the address.
pub(super) fn lower(findings: &mut [Finding]) {
    for finding in findings {
        finding.certainty = Certainty::Guess;
    }
}

/// The CertificateRequest differs: there is one or none, or it names other issuers.
fn question(first: &Trace, other: &Trace) -> Option<String> {
    // Of a handshake that did not get so far nothing is known, and a resumed one asks for nothing.
    let is_known = |trace: &Trace| trace.asked.is_some() || (trace.established.is_some() && !trace.resumed);
    if !is_known(first) || !is_known(other) {
        return None;
    }
    match (&first.asked, &other.asked) {
        (Some(_), None) | (None, Some(_)) => Some(
            "one connection was asked for a client certificate, and another one to the same address was not"
                .into(),
        ),
        (Some(one), Some(two)) => {
            let set = |issuers: &[Vec<u8>]| issuers.iter().cloned().collect::<BTreeSet<_>>();
            (set(&one.issuers) != set(&two.issuers)).then(|| {
                let shown = |issuers: &[Vec<u8>]| {
                    let names: Vec<String> = issuers.iter().map(|der| name::shown_der(der)).collect();
                    if names.is_empty() { "no issuer".to_owned() } else { listed(&names) }
                };
                format!(
                    "one connection was told that {} is accepted, and another one to the same address that {} is",
                    shown(&one.issuers),
                    shown(&two.issuers)
                )
            })
        }
        (None, None) => None,
    }
}

/// The same connection, made again, is accepted once and refused another time.
fn verdict(first: &Trace, other: &Trace, kind: probe::Kind) -> Option<String> {
    if kind != probe::Kind::Again {
        return None;
    }
    let (one, two) = (Came::of(first)?, Came::of(other)?);
    (one.is_in != two.is_in).then(|| {
        format!(
            "the same connection was made more than once: {}, and {}",
            one.told, two.told
        )
    })
}

/// What a connection came to.
struct Came {
    is_in: bool,
    told: String,
}

impl Came {
    /// Nothing where it may be chance. By which alert a server refuses is: GnuTLS does so by 42 and 49 in turn.
    fn of(trace: &Trace) -> Option<Self> {
        if let Some(number) = trace.alert_from(Side::Server) {
            return Some(Self {
                is_in: false,
                told: format!("refused with the alert {} ({number})", alert::name(number)),
            });
        }
        let (is_in, word) = match &trace.verdict {
            Verdict::Accepted(_) => (true, "accepted"),
            Verdict::Refused(_) => (false, "refused"),
            Verdict::Undecided(..) | Verdict::NotReached | Verdict::NotSpoken => return None,
        };
        let reply = trace.verdict.reply()?;
        Some(Self {
            is_in,
            told: format!("{word} with {}", reply.told()),
        })
    }
}
