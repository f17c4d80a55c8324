//! Reading what users name and writing what they asked for: every failure with the path and a code,
//! nothing overwritten unasked, nothing half-written or mixed from two processes, private keys for their owner
//! alone. How a file appears is in [`staging`].

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use handfast_finding::Problem;
use handfast_pki::{code, pem};

use crate::staging::{self, Draft, Turn};

/// The bytes of `path`, or of stdin for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    // One byte more than the largest input, so that a larger one is refused and not cut.
    read_at_most(path, pem::LARGEST as u64 + 1)
}

/// The first `most` bytes of `path`, or of stdin for `-`.
pub fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
        must_be_no_folder(path, &file)?;
        Box::new(file)
    };
    let read = source.take(most).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// The bytes of the regular file `path` of at most 64 MiB, for what reads it again and again: a pipe or a device could
/// keep it waiting for ever.
pub fn read_regular(path: &Path) -> Result<Vec<u8>, Problem> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let shown = path.display();
    if !metadata.is_file() {
        let kind = if metadata.is_dir() {
            "a folder"
        } else {
            "no regular file"
        };
        let message = format!("\"{shown}\" is {kind}, expected a file");
        return Err(Problem::new(code::UNREADABLE, message));
    }
    if metadata.len() > pem::LARGEST as u64 {
        let message = format!("\"{shown}\" is larger than 64 MiB");
        return Err(Problem::new(code::WRONG_FORMAT, message));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// A file as it lies there, for who judges it: a file that cannot be read is judged as well.
pub struct Found {
    /// As the user would name it.
    pub name: String,
    /// Its bytes, or why they cannot be read.
    pub content: Result<Vec<u8>, String>,
    /// The permission bits, where there is a file.
    pub mode: Option<u32>,
}

impl Found {
    /// What lies at `path`.
    pub fn at(path: &Path) -> Self {
        Self {
            name: path.display().to_string(),
            content: fs::read(path).map_err(|error| error.to_string()),
            mode: fs::metadata(path).ok().map(|data| data.permissions().mode()),
        }
    }
}

/// The files in the folder `path`, by name, or the one file; at most `most`, and none that is larger than `largest` or
/// something else than a file.
pub fn found(path: &Path, most: usize, largest: u64) -> Result<Vec<Found>, Problem> {
    let failed = |error: io::Error| unreadable(path, &error);
    let mut paths = if path.is_dir() {
        let entries = fs::read_dir(path).map_err(failed)?;
        entries.flatten().map(|entry| entry.path()).take(most).collect()
    } else {
        fs::metadata(path).map_err(failed)?;
        vec![path.to_owned()]
    };
    paths.sort();
    let is_meant = |path: &&PathBuf| match fs::metadata(path) {
        Ok(data) => data.is_file() && data.len() <= largest,
        // A link that leads nowhere is worth a word.
        Err(_) => true,
    };
    Ok(paths
        .iter()
        .filter(is_meant)
        .map(|path| Found::at(path))
        .collect())
}

fn must_be_no_folder(path: &Path, file: &fs::File) -> Result<(), Problem> {
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            let message = format!("\"{}\" is a folder, expected a file", path.display());
            Err(Problem::new(code::UNREADABLE, message))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let message = format!("\"{}\" cannot be read: {error}", path.display());
    Problem::new(code::UNREADABLE, message)
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

/// Refuses when one of `paths` may not be written. With `force` regular files may be overwritten, nothing else: no folder,
/// no device, no symbolic link. Whether one with a private key may is seen when it is written, [`Draft::may_replace`].
pub fn must_be_free<P: AsRef<Path>>(paths: &[P], force: bool) -> Result<(), Problem> {
    let mut paths = paths.iter().map(AsRef::as_ref);
    paths.clone().try_for_each(must_be_no_stream)?;
    if !force {
        return match paths.find(|path| path.symlink_metadata().is_ok()) {
            Some(path) => Err(exists(path)),
            None => Ok(()),
        };
    }
    paths.try_for_each(|path| {
        must_be_no_file_of_a_ca(path)?;
        staging::must_be_replaceable(path).map_err(|error| unwritable(path, &error))
    })
}

/// The records of a CA, by which its directory is known.
const RECORDS: &str = "authority.db";
/// What else a CA has beside them, and nothing that is written for others takes the place of.
const OF_A_CA: [&str; 10] = [
    "authority.db-wal",
    "authority.db-shm",
    "root.crt",
    "root.key",
    "issuing.crt",
    "issuing.key",
    "trust.crt",
    "ca.toml",
    "audit.key",
    "audit.pub",
];

/// An output never takes the place of what a CA needs: all that it has issued and revoked stands there alone.
fn must_be_no_file_of_a_ca(path: &Path) -> Result<(), Problem> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let has_records = |folder: &Path| folder.join(RECORDS).exists();
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let is_beside = has_records(folder) && (name == RECORDS || OF_A_CA.contains(&name));
    let is_below =
        folder.file_name().is_some_and(|name| name == "ca") && folder.parent().is_some_and(has_records);
    if !path.exists() || !(is_beside || is_below) {
        return Ok(());
    }
    let message = format!("\"{}\" is a file of a CA, and is not replaced", path.display());
    Err(Problem::new(code::EXISTS, message).help("choose another place"))
}

/// Refuses when `path` may not be written with something public, whatever it is: asked before something is signed for it.
pub fn must_take_public(path: &Path) -> Result<(), Problem> {
    must_be_free(&[path], true)?;
    staging::must_hold_no_key(path).map_err(|error| unwritable(path, &error))
}

/// `-` is stdin where something is read, and would become a file of that name.
pub fn must_be_no_stream(path: &Path) -> Result<(), Problem> {
    if path.components().next() != Some(Component::Normal("-".as_ref())) {
        return Ok(());
    }
    let shown = path.display();
    let message =
        format!("\"{shown}\" is not written: this output does not go to stdout, expected a file or folder");
    Err(Problem::new(code::USAGE, message).help("name another; what is called so is \"./-\""))
}

fn exists(path: &Path) -> Problem {
    let message = format!("\"{}\" exists already", path.display());
    Problem::new(code::EXISTS, message).help("choose another place, or overwrite it with --force")
}

/// A file that is going to be written.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    pub path: &'a Path,
    pub bytes: &'a [u8],
    pub readers: Readers,
}

impl<'a> Piece<'a> {
    /// `bytes` for everybody.
    pub fn public(path: &'a Path, bytes: &'a [u8]) -> Self {
        let readers = Readers::Everybody;
        Self { path, bytes, readers }
    }

    /// `bytes` for their owner alone.
    pub fn secret(path: &'a Path, bytes: &'a [u8]) -> Self {
        let readers = Readers::Owner;
        Self { path, bytes, readers }
    }
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
    pub fn take<P: AsRef<Path>>(paths: &[P], force: bool) -> Result<Self, Problem> {
        paths
            .iter()
            .try_for_each(|path| must_be_no_stream(path.as_ref()))?;
        let turn = Turn::take(paths).map_err(|error| {
            // The reason is a line of its own, for it may be long.
            Problem::new(code::UNREADABLE, &error).detail(error.source.to_string())
        })?;
        must_be_free(paths, force)?;
        Ok(Self { _turn: turn, force })
    }

    /// Writes all `pieces`: each is whole or not there, and when one fails before the end, none of the new ones is. Returns
    /// what earlier runs that were killed have left of them, and is removed now.
    pub fn write(self, pieces: &[Piece<'_>]) -> Result<Vec<PathBuf>, Problem> {
        let drafts = pieces
            .iter()
            .map(|piece| {
                Draft::write(piece.path, piece.bytes, piece.readers.mode())
                    .map_err(|error| unwritable(piece.path, &error))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let leftovers = drafts.iter().flat_map(Draft::remove_leftovers).collect();
        if self.force {
            // Before the first is in its place: all or none.
            for (draft, piece) in drafts.iter().zip(pieces) {
                draft
                    .may_replace()
                    .map_err(|error| unwritable(piece.path, &error))?;
            }
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
        Ok(leftovers)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    match error.kind() {
        // One that says why is ours.
        io::ErrorKind::AlreadyExists if error.get_ref().is_some() => {
            let message = format!("\"{}\" is not replaced: {error}", path.display());
            Problem::new(code::EXISTS, message).help("choose another file")
        }
        io::ErrorKind::AlreadyExists => exists(path),
        _ => Problem::new(
            code::UNREADABLE,
            format!("\"{}\" cannot be written: {error}", path.display()),
        ),
    }
}

/// The same as [`write`] of `parts`, one behind the other, for what is too large to be held at once.
pub fn write_parts<P: AsRef<[u8]>>(
    path: &Path,
    parts: impl IntoIterator<Item = P>,
    readers: Readers,
) -> Result<Vec<PathBuf>, Problem> {
    let _claim = Claim::take(&[path], true)?;
    let wrong = |error: io::Error| unwritable(path, &error);
    let draft = Draft::write_parts(path, parts, readers.mode()).map_err(wrong)?;
    let leftovers = draft.remove_leftovers();
    draft.replace().map_err(wrong)?;
    staging::flush_folder_of(path).map_err(wrong)?;
    Ok(leftovers)
}

/// Writes `bytes` to `path`, over what is there, and makes its folder where it is missing. Returns the same as
/// [`Claim::write`].
pub fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<Vec<PathBuf>, Problem> {
    Claim::take(&[path], true)?.write(&[Piece { path, bytes, readers }])
}
