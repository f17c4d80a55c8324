//! The server refused us: with an alert, without a word, or in the words of the service behind TLS.

use handfast_pki::{Code, Refusal, code};
use handfast_tls::{error::alert_name, trace::Kind};
use jiff::Timestamp;

use super::{
    Evidence,
    own::{self, Fault},
};
use crate::{Answer, Certainty, Finding, Refuser, probe};

/// The alerts that say next to nothing (RFC 8446 section 6.2). `access_denied` (49) is one of them: doors say it of
/// a name that no rule allows, GnuTLS of every certificate that it does not believe.
const VAGUE: [u8; 6] = [40, 42, 46, 47, 49, 80];

/// With the alert `number`.
pub(super) fn by_alert(evidence: &Evidence<'_>, number: u8, now: Timestamp) -> Vec<Finding> {
    let said = format!(
        "the server ended the connection with the alert {} ({number})",
        alert_name(number)
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
            "the certificate is believed, its name is not allowed".into(),
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

fn of_fault(fault: Fault, certainty: Certainty, said: &str) -> Finding {
    Finding::new(
        fault.code,
        Refuser::Server,
        certainty,
        format!("{said}; {}", fault.because),
    )
    .help(fault.help)
}

fn no_certificate(certainty: Certainty, because: String) -> Finding {
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
        .map(|scheme| handfast_tls::trace::scheme_name(*scheme))
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
fn asks_again(trace: &crate::Trace) -> bool {
    trace
        .messages
        .iter()
        .any(|message| message.kind == Kind::HelloRequest)
}
