//! Further connections, each with one thing different, to separate causes that look alike.
//!
//! None of them carries the user's certificate unless the server is the one that the user named and it is
//! believed; none is made to another host.

use std::{sync::Arc, time::Duration};

use handfast_tls::{
    Credentials, HandshakeError,
    client::{Probing, Versions},
};
use handfast_trace::{
    Chunk, Greeting, Kind as MessageKind, Message, Secrets, Side, decode, greeting::USUAL_SUITES,
};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    Answer, Ask, Ending, Subject, Target, Trace, When, connect,
    exchange::{self, Talk},
    throwaway, trace,
};

/// What is done otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No certificate of ours.
    WithoutCertificate,
    /// A certificate that says to be of the right issuer and is not.
    ThrowAway,
    /// A certificate of an issuer that nobody knows: itself. Servers that pass over unknown issuers still refuse a
    /// bad signature of a known one.
    Stranger,
    OnlyTls12,
    WithoutSni,
    /// Without post-quantum key exchange.
    SmallHello,
    /// Other application protocols: none.
    WithoutAlpn,
    /// The server is looked at, whoever it is.
    AnyServer,
    /// The same once more, for a server that is several.
    Again,
    /// A browser's OPTIONS request, which carries no certificate.
    Preflight,
    /// A hand-made hello of old times.
    OldHello,
    /// PostgreSQL's request for TLS.
    Postgres,
    /// The PROXY protocol's first line before the hello.
    ProxyLine,
    /// A session that was begun under another of the server's names, without a certificate.
    ResumedFromOther,
    /// A session that was begun with a throw-away certificate, which was refused.
    ResumedAfterRefusal,
    /// With identity headers of our own making.
    Forged,
    /// As somebody of the right CA whom the server must refuse.
    MustRefuse,
}

/// One further connection.
#[derive(Debug, Clone)]
pub struct Probe {
    pub kind: Kind,
    pub outcome: Outcome,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A connection of the usual kind.
    Seen(Box<Trace>, Option<Answer>),
    /// The first bytes of an answer to bytes of our own making.
    Bytes(Vec<u8>),
    /// The messages of an answer to a hello of our own making.
    Greeted(Vec<Message>),
    /// It could not be made.
    Impossible(String),
}

impl Probe {
    /// The trace, where it was a connection of the usual kind.
    pub fn trace(&self) -> Option<&Trace> {
        match &self.outcome {
            Outcome::Seen(trace, _) => Some(trace),
            _ => None,
        }
    }

    pub fn answer(&self) -> Option<&Answer> {
        match &self.outcome {
            Outcome::Seen(_, answer) => answer.as_ref(),
            _ => None,
        }
    }

    /// Whether the server went on with this connection as if all were well.
    pub fn went_well(&self) -> bool {
        self.trace().is_some_and(|trace| trace.ending.is_good())
            && self.answer().is_none_or(|answer| answer.status.as_u16() < 400)
    }

    /// What was done and what came of it, in a sentence.
    pub fn told(&self) -> String {
        let done = match self.kind {
            Kind::WithoutCertificate => "without a certificate",
            Kind::ThrowAway => "with a throw-away certificate",
            Kind::Stranger => "with a self-signed throw-away certificate",
            Kind::OnlyTls12 => "with TLS 1.2 only",
            Kind::WithoutSni => "without SNI",
            Kind::SmallHello => "without post-quantum key exchange",
            Kind::WithoutAlpn => "without ALPN",
            Kind::AnyServer => "trusting any server, without a certificate",
            Kind::Again => "once more",
            Kind::Preflight => "a CORS preflight, without a certificate",
            Kind::OldHello => "a legacy ClientHello",
            Kind::Postgres => "PostgreSQL's request for TLS",
            Kind::ProxyLine => "a PROXY line before the hello",
            Kind::ResumedFromOther => "resuming a session of another name, without a certificate",
            Kind::ResumedAfterRefusal => "resuming a session of a refused certificate",
            Kind::Forged => "with forged identity headers",
            Kind::MustRefuse => "as a client that it must refuse",
        };
        let came = match &self.outcome {
            Outcome::Seen(trace, answer) => match (&trace.ending, answer) {
                (ending, Some(answer)) if ending.is_good() => format!("answered {}", answer.status),
                (ending, _) => ending.told(),
            },
            Outcome::Bytes(bytes) if bytes.is_empty() => "no answer".into(),
            Outcome::Bytes(bytes) => format!("{} bytes came back", bytes.len()),
            Outcome::Greeted(messages) => match messages.iter().find_map(Message::server_hello) {
                Some(hello) => format!(
                    "answered {} with {}",
                    handfast_trace::version_name(hello.version()),
                    handfast_trace::suite_name(hello.suite)
                ),
                None => match messages.first() {
                    Some(first) => format!("answered {}", first.kind.name()),
                    None => "no answer".into(),
                },
            },
            Outcome::Impossible(why) => format!("not made: {why}"),
        };
        format!("{done}: {came}")
    }
}

/// Which further connections could separate what `trace` and `answer` leave open.
pub fn worth(trace: &Trace, answer: Option<&Answer>, subject: &Subject) -> Vec<Kind> {
    let mut kinds = needed(trace, answer, subject);
    if subject.context.may_forge && answer.is_some() {
        kinds.push(Kind::Forged);
    }
    if subject.context.must_refuse.is_some() && trace.ending.is_good() {
        kinds.push(Kind::MustRefuse);
    }
    if subject.context.origin.is_some() {
        kinds.push(Kind::Preflight);
    }
    if !subject.context.other_names.is_empty() && trace.established.is_some() {
        kinds.extend([Kind::WithoutCertificate, Kind::ResumedFromOther]);
    }
    if subject.when == When::Always && trace.established.is_some() {
        let all = [
            Kind::WithoutCertificate,
            Kind::ThrowAway,
            Kind::Stranger,
            Kind::OnlyTls12,
            Kind::WithoutSni,
            Kind::SmallHello,
            Kind::Again,
        ];
        kinds.extend(
            all.into_iter()
                .filter(|kind| !kinds.contains(kind))
                .collect::<Vec<_>>(),
        );
    }
    kinds
}

fn needed(trace: &Trace, answer: Option<&Answer>, subject: &Subject) -> Vec<Kind> {
    if !trace.saw(&MessageKind::ServerHello) {
        return match &trace.ending {
            Ending::NoStartTls(_) | Ending::Unreachable(_) => Vec::new(),
            _ if trace.saw(&MessageKind::NotTls) => Vec::new(),
            // These two say all there is to say (RFC 6066 section 3, RFC 7301 section 3.2).
            _ if matches!(refused_by_alert(trace), Some(112 | 120)) => Vec::new(),
            _ => vec![
                Kind::SmallHello,
                Kind::WithoutSni,
                Kind::WithoutAlpn,
                Kind::OldHello,
                Kind::Postgres,
                Kind::ProxyLine,
            ],
        };
    }
    let sent = trace.asked.as_ref().is_some_and(|asked| asked.sent);
    match &trace.ending {
        Ending::Handshake(HandshakeError::Refused { .. }) => {
            vec![Kind::AnyServer, Kind::WithoutSni, Kind::Again, Kind::Again]
        }
        Ending::Handshake(_) | Ending::Closed | Ending::Broken(_) if sent => vec![Kind::ThrowAway],
        Ending::Open if trace.asked.is_none() && answer.is_some_and(|answer| answer.status == 403) => {
            vec![Kind::OnlyTls12]
        }
        Ending::Open if subject.context.served.is_some() => vec![Kind::Again, Kind::Again],
        // Whether it verifies what it asks for is shown by nothing but a certificate that must be refused.
        Ending::Open if sent && answer.is_none_or(|answer| answer.status.as_u16() < 400) => {
            vec![Kind::ThrowAway, Kind::Stranger]
        }
        _ => Vec::new(),
    }
}

/// Makes the connection.
pub async fn probe(kind: Kind, subject: &Subject, first: &Trace, now: Timestamp) -> Probe {
    let outcome = match kind {
        Kind::OldHello => greet(subject, &[], &Greeting::old(sni(&subject.target))).await,
        Kind::ProxyLine => {
            let mut greeting = Greeting::old(sni(&subject.target));
            greeting.suites.extend(USUAL_SUITES);
            greet(subject, b"PROXY UNKNOWN\r\n", &greeting).await
        }
        Kind::Postgres => match raw(
            &subject.target,
            &[&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]],
            |bytes| !bytes.is_empty(),
        )
        .await
        {
            Ok(bytes) => Outcome::Bytes(bytes),
            Err(why) => Outcome::Impossible(why),
        },
        Kind::ResumedFromOther => resumed_from_other(subject).await,
        Kind::ResumedAfterRefusal => resumed_after_refusal(subject, first, now).await,
        _ => match changed(kind, subject, first, now) {
            Ok((target, talk)) => {
                let contact = connect::connect(&target).await;
                let (seen, answer) = exchange::exchange(contact, &talk).await;
                Outcome::Seen(Box::new(trace::trace(seen, &target)), answer)
            }
            Err(why) => Outcome::Impossible(why),
        },
    };
    Probe { kind, outcome }
}

/// The target and the talk of `subject` with the one thing different.
fn changed(kind: Kind, subject: &Subject, first: &Trace, now: Timestamp) -> Result<(Target, Talk), String> {
    let mut target = subject.target.clone();
    let mut talk = subject.talk.clone();
    match kind {
        Kind::WithoutCertificate => target.credentials = None,
        Kind::ThrowAway => target.credentials = Some(throw_away(first, now)?),
        Kind::Stranger => {
            let made = throwaway::client(None, now).map_err(|error| error.to_string())?;
            target.credentials = Some(made);
        }
        Kind::OnlyTls12 => target.versions = Versions::OnlyTls12,
        Kind::WithoutSni => target.probing.without_sni = true,
        Kind::SmallHello => target.probing.small_hello = true,
        Kind::WithoutAlpn => target.alpn.clear(),
        Kind::AnyServer => {
            target.credentials = None;
            target.probing = Probing {
                dangerous_any_server: true,
                ..target.probing
            };
        }
        Kind::Forged => talk = forged(subject)?,
        Kind::MustRefuse => target.credentials = subject.context.must_refuse.clone(),
        Kind::Preflight => {
            target.credentials = None;
            talk = preflight(subject)?;
        }
        Kind::Again
        | Kind::OldHello
        | Kind::Postgres
        | Kind::ProxyLine
        | Kind::ResumedFromOther
        | Kind::ResumedAfterRefusal => {}
    }
    Ok((target, talk))
}

/// The mark by which a forged header is known again.
pub(crate) const FORGED: &str = "handfast-forged-identity";

/// The value of the forged header `name`, by which it is told from the others.
pub(crate) fn forged_as(name: &str) -> String {
    format!("{FORGED}.{name}.")
}

/// The same request with every header by which proxies tell applications who the client is.
fn forged(subject: &Subject) -> Result<Talk, String> {
    let Talk::Http(ask) = &subject.talk else {
        return Err("headers need HTTP".into());
    };
    let mut headers = ask.headers.clone();
    // Servers take about a hundred fields in a head, so one example of each kind has to do.
    for name in handfast_headers::forgeries() {
        // A name is always a value.
        let value = HeaderValue::from_str(&forged_as(name));
        headers.insert(name, value.unwrap_or_else(|_| HeaderValue::from_static(FORGED)));
    }
    Ok(Talk::Http(Ask {
        headers,
        ..ask.clone()
    }))
}

/// What a browser asks before a request with credentials from another origin (Fetch, section 3.2.2).
fn preflight(subject: &Subject) -> Result<Talk, String> {
    let (Talk::Http(ask), Some(origin)) = (&subject.talk, &subject.context.origin) else {
        return Err("a preflight needs HTTP".into());
    };
    let mut headers = HeaderMap::new();
    let origin =
        HeaderValue::from_str(origin).map_err(|_| "the origin cannot stand in a header".to_owned())?;
    headers.insert(http::header::ORIGIN, origin);
    headers.insert(
        http::header::ACCESS_CONTROL_REQUEST_METHOD,
        HeaderValue::from_static("GET"),
    );
    Ok(Talk::Http(Ask {
        method: Method::OPTIONS,
        headers,
        ..ask.clone()
    }))
}

/// A certificate of nobody, with the issuer of our own or one that the server accepts.
fn throw_away(first: &Trace, now: Timestamp) -> Result<Credentials, String> {
    let own = first
        .own_chain
        .first()
        .map(|own| handfast_pki::name::der_of(own.issuer()));
    let accepted = || {
        let asked = first.asked.as_ref()?;
        asked.issuers.first().cloned()
    };
    let issuer = own.or_else(accepted);
    throwaway::client(issuer.as_deref(), now).map_err(|error| error.to_string())
}

/// A session begun under another name, offered under the name that was asked for. Neither connection carries a
/// certificate of ours, so nobody has proven anything.
async fn resumed_from_other(subject: &Subject) -> Outcome {
    let mut tried = Outcome::Impossible("no other name of this server is known".into());
    for other in &subject.context.other_names {
        let Ok(name) = handfast_pki::verify::host(other) else {
            continue;
        };
        let mut target = subject.target.clone();
        target.credentials = None;
        target.probing.sessions = Some(Arc::default());
        let begin = Target {
            name,
            ..target.clone()
        };
        let talk = match &subject.talk {
            Talk::Http(ask) => Talk::Http(Ask {
                host: other.clone(),
                ..ask.clone()
            }),
            other => other.clone(),
        };
        tried = resume(&begin, &talk, &target, &subject.talk).await;
        if let Outcome::Seen(trace, _) = &tried
            && trace.resumed
        {
            break;
        }
    }
    tried
}

/// A session begun with a certificate that the server refuses, offered again.
async fn resumed_after_refusal(subject: &Subject, first: &Trace, now: Timestamp) -> Outcome {
    let mut target = subject.target.clone();
    match throw_away(first, now) {
        Ok(made) => target.credentials = Some(made),
        Err(why) => return Outcome::Impossible(why),
    }
    target.probing.sessions = Some(Arc::default());
    resume(&target, &subject.talk, &target, &subject.talk).await
}

/// One connection to get a session, another one to use it.
async fn resume(begin: &Target, first: &Talk, target: &Target, second: &Talk) -> Outcome {
    let way = match connect::Way::of(begin) {
        Ok(way) => way,
        Err(error) => return Outcome::Impossible(error.to_string()),
    };
    let contact = connect::connect_by(&way, begin).await;
    exchange::exchange(contact, first).await;
    let contact = connect::connect_by(&way, target).await;
    let (seen, answer) = exchange::exchange(contact, second).await;
    Outcome::Seen(Box::new(trace::trace(seen, target)), answer)
}

/// What is sent as SNI: names, never addresses (RFC 6066 section 3).
pub(crate) fn sni(target: &Target) -> Option<String> {
    match &target.name {
        ServerName::DnsName(name) => Some(name.as_ref().to_owned()),
        _ => None,
    }
}

async fn greet(subject: &Subject, before: &[u8], greeting: &Greeting) -> Outcome {
    match greeted(&subject.target, before, greeting).await {
        Ok(messages) => Outcome::Greeted(messages),
        Err(why) => Outcome::Impossible(why),
    }
}

/// Sends `before` and the hello as they are, and reads the answer.
pub(crate) async fn greeted(
    target: &Target,
    before: &[u8],
    greeting: &Greeting,
) -> Result<Vec<Message>, String> {
    let hello = greeting.to_bytes(&handfast_trace::greeting::random());
    let read = |bytes: &[u8]| {
        let chunk = Chunk {
            at: Duration::ZERO,
            from: Side::Server,
            bytes: bytes.to_vec(),
        };
        decode(&[chunk], &Secrets::default())
    };
    // Its choice is in the first message; the server would wait for ours after the rest.
    let bytes = raw(target, &[before, &hello], |bytes| !read(bytes).is_empty()).await?;
    Ok(read(&bytes))
}

/// Sends `pieces` as they are, and takes the first bytes of the answer, until they are `enough`.
async fn raw(target: &Target, pieces: &[&[u8]], enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>, String> {
    const PATIENCE: Duration = Duration::from_millis(600);
    /// A ServerHello is among these, and the certificates of most.
    const MOST: usize = 16 << 10;
    let mut tcp = connect::reach(target).await.map_err(|ending| ending.told())?;
    let mut bytes = Vec::new();
    let talk = async {
        tcp.write_all(&pieces.concat()).await?;
        let mut piece = [0; 2048];
        while bytes.len() < MOST && !enough(&bytes) {
            match tcp.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(length) => bytes.extend(piece.get(..length).unwrap_or_default()),
            }
        }
        Ok::<_, std::io::Error>(())
    };
    match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Err(error)) => Err(error.to_string()),
        // A server that waits for more has said what it had to say.
        Ok(Ok(())) | Err(_) => Ok(bytes),
    }
}

/// Whether the last word of `trace` was the server's, in an alert.
pub(crate) fn refused_by_alert(trace: &Trace) -> Option<u8> {
    trace.alert_from(Side::Server)
}
