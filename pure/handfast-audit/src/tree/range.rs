//! A tree that grows: only the hashes of its complete subtrees are kept, at most 64 of them.

use super::{Hash, Subtree, TreeError, root_of};

/// The leaves from 0 up to a size, known by the hashes of the complete subtrees that they make up.
#[derive(Debug, Clone, Default)]
pub struct Range {
    size: u64,
    /// Of falling height, from left to right.
    parts: Vec<(Subtree, Hash)>,
}

impl Range {
    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree with these leaves.
    pub fn root(&self) -> Hash {
        root_of(self.parts.iter().map(|(_, hash)| *hash))
    }

    /// Adds one leaf. `made` is told of its hash and of those of the subtrees that it completes.
    pub fn push(&mut self, leaf: Hash, made: impl FnMut(Subtree, Hash)) {
        self.add(Subtree::leaf(self.size), leaf, made);
    }

    /// Adds many leaves at once, that are known by the hash of their subtree.
    ///
    /// # Errors
    ///
    /// [`TreeError::Malformed`] of one that does not begin where this one ends.
    pub fn append(&mut self, subtree: Subtree, hash: Hash) -> Result<(), TreeError> {
        if subtree.level >= 63 || subtree.start() != self.size {
            return Err(TreeError::Malformed {
                what: "range",
                detail: format!("a subtree does not begin at the leaf {}", self.size),
            });
        }
        self.add(subtree, hash, |_, _| {});
        Ok(())
    }

    fn add(&mut self, mut subtree: Subtree, mut hash: Hash, mut made: impl FnMut(Subtree, Hash)) {
        self.size = subtree.end();
        made(subtree, hash);
        while subtree.index % 2 == 1 {
            // A right half has its left half in front of it: nothing is between 0 and here that is missing.
            let Some((left, left_hash)) = self.parts.pop() else {
                break;
            };
            debug_assert_eq!(left.parent(), subtree.parent());
            hash = Hash::node(left_hash, hash);
            subtree = subtree.parent();
            made(subtree, hash);
        }
        self.parts.push((subtree, hash));
    }
}
