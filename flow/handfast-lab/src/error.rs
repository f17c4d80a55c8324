//! Why a case could not be made.

use std::io;

/// A case that could not be made; never a verdict on what it is about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("\"{name}\" is not on this machine")]
    Missing {
        name: &'static str,
        package: &'static str,
    },
    #[error("{program} ended at once: {said}")]
    Ended { program: &'static str, said: String },
    #[error("{program} did not listen within {seconds} s: {said}")]
    Deaf {
        program: &'static str,
        seconds: u64,
        said: String,
    },
    #[error("{program} {what}: {said}")]
    Failed {
        program: String,
        what: String,
        said: String,
    },
    #[error("{what}: {source}")]
    File { what: String, source: io::Error },
    #[error("a certificate could not be made")]
    Pki(#[from] handfast_pki::Error),
    #[error("a certificate could not be written as DER: {0}")]
    Der(der::Error),
    #[error("\"{line}\" failed: {said}")]
    Command { line: String, said: String },
}

impl From<der::Error> for Error {
    fn from(error: der::Error) -> Self {
        Self::Der(error)
    }
}

impl Error {
    /// One thing to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { package, .. } => Some(format!("install it: {package}")),
            _ => None,
        }
    }
}
