//! Log: the audit log as the store keeps it. Every line of the journal is a leaf of a Merkle tree.
//!
//! [`AuditLog`] is the reading half of the seam: leaves, hashes, the signed head, and what does not agree. The writing half
//! has no call of its own: whatever the store writes into its journal becomes a leaf in the same transaction, and a
//! transaction whose leaf cannot be written writes nothing.

use handfast_audit::tree::{Hash, Subtree};

use crate::store_error::StoreError;

/// The audit log for reading.
pub trait AuditLog: Send + Sync {
    /// The signed head: a checkpoint over everything that is written down.
    fn head(&self) -> Result<String, StoreError>;
    /// The hash of a complete subtree of the log.
    fn hash(&self, subtree: Subtree) -> Result<Hash, StoreError>;
    /// The leaves from one position up to another, in order.
    fn leaves(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(u64, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// The positions and leaves about a serial number, the first one first.
    fn leaves_of(&self, serial: &str) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;
    /// What the last line says that is about issuers and profiles.
    fn configuration(&self) -> Result<Option<String>, StoreError>;
    /// Compares everything with everything: leaves with hashes, hashes with the signed head, the journal and every
    /// table with the leaves. At most `most` faults are named.
    fn audit(&self, most: usize) -> Result<Audit, StoreError>;
}

/// What an audit has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many leaves were read.
    pub leaves: u64,
    /// How many certificates were compared with their leaves.
    pub certificates: u64,
    /// What does not agree; none where everything does.
    pub faults: Vec<Fault>,
    /// Whether there are more than were named.
    pub has_more: bool,
}

/// One thing that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The table or part: `leaf`, `certificate`, `journal`, `head`, ...
    pub part: &'static str,
    /// Which of them: a position, a serial number, a name.
    pub which: String,
    /// In words.
    pub detail: String,
}
