//! The tree against one that is not ours (`ct-merkle`), and against everything that is nearly right.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use handfast_audit::tree::{
    Checkpoint, Hash, LogKey, ProofFile, Range, Subtree, TreeError, consistency, cover, includes, inclusion,
    is_continued,
};
use handfast_pki::{KeyKind, PrivateKey};
use proptest::prelude::*;
use sha2::Sha256;

/// A whole tree, as one process would keep it.
#[derive(Default)]
struct Log {
    range: Range,
    stored: Vec<Hash>,
    theirs: MemoryBackedTree<Sha256, Vec<u8>>,
}

impl Log {
    fn of(size: u64) -> Self {
        let mut log = Self::default();
        for position in 0..size {
            log.push(&body(position));
        }
        log
    }

    fn push(&mut self, body: &[u8]) {
        let stored = &mut self.stored;
        self.range.push(Hash::leaf(body), |subtree, hash| {
            assert_eq!(subtree.stored_at(), stored.len() as u64);
            stored.push(hash);
        });
        self.theirs.push(body.to_vec());
    }

    fn read(&self) -> impl FnMut(Subtree) -> Result<Hash, String> {
        |subtree| {
            let at = usize::try_from(subtree.stored_at()).expect("a small tree");
            self.stored
                .get(at)
                .copied()
                .ok_or(format!("{subtree:?} is not there"))
        }
    }

    fn root(&self) -> Hash {
        self.range.root()
    }
}

fn body(position: u64) -> Vec<u8> {
    format!("leaf {position}").into_bytes()
}

fn flat(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_and_another_crate_agrees() {
    for size in 1..=70 {
        let log = Log::of(size);
        let root = log.root();
        let theirs = log.theirs.root();
        assert_eq!(theirs.as_bytes().as_slice(), root.0, "{size}");
        for position in 0..size {
            let proof = inclusion(position, size, &mut log.read()).expect("a proof");
            let leaf = Hash::leaf(&body(position));
            assert!(
                includes(leaf, position, size, &proof, root),
                "{position} of {size}"
            );
            let proof = InclusionProof::<Sha256>::try_from_bytes(flat(&proof)).expect("whole hashes");
            theirs
                .verify_inclusion(&body(position), position, &proof)
                .unwrap_or_else(|error| panic!("{position} of {size}: {error:?}"));
        }
    }
}

#[test]
fn every_small_tree_continues_every_smaller_one_and_another_crate_agrees() {
    let roots: Vec<Hash> = (0..=70).map(|size| Log::of(size).root()).collect();
    for later in 1..=70_u64 {
        let log = Log::of(later);
        let new = roots[later as usize];
        for earlier in 0..=later {
            let old = roots[earlier as usize];
            let proof = consistency(earlier, later, &mut log.read()).expect("a proof");
            assert!(
                is_continued((earlier, old), (later, new), &proof),
                "{earlier} to {later}"
            );
            let other = Hash::leaf(b"another history");
            assert!(
                !is_continued((earlier, other), (later, new), &proof),
                "{earlier} to {later}"
            );
            if (1..later).contains(&earlier) {
                let proof = ConsistencyProof::<Sha256>::try_from_bytes(flat(&proof)).expect("whole hashes");
                let old = RootHash::new(old.0.into(), earlier);
                log.theirs
                    .root()
                    .verify_consistency(&old, &proof)
                    .unwrap_or_else(|error| panic!("{earlier} to {later}: {error:?}"));
            }
        }
    }
}

#[test]
fn the_empty_tree_has_the_root_of_the_specification() {
    // RFC 9162 section 2.1.1: the hash of an empty string.
    assert_eq!(
        Log::of(0).root().to_string(),
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    );
}

#[test]
fn a_range_is_grown_from_subtrees_as_from_leaves() {
    for size in 0..=70 {
        let log = Log::of(size);
        for middle in 0..=size {
            let mut grown = Range::default();
            for subtree in cover(0, middle).into_iter().chain(cover(middle, size)) {
                let hash = log.read()(subtree).expect("a complete subtree");
                grown.append(subtree, hash).expect("the next one");
            }
            assert_eq!(
                (grown.size(), grown.root()),
                (size, log.root()),
                "{middle} of {size}"
            );
        }
    }
    let mut grown = Range::default();
    let refused = grown.append(Subtree { level: 0, index: 1 }, Hash::empty());
    assert!(matches!(refused, Err(TreeError::Malformed { what: "range", .. })));
}

#[test]
fn a_proof_file_says_what_it_was_written_from_and_is_refused_with_any_line_changed() {
    let key = LogKey::new(PrivateKey::generate(KeyKind::Ed25519).expect("a key")).expect("a log key");
    let log = Log::of(13);
    let checkpoint = Checkpoint {
        size: 13,
        root: log.root(),
    };
    let file = ProofFile {
        leaf: body(5),
        position: 5,
        hashes: inclusion(5, 13, &mut log.read()).expect("a proof"),
        checkpoint: checkpoint.seal(&key).expect("a note"),
    };
    let text = file.to_text();
    assert!(ProofFile::is_one(&text));
    assert_eq!(ProofFile::parse(&text), Ok(file.clone()));
    assert_eq!(file.verify(key.verifier()), Ok(checkpoint));
    for (at, line) in text.lines().enumerate() {
        let mut lines: Vec<&str> = text.lines().collect();
        let changed: String = line
            .chars()
            .map(|c| {
                if c == 'A' {
                    'B'
                } else if c == '5' {
                    '6'
                } else {
                    c
                }
            })
            .collect();
        if changed == line {
            continue;
        }
        lines[at] = &changed;
        let text = lines.join("\n") + "\n";
        let outcome = ProofFile::parse(&text).and_then(|file| file.verify(key.verifier()));
        assert!(outcome.is_err(), "{text}");
    }
    let other = LogKey::new(PrivateKey::generate(KeyKind::Ed25519).expect("a key")).expect("a log key");
    assert!(matches!(
        file.verify(other.verifier()),
        Err(TreeError::NotSigned { .. })
    ));
}

proptest! {
    #[test]
    fn no_other_leaf_place_size_or_hash_is_proven(
        size in 1_u64..300,
        position in 0_u64..300,
        other in 0_u64..300,
        flip in any::<(u8, u8)>(),
    ) {
        let position = position % size;
        let log = Log::of(size);
        let (leaf, root) = (Hash::leaf(&body(position)), log.root());
        let proof = inclusion(position, size, &mut log.read()).expect("a proof");
        prop_assert!(includes(leaf, position, size, &proof, root));
        if other != position {
            prop_assert!(!includes(Hash::leaf(&body(other)), position, size, &proof, root));
            prop_assert!(!includes(leaf, other, size, &proof, root));
        }
        prop_assert!(!includes(leaf, position, position, &proof, root));
        if let Some(at) = proof.len().checked_sub(1) {
            let mut changed = proof.clone();
            changed[usize::from(flip.0) % (at + 1)].0[usize::from(flip.1) % 32] ^= 1;
            prop_assert!(!includes(leaf, position, size, &changed, root));
            prop_assert!(!includes(leaf, position, size, &proof[..at], root));
        }
        let mut longer = proof;
        longer.push(Hash::empty());
        prop_assert!(!includes(leaf, position, size, &longer, root));
    }

    #[test]
    fn any_bytes_are_read_as_a_proof_or_refused(text in "\\PC*(\n\\PC*){0,8}") {
        let _ = ProofFile::parse(&text);
        let _ = ProofFile::parse(&format!("c2sp.org/tlog-proof@v1\n{text}"));
    }
}
