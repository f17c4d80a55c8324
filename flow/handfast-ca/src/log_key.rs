//! The key of the audit log: Ed25519, in a file of its own, and its public half beside it.
//!
//! It signs nothing but the heads of the log and what is exported from it; no certificate and no list.

use std::{fs, io, path::Path};

use handfast_audit::tree::LogKey;
use handfast_credentials::staging::{Draft, flush_folder_of};
use handfast_pki::{KeyKind, PrivateKey};

use crate::{
    error::{FolderError, Result},
    folder::{self, Staged},
};

/// Makes the key of a new authority.
pub(crate) fn create(staged: &Staged) -> Result<LogKey> {
    let key = PrivateKey::generate(KeyKind::Ed25519)?;
    staged.write_key(folder::AUDIT_KEY, &key.to_pem())?;
    let key = LogKey::new(key)?;
    staged.write_public(folder::AUDIT_PUBLIC, &public_line(&key))?;
    Ok(key)
}

/// The key of an authority that has one.
pub(crate) fn read(folder: &Path) -> Result<LogKey> {
    Ok(LogKey::new(folder::read_key(folder, folder::AUDIT_KEY)?)?)
}

/// The key of an authority whose records are older than the log: made now, or by a process that was faster.
pub(crate) fn read_or_make(folder: &Path) -> Result<LogKey> {
    let key = PrivateKey::generate(KeyKind::Ed25519)?;
    appear(folder, folder::AUDIT_KEY, key.to_pem().as_bytes(), 0o600)?;
    let key = read(folder)?;
    appear(folder, folder::AUDIT_PUBLIC, public_line(&key).as_bytes(), 0o644)?;
    Ok(key)
}

/// A whole file under this name, unless there is one.
fn appear(folder: &Path, name: &str, bytes: &[u8], mode: u32) -> Result<(), FolderError> {
    let path = folder.join(name);
    if fs::symlink_metadata(&path).is_ok() {
        return Ok(());
    }
    let linked = (|| {
        match Draft::write(&path, bytes, mode)?.link() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked?,
        }
        flush_folder_of(&path)
    })();
    linked.map_err(|source| FolderError::File { path, source })
}

fn public_line(key: &LogKey) -> String {
    format!("{}\n", key.verifier())
}
