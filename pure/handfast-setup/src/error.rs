//! Why a target or a value cannot be used.

use handfast_values::ValueError;

/// What is wrong with a target's folder, or with a value that was to be put into its templates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder lacks a file that `target.toml` names.
    #[error("target \"{target}\": \"{file}\" is missing")]
    NoFile {
        /// The name of the target.
        target: String,
        /// The name of the file.
        file: String,
    },
    /// A file of the folder cannot be read.
    #[error("target \"{target}\": \"{file}\": {detail}")]
    Malformed {
        /// The name of the target.
        target: String,
        /// The name of the file.
        file: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The target has the other side only.
    #[error("\"{target}\" has no {role} side; it is a {other}")]
    NoRole {
        /// The name of the target.
        target: String,
        /// The side that was asked for.
        role: &'static str,
        /// The side that there is.
        other: &'static str,
    },
    /// The syntax of the file has no way to say this value.
    #[error("\"{value}\" cannot be written in {syntax}: {why}")]
    Unwritable {
        /// The value, safe to print.
        value: String,
        /// What the file is.
        syntax: &'static str,
        /// Which part of the value cannot be said.
        why: &'static str,
    },
    /// A value that the user wrote cannot be read.
    #[error(transparent)]
    Value(#[from] ValueError),
}
