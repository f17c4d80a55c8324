//! Backup: one file with the records, the certificates and, behind a passphrase, the keys; verified after it is written.
//! Restore: a new folder from it, which signs nothing until it is reconciled.
//!
//! The audit log goes on where the backup has ended. Where its key is not in the backup, or stays behind its passphrase,
//! a new key signs the same head anew, if the one of the public half in the backup has signed it. The line of the
//! restoration names both, and the public half of the former key stays in the folder, for what was signed with it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::tree::{LogKey, VerifierKey};
use handfast_pki::{Certificate, Error as PkiError, PrivateKey};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::{FolderError, Result},
    folder::{self, Staged},
    log_key,
    passphrase::{self, PassphraseError},
    realm,
    records::{Event, Store, StoreError},
    requester::Requester,
    sqlite::{self, BackupFile, Sqlite},
};

/// What was copied into a backup.
#[derive(Debug, Clone)]
pub struct BackedUp {
    /// How many certificates its records have.
    pub certificates: u64,
    /// The files of the folder in it, without those of keys; the public half of the key of the audit log among them.
    pub files: Vec<String>,
    /// The keys in it, behind the passphrase.
    pub keys: Vec<String>,
    /// Keys of the folder that are not in it.
    pub left_out: Vec<String>,
}

/// What was made from a backup.
#[derive(Debug, Clone)]
pub struct Restored {
    pub at: Timestamp,
    pub files: Vec<String>,
    pub keys: Vec<String>,
}

/// What a reconciliation has learned.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// When the backup was made: what happened since is known from what was shown alone.
    pub since: Timestamp,
    /// Certificates that the records did not have.
    pub added: Vec<Certificate>,
    /// How many of those that were shown they had.
    pub known: usize,
    /// Serial numbers that the lists revoke, and that are revoked here from now on.
    pub revoked: Vec<String>,
    /// Serial numbers that the lists revoke, of certificates that nobody has shown.
    pub revoked_elsewhere: Vec<String>,
}

/// Copies the CA in `folder` into the new file `out`. Without `phrase` the keys are left out.
pub fn back_up(
    folder: &Path,
    out: &Path,
    phrase: Option<&str>,
    by: &Requester,
    now: Timestamp,
) -> Result<BackedUp> {
    if out.exists() {
        return Err(FolderError::BackupExists { path: out.to_owned() }.into());
    }
    let store = Sqlite::open(&folder.join(folder::DATABASE), log_key::of(folder)?)?;
    let mut done = BackedUp {
        certificates: store.count()?,
        files: Vec::new(),
        keys: Vec::new(),
        left_out: Vec::new(),
    };
    let mut files = Vec::new();
    for name in names(folder)? {
        let path = folder.join(&name);
        if !name.ends_with(".key") {
            let bytes = fs::read(&path).map_err(|source| FolderError::File { path, source })?;
            done.files.push(name.clone());
            files.push(BackupFile { name, bytes });
        } else if let Some(phrase) = phrase {
            let key = folder::read_key(folder, &name)?;
            done.keys.push(name.clone());
            files.push(BackupFile {
                name,
                bytes: passphrase::lock(&key, phrase)?.into_bytes(),
            });
        } else {
            done.left_out.push(name);
        }
    }
    let detail = format!(
        "{} files and {} keys into a backup",
        done.files.len(),
        done.keys.len()
    );
    store.journal(&[realm::entry(Event::BackedUp, &detail, by, now)])?;
    let written = store.back_up(out, &files, now).and_then(|()| {
        let read = sqlite::open_backup(out)?;
        if read.files.len() != files.len() {
            return Err(StoreError::BadBackup {
                detail: "it does not hold what was written".into(),
            }
            .into());
        }
        Ok(())
    });
    if let Err(error) = written {
        // What is not whole must not be taken for a backup.
        let _ = fs::remove_file(out);
        return Err(error);
    }
    Ok(done)
}

/// Makes the new folder `folder` from the backup `file`. Keys in it are decrypted with `phrase`; without it they
/// stay encrypted, and the audit log, whose key is never encrypted, gets a new one.
pub fn restore(
    file: &Path,
    folder: &Path,
    phrase: Option<&str>,
    by: &Requester,
    now: Timestamp,
) -> Result<Restored> {
    let backup = sqlite::open_backup(readable(file)?)?;
    let mut staged = Staged::begin(folder)?;
    let mut done = Restored {
        at: backup.at,
        files: Vec::new(),
        keys: Vec::new(),
    };
    let mut log = OfLog::default();
    for BackupFile { name, bytes } in &backup.files {
        must_be_ours(name)?;
        if name == folder::AUDIT_PUBLIC {
            let text = String::from_utf8_lossy(bytes);
            let former = text.parse::<VerifierKey>();
            log.former = Some(former.map_err(|error| StoreError::BadBackup {
                detail: error.to_string(),
            })?);
            done.files.push(name.clone());
            continue;
        }
        if name == folder::AUDIT_KEY {
            if let Some(phrase) = phrase {
                log.key = Some(unlocked(bytes, phrase, file)?);
                done.keys.push(name.clone());
            }
            continue;
        }
        if !name.ends_with(".key") {
            let mode = if name == folder::CONFIG { 0o600 } else { 0o644 };
            staged.write_file(name, bytes, mode)?;
            done.files.push(name.clone());
            continue;
        }
        match phrase {
            Some(phrase) => staged.write_key(name, &unlocked(bytes, phrase, file)?.to_pem())?,
            // They stay encrypted, and the passphrase of the backup is that of the CA.
            None => staged.write_file(name, bytes, 0o600)?,
        }
        done.keys.push(name.clone());
    }
    let (log_key, former) = log.settle(&staged)?;
    let mut detail = format!("from a backup of {}", backup.at);
    if log_key.verifier() != &former {
        detail.push_str(&log_key::changed(&former, log_key.verifier()));
    }
    let entry = realm::entry(Event::Restored, &detail, by, now);
    backup.restore(&staged.path(folder::DATABASE), &log_key, &former, &entry)?;
    staged.leftovers.clear();
    staged.settle()?;
    Ok(done)
}

/// `file`, where it can be read: SQLite does not say why it cannot read a file.
fn readable(file: &Path) -> Result<&Path, FolderError> {
    let opened = fs::File::open(file).map(|_| file);
    opened.map_err(|source| FolderError::File {
        path: file.to_owned(),
        source,
    })
}

/// The key in `text`, which is in the backup `file`.
fn unlocked(text: &[u8], phrase: &str, file: &Path) -> Result<PrivateKey> {
    match passphrase::unlock(text, phrase) {
        Err(PkiError::Password { .. }) => Err(FolderError::from(PassphraseError::OfBackup {
            path: file.to_owned(),
        })
        .into()),
        other => Ok(other?),
    }
}

/// What a backup has of the key of the audit log.
#[derive(Default)]
struct OfLog {
    key: Option<PrivateKey>,
    /// What verifies the head of its records.
    former: Option<VerifierKey>,
}

impl OfLog {
    /// Writes the key with which the log goes on, a new one where there is none; with what verifies its head until then.
    fn settle(self, staged: &Staged) -> Result<(Arc<LogKey>, VerifierKey)> {
        let Some(former) = self.former else {
            return Err(StoreError::BadBackup {
                detail: format!("it has no \"{}\"", folder::AUDIT_PUBLIC),
            }
            .into());
        };
        let key = match self.key {
            Some(key) => log_key::write(staged, key)?,
            None => log_key::create(staged)?,
        };
        if key.verifier() != &former {
            log_key::write_former(staged, &former)?;
        }
        Ok((Arc::new(key), former))
    }
}

impl Authority {
    /// Of when the backup is that these records were restored from, while no one has looked for what happened since.
    pub fn gap(&self) -> Result<Option<Timestamp>> {
        Ok(self.store().gap()?)
    }
}

/// A name out of a file that others may have written leads nowhere but into the folder.
fn must_be_ours(name: &str) -> Result<()> {
    let plain = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits)
    };
    let is_ours = match name.split_once('/') {
        None => plain(name) && name != folder::DATABASE,
        Some((below, name)) => below == "ca" && plain(name),
    };
    if is_ours {
        return Ok(());
    }
    Err(StoreError::BadBackup {
        detail: "it has a file of a name that no CA has".into(),
    }
    .into())
}

/// The files of a CA: certificates, keys and the configuration; those of the records are copied as records.
fn names(folder: &Path) -> Result<Vec<String>, FolderError> {
    let mut found = Vec::new();
    for below in ["", "ca"] {
        let path = folder.join(below);
        let Ok(entries) = fs::read_dir(&path) else {
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_meant = [".crt", ".key", ".pub", ".toml"]
                .iter()
                .any(|end| name.ends_with(end));
            if is_meant && entry.path().is_file() {
                let name = PathBuf::from(below).join(&name);
                found.push(name.display().to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}
