//! The state folder, mode 0700:
//!
//! | file | what |
//! | --- | --- |
//! | `root.crt` | the CA certificate that others trust |
//! | `root.key` | its private key, mode 0600; missing where an authority was imported |
//! | `issuing.crt` | the CA certificate that signs, and its issuers below the root; the root itself where that signs |
//! | `issuing.key` | its private key, mode 0600 |
//! | `ca.toml` | profiles and their rules; a folder without it has the built-in ones |
//! | `trust.crt` | the roots that others trust, once there was more than one |
//! | `ca/` | certificates and keys of CAs that were made later, by the names that the records have for them |
//! | `authority.db` | SQLite: every certificate, planned and issued, the journal, and the audit log |
//! | `audit.key` | the private key that signs the head of the audit log, mode 0600; never encrypted |
//! | `audit.pub` | its public half, with which others verify what is taken from the log |
//! | `audit-*.pub` | that of an earlier key, where the CA was restored without it |
//!
//! A folder appears whole or not at all: it is filled under another name beside its place and then renamed.
//! Once an issuing CA exists, `root.key` is not read any more and may be kept offline.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use handfast_credentials::staging::{self, Turn, flush_folder_of};
use handfast_pki::{Certificate, PrivateKey, pem};

use zeroize::Zeroizing;

use crate::{
    error::{FolderError, Result},
    folder_error::Holds,
    passphrase::{self, PassphraseError},
};

/// The CA certificate that others trust.
pub const ROOT_CERTIFICATE: &str = "root.crt";
/// The root's private key.
pub const ROOT_KEY: &str = "root.key";
/// The roots that others trust, where there is or was more than one.
pub const BUNDLE: &str = "trust.crt";
/// The CA certificate that signs.
pub const ISSUING_CERTIFICATE: &str = "issuing.crt";
/// The private key that signs.
pub const ISSUING_KEY: &str = "issuing.key";
/// Profiles and their rules.
pub const CONFIG: &str = "ca.toml";
/// The records.
pub const DATABASE: &str = "authority.db";
/// The private key of the audit log.
pub const AUDIT_KEY: &str = "audit.key";
/// Its public half, as a verifier key of signed notes.
pub const AUDIT_PUBLIC: &str = "audit.pub";

/// A folder that is being filled; it is removed again unless it is settled.
pub(crate) struct Staged {
    place: PathBuf,
    beside: PathBuf,
    /// Folders that killed processes have left of the same place, and that were removed.
    pub(crate) leftovers: Vec<PathBuf>,
    /// With which keys are encrypted.
    phrase: Option<Zeroizing<String>>,
    /// Held open for its lock.
    _sign_of_life: File,
}

impl Staged {
    /// Begins the folder that will be `place`, which must not exist or be an empty folder.
    pub(crate) fn begin(place: &Path) -> Result<Self, FolderError> {
        Self::begin_locked(place, None)
    }

    /// The same for a folder whose keys are encrypted with `phrase`, so that none is on the disk as it is.
    pub(crate) fn begin_locked(place: &Path, phrase: Option<&str>) -> Result<Self, FolderError> {
        let failed = |source| FolderError::File {
            path: place.to_owned(),
            source,
        };
        match fs::read_dir(place).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() != io::ErrorKind::NotADirectory => return Err(failed(error)),
            Ok(false) | Err(_) => {
                return Err(FolderError::Exists {
                    path: place.to_owned(),
                });
            }
        }
        // `a/..` has no name of its own to put another one beside.
        let Some(name) = place.file_name() else {
            return Err(FolderError::Exists {
                path: place.to_owned(),
            });
        };
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        // Nobody else looks for leftovers before the new folder is locked.
        let _turn = Turn::take(&[place])?;
        let (made, lock) = staging::under_a_free_name(place, &beside, |path| {
            DirBuilder::new().mode(0o700).create(path)?;
            File::open(path)
        })
        .map_err(failed)?;
        Ok(Self {
            place: place.to_owned(),
            leftovers: staging::leftovers(&made, &lock, &beside, remove_staged),
            beside: made,
            phrase: phrase.map(|phrase| Zeroizing::new(phrase.to_owned())),
            _sign_of_life: lock,
        })
    }

    /// The path of a file in the making.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.beside.join(name)
    }

    /// Writes a certificate file that everybody may read.
    pub(crate) fn write_certificates(&self, name: &str, chain: &[Certificate]) -> Result<(), FolderError> {
        self.write(
            name,
            handfast_pki::certificate::chain_to_pem(chain).as_bytes(),
            0o644,
        )
    }

    /// Writes a key file for its owner alone.
    pub(crate) fn write_key(&self, name: &str, pem: &str) -> Result<()> {
        let Some(phrase) = &self.phrase else {
            return Ok(self.write(name, pem.as_bytes(), 0o600)?);
        };
        let locked = passphrase::lock(&pem::private_key(pem.as_bytes())?, phrase)?;
        Ok(self.write(name, locked.as_bytes(), 0o600)?)
    }

    /// Writes a file of a backup, whose name may have a subfolder in front.
    pub(crate) fn write_file(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), FolderError> {
        self.write(name, bytes, mode)
    }

    /// Writes a text that everybody may read.
    pub(crate) fn write_public(&self, name: &str, text: &str) -> Result<(), FolderError> {
        self.write(name, text.as_bytes(), 0o644)
    }

    /// Writes the file of the profiles, for its owner to fill.
    pub(crate) fn write_config(&self, text: &str) -> Result<(), FolderError> {
        self.write(CONFIG, text.as_bytes(), 0o600)
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), FolderError> {
        let path = self.path(name);
        let written = (|| {
            if let Some(below) = path.parent().filter(|below| !below.exists()) {
                DirBuilder::new().mode(0o700).create(below)?;
            }
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        })();
        written.map_err(|source| FolderError::File { path, source })
    }

    /// Makes the folder appear in its place.
    pub(crate) fn settle(self) -> Result<(), FolderError> {
        let settled = (|| {
            File::open(&self.beside)?.sync_all()?;
            fs::rename(&self.beside, &self.place)?;
            flush_folder_of(&self.place)
        })();
        match settled {
            Ok(()) => Ok(()),
            // Another process was faster.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory
                ) =>
            {
                Err(FolderError::Exists {
                    path: self.place.clone(),
                })
            }
            Err(source) => Err(FolderError::File {
                path: self.place.clone(),
                source,
            }),
        }
    }
}

/// Removes a folder that was being filled, and nothing that we would not have put there.
fn remove_staged(path: &Path, found: &fs::Metadata) -> bool {
    let names = [
        ROOT_CERTIFICATE,
        ROOT_KEY,
        ISSUING_CERTIFICATE,
        ISSUING_KEY,
        CONFIG,
        DATABASE,
        AUDIT_KEY,
        AUDIT_PUBLIC,
    ];
    let journals = ["-wal", "-shm", "-journal"].map(|end| format!("{DATABASE}{end}"));
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        names.iter().any(|ours| name == *ours) || journals.iter().any(|ours| name == ours.as_str())
    };
    let Ok(entries) = fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>) else {
        return false;
    };
    found.is_dir()
        && found.permissions().mode() & 0o777 == 0o700
        && entries.iter().all(is_ours)
        && entries.iter().all(|entry| fs::remove_file(entry.path()).is_ok())
        && fs::remove_dir(path).is_ok()
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After settling there is nothing under this name any more.
        let _ = fs::remove_dir_all(&self.beside);
    }
}

/// The certificates in `folder/name`.
pub(crate) fn read_certificates(folder: &Path, name: &str) -> Result<Vec<Certificate>, FolderError> {
    pem::certificates(&read(folder, name)?).map_err(|error| damaged(folder, name, &error))
}

/// The private key in `folder/name`, which must be readable by its owner alone.
pub(crate) fn read_key(folder: &Path, name: &str) -> Result<PrivateKey, FolderError> {
    let path = folder.join(name);
    let bytes = Zeroizing::new(read(folder, name).map_err(|error| match error {
        FolderError::NotAnAuthority { .. } => FolderError::KeyAway { path: path.clone() },
        other => other,
    })?);
    let metadata = fs::metadata(&path).map_err(|source| FolderError::File {
        path: path.clone(),
        source,
    })?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(FolderError::KeyExposed { path, mode });
    }
    let read = if passphrase::is_locked(&bytes) {
        passphrase::open(&bytes, &path)?
    } else {
        pem::private_key(&bytes)
    };
    read.map_err(|error| damaged(folder, name, &error))
}

/// The key files of CAs in `folder`, by their names within it; that of the audit log is none of them.
pub(crate) fn keys(folder: &Path) -> Result<Vec<String>, FolderError> {
    let mut found = Vec::new();
    for below in ["", "ca"] {
        let Ok(entries) = fs::read_dir(folder.join(below)) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".key") && name != AUDIT_KEY {
                found.push(Path::new(below).join(name).display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The mode of `path` where others than its owner may write it.
pub(crate) fn writable_by_others(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    Some(mode).filter(|mode| mode & 0o022 != 0)
}

/// Whether the key `folder/name` is there and encrypted.
pub(crate) fn is_locked(folder: &Path, name: &str) -> bool {
    fs::read(folder.join(name)).is_ok_and(|bytes| passphrase::is_locked(&bytes))
}

/// `key` as it is written into `folder`: encrypted where the other keys there are.
pub(crate) fn text_of(folder: &Path, key: &PrivateKey) -> Result<Zeroizing<String>> {
    let locked = keys(folder)?.into_iter().find(|name| is_locked(folder, name));
    let Some(name) = locked else {
        return Ok(key.to_pem());
    };
    let path = folder.join(&name);
    // A wrong passphrase must not become that of the new key.
    read_key(folder, &name)?;
    let phrase = passphrase::get()
        .map_err(FolderError::from)?
        .ok_or(FolderError::from(PassphraseError::Missing { path }))?;
    Ok(Zeroizing::new(passphrase::lock(key, &phrase)?))
}

/// Makes an empty file for its owner alone, for SQLite to fill; its companions take over the mode.
pub(crate) fn touch_private(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, FolderError> {
    let path = folder.join(name);
    fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            not_an_authority(folder, format_args!("\"{name}\" is missing"))
        }
        _ => FolderError::File { path, source: error },
    })
}

/// `folder` is no CA directory, or a damaged one.
pub(crate) fn not_an_authority(folder: &Path, detail: impl ToString) -> FolderError {
    FolderError::NotAnAuthority {
        path: folder.to_owned(),
        detail: detail.to_string(),
        holds: held(folder),
    }
}

fn held(folder: &Path) -> Holds {
    let parts = [
        ROOT_CERTIFICATE,
        ROOT_KEY,
        ISSUING_CERTIFICATE,
        ISSUING_KEY,
        DATABASE,
        AUDIT_KEY,
        AUDIT_PUBLIC,
    ];
    if parts.iter().any(|name| folder.join(name).exists()) {
        return Holds::PartsOfOne;
    }
    let is_missing = || fs::symlink_metadata(folder).is_err();
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Holds::Nothing,
        Err(_) if is_missing() => Holds::Nothing,
        _ => Holds::Others,
    }
}

fn damaged(folder: &Path, name: &str, error: &handfast_pki::Error) -> FolderError {
    not_an_authority(folder, format_args!("\"{name}\": {error}"))
}
