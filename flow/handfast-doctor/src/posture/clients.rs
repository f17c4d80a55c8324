//! Who comes in: nobody's certificate, a throw-away one, resumed sessions, other hosts, forged headers.

use handfast_pki::{Anchors, Certificate, Purpose, code, name, text::printable, verify};
use handfast_tls::client::Probing;
use handfast_trace::{Kind as MessageKind, Message, Side};
use jiff::Timestamp;
use rustls_pki_types::ServerName;

use super::{Check, Grade};
use crate::{
    Answer, Ask, Context, Ending, Subject, Talk, Target, Trace, Verdict,
    judge::{self, Evidence, MOST_ISSUERS},
    patience::Patience,
    probe::{self, Kind, Probe},
};

/// How many other names of a server are tried; a certificate may have hundreds.
const MOST_NAMES: usize = 3;
/// A certificate that ends sooner should have been renewed.
const SOON_DAYS: i64 = 14;

/// The same server with nothing of the user's: it need not be believed then.
pub(super) fn anonymous(subject: &Subject) -> Subject {
    let mut subject = subject.clone();
    subject.target.credentials = None;
    subject.target.probing = Probing {
        dangerous_any_server: true,
        ..subject.target.probing
    };
    subject
}

/// Whether somebody came in, and by what that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    In(String),
    Out(String),
    Unknown(String),
}

fn entry(trace: &Trace, answer: Option<&Answer>) -> Entry {
    let we_asked =
        |message: &Message| message.from == Side::Client && message.kind == MessageKind::ApplicationData;
    match (&trace.ending, answer) {
        (Ending::Open, Some(answer)) => by_verdict(&trace.verdict, format!("answered {}", answer.status)),
        (Ending::Open | Ending::Service(_), None) => match (trace.verdict.reply(), trace.acceptance()) {
            (Some(reply), _) => by_verdict(&trace.verdict, format!("answered {}", reply.told())),
            (None, Some(proof)) => Entry::In(proof.into()),
            (None, None) => Entry::Unknown("nothing came after the handshake".into()),
        },
        (Ending::Handshake(_), _) if trace.alert_from(Side::Server).is_some() => {
            Entry::Out(trace.ending.told())
        }
        // It may have refused the client, or a protocol that it does not speak.
        (Ending::Closed, _) if trace.messages.iter().any(we_asked) => {
            Entry::Unknown("the server closed after a request in HTTP".into())
        }
        (Ending::Closed, _) => Entry::Out(trace.ending.told()),
        // Servers of old times break the connection in the middle of their refusal.
        (Ending::Broken(_), _) if trace.asked.is_some() => Entry::Out(trace.ending.told()),
        (ending, _) => Entry::Unknown(ending.told()),
    }
}

/// A server that verifies after the handshake says so in the protocol within it.
fn by_verdict(verdict: &Verdict, told: String) -> Entry {
    match verdict {
        Verdict::Accepted(_) => Entry::In(told),
        Verdict::Refused(_) => Entry::Out(told),
        Verdict::Undecided(..) | Verdict::NotReached | Verdict::NotSpoken => Entry::Unknown(told),
    }
}

fn is_refusal(answer: &Answer, ask: &Ask) -> bool {
    matches!(
        handfast_dialogs::of_answer(answer, &ask.host),
        Verdict::Refused(_)
    )
}

fn of(probe: &Probe) -> Entry {
    match (probe.trace(), &probe.outcome) {
        (Some(trace), _) => entry(trace, probe.answer()),
        (None, probe::Outcome::Impossible(why)) => Entry::Unknown(why.clone()),
        (None, _) => Entry::Unknown("no connection".into()),
    }
}

/// `first` and `answer` are of the connection without a certificate, made before.
pub(super) async fn checks(
    subject: &Subject,
    anonymous: &Subject,
    first: &Trace,
    answer: Option<&Answer>,
    system: &Anchors,
    now: Timestamp,
) -> Vec<Check> {
    let without = entry(first, answer);
    let mut checks = vec![
        demanded(first, &without),
        verification(anonymous, first, &without, now).await,
        issuers(first, system),
    ];
    checks.push(after_refusal(anonymous, first, &without, now).await);
    let others = other_names(first, subject);
    checks.push(across_names(anonymous, &others, first, &without, now).await);
    checks.push(other_host(anonymous, &others, &without).await);
    if subject.context.may_forge {
        checks.push(forged(subject, now).await);
    }
    checks.push(server_certificate(first, subject, now));
    checks
}

fn demanded(first: &Trace, without: &Entry) -> Check {
    const NAME: &str = "client-certificate";
    let asks = first.asked.is_some();
    match without {
        Entry::In(how) if asks => Check::new(
            NAME,
            Grade::D,
            format!("asked for and not required: without one the server {how}"),
        )
        .help("require it, such as ssl_verify_client on;, or refuse in the application what has none"),
        Entry::Out(how) if asks => Check::new(NAME, Grade::APlus, format!("required: without one, {how}")),
        Entry::Unknown(why) if asks => Check::unknown(
            NAME,
            format!("asked for; whether it is required is not known: {why}"),
        ),
        Entry::Unknown(why) if !first.saw(&MessageKind::ServerHello) => Check::unknown(NAME, why),
        // An answer of 401 or 403 keeps people out by other means, or asks after the request alone.
        how => Check::new(
            NAME,
            Grade::F,
            format!(
                "not asked for{}",
                match how {
                    Entry::In(how) | Entry::Out(how) | Entry::Unknown(how) => format!("; the server {how}"),
                }
            ),
        )
        .help("have the server ask for one, such as ssl_verify_client on;")
        .code(code::NOT_ASKED),
    }
}

/// Why there is nothing to say of what is asked for.
fn nothing_asked(first: &Trace) -> &'static str {
    if first.saw(&MessageKind::ServerHello) {
        "no certificate is asked for"
    } else {
        "the server did not get as far as to ask for a certificate"
    }
}

/// Why nothing can be learned by coming in another way.
fn nobody_refused(without: &Entry) -> &'static str {
    match without {
        Entry::In(_) => "a client without a certificate is served here anyway",
        Entry::Out(_) | Entry::Unknown(_) => "it is not known whether any client is refused here",
    }
}

/// A certificate of nobody must not open the proxy.
async fn verification(anonymous: &Subject, first: &Trace, without: &Entry, now: Timestamp) -> Check {
    const NAME: &str = "verification";
    if first.asked.is_none() {
        return Check::unknown(NAME, nothing_asked(first));
    }
    let mut refused = Vec::new();
    for (kind, what) in [
        (Kind::ThrowAway, "that says to be of a CA it trusts and is not"),
        (Kind::Stranger, "that no CA signed"),
    ] {
        match of(&probe::probe(kind, anonymous, first, now, Patience::default()).await) {
            Entry::In(how) => {
                return Check::new(NAME, Grade::F, format!("a certificate {what} is taken: {how}"))
                    .help(
                        "verify what is asked for: ssl_verify_client on;, SSLVerifyClient require, verify required",
                    )
                    .code(code::UNVERIFIED);
            }
            // An application that refuses everybody with the same words says nothing of the certificate.
            Entry::Out(how)
                if how.starts_with("answered 4")
                    && *without == Entry::Out(how.clone())
                    && !is_of_tls(&how) =>
            {
                return Check::unknown(
                    NAME,
                    format!("a certificate {what} and none at all get the same: {how}"),
                );
            }
            Entry::Out(how) => refused.push(how),
            Entry::Unknown(why) => return Check::unknown(NAME, format!("a certificate {what}: {why}")),
        }
    }
    refused.dedup();
    Check::new(
        NAME,
        Grade::APlus,
        format!("throw-away certificates are refused: {}", refused.join("; ")),
    )
}

/// Statuses by which servers themselves, and not applications, refuse certificates.
fn is_of_tls(how: &str) -> bool {
    ["answered 400", "answered 495", "answered 496"]
        .iter()
        .any(|own| how.starts_with(own))
}

/// What everybody is told who connects, and whom it means.
fn issuers(first: &Trace, system: &Anchors) -> Check {
    const NAME: &str = "issuers";
    let Some(asked) = &first.asked else {
        return Check::unknown(NAME, nothing_asked(first));
    };
    let names: Vec<String> = asked.issuers.iter().map(|der| name::shown_der(der)).collect();
    let public = public_among(&asked.issuers, system);
    let count = asked.issuers.len();
    if count > MOST_ISSUERS || public > 1 {
        let public = match public {
            0 => String::new(),
            public => format!(", {public} of them public"),
        };
        return Check::new(
            NAME,
            Grade::C,
            format!("{count} CAs are named to clients{public}: their customers are not yours"),
        )
        .help("trust the CA that issues to your clients alone: a file with that one root")
        .code(code::PUBLIC_CAS);
    }
    match names.as_slice() {
        [] => Check::new(
            NAME,
            Grade::APlus,
            "none is named: nothing is leaked, and clients with several certificates have to guess",
        ),
        names => Check::new(
            NAME,
            Grade::APlus,
            format!("named to every client that connects: {}", names.join("; ")),
        ),
    }
}

/// How many of `issuers` are among the CAs of this machine.
fn public_among(issuers: &[Vec<u8>], system: &Anchors) -> usize {
    let names = issuers.iter().filter_map(|issuer| name::of_der(issuer));
    names
        .filter(|name| {
            system
                .certificates()
                .iter()
                .any(|anchor| anchor.subject() == name)
        })
        .count()
}

/// A session that began with a refused certificate must not be good for anything.
async fn after_refusal(anonymous: &Subject, first: &Trace, without: &Entry, now: Timestamp) -> Check {
    const NAME: &str = "resumption-after-refusal";
    if first.asked.is_none() || !matches!(without, Entry::Out(_)) {
        return Check::unknown(NAME, "no client is refused whose session could be resumed");
    }
    let resumed = probe::probe(
        Kind::ResumedAfterRefusal,
        anonymous,
        first,
        now,
        Patience::default(),
    )
    .await;
    let is_resumed = resumed.trace().is_some_and(|trace| trace.resumed);
    match of(&resumed) {
        Entry::In(how) if is_resumed => Check::new(
            NAME,
            Grade::F,
            format!("a session that began with a refused certificate is resumed and accepted: {how}"),
        )
        .help("set ssl_session_cache and tickets off, or verify before a session is kept")
        .code(code::RESUMED_UNCHECKED),
        Entry::Out(how) if is_resumed => Check::new(
            NAME,
            Grade::APlus,
            format!("such a session is resumed, and refused again: {how}"),
        ),
        Entry::Out(_) | Entry::In(_) => Check::new(NAME, Grade::APlus, "such a session is not resumed"),
        Entry::Unknown(why) => Check::unknown(NAME, why),
    }
}

/// Names of the same server beside the one that was asked for: those that the user knows, and its certificate's.
fn other_names(first: &Trace, subject: &Subject) -> Vec<String> {
    let own = match &subject.target.name {
        ServerName::DnsName(name) => name.as_ref().to_ascii_lowercase(),
        _ => String::new(),
    };
    let mut others = subject.context.other_names.clone();
    if let Some(leaf) = first.presented().first() {
        others.extend(
            leaf.identity()
                .dns
                .iter()
                // Neither a wildcard nor what a stranger wrote in the place of a name.
                .filter(|name| !name.contains('*') && verify::host(name).is_ok())
                .cloned(),
        );
    }
    let mut seen = Vec::new();
    for other in others {
        let other = other.to_ascii_lowercase();
        if other != own && !seen.contains(&other) {
            seen.push(other);
        }
    }
    seen.truncate(MOST_NAMES.max(subject.context.other_names.len()));
    seen
}

/// A session of another name of the server must not open this one.
async fn across_names(
    anonymous: &Subject,
    others: &[String],
    first: &Trace,
    without: &Entry,
    now: Timestamp,
) -> Check {
    const NAME: &str = "resumption-across-names";
    if others.is_empty() {
        return Check::unknown(NAME, "no other name of the server is known: --other-name NAME");
    }
    if !matches!(without, Entry::Out(_)) {
        return Check::unknown(NAME, nobody_refused(without));
    }
    let subject = Subject {
        context: Context {
            other_names: others.to_vec(),
            ..anonymous.context.clone()
        },
        ..anonymous.clone()
    };
    let resumed = probe::probe(Kind::ResumedFromOther, &subject, first, now, Patience::default()).await;
    let is_resumed = resumed.trace().is_some_and(|trace| trace.resumed);
    match of(&resumed) {
        Entry::In(how) if is_resumed => Check::new(
            NAME,
            Grade::F,
            format!(
                "a session that began as {} without a certificate opens this host: {how}",
                others.join(" or ")
            ),
        )
        .help("keep sessions of the hosts apart: a cache, ticket keys or a port of its own for each")
        .code(code::RESUMED_UNCHECKED),
        Entry::Unknown(why) => Check::unknown(NAME, why),
        _ => Check::new(
            NAME,
            Grade::APlus,
            format!("a session of {} opens nothing here", others.join(" or ")),
        ),
    }
}

/// The host of TLS and the host of the request have to be the same, or a proxy with a lock is beside one without.
async fn other_host(anonymous: &Subject, others: &[String], without: &Entry) -> Check {
    const NAME: &str = "host";
    let Talk::Http(ask) = &anonymous.talk else {
        return Check::unknown(NAME, "a host is part of HTTP alone");
    };
    if !matches!(without, Entry::Out(_)) {
        return Check::unknown(NAME, nobody_refused(without));
    }
    if others.is_empty() {
        return Check::unknown(NAME, "no other name of the server is known: --other-name NAME");
    }
    let mut unknown = None;
    for other in others {
        let Ok(name) = verify::host(other) else {
            unknown = Some(format!("\"{}\" is no name of a host", printable(other)));
            continue;
        };
        let mut beside = anonymous.clone();
        beside.target.name = name;
        let (trace, answer) = crate::get(
            &beside.target,
            &Ask {
                host: ask.host.clone(),
                ..ask.clone()
            },
        )
        .await;
        match entry(&trace, answer.as_ref()) {
            Entry::In(how) => {
                return Check::new(
                    NAME,
                    Grade::F,
                    format!(
                        "a request for {} over a connection to {other} needs no certificate: {how}",
                        ask.host
                    ),
                )
                .help("answer 421 where SNI and Host differ (RFC 9110 section 15.5.20)")
                .code(code::MISDIRECTED);
            }
            Entry::Out(_) => {}
            Entry::Unknown(why) => unknown = Some(format!("over a connection to {other}: {why}")),
        }
    }
    match unknown {
        Some(why) => Check::unknown(NAME, why),
        None => Check::new(
            NAME,
            Grade::APlus,
            format!("a connection to {} opens nothing here", others.join(" or ")),
        ),
    }
}

/// Sends identity headers of our own making, as the user himself where he may come in.
async fn forged(subject: &Subject, now: Timestamp) -> Check {
    const NAME: &str = "identity-headers";
    let Talk::Http(ask) = &subject.talk else {
        return Check::unknown(NAME, "headers are part of HTTP alone");
    };
    let (trace, answer) = crate::get(&subject.target, ask).await;
    let Some(before) = answer else {
        return Check::unknown(NAME, format!("no request gets through: {}", trace.ending.told()));
    };
    let probes = [probe::probe(Kind::Forged, subject, &trace, now, Patience::default()).await];
    let evidence = Evidence {
        trace: &trace,
        answer: Some(&before),
        context: &subject.context,
        probes: &probes,
    };
    match (judge::forgeable(&evidence), probes[0].answer()) {
        (Some(finding), _) => Check::new(NAME, Grade::F, finding.because)
            .help(finding.help)
            .code(finding.code),
        (None, None) => Check::unknown(NAME, probes[0].told()),
        // A page that is missing, or a service that is down, says nothing of who may see it.
        (None, Some(after)) if [&before, after].iter().all(|answer| is_refusal(answer, ask)) => Check::new(
            NAME,
            Grade::APlus,
            format!("refused with them as without: {}", after.status),
        ),
        (None, Some(_)) => Check::unknown(
            NAME,
            "the answer does not show what the application saw; ask a path that repeats its headers",
        ),
    }
}

/// The server's own half of mutual TLS.
fn server_certificate(first: &Trace, subject: &Subject, now: Timestamp) -> Check {
    const NAME: &str = "server-certificate";
    let chain = first.presented();
    let Some(leaf) = chain.first() else {
        return Check::unknown(NAME, "none was seen");
    };
    let ends = leaf.not_after();
    let days = (ends.as_second() - now.as_second()).div_euclid(86_400);
    let called = printable(&leaf.called());
    if days < 0 {
        return Check::new(NAME, Grade::F, format!("\"{called}\" has expired on {ends}"))
            .help("renew it, and have the server load it again")
            .code(code::EXPIRED);
    }
    if let Err(error) = leaf.public_key().must_be_strong() {
        return Check::new(NAME, Grade::C, format!("\"{called}\": {error}"))
            .help("make a new key: P-256, or RSA of 2048 bits and more")
            .code(error.code());
    }
    if days < SOON_DAYS {
        return Check::new(NAME, Grade::B, format!("\"{called}\" ends in {days} days")).help("renew it");
    }
    let whose = if subject.target.trust.anchors().certificates().is_empty() {
        "no CA to verify it by is known"
    } else if is_trusted(&chain, &subject.target, now) {
        "trusted"
    } else {
        "not signed by a CA that is trusted here"
    };
    Check::new(NAME, Grade::APlus, format!("\"{called}\", until {ends}, {whose}"))
}

fn is_trusted(chain: &[Certificate], target: &Target, now: Timestamp) -> bool {
    let ders: Vec<_> = chain
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    verify::verify(&ders, &target.trust, Purpose::Server, now)
        .is_ok_and(|verified| verify::for_host(&verified, &target.name).is_ok())
}
