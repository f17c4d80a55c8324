//! The names that the CA may speak for, as they were given and as others read them.

use handfast_ca::Authority;
use handfast_pki::constraints;

use super::Args;
use crate::words::Words;

/// The names that the CA may speak for.
pub(super) struct Limits {
    /// As they were given.
    pub(super) names: Vec<String>,
    /// As others read them.
    pub(super) read_as: Vec<String>,
}

impl Limits {
    pub(super) fn of(args: &Args, authority: &Authority) -> Self {
        // The topmost certificate that was made says the most.
        let topmost = match args.from_cert {
            Some(_) => authority.chain().first(),
            None => authority.root(),
        };
        Self {
            names: args.names.iter().map(ToString::to_string).collect(),
            read_as: topmost.and_then(constraints::permitted).unwrap_or_default(),
        }
    }

    pub(super) fn tell(&self, words: &Words) {
        if self.names.is_empty() {
            return;
        }
        words.data(format_args!(
            "  speaks for   {} and nothing else",
            self.names.join(", ")
        ));
        words.data(format_args!(
            "               others read that as {}",
            self.read_as.join(", ")
        ));
    }
}
