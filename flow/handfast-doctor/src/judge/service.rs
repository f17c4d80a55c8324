//! TLS went well, and the service within it refuses in its own words: MQTT, Redis, AMQP, databases, mail, HTTP/2.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, Purpose, code, name};
use jiff::Timestamp;

use super::{
    Evidence, own,
    refused::{no_certificate, of_fault},
};
use crate::{Pending, Reply, Verdict};

/// What the verdict of the service says, where it is no welcome.
pub(super) fn judge(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    match &evidence.trace.verdict {
        Verdict::Refused(reply) => refused(evidence, reply, now),
        Verdict::Undecided(Pending::Unrelated, reply) if evidence.answer.is_none() => vec![unrelated(reply)],
        Verdict::Undecided(Pending::Login | Pending::LoginRefused, reply) if evidence.answer.is_none() => {
            at_the_login(evidence, reply, now)
        }
        _ => Vec::new(),
    }
}

/// The server asked for a certificate and waits for a login, where it may refuse for what it thinks of the certificate.
fn at_the_login(evidence: &Evidence<'_>, reply: &Reply, now: Timestamp) -> Vec<Finding> {
    let said = format!(
        "the server answered {} and waits for a login, where it may still refuse",
        reply.told()
    );
    match &evidence.trace.asked {
        Some(asked) if !asked.sent => vec![no_certificate(Certainty::Guess, said)],
        Some(_) => own::faults(evidence, now)
            .into_iter()
            .map(|fault| of_fault(fault, Certainty::Guess, &said))
            .collect(),
        None => Vec::new(),
    }
}

/// The answer is about the server, or in another protocol.
fn unrelated(reply: &Reply) -> Finding {
    let said = format!("the server answered {}", reply.told());
    let is_other = reply.protocol.starts_with("not ") || reply.text.contains("version");
    if is_other {
        return Finding::new(code::NO_COMMON_ALPN, Refuser::Server, Certainty::Likely, said).help(
            "speak what the server speaks on this port: --speak PROTOCOL, such as mqtt5 for MQTT 5.0; leave --speak out for \
             HTTP",
        );
    }
    Finding::new(
        code::VAGUE_ALERT,
        Refuser::Server,
        Certainty::Guess,
        format!("{said}, which is about its own state and not about the client"),
    )
    .help("look at the server's log at this time: it knows the reason")
}

fn refused(evidence: &Evidence<'_>, reply: &Reply, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    let said = format!("the server answered {}", reply.told());
    match &trace.asked {
        Some(asked) if !asked.sent => {
            let is_said = reply.text.contains("requires a valid client certificate");
            let certainty = if is_said {
                Certainty::Certain
            } else {
                Certainty::Likely
            };
            return vec![no_certificate(certainty, said)];
        }
        // That it was not asked for is said by what was expected.
        None if !trace.own_chain.is_empty() => return Vec::new(),
        _ => {}
    }
    match reply.protocol {
        "PostgreSQL" => postgres(reply, &said),
        "HTTP/2" => vec![gone(reply, &said)],
        _ => login(evidence, reply, &said, now),
    }
}

fn postgres(reply: &Reply, said: &str) -> Vec<Finding> {
    let finding =
        |code: Code, certainty, help: &str| Finding::new(code, Refuser::Server, certainty, said).help(help);
    let unmapped = "ask for the user whose name is the certificate's common name, or map it in pg_ident.conf";
    let other_issuer = "compare the certificate's issuer with the server's ssl_ca_file";
    if reply.text.contains("requires a valid client certificate") {
        return vec![finding(code::UNKNOWN_ISSUER, Certainty::Likely, other_issuer)];
    }
    if reply.text.contains("certificate authentication failed") {
        return vec![finding(code::UNMAPPED, Certainty::Certain, unmapped)];
    }
    if reply.text.contains("pg_hba.conf") {
        let help = "ask for a line of pg_hba.conf for this user, database and address";
        return vec![finding(code::NOT_ALLOWED, Certainty::Likely, help)];
    }
    // The words are in the server's language; 28000 is any refusal of a client (PostgreSQL, appendix A).
    match reply.code.as_str() {
        "28000" => vec![
            finding(code::UNMAPPED, Certainty::Likely, unmapped),
            finding(code::UNKNOWN_ISSUER, Certainty::Guess, other_issuer),
        ],
        _ => vec![finding(
            code::VAGUE_ALERT,
            Certainty::Guess,
            "look at the server's log at this time",
        )],
    }
}

/// RFC 9113 section 7.
fn gone(reply: &Reply, said: &str) -> Finding {
    let (code, help) = match reply.code.as_str() {
        "GOAWAY 12" => (
            code::NO_COMMON_CIPHER,
            "offer TLS 1.3, or a suite with ECDHE and an AEAD",
        ),
        "GOAWAY 13" => (
            code::NO_COMMON_ALPN,
            "speak HTTP/1.1 with this server: leave --speak out",
        ),
        _ => {
            let help = "look at the server's log at this time: it knows the reason";
            return Finding::new(code::VAGUE_ALERT, Refuser::Server, Certainty::Guess, said).help(help);
        }
    };
    Finding::new(code, Refuser::Server, Certainty::Likely, said).help(help)
}

/// The certificate is to say who the client is, and the service does not take it for a user that it knows.
fn login(evidence: &Evidence<'_>, reply: &Reply, said: &str, now: Timestamp) -> Vec<Finding> {
    let own = evidence.trace.own_chain.first();
    let called = own.map(|own| name::shown(own.subject())).unwrap_or_default();
    let has_name = own.is_some_and(|own| own.identity().common_name.is_some());
    let mut findings = Vec::new();
    if own.is_some() && !has_name {
        findings.push(
            Finding::new(
                code::UNMAPPED,
                Refuser::Server,
                Certainty::Likely,
                format!(
                    "{said}; the subject of the client's certificate, \"{called}\", has no common name, which services take \
                     as the name of the user"
                ),
            )
            .help("issue the certificate with the user's name as its common name, or have the service take another name"),
        );
    }
    let (unmapped, not_allowed) = certainties(reply, findings.is_empty());
    let because = format!("{said}; it may know no user of the name in \"{called}\"");
    let help = "add a user of the certificate's name, or map the name to one that there is";
    let unmapped = Finding::new(code::UNMAPPED, Refuser::Server, unmapped, because).help(help);
    let because =
        format!("{said}, after a handshake with the client's certificate: its identity is not allowed here");
    let help = "ask for a rule for one of its names";
    let not_allowed = Finding::new(code::NOT_ALLOWED, Refuser::Server, not_allowed, because).help(help);
    findings.extend([unmapped, not_allowed]);
    for fault in own::of_files(evidence, Purpose::Client, now) {
        findings.push(of_fault(fault, Certainty::Guess, said));
    }
    findings
}

/// How sure it is that the name is not known, and that it is known and not allowed.
fn certainties(reply: &Reply, is_open: bool) -> (Certainty, Certainty) {
    if !is_open {
        return (Certainty::Guess, Certainty::Guess);
    }
    match (reply.protocol, reply.code.as_str()) {
        // "Bad user name or password": a user is looked for.
        ("MQTT", "code 4" | "code 134") | ("AMQP", "403") | ("MySQL", _) => {
            (Certainty::Likely, Certainty::Guess)
        }
        ("MQTT", _) => (Certainty::Guess, Certainty::Likely),
        // A password may be all that is missing.
        _ => (Certainty::Guess, Certainty::Guess),
    }
}
