//! `handfast doctor --client-files PATH`: the files of one side, without a connection.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use handfast_credentials::{
    files::{self, Found},
    load,
};
use handfast_doctor::{
    Report,
    files::{File, Holdings, Look, Reader, judge, read},
};
use handfast_pki::Purpose;
use jiff::Timestamp;

use super::conclude;
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// A folder with more files than this is none of certificates.
const MOST: usize = 500;
/// A larger file is no certificate and no key.
const LARGEST: u64 = 4 << 20;

/// What is looked at, and how.
pub struct Wanted<'a> {
    /// Folders, or files by name.
    pub paths: &'a [PathBuf],
    pub purpose: Purpose,
    pub password_file: Option<&'a PathBuf>,
    pub reader: Option<Reader>,
}

pub fn run(wanted: &Wanted<'_>, words: &Words) -> Result<Exit, Failure> {
    let mut passwords = Vec::new();
    if let Some(path) = wanted.password_file {
        passwords.push(load::password(path)?.to_string());
    }
    let holdings = holdings(wanted.paths, wanted.purpose, &passwords, wanted.reader)?;
    let findings = judge(&holdings, &look(wanted.purpose, &passwords, wanted.reader));
    let mut notes = holdings.inventory.clone();
    if let Some(own) = holdings.own() {
        let key = own.key_file.unwrap_or_else(|| "no key".to_owned());
        notes.push((
            format!("the {}", wanted.purpose),
            format!("{} with {key}", own.file),
        ));
        notes.extend(own.why.map(|why| ("not taken".to_owned(), why)));
    }
    let report = Report {
        notes,
        findings,
        ..Report::new(named(wanted.paths))
    };
    Ok(conclude(&report, words))
}

fn look(purpose: Purpose, passwords: &[String], reader: Option<Reader>) -> Look {
    Look {
        purpose,
        now: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
        passwords: passwords.to_vec(),
        reader,
    }
}

/// The paths as one name.
pub fn named(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

/// Everything in the folders and files `paths`.
pub fn holdings(
    paths: &[PathBuf],
    purpose: Purpose,
    passwords: &[String],
    reader: Option<Reader>,
) -> Result<Holdings, Failure> {
    let mut files: Vec<File> = Vec::new();
    for path in paths {
        files.extend(files::found(path, MOST, LARGEST)?.into_iter().map(file));
    }
    // A file that was named beside its folder is one file.
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(Path::new(&file.name).components().collect::<PathBuf>()));
    Ok(read(&files, &look(purpose, passwords, reader)))
}

/// What was found, for the doctor.
pub fn file(found: Found) -> File {
    File {
        name: found.name,
        content: found.content,
        mode: found.mode,
    }
}
