//! The folder of a case: files written, commands run in it, removed in the end unless it was asked for.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{
    Error,
    held::{self, Held},
    leftovers,
};

/// A folder that a case lives in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Where it does not stay.
    held: Option<Held>,
    /// Says, locked, that its process is alive.
    _lock: Option<File>,
}

impl Folder {
    /// A new one among the system's temporary files.
    pub fn temporary() -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self::at(std::env::temp_dir().join(leftovers::name(count)), false)
    }

    /// `path`, which stays.
    pub fn kept(path: PathBuf) -> Result<Self, Error> {
        Self::at(path, true)
    }

    fn at(path: PathBuf, is_kept: bool) -> Result<Self, Error> {
        let made = fs::create_dir_all(&path).and_then(|()| {
            // Servers that give up root have to read in it; the keys inside are thrown away with it.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            fs::canonicalize(&path)
        });
        let what = path.display().to_string();
        let path = made.map_err(|source| Error::File { what, source })?;
        let held = (!is_kept).then(|| held::folder(path.clone()));
        let lock = held.as_ref().and_then(|_| File::open(&path).ok());
        if let Some(lock) = &lock {
            // Where nothing can be locked, nothing is taken for a leftover either.
            let _ = lock.try_lock();
        }
        Ok(Self {
            path,
            held,
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The absolute path of `name` in it.
    pub fn file(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// Writes `name`, and the folders on the way to it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.path.join(name);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, content));
        written.map_err(|source| self.failed(name, source))
    }

    pub fn read(&self, name: &str) -> Result<String, Error> {
        Ok(String::from_utf8_lossy(&self.bytes(name)?).into_owned())
    }

    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        fs::read(self.path.join(name)).map_err(|source| self.failed(name, source))
    }

    /// Copies the file `from` to `to`.
    pub fn copy(&self, from: &str, to: &str) -> Result<(), Error> {
        self.write(to, self.bytes(from)?)
    }

    /// Writes the files `parts` one after the other into `name`.
    pub fn join(&self, name: &str, parts: &[&str]) -> Result<(), Error> {
        let mut all = String::new();
        for part in parts {
            all.push_str(&self.read(part)?);
        }
        self.write(name, all)
    }

    /// Gives `name` these permission bits.
    pub fn mode(&self, name: &str, mode: u32) -> Result<(), Error> {
        fs::set_permissions(self.path.join(name), fs::Permissions::from_mode(mode))
            .map_err(|source| self.failed(name, source))
    }

    /// Runs a line of `sh` in the folder, which must succeed; returns what it printed.
    pub fn shell(&self, line: &str) -> Result<String, Error> {
        let failed = |said: String| Error::Command {
            line: line.to_owned(),
            said,
        };
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.path);
        let ran = held::output(&mut command).map_err(|error| failed(error.to_string()))?;
        if !ran.status.success() {
            return Err(failed(String::from_utf8_lossy(&ran.stderr).into_owned()));
        }
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    }

    fn failed(&self, name: &str, source: io::Error) -> Error {
        Error::File {
            what: self.file(name),
            source,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.held.is_some() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
