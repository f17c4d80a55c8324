//! `handfast doctor --client-files DIR`: the files of one side, without a connection.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use handfast_credentials::load;
use handfast_doctor::{
    Report,
    files::{self, File, Holdings, Look, Reader},
};
use handfast_pki::{Purpose, code};
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
    let findings = files::judge(&holdings, &look(wanted.purpose, &passwords, wanted.reader));
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
    let failed = |error: std::io::Error| {
        let message = format!("\"{}\" cannot be read: {error}", path.display());
        Failure::new(Exit::Misuse, code::UNREADABLE, message)
    };
    let mut paths = if path.is_dir() {
        let entries = fs::read_dir(path).map_err(failed)?;
        entries.flatten().map(|entry| entry.path()).take(MOST).collect()
    } else {
        fs::metadata(path).map_err(failed)?;
        vec![path.to_owned()]
    };
    paths.sort();
    let files: Vec<File> = paths.iter().filter_map(|path| file(path)).collect();
    Ok(files::read(&files, &look(purpose, passwords, reader)))
}

/// Nothing for folders, sockets and what is too large.
fn file(path: &Path) -> Option<File> {
    let name = path.display().to_string();
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            return Some(File {
                name,
                content: Err(error.to_string()),
                mode: None,
            });
        }
    };
    (metadata.is_file() && metadata.len() <= LARGEST).then(|| File {
        name,
        content: fs::read(path).map_err(|error| error.to_string()),
        mode: Some(metadata.permissions().mode()),
    })
}
