//! TLS went well, and the server refuses in its answer: over HTTP, or in the words of the service behind TLS.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, code};
use jiff::Timestamp;

use super::{
    Evidence, allowed, clock,
    late::{asked_late, asks_late, page},
    own,
    refused::{no_certificate, of_fault},
};
use crate::{Answer, probe};

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
        400 if page.contains("The SSL certificate error") => unsorted(
            evidence,
            "the server answered 400 \"The SSL certificate error\"",
            true,
            now,
        ),
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
        300..=399 => redirected(evidence, now),
        // Both are nginx's own, and applications behind it hand them on.
        495 => unsorted(evidence, "the server answered 495, a bad certificate", true, now),
        496 => vec![no_certificate(
            Certainty::Certain,
            "the server answered 496, no certificate".into(),
        )],
        401 | 403 => forbidden(evidence, answer, now),
        _ => Vec::new(),
    }
}

/// Every certificate is accepted in TLS and judged later, with an answer that says no more than that; `is_plain` where it
/// says that the certificate is the reason.
fn unsorted(evidence: &Evidence<'_>, said: &str, is_plain: bool, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, fault) in own::faults(evidence, now).into_iter().enumerate() {
        let surest = if is_plain {
            Certainty::Certain
        } else {
            Certainty::Likely
        };
        let certainty = match place {
            0 => fault.minded.certainty(surest, Certainty::Likely),
            _ => Certainty::Guess,
        };
        findings.push(of_fault(fault, certainty, said));
    }
    findings.extend(clock::judge(evidence, said, now));
    let log =
        "look for the reason in the server's error log, such as \"client SSL certificate verify error\"";
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
            // Of a CA in the server's own file.
            code::EXPIRED,
        ]
    } else {
        [
            code::UNKNOWN_ISSUER,
            code::CRL_UNUSABLE,
            code::REVOKED,
            code::BAD_SIGNATURE,
            code::EXPIRED,
        ]
    };
    for code in others {
        let because = format!("{said}; it could be this: {}", code.title());
        findings.push(Finding::new(code, Refuser::Server, Certainty::Guess, because).help(log));
    }
    findings
}

/// How the server treats a certificate that no server can want, beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// It was not tried.
    Unknown,
    /// Refused in TLS, or in other words than ours: ours was verified.
    Worse,
    /// Answered as ours is: either is as good as the other.
    Same,
}

fn beside(evidence: &Evidence<'_>) -> Beside {
    let thrown = evidence
        .probe(probe::Kind::ThrowAway)
        .and_then(probe::Probe::trace);
    let Some(thrown) = thrown.filter(|thrown| thrown.asked.as_ref().is_some_and(|asked| asked.sent)) else {
        return Beside::Unknown;
    };
    match (thrown.verdict.reply(), evidence.trace.verdict.reply()) {
        (Some(theirs), Some(ours)) if theirs == ours => Beside::Same,
        _ => Beside::Worse,
    }
}

/// The answer leads to a login.
fn redirected(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let Some(reply) = evidence.trace.verdict.refusal() else {
        return Vec::new();
    };
    let said = format!(
        "the server answered {} {}, as it does to clients that it does not know",
        reply.code, reply.text
    );
    match &evidence.trace.asked {
        Some(asked) if !asked.sent => vec![no_certificate(Certainty::Likely, said)],
        // Who sends bad certificates away has verified ours, and its login is no matter of TLS.
        Some(_) if beside(evidence) == Beside::Worse => Vec::new(),
        Some(_) => unsorted(evidence, &said, false, now),
        None => Vec::new(),
    }
}

/// The handshake went well, the request did not.
fn forbidden(evidence: &Evidence<'_>, answer: &Answer, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    let on_page = handfast_dialogs::is_front(answer);
    // Who says 401 wants to know who it is, and has no rule on somebody that it knows (RFC 9110 section 15.5.2).
    let front = on_page.filter(|_| answer.status.as_u16() == 403);
    let said = match on_page {
        Some(who) => format!(
            "the server answered {} on a page of {who}",
            answer.status.as_u16()
        ),
        None => format!("the server answered {}", answer.status.as_u16()),
    };
    if let Some(asked) = &trace.asked {
        if !asked.sent {
            return vec![no_certificate(Certainty::Likely, said)];
        }
        let mut findings = without_name(evidence, &said);
        let denial = Denial::of(evidence, answer, front);
        findings.extend(denied(evidence, denial, &said, now));
        return findings;
    }
    if let Some(seen) = asks_late(evidence) {
        return vec![asked_late(format!(
            "{said}, and no certificate was asked for in the handshake; {seen}"
        ))];
    }
    // Whether it never asks is told by what was expected of it.
    Vec::new()
}

/// The server denies what comes without a name in SNI, as Apache does where it is strict about it.
fn without_name(evidence: &Evidence<'_>, said: &str) -> Vec<Finding> {
    let is_accepted = |probe: &probe::Probe| probe.trace().is_some_and(|trace| trace.verdict.is_accepted());
    let Some(probe) = evidence
        .probe(probe::Kind::WithSni)
        .filter(|probe| is_accepted(probe))
    else {
        return Vec::new();
    };
    vec![
        Finding::new(
            code::WRONG_SNI,
            Refuser::Server,
            Certainty::Certain,
            format!("{said}, for no name was sent; {}", probe.told()),
        )
        .help("call the server by a name of its certificate, not by its address"),
    ]
}

/// TLS accepted our certificate, what is behind it denied the request.
fn denied(evidence: &Evidence<'_>, denial: Denial, said: &str, now: Timestamp) -> Vec<Finding> {
    let beside = beside(evidence);
    let mut findings = Vec::new();
    // Where a bad certificate is refused in TLS ours is none, whatever it says against itself.
    if beside != Beside::Worse {
        for (place, fault) in own::faults(evidence, now).into_iter().enumerate() {
            let certainty = match place {
                0 => fault.minded.certainty(Certainty::Likely, Certainty::Guess),
                _ => Certainty::Guess,
            };
            findings.push(of_fault(fault, certainty, said));
        }
        findings.extend(clock::judge(evidence, said, now));
    }
    let is_explained = findings
        .iter()
        .any(|finding| finding.certainty < Certainty::Guess);
    findings.extend(by_rule(denial, said, is_explained));
    if beside == Beside::Same {
        findings.push(guess(
            said,
            code::UNKNOWN_ISSUER,
            ", and answers a made-up certificate alike: it may not trust the issuer",
            "compare the certificate's issuer with the CAs that the application trusts",
        ));
    }
    findings
}

fn guess(said: &str, code: Code, because: &str, help: &str) -> Finding {
    Finding::new(
        code,
        Refuser::Server,
        Certainty::Guess,
        format!("{said}{because}"),
    )
    .help(help)
}

/// What an answer of 403 shows of who denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denial {
    /// Who ends TLS, by a rule of its own: it knows the certificate.
    ByFront,
    /// The answer repeats a name of our certificate, so that it was told of it.
    ByName,
    /// Its words speak of a rule.
    ByWords,
    /// Nothing.
    Untold,
}

impl Denial {
    fn of(evidence: &Evidence<'_>, answer: &Answer, front: Option<&str>) -> Self {
        const WORDS: [&str; 8] = [
            "not allowed",
            "not authorized",
            "not authorised",
            "not permitted",
            "no permission",
            "permission denied",
            "access denied",
            "insufficient",
        ];
        let text = page(answer).to_lowercase();
        let leaf = evidence.trace.own_chain.first();
        if front.is_some() {
            Self::ByFront
        } else if answer.status.as_u16() != 403 {
            Self::Untold
        } else if leaf.is_some_and(|leaf| allowed::is_named(leaf, &text)) {
            Self::ByName
        } else if WORDS.iter().any(|words| text.contains(words)) {
            Self::ByWords
        } else {
            Self::Untold
        }
    }
}

/// The certificate is good, and who it names is not allowed, not told on, or compared in another form.
fn by_rule(denial: Denial, said: &str, is_explained: bool) -> Vec<Finding> {
    let not_allowed = guess(
        said,
        code::NOT_ALLOWED,
        ": the identity may be known and not allowed here",
        "ask for a rule for one of its names",
    );
    let not_told = guess(
        said,
        code::NOT_FORWARDED,
        ", after a handshake with the client's certificate: the application may not be told of it",
        "have the proxy hand the certificate on: Client-Cert (RFC 9440) or X-Forwarded-Client-Cert",
    );
    let other_form = guess(
        said,
        code::NAME_FORM,
        ": the application may compare the subject in another form",
        "compare with all forms of the subject: handfast inspect FILE",
    );
    let likely = Finding {
        certainty: if is_explained {
            Certainty::Guess
        } else {
            Certainty::Likely
        },
        ..not_allowed.clone()
    };
    match denial {
        Denial::ByFront => vec![likely, not_told, other_form],
        Denial::ByName => vec![likely, other_form],
        Denial::ByWords => vec![not_allowed, not_told, other_form],
        Denial::Untold => vec![not_told, not_allowed, other_form],
    }
}
