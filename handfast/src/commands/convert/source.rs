//! What is converted: the file, its key, and what lies around it.

use std::{fs, path::Path};

use handfast_credentials::{files, load};
use handfast_formats::gather::{Gathered, Opening, gather};
use handfast_pki::{
    Certificate, Error as PkiError, PrivateKey, Shown,
    chain::{self, Repaired, Spare},
    code,
};
use zeroize::Zeroizing;

use super::Args;
use crate::failure::{Exit, Failure};

/// At most so many files of the folder are looked into, and none that is larger than a chain can be.
const MOST_NEIGHBOURS: usize = 200;
const LARGEST_NEIGHBOUR: u64 = 1 << 20;

/// The chain in order, the key that belongs to it, and what was passed over.
pub(super) struct Source {
    pub(super) chain: Repaired,
    pub(super) key: Option<PrivateKey>,
    /// The certificates as they were.
    pub(super) given: Vec<Certificate>,
    pub(super) passed_over: Vec<Shown>,
}

impl Source {
    pub(super) fn read(args: &Args) -> Result<Self, Failure> {
        let password = args.password_file.as_deref().map(load::password).transpose()?;
        let opening = Opening {
            password: password.as_ref().map(|password| password.as_str()),
            alias: args.alias.as_deref(),
        };
        let main = open(&args.file, opening)?;
        let key = match &args.key {
            Some(path) => Some(the_key(path, opening, main.key)?),
            None => main.key,
        };
        let given = main.certificates;
        let mut spares = Vec::new();
        for path in &args.chain {
            let opened = open(path, Opening::default())?;
            spares.extend(spares_from(path, opened.certificates));
        }
        let repaired = repair(args, &given, key.as_ref(), &spares)?;
        Ok(Self {
            chain: repaired,
            key,
            given,
            passed_over: main.passed_over,
        })
    }
}

/// First with what was given; where the way up ends too early, with the neighbours in the folder as well.
fn repair(
    args: &Args,
    given: &[Certificate],
    key: Option<&PrivateKey>,
    spares: &[Spare],
) -> Result<Repaired, Failure> {
    let about = |error: PkiError| Failure::about(format_args!("\"{}\"", args.file.display()), &error);
    let repaired = chain::repair(given, key, spares).map_err(about)?;
    let is_open = |note: &chain::Note| matches!(note, chain::Note::IssuerNotHere { .. });
    if !repaired.notes.iter().any(is_open) || args.file == Path::new("-") {
        return Ok(repaired);
    }
    let mut spares = spares.to_vec();
    spares.extend(neighbours(&args.file));
    chain::repair(given, key, &spares).map_err(about)
}

fn open(path: &Path, opening: Opening<'_>) -> Result<Gathered, Failure> {
    let bytes = Zeroizing::new(files::read(path)?);
    gather(&bytes, opening).map_err(|error| refused(path, opening, &error))
}

fn refused(path: &Path, opening: Opening<'_>, error: &PkiError) -> Failure {
    let shown = path.display();
    let failure = Failure::about(format_args!("\"{shown}\""), error);
    match error {
        PkiError::Encrypted if opening.password.is_none() => Failure::new(
            Exit::Misuse,
            code::KEY_ENCRYPTED,
            format!("\"{shown}\" is encrypted"),
        )
        .help("give the file that holds it in its first line: --password-file FILE"),
        PkiError::Unexpected {
            expected: "one private key",
            ..
        } => failure.help("say which one: --alias NAME"),
        _ => failure,
    }
}

/// The key of --key; one in FILE as well must be the same.
fn the_key(path: &Path, opening: Opening<'_>, other: Option<PrivateKey>) -> Result<PrivateKey, Failure> {
    let opened = open(path, opening)?;
    let Some(key) = opened.key else {
        let error = PkiError::Unexpected {
            expected: "a private key",
            found: Shown::filled("{} certificates", &[&opened.certificates.len()]),
        };
        return Err(Failure::about(format_args!("\"{}\"", path.display()), &error));
    };
    match other {
        Some(other) if other.public_key() != key.public_key() => Err(Failure::new(
            Exit::Misuse,
            code::KEY_MISMATCH,
            format!("\"{}\" is not the key that FILE holds", path.display()),
        )
        .help("leave out --key, or take the key out of FILE")),
        _ => Ok(key),
    }
}

fn spares_from(path: &Path, certificates: Vec<Certificate>) -> Vec<Spare> {
    let from = path.display().to_string();
    certificates
        .into_iter()
        .map(|certificate| Spare {
            certificate,
            from: from.clone(),
        })
        .collect()
}

/// The certificates in the files beside `file`. What cannot be read or opened is none of ours.
fn neighbours(file: &Path) -> Vec<Spare> {
    const ENDINGS: [&str; 6] = ["crt", "cer", "pem", "der", "p7b", "p7c"];
    let folder = handfast_credentials::staging::parent(file);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_meant = |path: &Path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        let meant = ending.is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()));
        let small = fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= LARGEST_NEIGHBOUR);
        meant && small && path != file
    };
    let mut paths: Vec<_> = entries
        .flatten()
        .take(MOST_NEIGHBOURS)
        .map(|entry| entry.path())
        .filter(|path| is_meant(path))
        .collect();
    // The order of a folder is chance.
    paths.sort();
    let certificates = |path: &Path| {
        let bytes = Zeroizing::new(fs::read(path).ok()?);
        Some(gather(&bytes, Opening::default()).ok()?.certificates)
    };
    paths
        .iter()
        .flat_map(|path| spares_from(path, certificates(path).unwrap_or_default()))
        .collect()
}
