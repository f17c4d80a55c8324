//! The whole look at a server: one connection as the user would make it, the judgement, and where that leaves
//! causes that one look cannot separate, further connections and the judgement again.

use std::sync::Arc;

use handfast_pki::{Certificate, Trust, crl::RevocationList};
use handfast_tls::Credentials;
use jiff::Timestamp;

use crate::{
    Ending, Report, Target, Trace, connect,
    exchange::{self, Talk},
    judge::{Evidence, judge},
    probe::{self, Probe},
    trace,
};

/// A server, who we are to it, and what else is known.
#[derive(Clone)]
pub struct Subject {
    pub target: Target,
    pub talk: Talk,
    pub context: Context,
    pub when: When,
}

/// Whether further connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// Where one look is not enough.
    #[default]
    Auto,
    Always,
    Never,
}

/// What the user knows beside what is seen on the wire.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Certificates that lie around: in the folder of the client's certificate, in the file of trusted CAs.
    pub known: Vec<Certificate>,
    /// The user said that this is a server of HTTP.
    pub is_http: bool,
    /// The subject with which a rule on the server compares.
    pub expected_subject: Option<String>,
    /// The answer repeats the headers of the request that the application saw.
    pub is_echo: bool,
    /// Whether forged identity headers may be sent.
    pub may_forge: bool,
    /// Somebody of the right CA whom the server must not let in.
    pub must_refuse: Option<Credentials>,
    /// Other names of the same server, for sessions that are begun there.
    pub other_names: Vec<String>,
    /// The identity that the server must have.
    pub expected: Option<String>,
    /// SHA-256 of the SubjectPublicKeyInfo that the server must have.
    pub pin: Option<[u8; 32]>,
    /// The leaf that the other side should be using.
    pub served: Option<Certificate>,
    /// The revocation lists that the server may be using.
    pub revocation: Vec<RevocationList>,
    /// The CAs whose clients a server believes, where we are to judge in its place.
    pub client_trust: Option<Arc<Trust>>,
    /// DER names of the issuers that were named to this client before, when it sent nothing for them.
    pub named_before: Vec<Vec<u8>>,
    /// The web origin of a browser's preflight.
    pub origin: Option<String>,
    /// The options that name our own files, as they were given; for commands that can be run as they stand.
    pub as_whom: String,
}

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
