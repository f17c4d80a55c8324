//! What was said on one connection: every handshake message of both sides, in order, with its
//! time. The bytes are recorded by a [`Tap`] below TLS and decoded afterwards, sans I/O; in TLS 1.3 the
//! encrypted messages are decrypted with the secrets of the connection ([`Secrets`]).
//!
//! Nothing in here can fail: what cannot be decoded is shown as what it is, encrypted or unknown.

#![warn(missing_docs)]

mod bytes;
pub mod capture;
pub mod greeting;
mod hello;
mod message;
mod names;
mod records;
mod secrets;
mod tap;

use std::time::Duration;

pub use greeting::Greeting;
pub use hello::{ClientHello, Extension, ServerHello};
pub use message::{CertificateRequest, Kind, Message, Presented, Said};
pub use names::{extension_name, group_name, scheme_name, suite_name, version_name};
pub use secrets::Secrets;
pub use tap::{Chunk, Recording, Tap};

/// A name and what stands for it; both are safe to print.
pub type Field = (&'static str, String);

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Whoever sends the ClientHello.
    Client,
    /// Whoever answers it.
    Server,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// The messages in `chunks`, with `secrets` for those that are encrypted.
pub fn decode(chunks: &[Chunk], secrets: &Secrets) -> Vec<Message> {
    let mut reader = records::Reader::new(secrets);
    for chunk in chunks {
        reader.take(chunk);
    }
    reader.finish()
}

/// How many bytes of a connection [`handshake_id`] wants to see.
pub const HANDSHAKE_ID_NEEDS: usize = 27;

/// The name of a handshake, out of the first bytes of its connection: the first half of the ClientHello's random, by
/// which both sides find each other's records. Nothing where they do not begin a ClientHello.
pub fn handshake_id(start: &[u8]) -> Option<[u8; 16]> {
    const HANDSHAKE: u8 = 22;
    const CLIENT_HELLO: u8 = 1;
    // Record: type, version, length. Message: type, length. Hello: version, random (RFC 8446 sections 5.1, 4, 4.1.2).
    match start {
        [HANDSHAKE, 3, _, _, _, CLIENT_HELLO, _, _, _, _, _, random @ ..] => random.first_chunk().copied(),
        _ => None,
    }
}

/// The time from the first byte to the last message of the handshake.
pub fn handshake_time(messages: &[Message]) -> Option<Duration> {
    let first = messages.first()?.at;
    let last = messages
        .iter()
        .rfind(|message| message.kind == Kind::Finished)?
        .at;
    Some(last.saturating_sub(first))
}
