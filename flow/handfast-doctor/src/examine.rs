//! The whole look at a server: one connection as the user would make it, the judgement, and where that leaves
//! causes that one look cannot separate, further connections and the judgement again.

use jiff::Timestamp;

use crate::{
    Ending, Report, Subject, Trace, When, connect, exchange,
    judge::{Evidence, judge},
    probe::{self, Probe},
    trace,
};

/// Looks at the server of `subject` at `now`; `named` is how the user called it.
pub async fn examine(named: String, subject: &Subject, now: Timestamp) -> Report {
    let contact = connect::connect(&subject.target).await;
    let (seen, answer) = exchange::exchange(contact, &subject.talk).await;
    let trace = trace::trace(seen, &subject.target);
    let mut probes: Vec<Probe> = Vec::new();
    if subject.when != When::Never && !matches!(trace.ending, Ending::Unreachable(_)) {
        for kind in probe::worth(&trace, answer.as_ref(), subject) {
            probes.push(probe::probe(kind, subject, &trace, now).await);
        }
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
        notes: notes(&trace),
        probes: probes.iter().map(Probe::told).collect(),
        findings,
        trace: Some(trace),
        answer,
    }
}

/// What is worth knowing of a connection beside its findings.
fn notes(trace: &Trace) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    let mut note = |name: &str, value: String| notes.push((name.to_owned(), value));
    if let Some(agreed) = trace.established {
        note("tls", format!("{} with {}", agreed.version, agreed.suite));
    }
    match &trace.asked {
        Some(asked) if asked.sent => note("client certificate", "asked for, and sent".into()),
        Some(_) => note("client certificate", "asked for, none sent".into()),
        None if trace.established.is_some() => note("client certificate", "not asked for".into()),
        None => {}
    }
    if trace.ending.is_good() && trace.asked.as_ref().is_some_and(|asked| asked.sent) {
        let verdict = match trace.acceptance() {
            Some(proof) => format!("accepted: {proof}"),
            None => "not refused while we listened; nothing proves that it was accepted".into(),
        };
        note("verdict", verdict);
    }
    notes
}
