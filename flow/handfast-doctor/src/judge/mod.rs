//! From what was seen to its causes, the most probable first. Pure: the time is an argument.
//!
//! An alert alone proves little, for stacks choose differently; it is read together with what was asked, what
//! was sent, what our own certificate says against itself, and what other connections came to.

mod allowed;
mod answered;
mod clock;
mod expected;
mod heard;
mod instances;
mod late;
mod own;
mod protocol;
mod proxy;
mod refused;
mod schemes;
mod service;
mod untrusted;

pub(crate) use allowed::forgeable;
pub(crate) use expected::MOST_ISSUERS;
use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Purpose, Refusal, code};
use handfast_tls::HandshakeError;
use handfast_trace::Kind;
pub use heard::heard;
pub(crate) use heard::would_be_refused;
use jiff::Timestamp;

use crate::{
    Answer, Context, Ending, Trace,
    probe::{self, Probe},
};

/// Everything that a judgement is made from.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub trace: &'a Trace,
    /// What a server of HTTP answered.
    pub answer: Option<&'a Answer>,
    pub context: &'a Context,
    pub probes: &'a [Probe],
}

impl<'a> Evidence<'a> {
    /// Without an answer and without further connections.
    pub(crate) fn alone(trace: &'a Trace, context: &'a Context) -> Self {
        Self {
            trace,
            answer: None,
            context,
            probes: &[],
        }
    }

    /// The first probe of this kind.
    fn probe(&self, kind: probe::Kind) -> Option<&'a Probe> {
        self.probes.iter().find(|probe| probe.kind == kind)
    }
}

/// The causes why what `evidence` shows did not go well at `now`; none where it did.
pub fn judge(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = expected::judge(evidence, now);
    findings.extend(by_ending(evidence, now));
    findings.extend(outdated(evidence, &findings, now));
    if let Some(finding) = renewed_by_one(evidence, now) {
        findings.push(finding);
    }
    // Of servers of which one has the old certificate it is known how they differ.
    let is_known = findings
        .iter()
        .any(|finding| finding.code == code::OLD_PROCESS && finding.certainty == Certainty::Certain);
    if let Some(finding) = instances::judge(evidence).filter(|_| !is_known) {
        instances::lower(&mut findings);
        findings.push(finding);
    }
    ranked(findings)
}

/// The file of trusted CAs has expired, where nothing of `found` says so.
fn outdated(evidence: &Evidence<'_>, found: &[Finding], now: Timestamp) -> Option<Finding> {
    let is_said = found.iter().any(|finding| finding.code == code::EXPIRED);
    let finding = evidence.context.outdated.clone().filter(|_| !is_said)?;
    let mut one = [finding];
    clock::doubt(&mut one, evidence, &evidence.trace.presented(), now);
    one.into_iter().next()
}

/// The first server shows a good certificate, and another one behind the address the one before it, which has expired.
fn renewed_by_one(evidence: &Evidence<'_>, now: Timestamp) -> Option<Finding> {
    let expired = |probe: &&probe::Probe| {
        probe.kind == probe::Kind::Again
            && probe.trace().is_some_and(|trace| {
                matches!(
                    &trace.ending,
                    Ending::Handshake(HandshakeError::Refused {
                        refusal: Refusal::Expired { .. },
                        ..
                    })
                )
            })
    };
    evidence.probes.iter().find(expired)?;
    let leaf = evidence.trace.presented().into_iter().next()?;
    untrusted::several_instances(evidence, &leaf, now)
}

/// The same for one request over HTTP, where nothing else is known.
pub fn request(trace: &Trace, answer: Option<&Answer>, now: Timestamp) -> Vec<Finding> {
    let context = Context {
        is_spoken: true,
        ..Context::default()
    };
    let evidence = Evidence {
        answer,
        ..Evidence::alone(trace, &context)
    };
    judge(&evidence, now)
}

/// What the chain in `evidence` says against itself, for `purpose` at `now`; the files are all there is.
pub(crate) fn files_faults(evidence: &Evidence<'_>, purpose: Purpose, now: Timestamp) -> Vec<Finding> {
    own::of_files(evidence, purpose, now)
        .into_iter()
        .map(|fault| {
            // No peer has said anything yet.
            let certainty = match fault.minded {
                own::Minded::Unknown => Certainty::Guess,
                minded => minded.certainty(Certainty::Certain, Certainty::Likely),
            };
            Finding::new(fault.code, Refuser::Server, certainty, fault.because).help(fault.help)
        })
        .collect()
}

fn by_ending(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    match &trace.ending {
        Ending::Unreachable(detail) => vec![unreachable(trace, detail)],
        Ending::NoStartTls(detail) => vec![
            Finding::new(code::NOT_TLS, Refuser::Server, Certainty::Certain, detail)
                .help("check the port, and that TLS is switched on in the server"),
        ],
        Ending::Open | Ending::Service(_) => {
            let by_proxy = evidence
                .answer
                .and_then(|answer| proxy::in_its_words(evidence, answer, now));
            if let Some(findings) = by_proxy {
                return findings;
            }
            let mut findings = answered::in_words(evidence, now);
            findings.extend(service::judge(evidence, now));
            findings
        }
        // We refused the server.
        Ending::Handshake(HandshakeError::Refused { refusal, purpose }) => {
            untrusted::judge(evidence, refusal, *purpose, now)
        }
        _ if !trace.saw(&Kind::ServerHello) => protocol::judge(evidence),
        Ending::Handshake(HandshakeError::Incompatible { .. }) => protocol::judge(evidence),
        _ => match probe::refused_by_alert(trace) {
            // Some servers choose the version first, and find then that they share no application protocol.
            Some(number) if probe::is_of_protocol(number) => protocol::judge(evidence),
            Some(number) => refused::by_alert(evidence, number, now),
            None => ended(evidence, now),
        },
    }
}

/// The end came without an alert.
fn ended(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    match &trace.ending {
        Ending::Handshake(error) => match error {
            HandshakeError::Alert { number, .. } => refused::by_alert(evidence, *number, now),
            HandshakeError::CutShort { detail } => refused::by_closing(evidence, detail, now),
            other => vec![
                Finding::new(
                    other.code(),
                    Refuser::Network,
                    Certainty::Likely,
                    other.to_string(),
                )
                .help("check that the port speaks TLS, and the versions and suites of both sides"),
            ],
        },
        // What is behind TLS does not speak HTTP, and nobody said that it does.
        _ if !evidence.context.is_spoken && (trace.asked.is_none() || trace.acceptance().is_some()) => Vec::new(),
        Ending::NotHttp(detail) => vec![
            Finding::new(
                code::NOT_TLS,
                Refuser::Server,
                Certainty::Likely,
                format!("the server did not answer in HTTP: {detail}"),
            )
            .help("check that the port serves HTTP behind TLS"),
        ],
        Ending::Silent(detail) => vec![
            Finding::new(code::CUT_SHORT, Refuser::Server, Certainty::Guess, detail).help(
                "look at the server's log at this time; an examination waits for some seconds only, and for a minute with \
                 --probe always",
            ),
        ],
        Ending::Broken(detail) => refused::by_closing(evidence, detail, now),
        _ => refused::by_closing(evidence, "the server closed the connection without a word", now),
    }
}

fn unreachable(trace: &Trace, detail: &str) -> Finding {
    let (host, port) = (&trace.target.host, trace.target.port);
    Finding::new(
        code::CANNOT_CONNECT,
        Refuser::Network,
        Certainty::Certain,
        format!("no TCP connection to {host}:{port}: {detail}"),
    )
    .help("check host and port, and that the server runs and is not behind a firewall")
}

/// The surest first, in the order of the rules where equally sure; each code once.
pub(crate) fn ranked(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| finding.certainty);
    let mut seen = Vec::new();
    findings.retain(|finding| {
        let is_new = !seen.contains(&finding.code);
        seen.push(finding.code);
        is_new
    });
    findings
}
