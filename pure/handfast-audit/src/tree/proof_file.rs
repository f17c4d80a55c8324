//! Proof files (C2SP tlog-proof, `.tlog-proof`): a leaf, its place, the hashes up to the root, and the checkpoint.
//!
//! The leaf itself stands in the line for extra data. That line is not signed and need not be: the leaf is hashed, and
//! the hashes lead to the root that is.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Checkpoint, Hash, TreeError, VerifierKey, checkpoint::decimal, includes};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
const WHAT: &str = "proof";

/// Everything that proves a leaf to one who knows the key of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// The exact bytes of the leaf.
    pub leaf: Vec<u8>,
    /// Its place in the log, from 0.
    pub position: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

impl ProofFile {
    /// Whether a text says that it is a proof.
    pub fn is_one(text: &str) -> bool {
        text.lines().next() == Some(FIRST_LINE)
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{FIRST_LINE}\nextra {}\nindex {}\n",
            STANDARD.encode(&self.leaf),
            self.position
        );
        for hash in &self.hashes {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{hash}");
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads the text of a file; nothing is verified yet.
    ///
    /// # Errors
    ///
    /// [`TreeError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, TreeError> {
        let malformed = |detail: &str| TreeError::Malformed {
            what: WHAT,
            detail: detail.to_owned(),
        };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| malformed("it has no checkpoint"))?;
        let mut lines = head.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("its first line is not c2sp.org/tlog-proof@v1"));
        }
        let leaf = lines
            .next()
            .and_then(|line| line.strip_prefix("extra "))
            .and_then(|text| STANDARD.decode(text).ok())
            .ok_or_else(|| malformed("its second line does not carry the leaf"))?;
        let position = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(decimal)
            .ok_or_else(|| malformed("its third line is no index"))?;
        let hashes = lines
            .map(Hash::parse)
            .collect::<Option<Vec<Hash>>>()
            .ok_or_else(|| malformed("a line is no hash"))?;
        Ok(Self {
            leaf,
            position,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Verifies signature and inclusion; the checkpoint that the leaf is under.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open`]; [`TreeError::NotIncluded`].
    pub fn verify(&self, key: &VerifierKey) -> Result<Checkpoint, TreeError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let Checkpoint { size, root } = checkpoint;
        if includes(Hash::leaf(&self.leaf), self.position, size, &self.hashes, root) {
            return Ok(checkpoint);
        }
        Err(TreeError::NotIncluded {
            position: self.position,
            size,
            root,
        })
    }
}
