//! Why a target or a value cannot be used.

use handfast_values::ValueError;

/// What is wrong with a target's folder, or with a value that was to be put into its templates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("target \"{target}\": \"{file}\" is missing")]
    NoFile { target: String, file: String },
    #[error("target \"{target}\": \"{file}\": {detail}")]
    Malformed {
        target: String,
        file: String,
        detail: String,
    },
    #[error("\"{target}\" has no {role} side; it is a {other}")]
    NoRole {
        target: String,
        role: &'static str,
        other: &'static str,
    },
    #[error("\"{value}\" cannot be written in {syntax}: {why}")]
    Unwritable {
        value: String,
        syntax: &'static str,
        why: &'static str,
    },
    #[error(transparent)]
    Value(#[from] ValueError),
}
