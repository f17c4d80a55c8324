//! The first words of the protocols that are spoken within TLS, and what their answers say of the client.
//!
//! Bytes of a server in, the next words or a [`Verdict`] out; sockets are whoever's that asks.

#![warn(missing_docs)]

mod service;
mod verdict;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

pub use service::{Dialog, Next, Service, Speaks, spoken_first};
pub use verdict::{Pending, Reply, Verdict, is_front, of_answer};

/// What was answered over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers, as they came.
    pub headers: HeaderMap,
    /// The body, or as much of it as was read.
    pub body: Bytes,
}
