//! The peers did not come to speak TLS with each other: another protocol, no common version, suite, group or
//! application protocol, or somebody in between who cut the line.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Code, alert, code, text::printable};
use handfast_tls::HandshakeError;
use handfast_trace::{Kind, Message, Said, ServerHello, group_name, suite_name, version_name};

use super::Evidence;
use crate::{
    Ending, StartTls,
    probe::{self, Outcome},
};

pub(super) fn judge(evidence: &Evidence<'_>) -> Vec<Finding> {
    let trace = evidence.trace;
    let mut findings = Vec::new();
    findings.extend(by_probes(evidence));
    findings.extend(other_protocol(evidence));
    match (&trace.ending, probe::refused_by_alert(trace)) {
        (Ending::Handshake(HandshakeError::Incompatible { detail, code }), _) => {
            let side = if trace.saw(&Kind::ServerHello) {
                Refuser::Client
            } else {
                Refuser::Server
            };
            findings.push(
                Finding::new(
                    *code,
                    side,
                    Certainty::Certain,
                    format!("nothing in common: {detail}"),
                )
                .help(help(*code)),
            );
        }
        (_, Some(number))
            if !findings
                .iter()
                .any(|finding| finding.certainty == Certainty::Certain) =>
        {
            findings.extend(by_alert(number));
        }
        (ending, None) if findings.is_empty() => {
            findings.push(Finding::new(
                code::CUT_SHORT,
                Refuser::Network,
                Certainty::Likely,
                format!("the ClientHello got no answer: {}", ending.told()),
            )
            .help(
                "compare from another network: a firewall that reads SNI, a health check, or a packet size limit \
                 (MTU) ends connections so",
            ));
            if trace
                .client_hello()
                .is_some_and(|hello| hello.server_name().is_some())
            {
                findings.push(no_site());
            }
        }
        _ => {}
    }
    findings
}

/// The first bytes of the server are no record of TLS.
fn other_protocol(evidence: &Evidence<'_>) -> Option<Finding> {
    start_of(&evidence.trace.messages).map(|start| plain(&start))
}

/// A finding from the words with which another protocol begins.
fn plain(start: &str) -> Finding {
    let known: [(&str, &str, Option<StartTls>); 12] = [
        ("HTTP/", "plain HTTP", None),
        ("<!DOCTYPE", "plain HTTP", None),
        ("<html", "plain HTTP", None),
        ("SSH-", "SSH", None),
        ("220", "SMTP or FTP", Some(StartTls::Smtp)),
        ("* OK", "IMAP", Some(StartTls::Imap)),
        ("+OK", "POP3", None),
        ("-ERR", "Redis or POP3", None),
        ("AMQP", "AMQP", None),
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
        // A server that waits for a PROXY line answers in the clear as well, and would refuse plain HTTP too.
        None => finding.help("use the port on which the server speaks TLS, or switch TLS on for this one"),
    }
}

/// What the further connections came to.
fn by_probes(evidence: &Evidence<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let went = |kind| {
        evidence
            .probe(kind)
            .and_then(probe::Probe::trace)
            .is_some_and(|trace| trace.saw(&Kind::ServerHello))
    };
    findings.extend(postgres(evidence));
    findings.extend(proxied(evidence));
    findings.extend(in_the_clear(evidence));
    // Where a smaller hello of ours is answered, nothing is lacking in it.
    if !went(probe::Kind::SmallHello) {
        findings.extend(old(evidence));
    }
    let alert = probe::refused_by_alert(evidence.trace);
    if went(probe::Kind::SmallHello) {
        findings.push(small_hello(alert));
    } else if went(probe::Kind::WithoutSni) {
        findings.extend(without_sni(alert));
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

/// Without post-quantum key exchange the server answers: it refuses the longer ClientHello, or never sees all of it.
fn small_hello(alert: Option<u8>) -> Finding {
    match alert {
        Some(number) => Finding::new(
            code::NO_COMMON_CIPHER,
            Refuser::Server,
            Certainty::Likely,
            format!(
                "the server refuses a ClientHello with post-quantum groups by the alert {} ({number}), and answers one without",
                alert::name(number)
            ),
        )
        .help("update the server, or leave post-quantum groups out: --no-pq"),
        None => Finding::new(
            code::CUT_SHORT,
            Refuser::Network,
            Certainty::Likely,
            "without post-quantum key exchange the server answers: the longer ClientHello does not get through",
        )
        .help("update what stands between, or leave post-quantum groups out: --no-pq"),
    }
}

/// Without SNI the server answers, and with the name it does not.
fn without_sni(alert: Option<u8>) -> Vec<Finding> {
    if let Some(number) = alert {
        return vec![
            Finding::new(
                code::WRONG_SNI,
                Refuser::Server,
                Certainty::Likely,
                format!(
                    "without SNI the server answers, and to this name it says {} ({number}): it has no certificate for it",
                    alert::name(number)
                ),
            )
            .help(help(code::WRONG_SNI)),
        ];
    }
    vec![
        Finding::new(
            code::CUT_SHORT,
            Refuser::Network,
            Certainty::Likely,
            "without SNI the server answers, with it the connection ends: something filters by name",
        )
        .help("ask for this name to be let through, or use one that the server knows"),
        no_site(),
    ]
}

/// Some servers close on a name that they have no site for.
fn no_site() -> Finding {
    Finding::new(
        code::WRONG_SNI,
        Refuser::Server,
        Certainty::Guess,
        "the server may have nothing for this name, and close: Envoy does so where no filter chain matches",
    )
    .help(help(code::WRONG_SNI))
}

/// One byte says that it is PostgreSQL, and whether TLS is on.
fn postgres(evidence: &Evidence<'_>) -> Option<Finding> {
    let Outcome::Bytes(bytes) = &evidence.probe(probe::Kind::Postgres)?.outcome else {
        return None;
    };
    matches!(bytes.as_slice(), [b'S' | b'N']).then(|| {
        Finding::new(
            code::NOT_TLS,
            Refuser::Server,
            Certainty::Certain,
            "the server is PostgreSQL, where TLS begins after a request in the clear",
        )
        .help("add --starttls postgres")
    })
}

/// The messages with which the server answered a hello of our own making.
fn greeted<'a>(evidence: &Evidence<'a>, kind: probe::Kind) -> &'a [Message] {
    let probe = evidence.probes.iter().find(|probe| probe.kind == kind);
    match probe.map(|probe| &probe.outcome) {
        Some(Outcome::Greeted(messages)) => messages,
        _ => &[],
    }
}

/// An answer to bytes of our own making that is no TLS.
fn in_the_clear(evidence: &Evidence<'_>) -> Option<Finding> {
    let of_probe = |probe: &'_ probe::Probe| {
        let start = match &probe.outcome {
            Outcome::Greeted(messages) => start_of(messages),
            Outcome::Seen(trace, _) => start_of(&trace.messages),
            Outcome::Bytes(_) | Outcome::Impossible(_) => None,
        }?;
        // A PROXY line is no TLS itself, and servers of HTTPS say so in plain HTTP.
        let is_about_the_line = probe.kind == probe::Kind::ProxyLine && start.starts_with("HTTP/");
        (!is_about_the_line).then_some(start)
    };
    let start = evidence.probes.iter().find_map(of_probe)?;
    Some(plain(&start))
}

/// The first bytes of the server, where they are no TLS.
fn start_of(messages: &[Message]) -> Option<String> {
    messages.iter().find_map(|message| match &message.said {
        Said::Start(start) if message.kind == Kind::NotTls => Some(start.clone()),
        _ => None,
    })
}

/// A server that answers no hello of ours, and answers one of another kind: what it chooses then says what it lacks.
fn old(evidence: &Evidence<'_>) -> Option<Finding> {
    let of = |kind| greeted(evidence, kind).iter().find_map(Message::server_hello);
    let offered = evidence
        .trace
        .client_hello()
        .map(|hello| hello.versions())
        .unwrap_or_default();
    if let Some(hello) = of(probe::Kind::OldHello).filter(|hello| !offered.contains(&hello.version())) {
        let offered: Vec<String> = offered.iter().map(|version| version_name(*version)).collect();
        return Some(protocol_finding(
            code::NO_COMMON_VERSION,
            Certainty::Certain,
            format!(
                "offered a legacy ClientHello, the server chooses {}; we offered {}",
                version_name(hello.version()),
                offered.join(", ")
            ),
        ));
    }
    // A server that refuses the version has said so; which suite it takes of others is no contradiction.
    if probe::refused_by_alert(evidence.trace) == Some(70) {
        return None;
    }
    if let Some(hello) = of(probe::Kind::WideHello) {
        return Some(wide(evidence, hello));
    }
    let hello = of(probe::Kind::OldHello)?;
    // That it refuses all suites of ours is known where the same hello with them was made and not answered.
    let was_tried = evidence
        .probe(probe::Kind::WideHello)
        .is_some_and(|probe| matches!(probe.outcome, Outcome::Greeted(_)));
    let certainty = if was_tried {
        Certainty::Certain
    } else {
        Certainty::Likely
    };
    Some(protocol_finding(
        code::NO_COMMON_CIPHER,
        certainty,
        format!(
            "the server chooses {} from the legacy suites, and takes none with ECDHE and an AEAD",
            suite_name(hello.suite)
        ),
    ))
}

/// With every scheme and group offered the server answers, and with ours it does not: its key or its group is another one.
fn wide(evidence: &Evidence<'_>, hello: &ServerHello) -> Finding {
    /// X25519, P-256 and P-384, which we offer.
    const OURS: [u16; 3] = [0x001d, 0x0017, 0x0018];
    let messages = greeted(evidence, probe::Kind::WideHello);
    let group = messages.iter().find_map(|message| match message.said {
        Said::KeyExchange { group, .. } => group,
        _ => None,
    });
    let said = format!(
        "with every signature scheme and group offered, the server chooses {}, a suite of ours",
        suite_name(hello.suite)
    );
    if let Some(group) = group.filter(|group| !OURS.contains(group)) {
        return protocol_finding(
            code::NO_COMMON_CIPHER,
            Certainty::Certain,
            format!(
                "{said}, and the group {}, which we do not offer",
                group_name(group)
            ),
        );
    }
    let key = messages.iter().flat_map(Message::certificates).next();
    let key = key.map(|leaf| format!("; its key is {}", leaf.public_key().algorithm()));
    protocol_finding(
        code::NO_COMMON_SCHEME,
        Certainty::Likely,
        format!(
            "{said}{}: it has a key or a curve that we do not offer",
            key.unwrap_or_default()
        ),
    )
}

fn protocol_finding(code: Code, certainty: Certainty, because: String) -> Finding {
    Finding::new(code, Refuser::Server, certainty, because).help(help(code))
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
fn by_alert(number: u8) -> Vec<Finding> {
    let said = format!(
        "the server refused the ClientHello with the alert {} ({number})",
        alert::name(number)
    );
    let (code, certainty) = match number {
        70 | 86 => (code::NO_COMMON_VERSION, Certainty::Certain),
        71 | 40 => (code::NO_COMMON_CIPHER, Certainty::Likely),
        112 => (code::WRONG_SNI, Certainty::Certain),
        120 => (code::NO_COMMON_ALPN, Certainty::Certain),
        _ => (code::VAGUE_ALERT, Certainty::Likely),
    };
    let mut findings = vec![Finding::new(code, Refuser::Server, certainty, &said).help(help(code))];
    // It is said of whatever the peers do not share.
    if number == 40 {
        let others = [
            (
                code::NO_COMMON_SCHEME,
                "it may have a key that signs with no scheme of ours",
            ),
            (code::VAGUE_ALERT, "some servers say so of everything"),
        ];
        findings.extend(others.map(|(code, because)| {
            Finding::new(
                code,
                Refuser::Server,
                Certainty::Guess,
                format!("{said}; {because}"),
            )
            .help(help(code))
        }));
    }
    findings
}

pub(super) fn help(code: Code) -> &'static str {
    match code {
        code::NO_COMMON_VERSION => {
            "upgrade the side that speaks TLS 1.1 and older, or allow TLS 1.2 and 1.3 in it"
        }
        code::NO_COMMON_CIPHER => "allow ECDHE with AES-GCM on the server; try --no-pq for very old ones",
        code::WRONG_SNI => "use a name that the server has a certificate for: --sni NAME",
        code::NO_COMMON_SCHEME => {
            "give the server a key that every stack takes: ECDSA P-256; openssl s_client shows whether others reach it"
        }
        code::NO_COMMON_ALPN => "offer what the server speaks: --alpn h2 or --alpn http/1.1",
        _ => "look at the server's log at this time: it knows the reason",
    }
}
