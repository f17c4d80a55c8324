//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log, as a signed note.

use super::{Hash, LogKey, TreeError, VerifierKey, open_note};

/// How large the log was, and the root of its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many leaves.
    pub size: u64,
    /// The root of the tree with these leaves.
    pub root: Hash,
}

impl Checkpoint {
    /// As a note that `key` has signed; the origin is the name of the key.
    ///
    /// # Errors
    ///
    /// [`TreeError::Pki`] where the key does not sign.
    pub fn seal(&self, key: &LogKey) -> Result<String, TreeError> {
        let origin = key.verifier().name();
        key.sign(&format!("{origin}\n{}\n{}\n", self.size, self.root))
    }

    /// The checkpoint in a note that `key` has signed. Extension lines are not taken: this log writes none.
    ///
    /// # Errors
    ///
    /// As [`open_note`]; [`TreeError::Malformed`] of a text that is no checkpoint of this log.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, TreeError> {
        const WHAT: &str = "checkpoint";
        let malformed = |detail: &str| TreeError::Malformed {
            what: WHAT,
            detail: detail.to_owned(),
        };
        let text = open_note(note, key, WHAT)?;
        let lines: Vec<&str> = text.lines().collect();
        let [origin, size, root] = lines[..] else {
            return Err(malformed("expected the three lines origin, size and root"));
        };
        if origin != key.name() {
            return Err(malformed("its origin is another log"));
        }
        Ok(Self {
            size: decimal(size).ok_or_else(|| malformed("its size is no number"))?,
            root: Hash::parse(root).ok_or_else(|| malformed("its root is no hash"))?,
        })
    }
}

/// A number without leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use handfast_pki::{KeyKind, PrivateKey};

    use super::*;

    fn key() -> LogKey {
        LogKey::new(PrivateKey::generate(KeyKind::Ed25519).expect("a key")).expect("a log key")
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed_and_refused_from_another_log() {
        let (own, other) = (key(), key());
        let checkpoint = Checkpoint {
            size: 42,
            root: Hash::leaf(b"a"),
        };
        let note = checkpoint.seal(&own).expect("a note");
        assert_eq!(Checkpoint::open(&note, own.verifier()), Ok(checkpoint));
        let refused = Checkpoint::open(&note, other.verifier()).expect_err("another log");
        assert!(matches!(refused, TreeError::NotSigned { .. }), "{refused}");
    }

    #[test]
    fn another_text_with_the_right_signature_is_no_checkpoint() {
        let key = key();
        let origin = key.verifier().name().to_owned();
        let root = Hash::empty();
        for text in [
            format!("{origin}\n042\n{root}\n"),
            format!("{origin}\n42\n{root}\nmore\n"),
            format!("elsewhere\n42\n{root}\n"),
            format!("{origin}\n42\nroot\n"),
        ] {
            let note = key.sign(&text).expect("a note");
            let refused = Checkpoint::open(&note, key.verifier()).expect_err(&text);
            assert!(matches!(refused, TreeError::Malformed { .. }), "{refused}");
        }
    }
}
