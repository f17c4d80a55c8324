//! The peers did not come to speak TLS with each other: another protocol, no common version, suite, group or
//! application protocol, or somebody in between who cut the line.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, alert, code, text::printable};
use handfast_tls::HandshakeError;
use handfast_trace::{Kind, Message, Said, suite_name, version_name};

use super::Evidence;
use crate::{
    Ending, StartTls,
    probe::{self, Outcome},
};

pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let trace = evidence.trace;
    let mut findings = Vec::new();
    findings.extend(other_protocol(evidence));
    findings.extend(by_probes(evidence));
    match (&trace.ending, probe::refused_by_alert(trace)) {
        (Ending::Handshake(HandshakeError::Incompatible { detail, code }), _) => {
            let side = if trace.saw(&Kind::ServerHello) { Refuser::Client } else { Refuser::Server };
            findings.push(
                Finding::new(*code, side, Certainty::Certain, format!("nothing in common: {detail}"))
                    .help(help(*code)),
            );
        }
        (_, Some(number)) if !findings.iter().any(|finding| finding.certainty == Certainty::Certain) => {
            findings.push(by_alert(number));
        }
        (ending, None) if findings.is_empty() => findings.push(
            Finding::new(
                code::CUT_SHORT,
                Refuser::Network,
                Certainty::Likely,
                format!("the ClientHello got no answer: {}", ending.told()),
            )
            .help(
                "compare from another network: a firewall that reads SNI, a health check, or a packet size limit \
                 (MTU) ends connections so",
            ),
        ),
        _ => {}
    }
    findings
}

/// The first bytes of the server are no record of TLS.
fn other_protocol(evidence: &Evidence<'_>) -> Option<Finding> {
    let message = evidence
        .trace
        .messages
        .iter()
        .find(|message| message.kind == Kind::NotTls)?;
    let Said::Start(start) = &message.said else {
        return None;
    };
    Some(plain(start))
}

/// A finding from the words with which another protocol begins.
fn plain(start: &str) -> Finding {
    let known: [(&str, &str, Option<StartTls>); 10] = [
        ("HTTP/", "plain HTTP", None),
        ("<!DOCTYPE", "plain HTTP", None),
        ("<html", "plain HTTP", None),
        ("SSH-", "SSH", None),
        ("220", "SMTP or FTP", Some(StartTls::Smtp)),
        ("* OK", "IMAP", Some(StartTls::Imap)),
        ("+OK", "POP3", None),
        ("<?xml", "XMPP", Some(StartTls::Xmpp)),
        ("mysql_native", "MySQL", Some(StartTls::Mysql)),
        ("caching_sha2", "MySQL", Some(StartTls::Mysql)),
    ];
    let found = known
        .into_iter()
        .find(|(begins, _, _)| start.starts_with(begins) || (begins.contains('_') && start.contains(begins)));
    let what = found.map_or("something that is not TLS", |(_, what, _)| what);
    let finding = Finding::new(
        code::NOT_TLS,
        Refuser::Server,
        Certainty::Certain,
        format!("the server answers in {what}: \"{}\"", printable(start)),
    );
    match found.and_then(|(_, _, starttls)| starttls) {
        Some(starttls) => finding.help(format!(
            "TLS begins later there: add --starttls {}",
            starttls.name()
        )),
        None => finding.help("use the port on which the server speaks TLS, or http:// with this one"),
    }
}

/// What the further connections came to.
fn by_probes(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let bytes = |kind| match evidence.probe(kind).map(|probe| &probe.outcome) {
        Some(Outcome::Bytes(bytes)) => bytes.as_slice(),
        _ => &[],
    };
    let went = |kind| {
        evidence
            .probe(kind)
            .and_then(probe::Probe::trace)
            .is_some_and(|trace| trace.saw(&Kind::ServerHello))
    };
    if matches!(bytes(probe::Kind::Postgres).first(), Some(b'S' | b'N'))
        && bytes(probe::Kind::Postgres).len() == 1
    {
        findings.push(
            Finding::new(
                code::NOT_TLS,
                Refuser::Server,
                Certainty::Certain,
                "the server is PostgreSQL, where TLS begins after a request in the clear",
            )
            .help("add --starttls postgres"),
        );
    }
    findings.extend(old(evidence));
    findings.extend(proxied(evidence));
    if went(probe::Kind::SmallHello) {
        findings.push(
            Finding::new(
                code::NO_COMMON_CIPHER,
                Refuser::Network,
                Certainty::Certain,
                "without post-quantum key exchange the server answers: the longer ClientHello does not get through",
            )
            .help("update what stands between, or leave post-quantum groups out: --no-pq"),
        );
    } else if went(probe::Kind::WithoutSni) {
        findings.push(
            Finding::new(
                code::CUT_SHORT,
                Refuser::Network,
                Certainty::Likely,
                "without SNI the server answers, with it the connection ends: something filters by name",
            )
            .help("ask for this name to be let through, or use one that the server knows"),
        );
    } else if went(probe::Kind::WithoutAlpn) {
        findings.push(
            Finding::new(
                code::NO_COMMON_ALPN,
                Refuser::Server,
                Certainty::Certain,
                "without ALPN the server answers, with ours it does not",
            )
            .help(help(code::NO_COMMON_ALPN)),
        );
    }
    findings
}

/// The messages with which the server answered a hello of our own making.
fn greeted<'a>(evidence: &Evidence<'a>, kind: probe::Kind) -> &'a [Message] {
    let probe = evidence.probes.iter().find(|probe| probe.kind == kind);
    match probe.map(|probe| &probe.outcome) {
        Some(Outcome::Greeted(messages)) => messages,
        _ => &[],
    }
}

/// A server that answers nobody but clients of old times.
fn old(evidence: &Evidence<'_>) -> Option<Finding> {
    let hello = greeted(evidence, probe::Kind::OldHello)
        .iter()
        .find_map(Message::server_hello)?;
    let (version, suite) = (version_name(hello.version()), suite_name(hello.suite));
    let (code, because) = if hello.version() < 0x0303 {
        (
            code::NO_COMMON_VERSION,
            format!("offered a legacy ClientHello, the server chooses {version}, and nothing newer"),
        )
    } else {
        (
            code::NO_COMMON_CIPHER,
            format!(
                "the server chooses {suite} from the legacy suites, and takes none with ECDHE and an AEAD"
            ),
        )
    };
    Some(Finding::new(code, Refuser::Server, Certainty::Certain, because).help(help(code)))
}

/// A server that speaks TLS once it has been told who is behind the proxy.
fn proxied(evidence: &Evidence<'_>) -> Option<Finding> {
    greeted(evidence, probe::Kind::ProxyLine)
        .iter()
        .find_map(Message::server_hello)?;
    Some(
        Finding::new(
            code::NOT_TLS,
            Refuser::Server,
            Certainty::Certain,
            "the server answers after a line of the PROXY protocol: it is meant to stand behind a load balancer",
        )
        .help("go through the load balancer, or open a port without accept-proxy"),
    )
}

/// The server refused the ClientHello.
fn by_alert(number: u8) -> Finding {
    let said = format!(
        "the server refused the ClientHello with the alert {} ({number})",
        alert::name(number)
    );
    let (code, certainty) = match number {
        70 => (code::NO_COMMON_VERSION, Certainty::Certain),
        71 | 40 => (code::NO_COMMON_CIPHER, Certainty::Likely),
        112 => (code::WRONG_SNI, Certainty::Certain),
        120 => (code::NO_COMMON_ALPN, Certainty::Certain),
        _ => (code::VAGUE_ALERT, Certainty::Likely),
    };
    Finding::new(code, Refuser::Server, certainty, said).help(help(code))
}

fn help(code: Code) -> &'static str {
    match code {
        code::NO_COMMON_VERSION => {
            "upgrade the side that speaks TLS 1.1 and older, or allow TLS 1.2 and 1.3 in it"
        }
        code::NO_COMMON_CIPHER => "allow ECDHE with AES-GCM on the server; try --no-pq for very old ones",
        code::WRONG_SNI => "use a name that the server has a certificate for: --sni NAME",
        code::NO_COMMON_ALPN => "offer what the server speaks: --alpn h2 or --alpn http/1.1",
        _ => "look at the server's log at this time: it knows the reason",
    }
}
