//! `handfast doctor --client-files DIR`: the files of one side, without a connection.

use std::path::{Path, PathBuf};

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

/// Passwords that keystores are found with when nobody chose one.
const USUAL: [&str; 3] = ["", "changeit", "password"];
/// A folder with more files than this is none of certificates.
const MOST: usize = 500;
/// A larger file is no certificate and no key.
const LARGEST: u64 = 4 << 20;

/// How a folder is looked at.
pub struct Wanted<'a> {
    pub folder: &'a Path,
    pub purpose: Purpose,
    pub password_file: Option<&'a PathBuf>,
    pub reader: Option<Reader>,
}

pub fn run(wanted: &Wanted<'_>, words: &Words) -> Result<Exit, Failure> {
    let mut passwords = Vec::new();
    if let Some(path) = wanted.password_file {
        passwords.push(load::password(path)?.to_string());
    }
    let holdings = holdings(wanted.folder, wanted.purpose, &passwords, wanted.reader)?;
    let findings = judge(&holdings, &look(wanted.purpose, &passwords, wanted.reader));
    let mut notes = holdings.inventory.clone();
    if let Some(own) = holdings.own() {
        let key = own.key_file.unwrap_or_else(|| "no key".to_owned());
        notes.push((
            format!("the {}", wanted.purpose),
            format!("{} with {key}", own.file),
        ));
    }
    let report = Report {
        notes,
        findings,
        ..Report::new(wanted.folder.display().to_string())
    };
    Ok(conclude(&report, words))
}

fn look(purpose: Purpose, passwords: &[String], reader: Option<Reader>) -> Look {
    Look {
        purpose,
        now: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
        passwords: passwords
            .iter()
            .cloned()
            .chain(USUAL.map(str::to_owned))
            .collect(),
        reader,
    }
}

/// Everything in the folder (or the one file) `path`.
pub fn holdings(
    path: &Path,
    purpose: Purpose,
    passwords: &[String],
    reader: Option<Reader>,
) -> Result<Holdings, Failure> {
    let found = files::found(path, MOST, LARGEST)?;
    let files: Vec<File> = found.into_iter().map(file).collect();
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
