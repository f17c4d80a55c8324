//! A connection of others, or one on which we were the server: what the client did, and why it is or would be
//! refused.

use handfast_finding::{Certainty, Finding, Refuser};
use handfast_pki::{Certificate, Purpose, Refusal, Role, alert, code, name, text::listed, verify};
use handfast_tls::HandshakeError;
use handfast_trace::{Kind, Said, Side};
use jiff::Timestamp;

use super::{
    Evidence,
    own::{self, Fault},
    protocol, ranked, refused,
};
use crate::Ending;

/// The causes why the connection did not go well at `now`, or would not with a server that trusts
/// [`crate::Context::client_trust`].
pub fn heard(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    ranked(by_stage(evidence, now))
}

fn by_stage(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    if let Some(start) = start_of(evidence, Side::Client) {
        return vec![not_tls(&start)];
    }
    if !trace.saw(&Kind::ClientHello) {
        return vec![
            Finding::new(
                code::CUT_SHORT,
                Refuser::Client,
                Certainty::Likely,
                format!(
                    "the client connected and sent no ClientHello: {}",
                    trace.ending.told()
                ),
            )
            .help("a health check of a load balancer does so; give it a port without TLS"),
        ];
    }
    if let Some(number) = trace.alert_from(Side::Client) {
        return refused_by_client(evidence, number, now);
    }
    if !trace.saw(&Kind::ServerHello) {
        return no_hello(evidence);
    }
    // We were the server, chose a version, and found nothing in common then.
    if let Ending::Handshake(HandshakeError::Incompatible { detail, code }) = &trace.ending {
        let because = format!("nothing in common: {detail}");
        return vec![
            Finding::new(*code, Refuser::Server, Certainty::Certain, because).help(protocol::help(*code)),
        ];
    }
    if let Some(number) = trace.alert_from(Side::Server) {
        return refused::by_alert(evidence, number, now);
    }
    let mut findings = Vec::new();
    findings.extend(sent_nothing(evidence));
    findings.extend(held_back(evidence));
    findings.extend(old_process(evidence));
    findings.extend(would_be_refused(evidence, now));
    findings.extend(closed_at_once(evidence));
    findings
}

fn start_of(evidence: &Evidence<'_>, side: Side) -> Option<String> {
    evidence
        .trace
        .messages
        .iter()
        .find_map(|message| match &message.said {
            Said::Start(start) if message.from == side => Some(start.clone()),
            _ => None,
        })
}

/// The client does not speak TLS to us.
fn not_tls(start: &str) -> Finding {
    let known: [(&str, &str, &str); 7] = [
        ("GET ", "plain HTTP", "write https in the client's URL"),
        ("POST ", "plain HTTP", "write https in the client's URL"),
        ("HEAD ", "plain HTTP", "write https in the client's URL"),
        ("PRI * HTTP/2", "plain HTTP/2", "switch TLS on in the client"),
        (
            "CONNECT ",
            "a request to a proxy",
            "name this host in NO_PROXY, or use a proxy that tunnels",
        ),
        (
            "PROXY ",
            "the PROXY protocol",
            "have the server expect PROXY lines, or the load balancer not send them",
        ),
        (
            "\\u{0}\\u{0}\\u{0}\\u{8}\\u{4}",
            "PostgreSQL's request for TLS",
            "use a PostgreSQL server",
        ),
    ];
    let found = known.into_iter().find(|(begins, _, _)| start.starts_with(begins));
    let (what, help) = found.map_or(
        ("something that is not TLS", "switch TLS on in the client"),
        |(_, what, help)| (what, help),
    );
    Finding::new(
        code::NOT_TLS,
        Refuser::Client,
        Certainty::Certain,
        format!("the client begins with {what}: \"{start}\""),
    )
    .help(help)
}

/// The ClientHello came to nothing.
fn no_hello(evidence: &Evidence<'_>) -> Vec<Finding> {
    let trace = evidence.trace;
    let offered = trace
        .client_hello()
        .map(|hello| hello.versions())
        .unwrap_or_default();
    if !offered.is_empty() && offered.iter().all(|version| *version < 0x0303) {
        let names: Vec<String> = offered
            .iter()
            .map(|version| handfast_trace::version_name(*version))
            .collect();
        return vec![
            Finding::new(
                code::NO_COMMON_VERSION,
                Refuser::Server,
                Certainty::Certain,
                format!("the client offers {} and nothing newer", names.join(", ")),
            )
            .help("upgrade the client's TLS library, or allow it TLS 1.2"),
        ];
    }
    protocol::judge(evidence)
}

/// The client asked to be refused by nobody but itself: it does not believe the server.
fn refused_by_client(evidence: &Evidence<'_>, number: u8, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    let said = format!(
        "the client ended the connection with the alert {} ({number})",
        alert::name(number)
    );
    let chain = trace.presented();
    let mut findings = Vec::new();
    let finding = |code, certainty, because: String, help: &str| {
        Finding::new(code, Refuser::Client, certainty, format!("{said}; {because}")).help(help)
    };
    let is_vague = matches!(number, 40 | 42 | 46 | 80);
    let likely = if is_vague {
        Certainty::Guess
    } else {
        Certainty::Likely
    };
    let mut refused = |certainty, refusal: Refusal| {
        let code = refusal.code(Purpose::Server);
        findings.push(finding(code, certainty, refusal.to_string(), refusal.hint()));
    };
    if let Some(leaf) = chain.first() {
        match names(evidence, leaf) {
            Some(refusal) if is_vague => refused(Certainty::Likely, refusal),
            Some(refusal) if number == 48 => refused(Certainty::Guess, refusal),
            _ => {}
        }
        if now > leaf.not_after() || now < leaf.not_before() {
            match number {
                45 => refused(Certainty::Certain, dates(leaf, now)),
                _ if is_vague => refused(Certainty::Likely, dates(leaf, now)),
                _ => {}
            }
        }
    }
    if (is_vague || number == 48) && trace.saw(&Kind::ServerHello) {
        let top = chain.last().map(|top| name::shown(top.issuer()));
        let certainty = if findings.is_empty() {
            Certainty::Likely
        } else {
            likely.max(Certainty::Likely)
        };
        let because = format!(
            "the server's chain leads to \"{}\", which is not in the trust store of this client",
            top.unwrap_or_default()
        );
        let help = "add the server's CA to the trust store that this client reads";
        findings.push(finding(code::SERVER_UNTRUSTED, certainty, because, help));
    }
    if findings.is_empty() {
        findings.push(finding(
            alert::code(number, Purpose::Client),
            Certainty::Likely,
            "the client's own log knows the reason".into(),
            "look at the client's log at this time",
        ));
    }
    findings
}

/// Whether the server's leaf has the name that the client asked for in SNI.
fn names(evidence: &Evidence<'_>, leaf: &Certificate) -> Option<Refusal> {
    let asked = evidence.trace.client_hello()?.server_name()?;
    let host = verify::host(&asked).ok()?;
    verify::has_name(leaf, &host).err()
}

fn dates(leaf: &Certificate, now: Timestamp) -> Refusal {
    let subject = leaf.called();
    if now > leaf.not_after() {
        Refusal::Expired {
            role: Role::Leaf,
            subject,
            not_after: leaf.not_after(),
            now,
        }
    } else {
        Refusal::NotYetValid {
            role: Role::Leaf,
            subject,
            not_before: leaf.not_before(),
            now,
        }
    }
}

/// The server asked, and the client's Certificate message was empty.
fn sent_nothing(evidence: &Evidence<'_>) -> Option<Finding> {
    let trace = evidence.trace;
    let asked = trace.asked.as_ref()?;
    let answered = trace
        .messages
        .iter()
        .any(|message| message.from == Side::Client && message.kind == Kind::Certificate);
    if asked.sent || !answered {
        return None;
    }
    let shown: Vec<String> = asked.issuers.iter().map(|der| name::shown_der(der)).collect();
    let named = if shown.is_empty() {
        "no issuers were named to it".to_owned()
    } else {
        format!("the issuers named to it are {}", listed(&shown))
    };
    Some(
        Finding::new(
            code::NO_CERTIFICATE,
            Refuser::Server,
            Certainty::Certain,
            format!("the client was asked for a certificate and sent an empty list; {named}"),
        )
        .help("give the client its certificate and key, both, for this host"),
    )
}

/// The client sent nothing where issuers were named, and sends a certificate now that none are.
fn held_back(evidence: &Evidence<'_>) -> Option<Finding> {
    let before = &evidence.context.named_before;
    let own = evidence.trace.own_chain.first().filter(|_| !before.is_empty())?;
    let shown: Vec<String> = before.iter().map(|der| name::shown_der(der)).collect();
    Some(
        Finding::new(
            code::HELD_BACK,
            Refuser::Client,
            Certainty::Certain,
            format!(
                "the client sent nothing where the issuers {} were named, and where none were named the certificate \
                 \"{}\" of \"{}\"",
                listed(&shown),
                own.called(),
                name::shown(own.issuer())
            ),
        )
        .help(
            "put the intermediate into the client's file, have the server name the right CA, or have it name none",
        ),
    )
}

/// The client shows another certificate than the one that lies on its disk.
fn old_process(evidence: &Evidence<'_>) -> Option<Finding> {
    let (leaf, file) = (
        evidence.trace.own_chain.first()?,
        evidence.context.served.as_ref()?,
    );
    (leaf.fingerprint() != file.fingerprint()).then(|| {
        Finding::new(
            code::OLD_PROCESS,
            Refuser::Server,
            Certainty::Certain,
            format!(
                "the client shows serial {} (until {}), its file holds serial {} (until {})",
                leaf.serial(),
                leaf.not_after(),
                file.serial(),
                file.not_after()
            ),
        )
        .help("restart the client, or have it read its file again after a renewal")
    })
}

/// What a server with the given CAs would say of what the client sent.
pub(crate) fn would_be_refused(evidence: &Evidence<'_>, now: Timestamp) -> Vec<Finding> {
    let trace = evidence.trace;
    let (Some(trust), false) = (&evidence.context.client_trust, trace.own_chain.is_empty()) else {
        return Vec::new();
    };
    let ders: Vec<_> = trace
        .own_chain
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    let Err(refusal) = verify::verify(&ders, trust, Purpose::Client, now) else {
        return Vec::new();
    };
    let faults = own::faults(evidence, now);
    let refused = refusal.code(Purpose::Client);
    // The faults know more than the refusal: a missing intermediate is an unknown issuer to the verifier.
    let specific = faults.into_iter().enumerate().map(|(place, fault)| {
        let certainty = match place {
            0 => fault.minded.certainty(Certainty::Certain, Certainty::Likely),
            _ => Certainty::Guess,
        };
        would(fault, certainty)
    });
    let mut findings: Vec<Finding> = specific.collect();
    if !findings.iter().any(|finding| finding.code == refused) {
        let certainty = if findings.is_empty() {
            Certainty::Certain
        } else {
            Certainty::Guess
        };
        findings.push(
            Finding::new(
                refused,
                Refuser::Server,
                certainty,
                format!("a server with these CAs would refuse it: {refusal}"),
            )
            .help(refusal.hint()),
        );
    }
    findings
}

fn would(fault: Fault, certainty: Certainty) -> Finding {
    Finding::new(
        fault.code,
        Refuser::Server,
        certainty,
        format!("a server with these CAs would refuse it: {}", fault.because),
    )
    .help(fault.help)
}

/// The handshake is complete, and the client went away without asking for anything: so do clients that look at the
/// server's name after the handshake.
fn closed_at_once(evidence: &Evidence<'_>) -> Option<Finding> {
    let trace = evidence.trace;
    if !matches!(trace.ending, Ending::Closed) || trace.asked.as_ref().is_some_and(|asked| !asked.sent) {
        return None;
    }
    let leaf = trace.presented().into_iter().next()?;
    let refusal = names(evidence, &leaf)?;
    Some(
        Finding::new(
            refusal.code(Purpose::Server),
            Refuser::Client,
            Certainty::Likely,
            format!("the client closed after the handshake without a request; {refusal}"),
        )
        .help(refusal.hint()),
    )
}
