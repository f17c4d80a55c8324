//! What was said on one connection of our own: every handshake message of both sides, in order, with its
//! time. The bytes are recorded by a [`Tap`] below TLS and decoded afterwards, sans I/O; in TLS 1.3 the
//! encrypted messages are decrypted with the secrets of our own connection ([`Secrets`]).
//!
//! Nothing in here can fail: what cannot be decoded is shown as what it is, encrypted or unknown.

mod message;
mod records;
mod secrets;
mod tap;

use std::time::Duration;

pub use message::{Kind, Message, scheme_name};
pub use secrets::Secrets;
pub use tap::{Chunk, Recording, Tap};

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// The messages in `chunks`, with `secrets` for those that are encrypted.
pub fn decode(chunks: &[Chunk], secrets: &Secrets) -> Vec<Message> {
    let mut reader = records::Reader::new(secrets);
    for chunk in chunks {
        reader.take(chunk);
    }
    reader.finish()
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
