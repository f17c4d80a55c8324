//! What the protocol that is spoken within TLS says of the client.
//!
//! A handshake proves little: many servers take any certificate in it and refuse in the words of their own protocol, or
//! at a login. Whoever is to be called accepted has to be accepted here.

mod http;

pub use http::{is_front, of_answer};

/// What the spoken protocol came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Verdict {
    /// No word of it was to be said.
    #[default]
    NotSpoken,
    /// Words were to be said, and the connection ended before an answer.
    NotReached,
    /// It answered, and whether the client is accepted is decided later or elsewhere.
    Undecided(Pending, Reply),
    /// It answered as it answers clients that it accepts.
    Accepted(Reply),
    /// It answered that it does not accept the client.
    Refused(Reply),
}

/// Why an answer decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pending {
    /// Clients have to log in.
    Login,
    /// A login with a made-up password was refused, and not for the certificate.
    LoginRefused,
    /// The client is sent to another host.
    Elsewhere,
    /// The answer is about something else than the client.
    Unrelated,
}

/// An answer of the spoken protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// As its documents write it.
    pub protocol: &'static str,
    /// The number or word by which the protocol says it; empty where it has none.
    pub code: String,
    /// In words, safe to print.
    pub text: String,
}

impl Reply {
    /// What `protocol` answered, made safe to print.
    pub fn new(protocol: &'static str, code: impl ToString, text: impl AsRef<str>) -> Self {
        Self {
            protocol,
            code: handfast_pki::text::printable(&code.to_string()),
            text: handfast_pki::text::printable(text.as_ref().trim_end()),
        }
    }

    /// In one clause: `MQTT code 5, "not authorized"`.
    pub fn told(&self) -> String {
        let code = match self.code.as_str() {
            "" => String::new(),
            code => format!(" {code}"),
        };
        match self.text.as_str() {
            "" => format!("{}{code}", self.protocol),
            text => format!("{}{code} \"{text}\"", self.protocol),
        }
    }
}

impl Verdict {
    /// Whether the client was accepted.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted(_))
    }

    /// The refusal, where it is one.
    pub fn refusal(&self) -> Option<&Reply> {
        match self {
            Self::Refused(reply) => Some(reply),
            _ => None,
        }
    }

    /// The answer, whatever it means.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Undecided(_, reply) | Self::Accepted(reply) | Self::Refused(reply) => Some(reply),
            Self::NotSpoken | Self::NotReached => None,
        }
    }

    /// Its name, for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotSpoken => "not spoken",
            Self::NotReached => "not reached",
            Self::Undecided(..) => "undecided",
            Self::Accepted(_) => "accepted",
            Self::Refused(_) => "refused",
        }
    }
}
