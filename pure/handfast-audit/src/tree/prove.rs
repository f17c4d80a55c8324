//! Proofs: that a leaf is in a tree (RFC 9162 section 2.1.3), and that one tree continues another (section 2.1.4).
//!
//! They are made from the hashes of complete subtrees, which `read` looks up, and checked from the proof alone.

use super::{Hash, Subtree, cover, root_of};

/// Looks up the hash of a complete subtree, or says why it cannot.
type Read<'a, E> = &'a mut dyn FnMut(Subtree) -> Result<Hash, E>;

/// The proof that the leaf at `position` is in the tree of `size` leaves: one hash per level, the leaf's sibling first.
/// Empty of a position outside of the tree.
///
/// # Errors
///
/// What `read` gives.
pub fn inclusion<E>(position: u64, size: u64, read: Read<'_, E>) -> Result<Vec<Hash>, E> {
    let mut proof = Vec::new();
    let (mut start, mut end) = (0, size);
    // From the root down; the hash of the half that the leaf is not in.
    while end - start > 1 && position < size {
        let middle = start + split(end - start);
        if position < middle {
            proof.push(root_between(middle, end, read)?);
            end = middle;
        } else {
            proof.push(root_between(start, middle, read)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` leads from `leaf` at `position` to the `root` of `size` leaves (RFC 9162 section 2.1.3.2).
pub fn includes(leaf: Hash, position: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if position >= size {
        return false;
    }
    let (mut own, mut last, mut hash) = (position, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if own % 2 == 1 || own == last {
            hash = Hash::node(*sibling, hash);
            while own % 2 == 0 && own != 0 {
                own /= 2;
                last /= 2;
            }
        } else {
            hash = Hash::node(hash, *sibling);
        }
        own /= 2;
        last /= 2;
    }
    last == 0 && hash == root
}

/// The proof that the tree of `later` leaves begins with that of `earlier` leaves. Empty where one of them is empty, or
/// both have the same size.
///
/// # Errors
///
/// What `read` gives.
pub fn consistency<E>(earlier: u64, later: u64, read: Read<'_, E>) -> Result<Vec<Hash>, E> {
    let mut proof = Vec::new();
    if earlier == 0 || earlier >= later {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, later);
    let mut is_whole = true;
    while earlier != end {
        let middle = start + split(end - start);
        if earlier <= middle {
            proof.push(root_between(middle, end, read)?);
            end = middle;
        } else {
            proof.push(root_between(start, middle, read)?);
            start = middle;
            is_whole = false;
        }
    }
    // The earlier root itself is known to the one who asks.
    if !is_whole {
        proof.push(root_between(start, end, read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that the tree of `later` leaves begins with that of `earlier` leaves (RFC 9162 section 2.1.4.2).
/// Every tree continues the empty one.
pub fn is_continued(earlier: (u64, Hash), later: (u64, Hash), proof: &[Hash]) -> bool {
    let ((first, first_root), (second, second_root)) = (earlier, later);
    if first == 0 {
        return first_root == Hash::empty() && proof.is_empty();
    }
    if first >= second {
        return first == second && first_root == second_root && proof.is_empty();
    }
    // A power of two is a complete subtree, and the proof leaves it out.
    let mut path: Vec<Hash> = Vec::new();
    if first.is_power_of_two() {
        path.push(first_root);
    }
    path.extend(proof);
    let Some((begin, rest)) = path.split_first() else {
        return false;
    };
    let (mut own, mut last) = (first - 1, second - 1);
    while own % 2 == 1 {
        own /= 2;
        last /= 2;
    }
    let (mut old, mut new) = (*begin, *begin);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if own % 2 == 1 || own == last {
            old = Hash::node(*hash, old);
            new = Hash::node(*hash, new);
            while own % 2 == 0 && own != 0 {
                own /= 2;
                last /= 2;
            }
        } else {
            new = Hash::node(new, *hash);
        }
        own /= 2;
        last /= 2;
    }
    last == 0 && old == first_root && new == second_root
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root of the leaves from `start` up to `end`, as they are met on the way down from the root of a tree.
fn root_between<E>(start: u64, end: u64, read: Read<'_, E>) -> Result<Hash, E> {
    let hashes: Vec<Hash> = cover(start, end)
        .into_iter()
        .map(read)
        .collect::<Result<_, E>>()?;
    Ok(root_of(hashes.into_iter()))
}
