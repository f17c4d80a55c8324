//! The tree of the audit log: a Merkle tree as in RFC 9162 section 2.1 with SHA-256, in the formats of C2SP.
//!
//! In: leaves as bytes, or the hashes of subtrees that somebody keeps. Out: roots, proofs that a leaf is in a tree and
//! that one tree continues another, and the texts in which these are handed on: signed notes, checkpoints, proofs and
//! tiles. A root is 32 bytes that no change of a leaf leaves as they are.
//!
//! | file | what |
//! | --- | --- |
//! | `hash.rs` | hashes of leaves, nodes and the empty tree |
//! | `subtree.rs` | complete subtrees, and how a range of leaves is made of them |
//! | `range.rs` | growing a tree from left to right |
//! | `prove.rs` | inclusion and consistency, made and checked |
//! | `note.rs` | signed notes and the keys that verify them |
//! | `checkpoint.rs` | size and root of a log, signed |
//! | `proof_file.rs` | one leaf with its proof and checkpoint |
//! | `tile.rs` | the same hashes as files that anybody can serve |

mod checkpoint;
mod hash;
mod note;
mod proof_file;
mod prove;
mod range;
mod subtree;
mod tile;

pub use self::{
    checkpoint::Checkpoint,
    hash::Hash,
    note::{LogKey, VerifierKey, open_note},
    proof_file::ProofFile,
    prove::{consistency, includes, inclusion, is_continued},
    range::Range,
    subtree::{Subtree, cover, root_of},
    tile::{Tile, bundle},
};

/// Why something of the log is not taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeError {
    /// A text or a file that does not have its form.
    #[error("the {what} is malformed: {detail}")]
    Malformed {
        /// `checkpoint`, `proof`, ...
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// No signature of the key that was asked for.
    #[error("the {what} is not signed by \"{expected}\", found {}", signers(found))]
    NotSigned {
        /// `checkpoint`, `proof`, ...
        what: &'static str,
        /// The name of the key.
        expected: String,
        /// The names of the keys that did sign.
        found: Vec<String>,
    },
    /// The key is the right one and the signature is wrong.
    #[error("the signature of \"{key}\" on the {what} is wrong: the text was changed after it was signed")]
    BadSignature {
        /// `checkpoint`, `proof`, ...
        what: &'static str,
        /// The name of the key.
        key: String,
    },
    /// The hashes of the proof do not lead from the leaf to the root.
    #[error("the leaf {position} is not in the tree of {size} leaves with the root {root}")]
    NotIncluded {
        /// The place of the leaf, from 0.
        position: u64,
        /// The size of the tree.
        size: u64,
        /// The root that was signed.
        root: Hash,
    },
    /// The later tree does not begin with the earlier one.
    #[error("the tree of {later} leaves does not begin with the earlier tree of {earlier} leaves")]
    NotContinued {
        /// The size of the earlier tree.
        earlier: u64,
        /// The size of the later one.
        later: u64,
    },
    /// The parts of what was handed on do not agree.
    #[error("the {what} does not hold: {detail}")]
    Disagrees {
        /// `export`, ...
        what: &'static str,
        /// Which of them do not.
        detail: String,
    },
    /// The key cannot sign notes.
    #[error("the key of the audit log is {found}, expected Ed25519")]
    WrongKey {
        /// Its algorithm.
        found: String,
    },
    /// Only the public half is here.
    #[error("the private key of the audit log \"{name}\" is not here")]
    KeyAway {
        /// The name of the key.
        name: String,
    },
    /// The cryptographic library refused.
    #[error(transparent)]
    Pki(#[from] handfast_pki::Error),
}

fn signers(names: &[String]) -> String {
    if names.is_empty() {
        return "no signature".into();
    }
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("\"{}\"", handfast_pki::text::printable(name)))
        .collect();
    format!("signatures of {}", quoted.join(", "))
}
