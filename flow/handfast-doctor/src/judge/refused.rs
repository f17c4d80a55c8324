//! The server refused us in TLS: with an alert, or without a word.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, Refusal, alert, code};
use handfast_trace::Kind;
use jiff::Timestamp;

use super::{
    Evidence,
    own::{self, Fault},
};
use crate::probe;

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
            return vec![no_common_scheme(evidence, &asked.schemes, &said)];
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
        let certainty = match (fault.is_plain, VAGUE.contains(&number)) {
            (true, false) if place == 0 => Certainty::Certain,
            (true, true) | (false, false) if place == 0 => Certainty::Likely,
            (false, true) if place == 0 && is_apache => Certainty::Likely,
            _ => Certainty::Guess,
        };
        findings.push(of_fault(fault, certainty, &said));
    }
    let explained = !findings.is_empty();
    findings.extend(by_number(evidence, number, &said, explained));
    let rest = other
        .into_iter()
        .map(|fault| of_fault(fault, Certainty::Guess, &said));
    findings.extend(rest);
    findings
}

/// Without an alert: the connection was closed or reset.
pub(super) fn by_closing(evidence: &Evidence<'_>, said: &str, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    if trace.asked.as_ref().is_some_and(|asked| !asked.sent) {
        if !trace.own_chain.is_empty() {
            let schemes = trace.asked.as_ref().map(|asked| asked.schemes.as_slice());
            return vec![no_common_scheme(evidence, schemes.unwrap_or_default(), said)];
        }
        let because = format!("the server asked for a client certificate, none was sent; {said}");
        return vec![no_certificate(Certainty::Likely, because)];
    }
    let mut findings: Vec<Finding> = own::faults(evidence, now)
        .into_iter()
        .enumerate()
        .map(|(place, fault)| {
            let sure = fault.is_plain && place == 0;
            let certainty = if sure { Certainty::Likely } else { Certainty::Guess };
            of_fault(fault, certainty, said)
        })
        .collect();
    let last = if trace.asked.is_some() && trace.saw(&Kind::Finished) {
        Finding::new(
            code::VAGUE_ALERT,
            Refuser::Server,
            Certainty::Guess,
            format!(
                "{said}; it had seen the client's certificate, and nothing in what was exchanged says why"
            ),
        )
    } else {
        Finding::new(
            code::CUT_SHORT,
            Refuser::Server,
            Certainty::Guess,
            format!("{said}; nothing in what was exchanged says why"),
        )
    };
    findings.push(last.help("look at the server's log at this time"));
    findings
}

/// What the alert alone says, beside the faults of our own; `explained` when there is one that fits.
// long: one arm per alert
fn by_number(evidence: &Evidence<'_>, number: u8, said: &str, explained: bool) -> Vec<Finding> {
    let finding = |code: Code, certainty, because: String, help: &str| {
        Finding::new(code, Refuser::Server, certainty, format!("{said}; {because}")).help(help)
    };
    let likely = if explained {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    let throwaway = evidence
        .probe(probe::Kind::ThrowAway)
        .and_then(probe::Probe::trace)
        .and_then(probe::refused_by_alert);
    const LISTS: &str =
        "publish a new revocation list for every CA of the chain, and have the server load it";
    match number {
        45 => vec![if throwaway == Some(45) && !explained {
            finding(
                code::CRL_UNUSABLE,
                Certainty::Certain,
                "a certificate made this minute is called expired, too: a revocation list has expired, and \
                 everyone is refused"
                    .into(),
                LISTS,
            )
        } else {
            finding(
                code::CRL_UNUSABLE,
                likely,
                "nothing in the client's chain has expired: OpenSSL says so of an expired revocation list".into(),
                LISTS,
            )
        }],
        48 => unknown_ca(evidence, said, throwaway, explained),
        43 => vec![finding(
            code::WRONG_PURPOSE,
            likely,
            "a certificate in the chain is not for this purpose".into(),
            "issue it for clients: handfast issue client",
        )],
        44 => vec![finding(
            code::REVOKED,
            likely,
            "the client's certificate is on a revocation list".into(),
            Refusal::Revoked {
                subject: String::new(),
            }
            .hint(),
        )],
        51 => vec![finding(
            code::BAD_SIGNATURE,
            likely,
            "the server knows an issuer of this name, and its key did not sign the client's certificate".into(),
            "trust both CA certificates while a CA key changes, and never reuse a CA's name",
        )],
        49 => vec![finding(
            code::NOT_ALLOWED,
            likely,
            "the certificate is trusted, its name is not allowed".into(),
            "ask for a rule for one of its names",
        )],
        116 => vec![finding(
            code::NO_CERTIFICATE,
            likely,
            "the server received none".into(),
            Refusal::NoCertificate.hint(),
        )],
        // Apache says so of an expired list, and unknown_ca of an issuer that it does not know.
        46 if throwaway == Some(48) && !explained => vec![finding(
            code::CRL_UNUSABLE,
            Certainty::Likely,
            "a certificate of an unknown issuer is refused with another alert, so the server knows ours; Apache says \
             this of an expired revocation list"
                .into(),
            LISTS,
        )],
        _ => vec![finding(
            code::VAGUE_ALERT,
            likely,
            "the client's certificate shows no fault of its own".into(),
            "look at the server's log at this time: it knows the reason",
        )],
    }
}

/// unknown_ca is said of many things.
fn unknown_ca(evidence: &Evidence<'_>, said: &str, throwaway: Option<u8>, explained: bool) -> Vec<Finding> {
    let likely = if explained {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    let finding = |code: Code, certainty, because: &str, help: &str| {
        Finding::new(code, Refuser::Server, certainty, format!("{said}; {because}")).help(help)
    };
    let is_named = evidence.trace.asked.as_ref().is_some_and(|asked| {
        let issuer = |sent: &handfast_pki::Certificate| handfast_pki::name::der_of(sent.issuer());
        evidence
            .trace
            .own_chain
            .iter()
            .any(|sent| asked.issuers.contains(&issuer(sent)))
    });
    if !is_named && explained {
        return Vec::new();
    }
    if !is_named {
        return vec![finding(
            code::UNKNOWN_ISSUER,
            likely,
            "it does not say which issuers it accepts",
            "send the intermediate after the leaf, or have the issuing CA added to the server's client CAs",
        )];
    }
    let changed = finding(
        code::BAD_SIGNATURE,
        if throwaway == Some(51) {
            likely
        } else {
            Certainty::Guess
        },
        "the server names the client's issuer and does not find it: it may know an older or newer key of that name",
        "trust both CA certificates while a CA key changes, and never reuse a CA's name",
    );
    let list = finding(
        code::CRL_UNUSABLE,
        if throwaway == Some(48) {
            likely
        } else {
            Certainty::Guess
        },
        "the server names the client's issuer and refuses any certificate of it: a revocation list is missing",
        "give the server one revocation list for every CA of the chain",
    );
    let unknown = finding(
        code::UNKNOWN_ISSUER,
        Certainty::Guess,
        "it names the client's issuer, and yet it may trust other CAs than it names",
        "compare its file of client CAs with the names that it sends",
    );
    vec![changed, list, unknown]
}

/// Whether stacks send the alert `number` for `code` (OpenSSL's table in `statem_lib.c`, rustls's in `error.rs`).
fn fits(number: u8, code: Code) -> bool {
    const BROKEN_CHAIN: [Code; 10] = [
        code::UNKNOWN_ISSUER,
        code::MISSING_INTERMEDIATE,
        code::BAD_CLIENT_CAS,
        code::VERIFY_DEPTH,
        code::CRL_UNUSABLE,
        code::CA_AS_LEAF,
        code::NOT_A_CA,
        code::PATH_LENGTH,
        code::BAD_SIGNATURE,
        // Go looks for another issuer when it does not know the digest.
        code::WEAK_KEY,
    ];
    match number {
        48 => BROKEN_CHAIN.contains(&code),
        45 => [code::EXPIRED, code::NOT_YET_VALID, code::CRL_UNUSABLE].contains(&code),
        43 => [
            code::WRONG_PURPOSE,
            code::NOT_A_CA,
            code::VERSION_1,
            code::CA_AS_LEAF,
        ]
        .contains(&code),
        44 => code == code::REVOKED,
        51 => [code::BAD_SIGNATURE, code::WEAK_KEY].contains(&code),
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

/// We have a certificate, and its key can make none of the signatures that the server takes.
fn no_common_scheme(evidence: &Evidence<'_>, schemes: &[u16], said: &str) -> Finding {
    let algorithm = evidence
        .trace
        .own_chain
        .first()
        .map(|own| own.public_key().algorithm())
        .unwrap_or_default();
    let schemes: Vec<String> = schemes
        .iter()
        .map(|scheme| handfast_trace::scheme_name(*scheme))
        .collect();
    Finding::new(
        code::NO_COMMON_SCHEME,
        Refuser::Client,
        Certainty::Certain,
        format!(
            "the client's key is {algorithm}, the server takes signatures of {}; so no certificate was sent, and {said}",
            schemes.join(", ")
        ),
    )
    .help("use a key that every stack takes: ECDSA P-256")
}
