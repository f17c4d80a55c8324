//! What is wrong with a value.

use std::fmt::Display;

use handfast_pki::text::printable;

/// A value that cannot be read, for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} \"{found}\": {why}")]
pub struct ValueError {
    /// The kind of value, in the words of whoever asked for it: `duration`, `address`, `backend`.
    pub what: &'static str,
    /// As it was written, on one line and not longer than [`handfast_pki::text::LONGEST`] characters.
    pub found: String,
    /// What is wrong, with what was expected; lower case, no full stop.
    pub why: String,
    /// How to write it.
    pub hint: &'static str,
}

impl ValueError {
    pub(crate) fn new(what: &'static str, found: &str, why: impl Display, hint: &'static str) -> Self {
        Self {
            what,
            found: printable(found),
            why: printable(&why.to_string()),
            hint,
        }
    }
}
