//! Further connections, each with one thing different, to separate causes that look alike.
//!
//! None of them carries the user's certificate unless the server is the one that the user named and it is
//! believed; none is made to another host.

mod make;
mod raw;
mod worth;

use handfast_trace::{Message, Side};
use rustls_pki_types::ServerName;

pub(crate) use self::worth::is_of_protocol;
pub use self::{make::probe, worth::worth};
pub(crate) use self::{
    make::{FORGED, forged_as},
    raw::greeted,
};
use crate::{Answer, Target, Trace};

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
    /// By a name of the server's certificate, where the address is all that it was called by.
    WithSni,
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
    /// A hand-made hello with our own suites, and with every signature scheme and group.
    WideHello,
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

    /// Whether the server went on with this connection as if all were well, as far as was asked.
    pub fn went_well(&self) -> bool {
        self.trace().is_some_and(Trace::went_well)
    }

    /// What was done and what came of it, in a sentence.
    pub fn told(&self) -> String {
        let done = match self.kind {
            Kind::WithoutCertificate => "without a certificate",
            Kind::ThrowAway => "with a throw-away certificate",
            Kind::Stranger => "with a self-signed throw-away certificate",
            Kind::OnlyTls12 => "with TLS 1.2 only",
            Kind::WithoutSni => "without SNI",
            Kind::WithSni => "by a name of its certificate",
            Kind::SmallHello => "without post-quantum key exchange",
            Kind::WithoutAlpn => "without ALPN",
            Kind::AnyServer => "trusting any server, without a certificate",
            Kind::Again => "once more",
            Kind::Preflight => "a CORS preflight, without a certificate",
            Kind::OldHello => "a legacy ClientHello",
            Kind::WideHello => "a ClientHello with every signature scheme and group",
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
                (ending, None) if ending.is_good() => match trace.verdict.reply() {
                    Some(reply) => format!("answered {}", reply.told()),
                    None => ending.told(),
                },
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

/// What is sent as SNI: names, never addresses (RFC 6066 section 3).
pub(crate) fn sni(target: &Target) -> Option<String> {
    match &target.name {
        ServerName::DnsName(name) => Some(name.as_ref().to_owned()),
        _ => None,
    }
}

/// Whether the last word of `trace` was the server's, in an alert.
pub(crate) fn refused_by_alert(trace: &Trace) -> Option<u8> {
    trace.alert_from(Side::Server)
}
