//! TLS went well, and the server refuses in its answer: over HTTP, or in the words of the service behind TLS.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::code;
use handfast_trace::Kind;
use jiff::Timestamp;

use super::{
    Evidence, own,
    refused::{no_certificate, of_fault},
};
use crate::{Answer, Trace, probe};

/// The service behind TLS refused in its own words.
pub(super) fn by_service(evidence: &Evidence<'_>, text: &str) -> Vec<Finding> {
    let sent = evidence.trace.asked.as_ref().is_some_and(|asked| asked.sent);
    let said = format!("the server said \"{text}\"");
    if text.contains("requires a valid client certificate") {
        return vec![if sent {
            Finding::new(code::UNKNOWN_ISSUER, Refuser::Server, Certainty::Likely, said)
                .help("compare the certificate's issuer with the server's ssl_ca_file")
        } else {
            no_certificate(Certainty::Certain, said)
        }];
    }
    if text.contains("certificate authentication failed") {
        return vec![
            Finding::new(code::UNMAPPED, Refuser::Server, Certainty::Certain, said).help(
                "ask for the user whose name is the certificate's common name, or map it in pg_ident.conf",
            ),
        ];
    }
    Vec::new()
}

/// The server answered over HTTP, which is where some say what they think of the certificate.
pub(super) fn in_words(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let Some(answer) = evidence.answer else {
        return Vec::new();
    };
    let page = page(answer);
    match answer.status.as_u16() {
        400 if page.contains("No required SSL certificate was sent") => vec![no_certificate(
            Certainty::Certain,
            "the server answered 400 \"No required SSL certificate was sent\"".into(),
        )],
        400 if page.contains("The SSL certificate error") => nginx(evidence, now),
        400 if page.contains("plain HTTP request was sent to HTTPS port") => vec![
            Finding::new(
                code::NOT_TLS,
                Refuser::Client,
                Certainty::Certain,
                "the server says that it received plain HTTP",
            )
            .help("write https"),
        ],
        421 => vec![
            Finding::new(
                code::MISDIRECTED,
                Refuser::Server,
                Certainty::Certain,
                "the server answered 421: the name in Host is not the one that the handshake was for",
            )
            .help("use one connection per name, and the same name in SNI and Host"),
        ],
        401 | 403 => forbidden(evidence, answer.status.as_u16()),
        _ => Vec::new(),
    }
}

/// nginx accepts every certificate in TLS and refuses in HTTP, with a page that says no more than that.
fn nginx(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    const SAID: &str = "the server answered 400 \"The SSL certificate error\"";
    let mut findings = Vec::new();
    for (place, fault) in own::faults(evidence, now).into_iter().enumerate() {
        let certainty = match (fault.is_plain, place) {
            (true, 0) => Certainty::Certain,
            (false, 0) => Certainty::Likely,
            _ => Certainty::Guess,
        };
        findings.push(of_fault(fault, certainty, SAID));
    }
    let log = "look for \"client SSL certificate verify error\" in the server's error log";
    let names_ours = evidence
        .trace
        .asked
        .as_ref()
        .is_some_and(|asked| !asked.issuers.is_empty());
    let others = if names_ours {
        [
            code::CRL_UNUSABLE,
            code::REVOKED,
            code::BAD_SIGNATURE,
            code::UNKNOWN_ISSUER,
        ]
    } else {
        [
            code::UNKNOWN_ISSUER,
            code::CRL_UNUSABLE,
            code::REVOKED,
            code::BAD_SIGNATURE,
        ]
    };
    for code in others {
        let because = format!("{SAID}; it could be this: {}", code.title());
        findings.push(Finding::new(code, Refuser::Server, Certainty::Guess, because).help(log));
    }
    findings
}

/// The handshake went well, the request did not.
fn forbidden(evidence: &Evidence<'_>, status: u16) -> Vec<Finding> {
    let trace = evidence.trace;
    let said = format!("the server answered {status}");
    if trace.asked.is_some() {
        let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
        return if sent {
            behind(&said)
        } else {
            vec![no_certificate(Certainty::Likely, said)]
        };
    }
    if let Some(seen) = asks_late(evidence) {
        return vec![
            Finding::new(
                code::ASKED_LATE,
                Refuser::Server,
                Certainty::Certain,
                format!("{said}, and no certificate was asked for in the handshake; {seen}"),
            )
            .help(
                "ask for the certificate for the whole virtual host: move SSLVerifyClient out of <Location>",
            ),
        ];
    }
    // Whether it never asks is told by what was expected of it.
    Vec::new()
}

/// How it is seen that the server asks once it has read the request.
pub(super) fn asks_late(evidence: &Evidence<'_>) -> Option<&'static str> {
    let page = page(evidence.answer?);
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
fn page(answer: &Answer) -> String {
    const MOST: usize = 4096;
    let start = answer.body.get(..MOST.min(answer.body.len()));
    String::from_utf8_lossy(start.unwrap_or_default()).into_owned()
}

/// TLS let us in, what is behind it did not.
fn behind(said: &str) -> Vec<Finding> {
    vec![
        Finding::new(
            code::NOT_FORWARDED,
            Refuser::Server,
            Certainty::Guess,
            format!("{said}, after a handshake with the client's certificate: the application may not be told of it"),
        )
        .help("have the proxy hand the certificate on: Client-Cert (RFC 9440) or X-Forwarded-Client-Cert"),
        Finding::new(
            code::NOT_ALLOWED,
            Refuser::Server,
            Certainty::Guess,
            format!("{said}: the identity may be known and not allowed here"),
        )
        .help("ask for a rule for one of its names"),
        Finding::new(
            code::NAME_FORM,
            Refuser::Server,
            Certainty::Guess,
            format!("{said}: the application may compare the subject in another form"),
        )
        .help("compare with all forms of the subject: handfast inspect FILE"),
    ]
}

/// A HelloRequest: TLS 1.2 asks for a handshake anew, and for the certificate in it (RFC 5246 section 7.4.1.1).
fn asks_again(trace: &Trace) -> bool {
    trace
        .messages
        .iter()
        .any(|message| message.kind == Kind::HelloRequest)
}
