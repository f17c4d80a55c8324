//! Further connections, each with one thing different, to separate causes that look alike.
//!
//! None of them carries the user's certificate unless the server is the one that the user named and it is
//! believed; none is made to another host.

use std::time::Duration;

use handfast_tls::{
    HandshakeError,
    client::{Probing, Versions},
    trace::{Kind as MessageKind, Side},
};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

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
            Kind::OnlyTls12 => "with TLS 1.2 only",
            Kind::WithoutSni => "without SNI",
            Kind::SmallHello => "without post-quantum key exchange",
            Kind::WithoutAlpn => "without ALPN",
            Kind::AnyServer => "believing any server, without a certificate",
            Kind::Again => "once more",
            Kind::Preflight => "a CORS preflight, without a certificate",
            Kind::OldHello => "a hello of old times",
            Kind::Postgres => "PostgreSQL's request for TLS",
            Kind::ProxyLine => "a PROXY line before the hello",
        };
        let came = match &self.outcome {
            Outcome::Seen(trace, answer) => match (&trace.ending, answer) {
                (ending, Some(answer)) if ending.is_good() => format!("answered {}", answer.status),
                (ending, _) => ending.told(),
            },
            Outcome::Bytes(bytes) if bytes.is_empty() => "no answer".into(),
            Outcome::Bytes(bytes) => format!("{} bytes came back", bytes.len()),
            Outcome::Impossible(why) => format!("not made: {why}"),
        };
        format!("{done}: {came}")
    }
}

/// Which further connections could separate what `trace` and `answer` leave open.
pub fn worth(trace: &Trace, answer: Option<&Answer>, subject: &Subject) -> Vec<Kind> {
    let mut kinds = needed(trace, answer, subject);
    if subject.context.origin.is_some() {
        kinds.push(Kind::Preflight);
    }
    if subject.when == When::Always && trace.established.is_some() {
        let all = [
            Kind::WithoutCertificate,
            Kind::ThrowAway,
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
        _ => Vec::new(),
    }
}

/// Makes the connection.
pub async fn probe(kind: Kind, subject: &Subject, first: &Trace, now: Timestamp) -> Probe {
    let outcome = match kind {
        Kind::OldHello => raw(subject, &[], &old_hello(subject)).await,
        Kind::ProxyLine => raw(subject, b"PROXY UNKNOWN\r\n", &old_hello(subject)).await,
        Kind::Postgres => raw(subject, &[], &[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]).await,
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
        Kind::ThrowAway => {
            let own = first
                .own_chain
                .first()
                .map(|own| handfast_pki::name::der_of(own.issuer()));
            let accepted = first
                .asked
                .as_ref()
                .and_then(|asked| asked.issuers.first().cloned());
            let issuer = own.or(accepted);
            let made = throwaway::client(issuer.as_deref(), now).map_err(|error| error.to_string())?;
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
        Kind::Preflight => {
            target.credentials = None;
            talk = preflight(subject)?;
        }
        Kind::Again | Kind::OldHello | Kind::Postgres | Kind::ProxyLine => {}
    }
    Ok((target, talk))
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

/// Sends `before` and `hello` as they are, and takes the first bytes of the answer.
async fn raw(subject: &Subject, before: &[u8], hello: &[u8]) -> Outcome {
    const PATIENCE: Duration = Duration::from_millis(600);
    let endpoint = (
        subject.target.endpoint.host.as_str(),
        subject.target.endpoint.port,
    );
    let talk = async {
        let mut tcp = TcpStream::connect(endpoint).await?;
        tcp.write_all(&[before, hello].concat()).await?;
        let mut bytes = Vec::new();
        let mut piece = [0; 2048];
        while bytes.len() < 64 {
            match tcp.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(length) => bytes.extend(piece.get(..length).unwrap_or_default()),
            }
        }
        Ok::<_, std::io::Error>(bytes)
    };
    match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Ok(bytes)) => Outcome::Bytes(bytes),
        Ok(Err(error)) => Outcome::Impossible(error.to_string()),
        Err(_) => Outcome::Bytes(Vec::new()),
    }
}

fn old_hello(_subject: &Subject) -> Vec<u8> {
    Vec::new()
}

/// Whether the last word of `trace` was the server's, in an alert.
pub(crate) fn refused_by_alert(trace: &Trace) -> Option<u8> {
    trace.alert_from(Side::Server)
}
