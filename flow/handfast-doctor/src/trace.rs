//! What was seen of one connection, decoded.

use std::sync::Arc;

use handfast_pki::{Certificate, text::hex};
use handfast_tls::{Established, Peer, client::Asked};
use handfast_trace::{ClientHello, Kind, Message, Said, ServerHello, Side, decode};

use crate::{
    Ending, Endpoint, Verdict,
    connect::{Seen, Target},
};

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
    /// How many bytes the server sent, as far as they were recorded.
    pub received: usize,
    /// What the protocol within TLS said of us.
    pub verdict: Verdict,
    pub ending: Ending,
}

impl Trace {
    /// Files alone, and nobody connected to.
    pub(crate) fn of_files(own_chain: Vec<Certificate>) -> Self {
        let nowhere = Endpoint {
            host: String::new(),
            port: 0,
        };
        Self {
            own_chain,
            ..Self::heard(nowhere, Vec::new(), Ending::Open)
        }
    }

    /// What was said on a connection to `target` that was not ours as a client.
    pub(crate) fn heard(target: Endpoint, messages: Vec<Message>, ending: Ending) -> Self {
        let mut trace = Self {
            target,
            peer: None,
            established: None,
            asked: asked(&messages),
            messages,
            resumed: false,
            own_chain: Vec::new(),
            received: 0,
            verdict: Verdict::NotSpoken,
            ending,
        };
        trace.own_chain = trace.chain_of(Side::Client);
        trace.resumed = trace.server_hello().is_some_and(ServerHello::is_resumption);
        trace
    }

    /// The name of this handshake, which the server's log knows too: the first half of the ClientHello's random.
    pub fn handshake_id(&self) -> Option<String> {
        let hello = self.client_hello()?;
        hello.random.get(..16).map(hex)
    }

    /// What was offered, in the first hello.
    pub fn client_hello(&self) -> Option<&ClientHello> {
        self.messages.iter().find_map(Message::client_hello)
    }

    /// What was chosen in the end.
    pub fn server_hello(&self) -> Option<&ServerHello> {
        self.messages.iter().rev().find_map(Message::server_hello)
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

    /// Whether the server went on as if all were well, as far as was asked: TLS alone, or the protocol within it.
    pub fn went_well(&self) -> bool {
        self.ending.is_good()
            && match self.verdict {
                Verdict::NotSpoken | Verdict::Accepted(_) => true,
                Verdict::NotReached | Verdict::Undecided(..) | Verdict::Refused(_) => false,
            }
    }

    /// Whether our turn came: all that the server had to say first was read. Whoever never got there has not declined to
    /// send something.
    pub fn our_turn_came(&self) -> bool {
        self.messages.iter().any(|message| {
            message.from == Side::Client && matches!(message.kind, Kind::Certificate | Kind::Finished)
        }) || self.ended_its_flight()
    }

    /// Whether the server's first flight is complete: its Finished in TLS 1.3, ServerHelloDone in TLS 1.2.
    fn ended_its_flight(&self) -> bool {
        let of_server = |message: &Message| {
            message.from == Side::Server && matches!(message.kind, Kind::Finished | Kind::ServerHelloDone)
        };
        self.messages.iter().any(of_server)
    }

    /// The last alert that `side` sent.
    pub fn alert_from(&self, side: Side) -> Option<u8> {
        self.messages
            .iter()
            .rev()
            .filter(|message| message.from == side && message.is_refusal())
            .find_map(|message| match message.kind {
                Kind::Alert(number) => Some(number),
                _ => None,
            })
    }

    /// The chain that the server sent.
    pub fn presented(&self) -> Vec<Certificate> {
        self.chain_of(Side::Server)
    }

    /// The chain that `side` sent, leaf first; empty where it sent none.
    pub fn chain_of(&self, side: Side) -> Vec<Certificate> {
        self.messages
            .iter()
            .find(|message| message.from == side && message.kind == Kind::Certificate)
            .map(Message::certificates)
            .unwrap_or_default()
    }
}

/// What the server asked for in `messages`, and whether anything was sent for it.
fn asked(messages: &[Message]) -> Option<Asked> {
    let request = messages.iter().find_map(|message| match &message.said {
        Said::CertificateRequest(request) => Some(request),
        _ => None,
    })?;
    let sent = |message: &Message| {
        message.from == Side::Client
            && matches!(&message.said, Said::Certificates(chain) if !chain.is_empty())
    };
    Some(Asked {
        issuers: request.issuers.clone(),
        schemes: request.schemes.clone(),
        sent: messages.iter().any(sent),
    })
}

pub(crate) fn trace(seen: Seen, target: &Target) -> Trace {
    let chunks = seen
        .recording
        .map(|recording| recording.chunks())
        .unwrap_or_default();
    let messages = decode(&chunks, &seen.secrets);
    let of_server = chunks.iter().filter(|chunk| chunk.from == Side::Server);
    Trace {
        received: of_server.map(|chunk| chunk.bytes.len()).sum(),
        target: target.endpoint.clone(),
        peer: seen.peer,
        established: seen.established,
        // The callback knows it also where the message itself could not be read.
        asked: asked(&messages).or(seen.asked),
        messages,
        resumed: seen.resumed,
        own_chain: target
            .credentials
            .as_ref()
            .map(|own| own.chain().to_vec())
            .unwrap_or_default(),
        verdict: seen.verdict,
        ending: seen.ending,
    }
}
