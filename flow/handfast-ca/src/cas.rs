//! Cas: the CAs of an authority as its records keep them, with the files of each and what it may do.
//!
//! Folders of older programs have no such rows: they have one root and one CA that signs, `opening.rs`.
//! Bounds are kept as they were given, because a certificate can say them only more widely.

use handfast_pki::{Bounds, NamePattern};
use jiff::Timestamp;

/// The name of the profile of those who sign answers of OCSP for a CA.
pub(crate) const OCSP_SIGNER: &str = "ocsp-signer";

/// One CA of an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCa {
    /// By which commands call it.
    pub name: String,
    pub role: CaRole,
    pub state: CaState,
    /// The file of its certificate and of those between it and its root; within the folder.
    pub certificate: String,
    /// The file of the root that it is presented with. Of a root its own; while the one before it is trusted as well, the
    /// certificate by which that vouches for it.
    pub root: String,
    /// The file of its key within the folder, or the `pkcs11:` URI of a key in a token.
    pub key: String,
    /// The profiles that it signs; none: all that are for leaves.
    pub profiles: Vec<String>,
    /// As they were given; none: any name.
    pub bounds: Vec<NamePattern>,
    /// Since when it stands here.
    pub since: Timestamp,
}

/// What a CA is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaRole {
    /// It signs CAs, and others trust it.
    Root,
    /// It signs leaves.
    Issuing,
}

/// Whether a CA signs certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaState {
    /// Its certificate was asked for elsewhere.
    Waiting,
    /// It does.
    Active,
    /// It is still trusted and signs revocation lists.
    Leaving,
    /// No certificate of it is valid any more.
    Retired,
}

impl CaRole {
    pub(crate) const ALL: [Self; 2] = [Self::Root, Self::Issuing];

    /// As it is written in the records and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Issuing => "issuing",
        }
    }
}

impl CaState {
    pub(crate) const ALL: [Self; 4] = [Self::Waiting, Self::Active, Self::Leaving, Self::Retired];

    /// As it is written in the records and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Leaving => "leaving",
            Self::Retired => "retired",
        }
    }
}

impl KeptCa {
    /// The names that it may speak for; nothing: any.
    pub fn limits(&self) -> Option<Bounds> {
        // Kept are only those that were bounds.
        Bounds::new(self.bounds.clone()).ok()
    }

    /// Whether its key is in a token.
    pub fn is_in_a_token(&self) -> bool {
        self.key.starts_with("pkcs11:")
    }
}
