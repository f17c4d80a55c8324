//! The server refused us in TLS: with an alert, or without a word.

mod number;

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, Refusal, alert, code};
use handfast_trace::{Kind, Side};
use jiff::Timestamp;

use super::{
    Evidence,
    late::{asked_late, asks_late},
    own::{self, Fault},
    schemes::signs_with,
};

/// The alerts that say next to nothing (RFC 8446 section 6.2). `access_denied` (49) is one of them: proxies say it of
/// a name that no rule allows, GnuTLS of every certificate that it does not believe.
const VAGUE: [u8; 6] = [40, 42, 46, 47, 49, 80];

/// With the alert `number`.
pub(super) fn by_alert(evidence: &Evidence<'_>, number: u8, now: Timestamp) -> Vec<Finding> {
    let said = format!(
        "the server ended the connection with the alert {} ({number})",
        alert::name(number)
    );
    let trace = evidence.trace;
    if let Some(asked) = trace.asked.as_ref().filter(|asked| !asked.sent) {
        if !trace.own_chain.is_empty() {
            return vec![not_sent(evidence, &asked.schemes, &said)];
        }
        if number == 116 || VAGUE.contains(&number) {
            // 116 means this and nothing else; the others are what TLS 1.2 stacks say of it.
            let certainty = if number == 116 {
                Certainty::Certain
            } else {
                Certainty::Likely
            };
            let because = format!("the server asked for a client certificate, none was sent; {said}");
            return vec![no_certificate(certainty, because)];
        }
    }
    if trace.asked.is_none()
        && let Some(seen) = asks_late(evidence)
    {
        let because = format!("{said}, and no certificate was asked for in the handshake; {seen}");
        return vec![asked_late(because)];
    }
    if trace.asked.is_none() && VAGUE.contains(&number) {
        return vec![
            Finding::new(code::VAGUE_ALERT, Refuser::Server, Certainty::Guess, said)
                .help("look at the server's log at this time: it knows the reason"),
        ];
    }
    let (fitting, other): (Vec<Fault>, Vec<Fault>) = own::faults(evidence, now)
        .into_iter()
        .partition(|fault| fits(number, fault.code));
    let mut findings = Vec::new();
    for (place, fault) in fitting.into_iter().enumerate() {
        // Apache says internal_error of a chain that is longer than its SSLVerifyDepth, and of little else.
        let is_apache = number == 80 && fault.code == code::VERIFY_DEPTH;
        let (by_all, by_some) = match VAGUE.contains(&number) {
            _ if place != 0 => (Certainty::Guess, Certainty::Guess),
            false => (Certainty::Certain, Certainty::Likely),
            true if is_apache => (Certainty::Likely, Certainty::Likely),
            true => (Certainty::Likely, Certainty::Guess),
        };
        let certainty = fault.minded.said_by(number).certainty(by_all, by_some);
        findings.push(of_fault(fault, certainty, &said));
    }
    let explained = !findings.is_empty();
    // What stands in our own files is there, whatever the alert is about.
    let rest = other
        .into_iter()
        .map(|fault| of_fault(fault, Certainty::Guess, &said));
    findings.extend(rest);
    findings.extend(number::by_number(evidence, number, &said, explained, now));
    findings
}

/// Without an alert: the connection was closed or reset.
pub(super) fn by_closing(evidence: &Evidence<'_>, said: &str, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    if !trace.our_turn_came() {
        return vec![flight_lost(evidence, said)];
    }
    if trace.asked.as_ref().is_some_and(|asked| !asked.sent) {
        if !trace.own_chain.is_empty() {
            let schemes = trace.asked.as_ref().map(|asked| asked.schemes.as_slice());
            return vec![not_sent(evidence, schemes.unwrap_or_default(), said)];
        }
        let because = format!("the server asked for a client certificate, none was sent; {said}");
        return vec![no_certificate(Certainty::Likely, because)];
    }
    let mut findings: Vec<Finding> = own::faults(evidence, now)
        .into_iter()
        .enumerate()
        .map(|(place, fault)| {
            let by_all = if place == 0 {
                Certainty::Likely
            } else {
                Certainty::Guess
            };
            let certainty = fault.minded.certainty(by_all, Certainty::Guess);
            of_fault(fault, certainty, said)
        })
        .collect();
    const LOG: &str = "look at the server's log at this time";
    let guess = |code, side, because: &str| {
        Finding::new(code, side, Certainty::Guess, format!("{said}; {because}")).help(LOG)
    };
    let last = if trace.asked.is_some() && trace.saw(&Kind::Finished) {
        findings.extend([
            guess(
                code::VAGUE_ALERT,
                Refuser::Server,
                "it had seen the client's certificate, and nothing in what was exchanged says why",
            ),
            guess(
                code::NOT_ALLOWED,
                Refuser::Server,
                "a rule may close the connection of a client whose name it does not allow",
            ),
        ]);
        guess(
            code::CUT_SHORT,
            Refuser::Network,
            "something in between may have cut it",
        )
    } else {
        Finding::new(
            code::CUT_SHORT,
            Refuser::Server,
            Certainty::Guess,
            format!("{said}; nothing in what was exchanged says why"),
        )
    };
    findings.push(last.help(LOG));
    findings
}

/// Whether stacks send the alert `number` for `code` (OpenSSL's table in `statem_lib.c`, rustls's in `error.rs`).
fn fits(number: u8, code: Code) -> bool {
    const BROKEN_CHAIN: [Code; 11] = [
        code::UNKNOWN_ISSUER,
        code::MISSING_INTERMEDIATE,
        code::BAD_CLIENT_CAS,
        code::VERIFY_DEPTH,
        code::CRL_UNUSABLE,
        code::CA_AS_LEAF,
        code::NOT_A_CA,
        code::PATH_LENGTH,
        code::BAD_SIGNATURE,
        // Go looks for another issuer when it does not know the digest or the algorithm.
        code::WEAK_KEY,
        code::NO_COMMON_SCHEME,
    ];
    match number {
        48 => BROKEN_CHAIN.contains(&code),
        45 => [code::EXPIRED, code::NOT_YET_VALID, code::CRL_UNUSABLE].contains(&code),
        43 => [
            code::NO_COMMON_SCHEME,
            code::WRONG_PURPOSE,
            code::NOT_A_CA,
            code::VERSION_1,
            code::CA_AS_LEAF,
        ]
        .contains(&code),
        44 => code == code::REVOKED,
        51 => [code::BAD_SIGNATURE, code::WEAK_KEY, code::NO_COMMON_SCHEME].contains(&code),
        116 => false,
        _ => true,
    }
}

pub(super) fn of_fault(fault: Fault, certainty: Certainty, said: &str) -> Finding {
    Finding::new(
        fault.code,
        Refuser::Server,
        certainty,
        format!("{said}; {}", fault.because),
    )
    .help(fault.help)
}

pub(super) fn no_certificate(certainty: Certainty, because: String) -> Finding {
    Finding::new(code::NO_CERTIFICATE, Refuser::Server, certainty, because)
        .help(Refusal::NoCertificate.hint())
}

/// We have a certificate, were asked for one, and sent none.
fn not_sent(evidence: &Evidence<'_>, schemes: &[u16], said: &str) -> Finding {
    let key = evidence
        .trace
        .own_chain
        .first()
        .map(|own| own.public_key().algorithm());
    let key = key.unwrap_or_default();
    if schemes.iter().any(|scheme| signs_with(&key, *scheme)) {
        // The reason is not that the schemes differ, whatever else it is.
        return Finding::new(
            code::VAGUE_ALERT,
            Refuser::Server,
            Certainty::Guess,
            format!("the server asked for a client certificate, ours ({key}) was not sent although it fits; {said}"),
        )
        .fault_of(None)
        .help("look at the server's log at this time: it knows the reason");
    }
    no_common_scheme(&key, schemes, said)
}

/// We have a certificate, and its key can make none of the signatures that the server takes.
fn no_common_scheme(key: &str, schemes: &[u16], said: &str) -> Finding {
    let schemes: Vec<String> = schemes
        .iter()
        .map(|scheme| handfast_trace::scheme_name(*scheme))
        .collect();
    Finding::new(
        code::NO_COMMON_SCHEME,
        Refuser::Client,
        Certainty::Certain,
        format!(
            "the client's key is {key}, the server takes signatures of {}; so no certificate was sent, and {said}",
            schemes.join(", ")
        ),
    )
    .help("use a key that every stack takes: ECDSA P-256")
}

/// The server began, and its first flight did not arrive to its end: we had nothing to say yet.
fn flight_lost(evidence: &Evidence<'_>, said: &str) -> Finding {
    let last = evidence
        .trace
        .messages
        .iter()
        .rfind(|message| message.from == Side::Server)
        .map(|message| message.kind.name());
    Finding::new(
        code::CUT_SHORT,
        Refuser::Network,
        Certainty::Likely,
        format!(
            "{said}; {} bytes of the server arrived, the last whole message among them is {}, and its flight did not end: \
             packets are lost, or larger ones than a path lets through",
            evidence.trace.received,
            last.as_deref().unwrap_or("none")
        ),
    )
    .help(
        "compare with a smaller MTU (ip link set dev DEVICE mtu 1280) or from another network; let ICMP \"fragmentation \
         needed\" through, or clamp the MSS",
    )
}
