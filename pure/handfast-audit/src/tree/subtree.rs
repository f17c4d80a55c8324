//! Complete subtrees: 2^level leaves, of which the first has a multiple of 2^level as its position.

use super::Hash;

/// The leaves from `index * 2^level`, 2^level of them. Level 0 is one leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subtree {
    /// Its height.
    pub level: u32,
    /// Its place among those of its height, from 0.
    pub index: u64,
}

impl Subtree {
    /// One leaf.
    pub fn leaf(position: u64) -> Self {
        Self {
            level: 0,
            index: position,
        }
    }

    /// The position of its first leaf.
    pub fn start(self) -> u64 {
        self.index << self.level
    }

    /// The position behind its last leaf.
    pub fn end(self) -> u64 {
        (self.index + 1) << self.level
    }

    /// The one that it is a half of.
    pub fn parent(self) -> Self {
        Self {
            level: self.level + 1,
            index: self.index / 2,
        }
    }

    /// Its place when all hashes are written one behind the other as they become known: those of a leaf and of the
    /// subtrees that it completes, then those of the next leaf.
    pub fn stored_at(self) -> u64 {
        // The leaf that completes it.
        let last = self.end() - 1;
        let mut before = 0;
        let mut completed = last;
        while completed > 0 {
            before += completed;
            completed /= 2;
        }
        before + u64::from(self.level)
    }
}

/// The fewest complete subtrees that make up the leaves from `start` up to `end`, from left to right.
pub fn cover(start: u64, end: u64) -> Vec<Subtree> {
    let mut found = Vec::new();
    let mut next = start;
    while next < end {
        let fits = (end - next).ilog2();
        let level = fits.min(if next == 0 { fits } else { next.trailing_zeros() });
        found.push(Subtree {
            level,
            index: next >> level,
        });
        next += 1 << level;
    }
    found
}

/// The root over subtrees of falling height, from left to right; of none, that of the empty tree.
pub fn root_of(hashes: impl DoubleEndedIterator<Item = Hash>) -> Hash {
    hashes
        .rev()
        .reduce(|right, left| Hash::node(left, right))
        .unwrap_or_else(Hash::empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_hashes_have_no_gap_and_no_place_twice() {
        let mut next = 0;
        for position in 0..1_000_u64 {
            let mut subtree = Subtree::leaf(position);
            loop {
                assert_eq!(subtree.stored_at(), next, "{subtree:?}");
                next += 1;
                if subtree.index.is_multiple_of(2) {
                    break;
                }
                subtree = subtree.parent();
            }
        }
    }

    #[test]
    fn a_cover_has_every_leaf_once_and_no_two_that_could_be_one() {
        for start in 0..40 {
            for end in start..70 {
                let found = cover(start, end);
                let mut next = start;
                for subtree in &found {
                    assert_eq!(subtree.start(), next);
                    next = subtree.end();
                }
                assert_eq!(next, end.max(start));
                let is_half_of_the_next = found
                    .windows(2)
                    .any(|pair| pair[0].level == pair[1].level && pair[0].index % 2 == 0);
                assert!(!is_half_of_the_next, "{start}..{end}: {found:?}");
            }
        }
    }
}
