//! How a command ends, and what it says when it does not end well.

use std::process::ExitCode;

use handfast_finding::{Finding, Place, Problem};
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
    /// Broken off by Ctrl-C (SIGINT), as shells number it.
    Interrupted = 130,
    /// Broken off by SIGQUIT.
    Quit = 131,
    /// Broken off by SIGPIPE, or because nobody reads any more.
    Unread = 141,
    /// Broken off by SIGTERM.
    Terminated = 143,
    /// `needs-renewal` cannot tell, as `step` numbers it.
    CannotTell = 255,
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
    /// None for misuse that the argument parser could have seen.
    pub code: Option<Code>,
    /// Lower case, the failing thing first, no full stop.
    pub message: String,
    /// Further lines: the other value, the nearest rule, what another program said.
    pub details: Vec<String>,
    /// One thing to do, in words.
    pub help: Option<String>,
    /// One command that does or checks it, ready to be run.
    // This and the next are boxed, because all commands return failures by value.
    pub command: Option<Box<str>>,
    /// Where in a file it stands.
    pub place: Option<Box<Place>>,
    /// What is wrong besides, each a problem of its own.
    pub also: Box<[Problem]>,
}

impl Failure {
    pub fn new(exit: Exit, code: Code, message: impl ToString) -> Self {
        Self {
            exit,
            code: Some(code),
            ..Self::misuse(message)
        }
    }

    /// Misuse that the argument parser cannot see.
    pub fn misuse(message: impl ToString) -> Self {
        Self {
            exit: Exit::Misuse,
            code: None,
            message: message.to_string(),
            details: Vec::new(),
            help: None,
            command: None,
            place: None,
            also: Box::default(),
        }
    }

    /// What should not happen; asks for a report.
    pub fn bug(message: impl ToString) -> Self {
        Problem::bug(message).into()
    }

    /// The cause that a diagnosis found.
    pub fn of_finding(exit: Exit, finding: &Finding) -> Self {
        Self {
            help: Some(finding.help.clone()),
            command: finding.command.as_deref().map(Into::into),
            place: finding.place.clone().map(Box::new),
            ..Self::new(exit, finding.code, finding.code.title()).detail(finding.because.clone())
        }
    }

    /// Several problems at once: the first leads. None at all is a bug of ours.
    pub fn of_problems(problems: Vec<Problem>) -> Self {
        let mut problems = problems.into_iter();
        let Some(first) = problems.next() else {
            return Self::bug("it failed without a problem");
        };
        let mut failure = Self::from(first);
        failure.also = problems.collect();
        // One thing to do is better than none.
        if failure.help.is_none() && failure.command.is_none() {
            let first = failure.also.iter().find(|problem| problem.help.is_some());
            failure.help = first.and_then(|problem| problem.help.clone());
        }
        failure
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into().into());
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
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

/// An argument that cannot be read.
impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self::misuse(&error).help(error.hint)
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
            help: problem.help,
            command: problem.command.map(Into::into),
            place: problem.place,
            also: Box::default(),
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
        failure.help = error.hint();
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
