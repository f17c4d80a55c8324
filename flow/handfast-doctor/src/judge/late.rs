//! A server that asks for a certificate once it has read the request.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::code;
use handfast_trace::Kind;

use super::Evidence;
use crate::{Answer, Trace, probe};

pub(super) fn asked_late(because: String) -> Finding {
    Finding::new(code::ASKED_LATE, Refuser::Server, Certainty::Certain, because)
        .help("ask for the certificate for the whole virtual host: move SSLVerifyClient out of <Location>")
}

/// How it is seen that the server asks once it has read the request.
pub(super) fn asks_late(evidence: &Evidence<'_>) -> Option<&'static str> {
    let page = evidence.answer.map(page).unwrap_or_default();
    let in_12 = evidence
        .probe(probe::Kind::OnlyTls12)
        .and_then(probe::Probe::trace);
    if asks_again(evidence.trace) || in_12.is_some_and(asks_again) {
        Some("in TLS 1.2 it asks for a new handshake once it has read the request")
    } else if page.contains("Post-Handshake Authentication") {
        Some("it says that it cannot ask after the handshake")
    } else {
        None
    }
}

/// The beginning of an answer, as text.
pub(super) fn page(answer: &Answer) -> String {
    const MOST: usize = 4096;
    let start = answer.body.get(..MOST.min(answer.body.len()));
    String::from_utf8_lossy(start.unwrap_or_default()).into_owned()
}

/// A HelloRequest: TLS 1.2 asks for a handshake anew, and for the certificate in it (RFC 5246 section 7.4.1.1).
fn asks_again(trace: &Trace) -> bool {
    trace
        .messages
        .iter()
        .any(|message| message.kind == Kind::HelloRequest)
}
