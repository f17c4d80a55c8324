//! How a command ends, and what it says when it does not end well.

use std::process::ExitCode;

use handfast_finding::Problem;
use handfast_pki::{Code, code};
use handfast_values::ValueError;

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The answer is yes, or the work is done.
    Yes = 0,
    /// The answer is no, or a problem was found.
    No = 1,
    /// Misuse or bad configuration.
    Misuse = 2,
    /// Could not connect or find out.
    Unreachable = 3,
    /// The peer refused us.
    Refused = 4,
    /// We do not trust the peer.
    Untrusted = 5,
    /// A policy refused.
    Denied = 6,
    /// A bug of ours.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error as people read it: what failed, its code, what stands around it, and one thing to do.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub code: Option<Code>,
    /// Lower case, the failing thing first, no full stop.
    pub message: String,
    /// Further lines: the other value, the nearest rule, the next problem.
    pub details: Vec<String>,
    pub hint: Option<String>,
}

impl Failure {
    pub fn new(exit: Exit, code: Code, message: impl ToString) -> Self {
        Self {
            exit,
            code: Some(code),
            message: message.to_string(),
            details: Vec::new(),
            hint: None,
        }
    }

    /// Misuse that the argument parser cannot see.
    pub fn misuse(message: impl ToString) -> Self {
        Self {
            exit: Exit::Misuse,
            code: None,
            message: message.to_string(),
            details: Vec::new(),
            hint: None,
        }
    }

    /// What should not happen; asks for a report.
    pub fn bug(message: impl ToString) -> Self {
        Self::new(Exit::Bug, code::BUG, message)
            .hint("this is a bug of ours: please report it with the command line and this message")
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// An error of the `pki` crate about `what` (a file, a flag), as bad input.
    pub fn about(what: impl std::fmt::Display, error: &handfast_pki::Error) -> Self {
        let failure = Self::new(Exit::Misuse, error.code(), format!("{what}: {error}"));
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// An argument that cannot be read.
impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self::misuse(&error).hint(error.hint)
    }
}

impl From<handfast_interop::Error> for Failure {
    fn from(error: handfast_interop::Error) -> Self {
        use handfast_interop::Error as E;
        match error {
            E::GoodClientRefused(problem) => Self {
                exit: Exit::No,
                ..Self::from(problem)
            },
            E::Problem(problem) => problem.into(),
            _ => Self::bug(error),
        }
    }
}

/// A problem of a library. Most are bad input; where a program of others is the reason, nothing could be found out.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let exit = match problem.code {
            code::BUG => Exit::Bug,
            code::TOOL | code::LAB | code::NOT_TLS => Exit::Unreachable,
            _ => Exit::Misuse,
        };
        Self {
            exit,
            code: Some(problem.code),
            message: problem.message,
            details: problem.details,
            hint: problem.hint,
        }
    }
}

impl From<handfast_ca::Error> for Failure {
    fn from(error: handfast_ca::Error) -> Self {
        use handfast_ca::Error as E;
        let exit = match &error {
            E::Altered { .. } => return Self::bug(&error),
            E::Store(_) | E::Lint { .. } | E::NotTrusted { .. } => Exit::No,
            _ => Exit::Misuse,
        };
        let mut failure = Self::new(exit, error.code(), &error);
        failure.hint = error.hint();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            // Some causes are part of the text already.
            if !failure.message.contains(&cause.to_string()) {
                failure.details.push(cause.to_string());
            }
            source = cause.source();
        }
        failure
    }
}
