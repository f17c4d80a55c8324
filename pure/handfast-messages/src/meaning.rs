//! What a text means: who refused, and the causes, the most probable first. Patterns and lists share these.

use handfast_finding::{Certainty, Refuser};
use handfast_pki::Code;

/// The causes behind one thing that a program says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning {
    pub(super) speech: Speech,
    /// Why a server refused, the most probable first.
    by_server: &'static [Cause],
    /// Why a client refused.
    by_client: &'static [Cause],
    /// Who refused where nothing tells whether the speaker is a client or a server.
    otherwise: Option<Refuser>,
    pub(super) weight: Weight,
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

/// How much a text says. Lines that say more silence those that say less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// That something failed.
    Vague,
    /// What failed, but not why.
    General,
    /// Why it failed.
    Specific,
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

    /// The same, where it was inferred from words and not read in a list.
    fn inferred(self) -> Self {
        let certainty = match self.certainty {
            Certainty::Certain => Certainty::Likely,
            other => other,
        };
        Self { certainty, ..self }
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

impl Meaning {
    /// Why the speaker refused.
    pub(super) const fn own() -> Self {
        Self::new(Speech::Own)
    }

    /// What arrived from the other side; from a server where nothing says which side it is.
    pub(super) const fn received() -> Self {
        Self::new(Speech::Received).otherwise(Refuser::Server)
    }

    /// A text that says by itself who refused.
    pub(super) const fn by(side: Refuser) -> Self {
        Self::new(Speech::By(side)).otherwise(side)
    }

    const fn new(speech: Speech) -> Self {
        Self {
            speech,
            by_server: &[],
            by_client: &[],
            otherwise: None,
            weight: Weight::Specific,
            test: "",
        }
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
        Self {
            otherwise: Some(otherwise),
            ..self
        }
    }

    pub(super) const fn general(self) -> Self {
        self.weighs(Weight::General)
    }

    pub(super) const fn vague(self) -> Self {
        self.weighs(Weight::Vague)
    }

    const fn weighs(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    pub(super) const fn test(self, test: &'static str) -> Self {
        Self { test, ..self }
    }

    /// Who refused where nothing tells; `default` where the text leaves that open.
    pub(super) fn otherwise_or(&self, default: Refuser) -> Refuser {
        self.otherwise.unwrap_or(default)
    }

    /// The causes where `side` refused. The other side's stand behind them where it is not known who refused.
    pub(super) fn causes(&self, side: Refuser, is_known: bool, is_inferred: bool) -> Vec<(Refuser, Cause)> {
        let of = |side: Refuser| match side {
            Refuser::Client => self.by_client,
            Refuser::Server | Refuser::Network => self.by_server,
        };
        let with = |side: Refuser| {
            of(side).iter().map(move |cause| match is_inferred {
                true => (side, cause.inferred()),
                false => (side, *cause),
            })
        };
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
    pub(super) fn every_cause(&self) -> impl Iterator<Item = Cause> {
        self.by_server.iter().chain(self.by_client).copied()
    }
}
