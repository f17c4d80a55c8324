//! Why a trial comes to nothing.

use handfast_finding::Problem;
use handfast_pki::code;

/// The result of a trial, which may end because there is nothing to compare with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something that the trial needs is missing or wrong.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// A CA that is made to show something.
    #[error(transparent)]
    Authority(#[from] handfast_ca::Error),
    /// Even the good client is rejected, so that no other rejection means anything.
    #[error(transparent)]
    GoodClientRefused(Problem),
}

impl Error {
    /// The same with one line more.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        match self {
            Self::Problem(problem) => Self::Problem(problem.detail(detail)),
            Self::Authority(_) => self,
            Self::GoodClientRefused(problem) => Self::GoodClientRefused(problem.detail(detail)),
        }
    }
}

/// A problem of a target.
pub fn of_setup(error: &handfast_setup::Error) -> Problem {
    use handfast_setup::Error as E;
    let problem = Problem::new(code::CONFIG_INVALID, error);
    match error {
        E::Value(error) => problem.help(error.hint),
        E::NoRole { .. } => problem.help("leave out --role"),
        E::Unwritable { .. } => problem.help("give the file a plain name, and try again"),
        _ => problem,
    }
}

/// A problem of a program that is run here.
pub(crate) fn of_lab(error: &handfast_lab::Error) -> Problem {
    let problem = Problem::new(code::LAB, error);
    match error.hint() {
        Some(help) => problem.help(help),
        None => problem,
    }
}
