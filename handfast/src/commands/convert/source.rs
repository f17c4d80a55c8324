//! What is converted: the file, its key, and what lies around it.

use std::path::Path;

use handfast_credentials::{files, load};
use handfast_formats::gather::{Gathered, Opening, gather};
use handfast_pki::{
    Certificate, Error as PkiError, PrivateKey, Shown,
    chain::{self, Repaired, Spare},
    code,
};
use zeroize::Zeroizing;

use super::{
    Args,
    spares::{neighbours, spares_from},
};
use crate::failure::Failure;

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
        PkiError::Encrypted if opening.password.is_none() => {
            Failure::of(code::KEY_ENCRYPTED, format!("\"{shown}\" is encrypted"))
                .help("give the file that holds it in its first line: --password-file FILE")
        }
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
        Some(other) if other.public_key() != key.public_key() => Err(Failure::of(
            code::KEY_MISMATCH,
            format!("\"{}\" is not the key that FILE holds", path.display()),
        )
        .help("leave out --key, or take the key out of FILE")),
        _ => Ok(key),
    }
}
