//! What lets a request be sent again and be answered once.

use handfast_pki::Fingerprint;

/// A request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeatable {
    pub requester: String,
    /// What the requester calls it.
    pub key: String,
    /// SHA-256 of what was asked for.
    pub asked: Fingerprint,
}
