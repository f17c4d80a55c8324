//! What was seen of one connection, decoded.

use std::sync::Arc;

use handfast_pki::Certificate;
use handfast_tls::{
    Established, HandshakeError, Peer,
    client::Asked,
    trace::{Kind, Message, Side, decode},
};

use crate::connect::{Endpoint, Seen, Target};

/// How a connection ended.
#[derive(Debug, Clone)]
pub enum Ending {
    /// It did not have to end: everything went well.
    Open,
    /// No TCP connection.
    Unreachable(String),
    /// In the handshake, or by an alert after it.
    Handshake(HandshakeError),
    /// The protocol before TLS did not lead to TLS.
    NoStartTls(String),
    /// The server closed without a word.
    Closed,
    /// The connection broke.
    Broken(String),
    /// The server did not answer in time.
    Silent(String),
    /// TLS is fine, and the service behind it refused in its own words.
    Service(String),
    /// The server answered something else than HTTP.
    NotHttp(String),
}

impl Ending {
    /// Whether nobody refused: all went well, or all but the protocol behind TLS.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// In a few words.
    pub fn told(&self) -> String {
        match self {
            Self::Open => "went well".into(),
            Self::Unreachable(detail) => format!("unreachable: {detail}"),
            Self::Handshake(error) => error.to_string(),
            Self::NoStartTls(detail) => detail.clone(),
            Self::Closed => "the server closed without a word".into(),
            Self::Broken(detail) => format!("the connection broke: {detail}"),
            Self::Silent(detail) => detail.clone(),
            Self::Service(text) => format!("the service said \"{text}\""),
            Self::NotHttp(detail) => format!("not HTTP: {detail}"),
        }
    }
}

/// Everything that was seen of one connection.
#[derive(Debug, Clone)]
pub struct Trace {
    pub target: Endpoint,
    /// Every message of both sides, in order.
    pub messages: Vec<Message>,
    /// The server, when its chain was verified.
    pub peer: Option<Arc<Peer>>,
    pub established: Option<Established>,
    /// What the server asked of us; `None` where it asked for no certificate.
    pub asked: Option<Asked>,
    /// Whether an earlier session was resumed, without certificates.
    pub resumed: bool,
    /// The chain that we had to show, leaf first; empty without one.
    pub own_chain: Vec<Certificate>,
    pub ending: Ending,
}

impl Trace {
    /// The name of this handshake, which the server's log knows too.
    pub fn handshake_id(&self) -> Option<String> {
        None
    }

    /// Whether a message of this kind was seen.
    pub fn saw(&self, kind: &Kind) -> bool {
        self.messages.iter().any(|message| message.kind == *kind)
    }

    /// What proves that the server went on after it had seen our certificate; nothing where it was silent.
    ///
    /// In TLS 1.2 that is its Finished, in TLS 1.3 whatever it sends after ours (RFC 8446 section 4.6.1).
    pub fn acceptance(&self) -> Option<&'static str> {
        let ours = |message: &Message| message.from == Side::Client && message.kind == Kind::Finished;
        let finished = self.messages.iter().position(ours)?;
        let later = self.messages.get(finished + 1..)?;
        let of_server = |kind: &Kind| {
            later
                .iter()
                .any(|message| message.from == Side::Server && message.kind == *kind)
        };
        if of_server(&Kind::Finished) {
            Some("its Finished came after our certificate")
        } else if of_server(&Kind::NewSessionTicket) {
            Some("it sent a session ticket after our certificate")
        } else if of_server(&Kind::ApplicationData) {
            Some("it sent data after our certificate")
        } else {
            None
        }
    }

    /// The last alert that `side` sent.
    pub fn alert_from(&self, side: Side) -> Option<u8> {
        self.messages
            .iter()
            .rev()
            .filter(|message| message.from == side)
            .find_map(|message| match message.kind {
                Kind::Alert(number) if number != 0 => Some(number),
                _ => None,
            })
    }

    /// The chain that the server sent.
    pub fn presented(&self) -> &[Certificate] {
        let from_server =
            |message: &&Message| message.from == Side::Server && message.kind == Kind::Certificate;
        self.messages
            .iter()
            .find(from_server)
            .map(|message| message.certificates.as_slice())
            .unwrap_or_default()
    }
}

pub(crate) fn trace(seen: Seen, target: &Target) -> Trace {
    let chunks = seen
        .recording
        .map(|recording| recording.chunks())
        .unwrap_or_default();
    Trace {
        target: target.endpoint.clone(),
        messages: decode(&chunks, &seen.secrets),
        peer: seen.peer,
        established: seen.established,
        asked: seen.asked,
        resumed: seen.resumed,
        own_chain: target
            .credentials
            .as_ref()
            .map(|own| own.chain().to_vec())
            .unwrap_or_default(),
        ending: seen.ending,
    }
}
