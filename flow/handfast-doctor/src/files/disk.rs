//! The files of one side as they lie on the disk.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use handfast_credentials::files::{self, Found};
use handfast_finding::Problem;

use super::{File, Holdings, Look, judge, read};
use crate::Report;

/// A folder with more files than this is none of certificates.
const MOST: usize = 500;
/// A larger file is no certificate and no key.
const LARGEST: u64 = 4 << 20;

impl File {
    /// What lies at `path`.
    pub fn at(path: &Path) -> Self {
        Found::at(path).into()
    }
}

impl From<Found> for File {
    fn from(found: Found) -> Self {
        Self {
            name: found.name,
            content: found.content,
            mode: found.mode,
        }
    }
}

impl Holdings {
    /// Everything in the folders and files `paths`.
    pub fn at(paths: &[PathBuf], look: &Look) -> Result<Self, Problem> {
        let mut files: Vec<File> = Vec::new();
        for path in paths {
            files.extend(files::found(path, MOST, LARGEST)?.into_iter().map(File::from));
        }
        // A file that was named beside its folder is one file.
        let mut seen = HashSet::new();
        files.retain(|file| seen.insert(Path::new(&file.name).components().collect::<PathBuf>()));
        Ok(read(&files, look))
    }
}

/// The paths as one name.
pub fn named(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(", ")
}

/// What is in `paths`, which of it belongs together, and what is wrong.
pub fn report(paths: &[PathBuf], look: &Look) -> Result<Report, Problem> {
    let holdings = Holdings::at(paths, look)?;
    let findings = judge(&holdings, look);
    let mut notes = holdings.inventory.clone();
    if let Some(own) = holdings.own() {
        let key = own.key_file.unwrap_or_else(|| "no key".to_owned());
        notes.push((
            format!("the {}", look.purpose),
            format!("{} with {key}", own.file),
        ));
        notes.extend(own.why.map(|why| ("not taken".to_owned(), why)));
    }
    Ok(Report {
        notes,
        findings,
        ..Report::new(named(paths))
    })
}
