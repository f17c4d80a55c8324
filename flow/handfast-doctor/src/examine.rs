//! The whole look at a server: one connection as the user would make it, the judgement, and where that leaves
//! causes that one look cannot separate, further connections and the judgement again.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::{
    Answer, Ending, Pending, Report, Subject, Trace, Verdict, When, connect, exchange,
    judge::{Evidence, judge},
    patience::Patience,
    probe::{self, Outcome, Probe},
    trace,
};

/// What is kept of the time for further connections.
const RESERVE: Duration = Duration::from_millis(1500);

/// Looks at the server of `subject` at `now`; `named` is how the user called it.
pub async fn examine(named: String, subject: &Subject, now: Timestamp) -> Report {
    let patience = Patience::of(subject.limit);
    let first = patience.but(RESERVE);
    let contact = connect::connect(&subject.target, first).await;
    let (seen, answer) = exchange::exchange(contact, &subject.talk, first).await;
    let trace = trace::trace(seen, &subject.target);
    let mut probes: Vec<Probe> = Vec::new();
    if subject.when != When::Never && !matches!(trace.ending, Ending::Unreachable(_)) {
        probes = further(subject, &trace, answer.as_ref(), now, patience).await;
    }
    let evidence = Evidence {
        trace: &trace,
        answer: answer.as_ref(),
        context: &subject.context,
        probes: &probes,
    };
    let findings = judge(&evidence, now);
    Report {
        target: named,
        trusted: subject.target.trust.anchors().certificates().to_vec(),
        notes: notes(&evidence, now),
        probes: probes.iter().map(Probe::told).collect(),
        findings,
        trace: Some(trace),
        answer,
    }
}

/// Makes the further connections that are worth it. Where the first one got no answer they wait side by side, so that a
/// silent server costs the patience of one.
async fn further(
    subject: &Subject,
    trace: &Trace,
    answer: Option<&Answer>,
    now: Timestamp,
    patience: Patience,
) -> Vec<Probe> {
    let kinds = probe::worth(trace, answer, subject);
    let mut probes = Vec::new();
    if trace.server_hello().is_some() || subject.limit.is_none() {
        for kind in kinds {
            probes.push(probe::probe(kind, subject, trace, now, patience).await);
        }
        return probes;
    }
    let shared = Arc::new((subject.clone(), trace.clone()));
    let mut set = JoinSet::new();
    for (place, kind) in kinds.into_iter().enumerate() {
        let shared = shared.clone();
        set.spawn(async move {
            (
                place,
                probe::probe(kind, &shared.0, &shared.1, now, patience).await,
            )
        });
    }
    let mut made: Vec<(usize, Probe)> = set.join_all().await;
    made.sort_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, probe)| probe).collect()
}

/// What is worth knowing of a connection beside its findings.
fn notes(evidence: &Evidence<'_>, now: Timestamp) -> Vec<(String, String)> {
    let trace = evidence.trace;
    let mut notes = Vec::new();
    let mut note = |name: &str, value: String| notes.push((name.to_owned(), value));
    if let Some(written) = &evidence.context.written_host {
        note(
            "host",
            format!("\"{written}\" is asked for as {}", trace.target.host),
        );
    }
    if let Some(agreed) = trace.established {
        note("tls", format!("{} with {}", agreed.version, agreed.suite));
    }
    match &trace.asked {
        Some(asked) if asked.sent => note("client certificate", "asked for, and sent".into()),
        Some(_) => note("client certificate", "asked for, none sent".into()),
        None if trace.established.is_some() => note("client certificate", "not asked for".into()),
        None => {}
    }
    if let Some(verdict) = verdict(trace) {
        note("verdict", verdict);
    }
    if let Some(clock) = evidence.clock(now) {
        note("clock", clock.told());
    }
    let untried: Vec<String> = evidence
        .probes
        .iter()
        .filter(|probe| matches!(probe.outcome, Outcome::Impossible(_)))
        .map(Probe::told)
        .collect();
    if !untried.is_empty() {
        note("not tried", untried.join("; "));
    }
    notes
}

/// What the server said of us, in its own protocol or by going on with TLS; nothing where a finding says it.
fn verdict(trace: &Trace) -> Option<String> {
    const NO_PROOF: &str = "not refused while we listened; nothing proves that it was accepted";
    let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
    match &trace.verdict {
        Verdict::Refused(_) => None,
        Verdict::Undecided(Pending::Login | Pending::LoginRefused, reply) => Some(format!(
            "not decided: {}; it may still refuse at the login, which was not tried",
            reply.told()
        )),
        Verdict::Undecided(_, reply) => Some(format!("not decided: {}", reply.told())),
        Verdict::Accepted(reply) if sent => Some(format!("accepted: {}", reply.told())),
        _ if !trace.ending.is_good() || !sent => None,
        _ => match trace.acceptance() {
            Some(proof) => Some(format!(
                "accepted by TLS: {proof}; the protocol within it was not spoken"
            )),
            None => Some(NO_PROOF.into()),
        },
    }
}
