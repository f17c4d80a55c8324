//! The three hashes of RFC 9162 section 2.1.1.

use std::fmt;

use aws_lc_rs::digest::{self, Context, SHA256};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// SHA-256 of a leaf, of a node, or of the empty tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The root of a tree without leaves.
    pub fn empty() -> Self {
        Self::from(digest::digest(&SHA256, b""))
    }

    /// The hash of a leaf; the 0 in front keeps it from being taken for a node.
    pub fn leaf(body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&[0]);
        context.update(body);
        Self::from(context.finish())
    }

    /// The hash of the node above two others.
    pub fn node(left: Self, right: Self) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&[1]);
        context.update(&left.0);
        context.update(&right.0);
        Self::from(context.finish())
    }

    /// 44 characters of base64, as checkpoints and proofs write it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl From<digest::Digest> for Hash {
    fn from(digest: digest::Digest) -> Self {
        let mut bytes = [0; 32];
        // SHA-256 has 32 bytes.
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
