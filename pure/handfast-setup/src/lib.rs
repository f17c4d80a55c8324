//! Configurations of other people's software for mutual TLS.
//!
//! A [`Target`] is a folder in `targets/`: `target.toml` says what it is, how it is started and how it takes a
//! renewed certificate, `test.toml` how that is tried on loopback, and the other files are templates.
//! [`Target::fill`] makes files of them for the [`Values`] of a user. Pure: who calls writes the files and runs the
//! commands.
//!
//! A value can never become more than a value: each template names the syntax it is in, and what is put into it is
//! quoted for that syntax, or refused where the syntax cannot say it.

#![warn(missing_docs)]

pub mod env;
mod error;
mod fill;
mod quote;
mod target;
pub mod theirs;
mod values;
mod version;

pub use error::Error;
pub use fill::{Filled, HOOK, Made, Text};
pub use quote::Quote;
pub use target::{Apply, Around, FileWish, Holds, Limits, Part, Role, Since, Target, Theirs, Trial};
pub use values::{Private, Values, endpoint};
pub use version::Version;

/// Folder, file and text of everything in `targets/`.
const FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/targets.rs"));

/// Every target that there is, by name.
pub fn all() -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for folder in FILES.chunk_by(|(one, _, _), (other, _, _)| one == other) {
        let Some((name, _, _)) = folder.first() else {
            continue;
        };
        let files = folder
            .iter()
            .map(|(_, file, text)| ((*file).to_owned(), (*text).to_owned()));
        targets.push(Target::read(name, files.collect())?);
    }
    Ok(targets)
}

/// The target called `name`. The other folders are not read, so that the answer comes at once.
pub fn named(name: &str) -> Result<Option<Target>, Error> {
    let files: Vec<(String, String)> = FILES
        .iter()
        .filter(|(folder, _, _)| *folder == name)
        .map(|(_, file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    Target::read(name, files).map(Some)
}

/// The names of all targets, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = FILES.iter().map(|(folder, _, _)| *folder).collect();
    names.dedup();
    names
}
