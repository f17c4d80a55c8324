//! What a connection may cost, and how much is written down of it.

use std::time::Duration;

/// What a connection may cost, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time. The next one takes the place of the oldest that has proven nothing (`HF-722`); where all
    /// have, it is dropped with `HF-707`.
    pub connections: usize,
    /// Connections of one address (of one /64 over IPv6) that have proven nothing; half of `connections` by default.
    pub unproven_per_address: Option<usize>,
    /// Connections to the backend in use at a time, over all workers; further requests wait.
    pub backend_connections: usize,
    /// Bytes of one request's head.
    pub header_bytes: usize,
    /// From accept to the end of the handshake.
    pub handshake: Duration,
    /// From the first byte of a request to the end of its head.
    pub headers: Duration,
    /// From the end of a request to the head of the backend's answer.
    pub response: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
    /// Bytes per second that a client has to send of a body, and to take of an answer.
    pub min_rate: u64,
    /// For connections to end after SIGTERM.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            unproven_per_address: None,
            backend_connections: 4096,
            header_bytes: 32 << 10,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            response: Duration::from_secs(60),
            idle: Duration::from_secs(300),
            min_rate: 500,
            drain: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The fewest bytes that a client may send or take in `window`.
    pub(crate) fn least(&self, window: Duration) -> u64 {
        let bytes = u128::from(self.min_rate) * window.as_millis() / 1000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The most unproven connections that one worker keeps for one address.
    pub(crate) fn unproven(&self) -> usize {
        self.unproven_per_address.unwrap_or(self.connections / 2).max(1)
    }
}

/// How much is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    Off,
    Connections,
    Requests,
}

/// The most requests at a time on one connection of HTTP/2; RFC 9113 section 6.5.2 asks for at least this many.
pub(crate) const STREAMS: u32 = 100;
/// Bytes of one request's body over HTTP/2 that may come before they are passed on.
pub(crate) const STREAM_WINDOW: u32 = 128 << 10;
