//! What a connection remembers of tokens, so that not every request costs a signature.

use std::sync::Arc;

use http::HeaderValue;

use crate::{assertion::Assertions, bound_tokens::BoundTokens};

/// A token that was verified on this connection: its SHA-256, for which keys, and until when.
pub(super) struct Verified {
    pub(super) token: [u8; 32],
    pub(super) keys: Arc<BoundTokens>,
    pub(super) until: i64,
}

/// An assertion that was made on this connection: for which backend, by which key, and until which tick.
pub(super) struct Made {
    pub(super) backend: [u8; 32],
    pub(super) by: Arc<Assertions>,
    pub(super) value: HeaderValue,
    pub(super) until: u32,
}
