//! What a line has to contain, and what it then means. The tables are made of these.

use handfast_finding::{Certainty, Refuser};
use handfast_pki::Code;

use super::lines::Line;

/// One thing that a program says, and the causes behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    /// The program or library that says it.
    pub(super) program: &'static str,
    pub(super) speech: Speech,
    /// Fragments in normal form that all stand in the line. One that begins with `=` is the whole line.
    all: &'static [&'static str],
    /// One of them at least; none is asked for where there is none.
    any: &'static [&'static str],
    /// None of them stands in the line.
    none: &'static [&'static str],
    /// None of them stands anywhere in the text.
    nowhere: &'static [&'static str],
    /// Why a server refused, the most probable first.
    by_server: &'static [Cause],
    /// Why a client refused.
    by_client: &'static [Cause],
    /// Who refused where nothing tells whether the speaker is a client or a server.
    pub(super) otherwise: Refuser,
    /// It says little, and nothing beside a line that says more.
    pub(super) is_general: bool,
    /// What separates its causes, where the usual test does not.
    pub(super) test: &'static str,
}

/// How the side that refused follows from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// The speaker tells why it refused itself.
    Own,
    /// The speaker tells what arrived from the other side.
    Received,
    /// The text says it by itself.
    By(Refuser),
}

/// One cause of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause {
    pub(super) code: Code,
    pub(super) certainty: Certainty,
    /// Why this text can mean it, where that is not plain.
    pub(super) why: &'static str,
}

impl Cause {
    pub(super) const fn why(self, why: &'static str) -> Self {
        Self { why, ..self }
    }
}

pub(super) const fn certain(code: Code) -> Cause {
    cause(code, Certainty::Certain)
}

pub(super) const fn likely(code: Code) -> Cause {
    cause(code, Certainty::Likely)
}

pub(super) const fn guess(code: Code) -> Cause {
    cause(code, Certainty::Guess)
}

const fn cause(code: Code, certainty: Certainty) -> Cause {
    Cause {
        code,
        certainty,
        why: "",
    }
}

/// Why the speaker refused; a client where nothing says which side it is.
pub(super) const fn own(program: &'static str, all: &'static [&'static str]) -> Pattern {
    pattern(program, Speech::Own, all).otherwise(Refuser::Client)
}

/// What arrived from the other side; from a server where nothing says which side it is.
pub(super) const fn received(program: &'static str, all: &'static [&'static str]) -> Pattern {
    pattern(program, Speech::Received, all).otherwise(Refuser::Server)
}

/// A text that says by itself who refused.
pub(super) const fn by(side: Refuser, program: &'static str, all: &'static [&'static str]) -> Pattern {
    pattern(program, Speech::By(side), all).otherwise(side)
}

const fn pattern(program: &'static str, speech: Speech, all: &'static [&'static str]) -> Pattern {
    Pattern {
        program,
        speech,
        all,
        any: &[],
        none: &[],
        nowhere: &[],
        by_server: &[],
        by_client: &[],
        otherwise: Refuser::Server,
        is_general: false,
        test: "",
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

    /// The causes, whoever refused.
    pub(super) const fn means(self, causes: &'static [Cause]) -> Self {
        self.server(causes).client(causes)
    }

    /// The causes where a server refused.
    pub(super) const fn server(self, by_server: &'static [Cause]) -> Self {
        Self { by_server, ..self }
    }

    /// The causes where a client refused.
    pub(super) const fn client(self, by_client: &'static [Cause]) -> Self {
        Self { by_client, ..self }
    }

    pub(super) const fn otherwise(self, otherwise: Refuser) -> Self {
        Self { otherwise, ..self }
    }

    pub(super) const fn general(self) -> Self {
        Self {
            is_general: true,
            ..self
        }
    }

    pub(super) const fn test(self, test: &'static str) -> Self {
        Self { test, ..self }
    }

    /// Whether `line` says it, and the fragment by which it was found. `text` is the whole in normal form.
    pub(super) fn fits(&self, line: &Line, text: &str) -> Option<&'static str> {
        let stands = |fragment: &&&str| match fragment.strip_prefix('=') {
            Some(whole) => line.normal.trim() == whole,
            None => line.normal.contains(**fragment),
        };
        let any = self.any.iter().find(stands).copied();
        let fits = self.all.iter().all(|fragment| stands(&fragment))
            && (self.any.is_empty() || any.is_some())
            && !self.none.iter().any(|fragment| stands(&fragment))
            && !self.nowhere.iter().any(|fragment| text.contains(fragment));
        fits.then(|| any.or(self.all.first().copied()).unwrap_or_default())
    }

    /// The causes where `side` refused. The other side's stand behind them where it is not known who refused.
    pub(super) fn causes(&self, side: Refuser, is_known: bool) -> Vec<(Refuser, Cause)> {
        let of = |side: Refuser| match side {
            Refuser::Client => self.by_client,
            Refuser::Server | Refuser::Network => self.by_server,
        };
        let with = |side: Refuser| of(side).iter().map(move |cause| (side, *cause));
        let other = match side {
            Refuser::Server => Refuser::Client,
            Refuser::Client => Refuser::Server,
            Refuser::Network => return with(side).collect(),
        };
        // A table that knows causes for one side alone means that the other never says it.
        if is_known && !of(side).is_empty() {
            return with(side).collect();
        }
        with(side).chain(with(other)).collect()
    }

    #[cfg(test)]
    pub(super) fn fragments(&self) -> impl Iterator<Item = &'static str> {
        [self.all, self.any, self.none, self.nowhere]
            .into_iter()
            .flatten()
            .copied()
    }

    #[cfg(test)]
    pub(super) fn every_cause(&self) -> impl Iterator<Item = Cause> {
        self.by_server.iter().chain(self.by_client).copied()
    }
}
