//! How a connection ended.

use handfast_tls::HandshakeError;

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
