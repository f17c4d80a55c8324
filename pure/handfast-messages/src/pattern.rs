//! What a line has to contain, and what it then means. The tables of sentences are made of these.

use handfast_finding::Refuser;

pub(super) use super::meaning::{Cause, certain, guess, likely};
use super::{lines::Line, meaning::Meaning};

/// One thing that a program says, and the causes behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    /// The program or library that says it.
    pub(super) program: &'static str,
    /// Fragments in normal form that all stand in the line. One that begins with `=` is the whole line.
    all: &'static [&'static str],
    /// One of them at least; none is asked for where there is none.
    any: &'static [&'static str],
    /// None of them stands in the line.
    none: &'static [&'static str],
    /// None of them stands anywhere in the text.
    nowhere: &'static [&'static str],
    pub(super) meaning: Meaning,
}

/// Why the speaker refused; a client where nothing says which side it is.
pub(super) const fn own(program: &'static str, all: &'static [&'static str]) -> Pattern {
    pattern(program, Meaning::own(), all).otherwise(Refuser::Client)
}

/// What arrived from the other side; from a server where nothing says which side it is.
pub(super) const fn received(program: &'static str, all: &'static [&'static str]) -> Pattern {
    pattern(program, Meaning::received(), all)
}

/// A text that says by itself who refused.
pub(super) const fn by(side: Refuser, program: &'static str, all: &'static [&'static str]) -> Pattern {
    pattern(program, Meaning::by(side), all)
}

const fn pattern(program: &'static str, meaning: Meaning, all: &'static [&'static str]) -> Pattern {
    Pattern {
        program,
        all,
        any: &[],
        none: &[],
        nowhere: &[],
        meaning,
    }
}

impl Pattern {
    pub(super) const fn any(self, any: &'static [&'static str]) -> Self {
        Self { any, ..self }
    }

    pub(super) const fn none(self, none: &'static [&'static str]) -> Self {
        Self { none, ..self }
    }

    pub(super) const fn nowhere(self, nowhere: &'static [&'static str]) -> Self {
        Self { nowhere, ..self }
    }

    /// A meaning that stands elsewhere.
    pub(super) const fn says(self, meaning: Meaning) -> Self {
        Self { meaning, ..self }
    }

    /// The causes, whoever refused.
    pub(super) const fn means(self, causes: &'static [Cause]) -> Self {
        self.says(self.meaning.means(causes))
    }

    /// The causes where a server refused.
    pub(super) const fn server(self, causes: &'static [Cause]) -> Self {
        self.says(self.meaning.server(causes))
    }

    /// The causes where a client refused.
    pub(super) const fn client(self, causes: &'static [Cause]) -> Self {
        self.says(self.meaning.client(causes))
    }

    pub(super) const fn otherwise(self, otherwise: Refuser) -> Self {
        self.says(self.meaning.otherwise(otherwise))
    }

    pub(super) const fn general(self) -> Self {
        self.says(self.meaning.general())
    }

    pub(super) const fn vague(self) -> Self {
        self.says(self.meaning.vague())
    }

    pub(super) const fn test(self, test: &'static str) -> Self {
        self.says(self.meaning.test(test))
    }

    /// Whether `line` says it, and the fragment by which it was found. `text` is the whole in normal form.
    pub(super) fn fits(&self, line: &Line, text: &str) -> Option<&'static str> {
        let stands = |fragment: &&&str| match fragment.strip_prefix('=') {
            Some(whole) => line.normal.trim() == whole,
            None => line.has(fragment),
        };
        let any = self.any.iter().find(stands).copied();
        let fits = self.all.iter().all(|fragment| stands(&fragment))
            && (self.any.is_empty() || any.is_some())
            && !self.none.iter().any(|fragment| stands(&fragment))
            && !self.nowhere.iter().any(|fragment| text.contains(fragment));
        fits.then(|| any.or(self.all.first().copied()).unwrap_or_default())
    }

    #[cfg(test)]
    pub(super) fn fragments(&self) -> impl Iterator<Item = &'static str> {
        [self.all, self.any, self.none, self.nowhere]
            .into_iter()
            .flatten()
            .copied()
    }
}
