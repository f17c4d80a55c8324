//! Reading what users name and writing what they asked for: every failure with the path and a code,
//! nothing overwritten unasked, nothing half-written, private keys for their owner alone.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use handfast_pki::{Certificate, PrivateKey, code, pem};
use zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

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

/// Refuses when one of `paths` exists, before anything is written.
pub fn must_not_exist<P: AsRef<Path>>(paths: &[P]) -> Result<(), Failure> {
    match paths.iter().find(|path| path.as_ref().symlink_metadata().is_ok()) {
        Some(path) => Err(Failure::new(
            Exit::Misuse,
            code::EXISTS,
            format!("\"{}\" exists already", path.as_ref().display()),
        )
        .hint("choose another place, or overwrite it with --force")),
        None => Ok(()),
    }
}

/// Writes `bytes` to `path` in one step: a temporary file beside it, flushed, then renamed.
pub fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::new(
            Exit::Misuse,
            code::UNREADABLE,
            format!("\"{}\" cannot be written: {error}", path.display()),
        )
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let mode = match readers {
        Readers::Everybody => 0o644,
        Readers::EverybodyRuns => 0o755,
        Readers::Owner => 0o600,
    };
    let written = (|| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        // Without this the new name may be lost in a power cut, and the file with it.
        fs::File::open(parent(path))?.sync_all()
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// Makes the folder of the file `path` where it is missing. One that we made and that is still empty when
/// the result is dropped is removed again.
pub fn folder_of(path: &Path) -> Result<NewFolder, Failure> {
    let folder = parent(path);
    let new = NewFolder(if folder.exists() {
        None
    } else {
        Some(folder.to_owned())
    });
    fs::create_dir_all(folder).map_err(|error| {
        let message = format!("\"{}\" cannot be made a folder: {error}", folder.display());
        Failure::new(Exit::Misuse, code::UNREADABLE, message)
    })?;
    Ok(new)
}

/// See [`folder_of`].
#[derive(Debug)]
#[must_use = "an empty folder is removed when this is dropped"]
pub struct NewFolder(Option<PathBuf>);

impl Drop for NewFolder {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // Fails where something was written into it, which is meant.
            let _ = fs::remove_dir(folder);
        }
    }
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

/// The folder that `path` stands in.
pub fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| *parent != Path::new(""))
        .unwrap_or(Path::new("."))
}
