//! What keeps a command from its work.

use std::fmt::Display;

use handfast_pki::{Code, code, conceal::concealed};

/// Why something cannot be done. The operator is to blame, the machine, or we are; the code says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    pub code: Code,
    /// Lower case, the failing thing first: the file, the address, the rule; no full stop.
    pub message: String,
    /// Further lines: the other value, the nearest rule, what another program said.
    pub details: Vec<String>,
    /// One thing to do about it, where we know one.
    pub hint: Option<String>,
}

impl Problem {
    /// What is repeated of a file or a flag may be a key in the wrong place, and is left out then.
    pub fn new(code: Code, message: impl ToString) -> Self {
        Self {
            code,
            message: concealed(&message.to_string()).into_owned(),
            details: Vec::new(),
            hint: None,
        }
    }

    /// What should not happen; asks for a report.
    pub fn bug(message: impl ToString) -> Self {
        Self::new(code::BUG, message)
            .hint("this is a bug of ours: please report it with the command line and this message")
    }

    /// What is wrong with the contents of `what`: a file, a flag.
    pub fn about(what: impl Display, error: &handfast_pki::Error) -> Self {
        let problem = Self::new(error.code(), format_args!("{what}: {error}"));
        match error.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    /// The same with one thing to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(concealed(&hint.into()).into_owned());
        self
    }

    /// The same with one line more.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(concealed(&detail.into()).into_owned());
        self
    }
}
