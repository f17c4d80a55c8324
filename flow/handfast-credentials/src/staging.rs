//! How files appear: whole or not at all, and where nothing may be overwritten, for one process alone.
//!
//! In: the paths that are going to be written. Out: a [`Turn`], which one process has at a time in each folder, and
//! [`Draft`]s, which become files. A draft is filled under another name beside its target, flushed, and then linked
//! (which fails where something exists) or renamed (which replaces it). The kernel ends the turn of a process that
//! dies, and what it left is told from the work of the living by a lock on each draft.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use handfast_pki::pem;
use zeroize::Zeroizing;

/// A folder that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("\"{}\" cannot be used", path.display())]
pub struct StagingError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// How long a process waits for its turn in a folder.
const TURN_LIMIT: Duration = Duration::from_secs(10);
const TURN_PAUSE: Duration = Duration::from_millis(5);

/// The turn of this process in some folders: other processes that want to write there wait until it is dropped. A
/// folder that was made for it and is still empty then is removed.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn {
    made: Vec<PathBuf>,
    _locks: Vec<File>,
}

impl Turn {
    /// Waits for the turn in the folders of all `files`, which are made where they are missing.
    pub fn take<P: AsRef<Path>>(files: &[P]) -> Result<Self, StagingError> {
        let folders: BTreeSet<&Path> = files.iter().map(|file| parent(file.as_ref())).collect();
        let latest = Instant::now() + TURN_LIMIT;
        let mut made = Vec::new();
        loop {
            for folder in &folders {
                if make(folder).map_err(|error| failed(folder, error))? {
                    made.push((*folder).to_owned());
                }
            }
            // A folder may be removed by the process that made it while we wait for it.
            match lock(&folders, latest) {
                Ok(locks) => return Ok(Self { made, _locks: locks }),
                Err(StagingError { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && Instant::now() < latest => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // The locks are held until this is done, so that nobody is about to write there.
        for folder in &self.made {
            // Fails where something was written into it, which is meant.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Whether `folder` was missing and has been made.
fn make(folder: &Path) -> io::Result<bool> {
    fs::create_dir_all(parent(folder))?;
    match fs::create_dir(folder) {
        Ok(()) => Ok(true),
        Err(_) if folder.is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Locks on all `folders`; [`io::ErrorKind::NotFound`] when a path does not name the folder any more that was locked.
fn lock(folders: &BTreeSet<&Path>, latest: Instant) -> Result<Vec<File>, StagingError> {
    let mut open = BTreeMap::new();
    for &folder in folders {
        let file = File::open(folder).map_err(|error| failed(folder, error))?;
        let id = identity(&file.metadata().map_err(|error| failed(folder, error))?);
        // One folder under two names is locked once, and all processes lock in the same order.
        open.insert(id, (file, folder));
    }
    for (file, folder) in open.values() {
        wait_for(file, latest).map_err(|error| failed(folder, error))?;
    }
    for (id, (_, folder)) in &open {
        if !fs::metadata(folder).is_ok_and(|found| identity(&found) == *id) {
            return Err(failed(folder, io::ErrorKind::NotFound.into()));
        }
    }
    Ok(open.into_values().map(|(file, _)| file).collect())
}

fn wait_for(folder: &File, latest: Instant) -> io::Result<()> {
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(()),
            // Some network file systems lock no folders; linking decides there.
            Err(TryLockError::Error(_)) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() >= latest => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "another process has held a lock on it for {} seconds",
                        TURN_LIMIT.as_secs()
                    ),
                ));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(TURN_PAUSE),
        }
    }
}

/// A file that is whole and not in its place yet; it is removed when it is dropped.
#[derive(Debug)]
pub struct Draft {
    beside: PathBuf,
    target: PathBuf,
    /// Held open for its lock.
    file: File,
}

impl Draft {
    /// Writes and flushes `bytes`, which are going to be `target`.
    pub fn write(target: &Path, bytes: &[u8], mode: u32) -> io::Result<Self> {
        Self::write_parts(target, [bytes], mode)
    }

    /// The same of `parts`, one behind the other, for what is too large to be held at once.
    pub fn write_parts<P: AsRef<[u8]>>(
        target: &Path,
        parts: impl IntoIterator<Item = P>,
        mode: u32,
    ) -> io::Result<Self> {
        let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let (beside, file) = under_a_free_name(target, name, |beside| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(beside)
        })?;
        let mut draft = Self {
            beside,
            target: target.to_owned(),
            file,
        };
        for part in parts {
            draft.file.write_all(part.as_ref())?;
        }
        draft.file.sync_all()?;
        Ok(draft)
    }

    /// Removes what processes that died have left of the same file, and says what it was.
    pub fn remove_leftovers(&self) -> Vec<PathBuf> {
        let Some(name) = self.target.file_name() else {
            return Vec::new();
        };
        leftovers(&self.beside, &self.file, name, |path, found| {
            let is_ours = found.is_file() && found.mode() & 0o777 & !0o755 == 0;
            is_ours && fs::remove_file(path).is_ok()
        })
    }

    /// Puts the file into its place; [`io::ErrorKind::AlreadyExists`] when something is there.
    pub fn link(self) -> io::Result<()> {
        use io::ErrorKind::{PermissionDenied, Unsupported};
        match fs::hard_link(&self.beside, &self.target) {
            // FAT and some others know no links: the name is taken first, and then what it names exchanged.
            Err(error) if matches!(error.kind(), PermissionDenied | Unsupported) => {
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(&self.target)?;
                self.replace()
            }
            linked => linked,
        }
    }

    /// Whether the file may take the place of what is there. What is no regular file stays: a folder, a FIFO, a device, and
    /// a symbolic link, which is neither followed nor replaced. So does a file with a private key, unless a private key
    /// comes into its place: it may be the only copy.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`], with the reason.
    pub fn may_replace(&self) -> io::Result<()> {
        must_be_replaceable(&self.target)?;
        if holds_key(&self.target)? && !holds_key(&self.beside)? {
            return Err(in_the_way(KEY_IN_THE_WAY));
        }
        Ok(())
    }

    /// Puts the file into its place, over what is there, as [`Self::may_replace`] says.
    pub fn replace(self) -> io::Result<()> {
        self.may_replace()?;
        fs::rename(&self.beside, &self.target)
    }
}

const KEY_IN_THE_WAY: &str = "it holds a private key";

/// Refuses where `path` is something else than a regular file.
pub(crate) fn must_be_replaceable(path: &Path) -> io::Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if kind.is_file() {
        return Ok(());
    }
    Err(in_the_way(if kind.is_dir() {
        "it is a folder"
    } else if kind.is_symlink() {
        "it is a symbolic link"
    } else {
        "it is no regular file"
    }))
}

/// Refuses where `path` holds a private key, for what holds none.
pub(crate) fn must_hold_no_key(path: &Path) -> io::Result<()> {
    if holds_key(path)? {
        return Err(in_the_way(KEY_IN_THE_WAY));
    }
    Ok(())
}

/// Whether a private key is in the file, in PEM, DER, or a container of keys. Keys are small, and so is what holds them.
fn holds_key(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LOOKED_AT).read_to_end(&mut bytes)?;
    Ok(pem::holds_private_key(&bytes))
}

/// How much of a file is searched for keys, in bytes.
const LOOKED_AT: u64 = 8 << 20;

fn in_the_way(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, why)
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing under this name any more.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Makes something new beside `target` under the name `NAME.NUMBER.new`, and locks it as a sign of life. The number is
/// that of the process, or one after it: in containers that share a folder it may be taken.
pub fn under_a_free_name(
    target: &Path,
    name: &OsStr,
    make: impl Fn(&Path) -> io::Result<File>,
) -> io::Result<(PathBuf, File)> {
    const NUMBERS: u32 = 1000;
    let first = std::process::id();
    for number in first..first.saturating_add(NUMBERS) {
        let mut beside = name.to_owned();
        beside.push(format!(".{number}.new"));
        let beside = target.with_file_name(beside);
        match make(&beside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => {
                // Where nothing can be locked, nothing is taken for a leftover either.
                let _ = file.try_lock();
                return Ok((beside, file));
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Everything beside `own` that is called `NAME.NUMBER.new`, belongs to the same user, is locked by no process, and
/// that `remove` has removed.
pub fn leftovers(
    own: &Path,
    own_file: &File,
    name: &OsStr,
    remove: impl Fn(&Path, &fs::Metadata) -> bool,
) -> Vec<PathBuf> {
    let (Ok(ours), Ok(entries)) = (own_file.metadata(), fs::read_dir(parent(own))) else {
        return Vec::new();
    };
    let mut removed = Vec::new();
    for entry in entries.flatten() {
        let path = own.with_file_name(entry.file_name());
        if path == own || !is_temporary_name(&entry.file_name(), name) {
            continue;
        }
        // Of the entry itself: a link is not followed.
        let Ok(found) = entry.metadata() else { continue };
        if found.uid() != ours.uid() || !(found.is_file() || found.is_dir()) {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        let is_same = file
            .metadata()
            .is_ok_and(|data| identity(&data) == identity(&found));
        if is_same && file.try_lock().is_ok() && remove(&path, &found) {
            removed.push(path);
        }
    }
    removed
}

fn is_temporary_name(found: &OsStr, name: &OsStr) -> bool {
    let number = found
        .as_bytes()
        .strip_prefix(name.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(b".new"));
    number.is_some_and(|number| {
        !number.is_empty() && number.len() <= 10 && number.iter().all(u8::is_ascii_digit)
    })
}

/// Flushes the folder of `path`, without which a new name may be lost in a power cut, and the file with it.
pub fn flush_folder_of(path: &Path) -> io::Result<()> {
    File::open(parent(path))?.sync_all()
}

/// The folder that `path` stands in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn failed(folder: &Path, source: io::Error) -> StagingError {
    StagingError {
        path: folder.to_owned(),
        source,
    }
}
