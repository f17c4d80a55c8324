//! Several servers behind one address that do not agree: what one look shows holds for one of them.

use std::collections::BTreeSet;

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{alert, code, name, text::listed};
use handfast_tls::HandshakeError;
use handfast_trace::{Kind, Side};

use super::Evidence;
use crate::{Ending, Trace, Verdict, connect, probe};

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
    let (because, certainty) = others.into_iter().find_map(|(kind, other)| {
        let asked = question(first, other).map(|because| (because, Certainty::Certain));
        asked.or_else(|| verdict(first, other, kind))
    })?;
    Some(
        Finding::new(code::INSTANCES, Refuser::Server, certainty, because).help(
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

/// The same connection, made again, goes well once and does not another time.
fn verdict(first: &Trace, other: &Trace, kind: probe::Kind) -> Option<(String, Certainty)> {
    if kind != probe::Kind::Again {
        return None;
    }
    let (one, two) = (Came::of(first)?, Came::of(other)?);
    let differ = match (one.stage, two.stage) {
        (Stage::Answer, Stage::Answer) | (Stage::Handshake, Stage::Handshake) => one.is_in != two.is_in,
        // Whatever was answered, there was a handshake before it.
        (Stage::Handshake, Stage::Answer) => !one.is_in,
        (Stage::Answer, Stage::Handshake) => !two.is_in,
    };
    let certainty = if one.is_chance || two.is_chance {
        Certainty::Likely
    } else {
        Certainty::Certain
    };
    differ.then(|| {
        let because = format!(
            "the same connection was made more than once: {}, and {}",
            one.told, two.told
        );
        (because, certainty)
    })
}

/// How far a connection came to say something of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    Answer,
}

/// What a connection came to.
struct Came {
    stage: Stage,
    is_in: bool,
    /// A path that loses packets does the same, now and then.
    is_chance: bool,
    told: String,
}

impl Came {
    /// Nothing where it may be chance. By which alert a server refuses is: GnuTLS does so by 42 and 49 in turn.
    fn of(trace: &Trace) -> Option<Self> {
        let handshake = |is_in, told| Self {
            stage: Stage::Handshake,
            is_in,
            is_chance: false,
            told,
        };
        if let Some(number) = trace.alert_from(Side::Server) {
            return Some(handshake(
                false,
                format!("refused with the alert {} ({number})", alert::name(number)),
            ));
        }
        if trace.saw(&Kind::NotTls) {
            return Some(handshake(false, "answered in something that is not TLS".into()));
        }
        if let Ending::Handshake(HandshakeError::Refused { refusal, .. }) = &trace.ending {
            return Some(handshake(false, format!("not trusted by us, for {refusal}")));
        }
        // What we did not wait for says nothing of the server.
        if let (Ending::Handshake(HandshakeError::CutShort { detail }), false) =
            (&trace.ending, trace.saw(&Kind::ServerHello))
            && !detail.starts_with(connect::NO_ANSWER)
        {
            return Some(Self {
                is_chance: true,
                ..handshake(false, format!("not answered, {detail}"))
            });
        }
        let (is_in, word) = match &trace.verdict {
            Verdict::Accepted(_) => (true, "accepted"),
            Verdict::Refused(_) => (false, "refused"),
            Verdict::Undecided(..) | Verdict::NotReached | Verdict::NotSpoken => {
                // A handshake is no verdict, and more than none.
                let is_whole = trace.established.is_some() && trace.ending.is_good();
                return is_whole.then(|| handshake(true, "brought to a whole handshake".into()));
            }
        };
        let reply = trace.verdict.reply()?;
        Some(Self {
            stage: Stage::Answer,
            is_in,
            is_chance: false,
            told: format!("{word} with {}", reply.told()),
        })
    }
}
