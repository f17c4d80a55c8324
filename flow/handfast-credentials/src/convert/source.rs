//! What is converted: the file, its key, and what lies around it.

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_formats::gather::{Gathered, Opening, gather};
use handfast_pki::{
    Certificate, Error as PkiError, PrivateKey, Shown,
    chain::{self, Repaired, Spare},
    code,
};
use zeroize::Zeroizing;

use super::{
    goods::Goods,
    spares::{neighbours, spares_from},
};
use crate::{files, load};

/// The files to convert, and what opens them.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What to convert; `-` for stdin.
    pub file: &'a Path,
    /// The private key, where `file` does not hold it.
    pub key: Option<&'a Path>,
    /// Further certificates for the chain.
    pub chain: &'a [PathBuf],
    /// The file with the password of `file` and `key`.
    pub password_file: Option<&'a Path>,
    /// Which key, where a keystore holds several.
    pub alias: Option<&'a str>,
}

impl Source<'_> {
    /// What they hold, with the chain put into order.
    pub fn read(&self, with_root: bool) -> Result<Goods, Problem> {
        let password = self.password_file.map(load::password).transpose()?;
        let opening = Opening {
            password: password.as_ref().map(|password| password.as_str()),
            alias: self.alias,
        };
        let main = open(self.file, opening)?;
        let key = match self.key {
            Some(path) => Some(the_key(path, opening, main.key)?),
            None => main.key,
        };
        let given = main.certificates;
        let mut spares = Vec::new();
        for path in self.chain {
            let opened = open(path, Opening::default())?;
            spares.extend(spares_from(path, opened.certificates));
        }
        Ok(Goods {
            chain: repair(self.file, &given, key.as_ref(), &spares)?,
            key,
            given,
            with_root,
            passed_over: main.passed_over,
        })
    }
}

/// First with what was given; where the way up ends too early, with the neighbours in the folder as well.
fn repair(
    file: &Path,
    given: &[Certificate],
    key: Option<&PrivateKey>,
    spares: &[Spare],
) -> Result<Repaired, Problem> {
    let about = |error: PkiError| Problem::about(format_args!("\"{}\"", file.display()), &error);
    let repaired = chain::repair(given, key, spares).map_err(about)?;
    let is_open = |note: &chain::Note| matches!(note, chain::Note::IssuerNotHere { .. });
    if !repaired.notes.iter().any(is_open) || file == Path::new("-") {
        return Ok(repaired);
    }
    let mut spares = spares.to_vec();
    spares.extend(neighbours(file));
    chain::repair(given, key, &spares).map_err(about)
}

fn open(path: &Path, opening: Opening<'_>) -> Result<Gathered, Problem> {
    let bytes = Zeroizing::new(files::read(path)?);
    gather(&bytes, opening).map_err(|error| refused(path, opening, &error))
}

fn refused(path: &Path, opening: Opening<'_>, error: &PkiError) -> Problem {
    let shown = path.display();
    let problem = Problem::about(format_args!("\"{shown}\""), error);
    match error {
        PkiError::Encrypted if opening.password.is_none() => {
            Problem::new(code::KEY_ENCRYPTED, format!("\"{shown}\" is encrypted"))
                .help("give the file that holds it in its first line: --password-file FILE")
        }
        PkiError::Unexpected {
            expected: "one private key",
            ..
        } => problem.help("say which one: --alias NAME"),
        _ => problem,
    }
}

/// The key of --key; one in FILE as well must be the same.
fn the_key(path: &Path, opening: Opening<'_>, other: Option<PrivateKey>) -> Result<PrivateKey, Problem> {
    let opened = open(path, opening)?;
    let Some(key) = opened.key else {
        let error = PkiError::Unexpected {
            expected: "a private key",
            found: Shown::filled("{} certificates", &[&opened.certificates.len()]),
        };
        return Err(Problem::about(format_args!("\"{}\"", path.display()), &error));
    };
    match other {
        Some(other) if other.public_key() != key.public_key() => Err(Problem::new(
            code::KEY_MISMATCH,
            format!("\"{}\" is not the key that FILE holds", path.display()),
        )
        .help("leave out --key, or take the key out of FILE")),
        _ => Ok(key),
    }
}
