//! The key of the audit log: Ed25519, in a file of its own, and its public half beside it.
//!
//! It signs nothing but the heads of the log and what is exported from it; no certificate and no list. It is never
//! encrypted, unlike the keys of CAs: whatever is written is signed with it, also by commands that ask for no passphrase.

use std::{fs, io, path::Path, sync::Arc};

use handfast_audit::tree::{LogKey, VerifierKey};
use handfast_credentials::staging::{Draft, flush_folder_of};
use handfast_pki::{KeyKind, PrivateKey};

use crate::{
    error::{FolderError, Result},
    folder::{self, Staged},
    sqlite::Sqlite,
};

/// Makes the key of a new authority.
pub(crate) fn create(staged: &Staged) -> Result<LogKey> {
    write(staged, PrivateKey::generate(KeyKind::Ed25519)?)
}

/// Writes both halves of `key` into a folder that is being filled.
pub(crate) fn write(staged: &Staged, key: PrivateKey) -> Result<LogKey> {
    staged.write_file(folder::AUDIT_KEY, key.to_pem().as_bytes(), 0o600)?;
    let key = LogKey::new(key)?;
    staged.write_public(folder::AUDIT_PUBLIC, &public_line(key.verifier()))?;
    Ok(key)
}

/// The key of the authority in `folder`; one is made where its records are older than the log.
pub(crate) fn of(folder: &Path) -> Result<Arc<LogKey>> {
    let key = if Sqlite::is_older_than_the_log(&folder.join(folder::DATABASE))? {
        read_or_make(folder)?
    } else {
        read(folder)?
    };
    Ok(Arc::new(key))
}

/// The public half of a key that the log had before, in a folder that is being filled.
pub(crate) fn write_former(staged: &Staged, former: &VerifierKey) -> Result<(), FolderError> {
    staged.write_public(&former_name(former), &public_line(former))
}

/// The file of the public half of a key that the log had before.
pub(crate) fn former_name(former: &VerifierKey) -> String {
    // The name is out of a file that others may have written; that of our logs ends with hexadecimal digits.
    let id: String = former
        .name()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_hexdigit)
        .collect();
    format!("{FORMER}{id}{PUBLIC}")
}

/// What the line of a restoration says of a log that goes on under another key.
pub(crate) fn changed(former: &VerifierKey, own: &VerifierKey) -> String {
    format!("{CHANGED}{former}{SINCE}{own}")
}

const CHANGED: &str = "; the audit log was signed with ";
const SINCE: &str = ", and is from now on with ";

/// The former key in what [`changed`] has said.
pub(crate) fn former_in(detail: &str) -> Option<VerifierKey> {
    let (_, after) = detail.split_once(CHANGED)?;
    let (former, _) = after.split_once(SINCE)?;
    former.parse().ok()
}

/// What verifies the heads that the log had under earlier keys.
pub(crate) fn former(folder: &Path) -> Vec<VerifierKey> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with(FORMER) && name.ends_with(PUBLIC)
    });
    named
        .filter_map(|entry| fs::read_to_string(entry.path()).ok()?.parse().ok())
        .collect()
}

const FORMER: &str = "audit-";
const PUBLIC: &str = ".pub";

/// The key of an authority that has one; where its file is away and its public half here, what verifies alone.
fn read(folder: &Path) -> Result<LogKey> {
    match folder::read_key(folder, folder::AUDIT_KEY) {
        Err(error @ FolderError::KeyAway { .. }) => {
            let public = fs::read_to_string(folder.join(folder::AUDIT_PUBLIC));
            let verifier = public.ok().and_then(|line| line.parse::<VerifierKey>().ok());
            Ok(LogKey::away(verifier.ok_or(error)?))
        }
        key => Ok(LogKey::new(key?)?),
    }
}

/// The key of an authority whose records are older than the log: made now, or by a process that was faster.
fn read_or_make(folder: &Path) -> Result<LogKey> {
    let key = PrivateKey::generate(KeyKind::Ed25519)?;
    appear(folder, folder::AUDIT_KEY, key.to_pem().as_bytes(), 0o600)?;
    let key = read(folder)?;
    appear(
        folder,
        folder::AUDIT_PUBLIC,
        public_line(key.verifier()).as_bytes(),
        0o644,
    )?;
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

fn public_line(key: &VerifierKey) -> String {
    format!("{key}\n")
}
