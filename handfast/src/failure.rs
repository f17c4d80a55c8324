//! How a command ends, and what it says when it does not end well.

use handfast_finding::{Finding, Place, Problem};
use handfast_pki::{Code, code};
use handfast_values::ValueError;

pub use crate::exit::Exit;

/// An error as people read it: what failed, its code, what stands around it, and one thing to do.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// None where nothing is wrong, such as after Ctrl-C.
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
    /// What cannot be done because of `code`, which decides how the command ends.
    pub fn of(code: Code, message: impl ToString) -> Self {
        Self::new(Exit::of(code), code, message)
    }

    /// The same where the command's answer decides how it ends.
    pub fn new(exit: Exit, code: Code, message: impl ToString) -> Self {
        Self {
            exit,
            code: Some(code),
            message: message.to_string(),
            details: Vec::new(),
            help: None,
            command: None,
            place: None,
            also: Box::default(),
        }
    }

    /// A command line that makes no sense.
    pub fn misuse(message: impl ToString) -> Self {
        Self::of(code::USAGE, message)
    }

    /// What should not happen; asks for a report.
    pub fn bug(message: impl ToString) -> Self {
        Problem::bug(message).into()
    }

    /// What a diagnosis found, as the reason that something cannot be done.
    pub fn of_finding(finding: &Finding) -> Self {
        Problem::from(finding).into()
    }

    /// What a diagnosis found to be the reason that a request has failed.
    pub fn of_request(finding: &Finding) -> Self {
        Self {
            exit: Exit::of_request(finding),
            message: finding.code.title().to_owned(),
            ..Self::of_finding(finding)
        }
        .detail(format!("{} ({})", finding.because, finding.certainty.name()))
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
        let failure = Self::of(error.code(), format!("{what}: {error}"));
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
            E::Authority(error) => error.into(),
            _ => Self::bug(error),
        }
    }
}

/// A problem of a library.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self {
            details: problem.details,
            help: problem.help,
            command: problem.command.map(Into::into),
            place: problem.place,
            ..Self::of(problem.code, problem.message)
        }
    }
}

impl From<handfast_ca::Error> for Failure {
    fn from(error: handfast_ca::Error) -> Self {
        Self::of_problems(error.problems())
    }
}
