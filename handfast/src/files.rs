//! Reading what users name and writing what they asked for: every failure with the path and a code,
//! nothing overwritten unasked, nothing half-written or mixed from two processes, private keys for their owner
//! alone. How a file appears is in `handfast_ca::staging`.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use handfast_ca::staging::{self, Draft, Turn};
use handfast_pki::{Certificate, PrivateKey, code, pem};
use zeroize::Zeroizing;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// The bytes of `path`, or of stdin for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    // One byte more than the largest input, so that a larger one is refused and not cut.
    read_at_most(path, pem::LARGEST as u64 + 1)
}

/// The first `most` bytes of `path`, or of stdin for `-`.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let failed = |error: io::Error| {
        Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            format!("\"{shown}\" cannot be read: {error}"),
        )
    };
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let file = fs::File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Failure::new(
                Exit::Misuse,
                code::UNREADABLE,
                format!("\"{shown}\" is a folder, expected a file"),
            ));
        }
        Box::new(file)
    };
    source.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The certificates in the file `path`, in order.
pub fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    pem::certificates(&read(path)?)
        .map_err(|error| Failure::about(format_args!("\"{}\"", path.display()), &error))
}

/// The private key in the file `path`.
pub fn private_key(path: &Path) -> Result<PrivateKey, Failure> {
    pem::private_key(&read(path)?)
        .map_err(|error| Failure::about(format_args!("\"{}\"", path.display()), &error))
}

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Everybody,
    /// Everybody reads and runs it.
    EverybodyRuns,
    Owner,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Self::Everybody => 0o644,
            Self::EverybodyRuns => 0o755,
            Self::Owner => 0o600,
        }
    }
}

/// Refuses when one of `paths` may not be written. With `force` files may be overwritten, folders never.
pub fn must_be_free<P: AsRef<Path>>(paths: &[P], force: bool) -> Result<(), Failure> {
    let mut paths = paths.iter().map(AsRef::as_ref);
    if !force {
        return match paths.find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => Err(exists(path)),
            None => Ok(()),
        };
    }
    match paths.find(|path| path.is_dir()) {
        Some(path) => {
            let message = format!("\"{}\" is a folder, expected a file", path.display());
            Err(Failure::new(Exit::Misuse, code::EXISTS, message))
        }
        None => Ok(()),
    }
}

fn exists(path: &Path) -> Failure {
    let message = format!("\"{}\" exists already", path.display());
    Failure::new(Exit::Misuse, code::EXISTS, message)
        .hint("choose another place, or overwrite it with --force")
}

/// A file that is going to be written.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    pub path: &'a Path,
    pub bytes: &'a [u8],
    pub readers: Readers,
}

/// Files that this process alone writes: of several with the same files one has the claim and the others wait.
/// Taken before anything is signed or recorded for them; folders that were made for it go when nothing is written.
#[derive(Debug)]
#[must_use = "the claim ends when this is dropped"]
pub struct Claim {
    _turn: Turn,
    force: bool,
}

impl Claim {
    /// Claims `paths`, which must be free as [`must_be_free`] says.
    pub fn take<P: AsRef<Path>>(paths: &[P], force: bool) -> Result<Self, Failure> {
        let turn = Turn::take(paths).map_err(handfast_ca::Error::from)?;
        must_be_free(paths, force)?;
        Ok(Self { _turn: turn, force })
    }

    /// Writes all `pieces`: each is whole or not there, and when one fails before the end, none of the new ones is.
    pub fn write(self, pieces: &[Piece<'_>]) -> Result<(), Failure> {
        let drafts = pieces
            .iter()
            .map(|piece| {
                Draft::write(piece.path, piece.bytes, piece.readers.mode())
                    .map_err(|error| unwritable(piece.path, &error))
            })
            .collect::<Result<Vec<_>, _>>()?;
        for draft in &drafts {
            tell_leftovers(&draft.remove_leftovers());
        }
        for (done, (draft, piece)) in drafts.into_iter().zip(pieces).enumerate() {
            let placed = if self.force { draft.replace() } else { draft.link() };
            placed.map_err(|error| {
                if !self.force {
                    for piece in &pieces[..done] {
                        let _ = fs::remove_file(piece.path);
                    }
                }
                unwritable(piece.path, &error)
            })?;
        }
        for piece in pieces {
            staging::flush_folder_of(piece.path).map_err(|error| unwritable(piece.path, &error))?;
        }
        Ok(())
    }
}

/// Names what an earlier run that was killed has left, and what is removed now.
pub fn tell_leftovers(removed: &[PathBuf]) {
    for path in removed {
        // On stderr, which is the same with and without JSON.
        Words::new(false).talk(format_args!(
            "note: \"{}\" was left by a run that was killed, and is removed",
            path.display()
        ));
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            format!("\"{}\" cannot be written: {error}", path.display()),
        ),
    }
}

/// Writes `bytes` to `path`, over what is there, and makes its folder where it is missing.
pub fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    Claim::take(&[path], true)?.write(&[Piece { path, bytes, readers }])
}

/// The password in the first line of the file `path`. A private key in its place is refused: passwords are handed to
/// programs, and for Java even shown.
pub fn password(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = Zeroizing::new(read(path)?);
    if pem::holds_private_key(&text) {
        let message = format!(
            "\"{}\": expected a password in the first line, found a private key",
            path.display()
        );
        return Err(Failure::new(Exit::Misuse, code::WRONG_FORMAT, message));
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => {
            let message = format!("\"{}\": expected a password in the first line", path.display());
            Err(Failure::new(Exit::Misuse, code::WRONG_FORMAT, message))
        }
    }
}
