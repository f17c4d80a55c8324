//! The other side, once its certificate was verified, and what was agreed with it.

use std::{fmt, sync::Arc};

use handfast_pki::{Identity, VerifiedChain};
use rustls::CommonState;

/// A peer whose chain was verified. Inside a stream of this crate its key is proven, too.
///
/// Remembered per chain, so that a second connection costs no second verification.
pub struct Peer {
    chain: VerifiedChain,
    identity: Identity,
}

/// The client of a session.
#[derive(Clone)]
pub(crate) enum Remembered {
    /// It proved who it is.
    Proven {
        peer: Arc<Peer>,
        /// SHA-256 of all that it presented.
        presented: [u8; 32],
    },
    /// It showed no certificate.
    Anonymous,
}

impl Peer {
    pub(crate) fn new(chain: VerifiedChain) -> Arc<Self> {
        Arc::new(Self {
            identity: chain.identity(),
            chain,
        })
    }

    /// The leaf and its path to an anchor.
    pub fn chain(&self) -> &VerifiedChain {
        &self.chain
    }

    /// The names of the leaf, by type.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({})", self.identity.called())
    }
}

/// What a handshake agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Established {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The cipher suite by its IANA name.
    pub suite: &'static str,
    /// `h2`, `http/1.1` or nothing.
    pub alpn: Option<&'static str>,
    /// Whether an earlier session was resumed, after its client was judged again.
    pub resumed: bool,
}

impl Established {
    pub(crate) fn of(state: &CommonState) -> Self {
        let version = match state.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLSv1.3",
        };
        let suite = state
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or("unknown");
        let alpn = match state.alpn_protocol() {
            Some(b"h2") => Some("h2"),
            Some(b"http/1.1") => Some("http/1.1"),
            _ => None,
        };
        Self {
            version,
            suite: suite.strip_prefix("TLS13_").map_or(suite, iana_name),
            alpn,
            resumed: state.handshake_kind() == Some(rustls::HandshakeKind::Resumed),
        }
    }
}

/// rustls calls `TLS_AES_128_GCM_SHA256` by a name of its own.
fn iana_name(rest: &'static str) -> &'static str {
    match rest {
        "AES_128_GCM_SHA256" => "TLS_AES_128_GCM_SHA256",
        "AES_256_GCM_SHA384" => "TLS_AES_256_GCM_SHA384",
        "CHACHA20_POLY1305_SHA256" => "TLS_CHACHA20_POLY1305_SHA256",
        other => other,
    }
}
