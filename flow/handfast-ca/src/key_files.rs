//! Key files: all keys of CAs encrypted at rest, or none; the key of the audit log stays as it is. Each file is replaced as a whole, after all new ones are written, and
//! reads either way, so that a crash between leaves a CA that works.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use handfast_credentials::staging::{Draft, flush_folder_of};
use handfast_pki::PrivateKey;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    error::{FolderError, Result},
    folder, log_key, passphrase, realm,
    records::{Event, Store},
    requester::Requester,
    sqlite::Sqlite,
};

/// Encrypts every key in `folder` with `phrase`; their names. Keys that are encrypted already are left.
pub fn encrypt_keys(folder: &Path, phrase: &str, by: &Requester, now: Timestamp) -> Result<Vec<String>> {
    let text = |key: &PrivateKey| Ok(Zeroizing::new(passphrase::lock(key, phrase)?));
    rewrite(folder, false, text, by, now)
}

/// Writes every encrypted key in `folder` as it is, with the passphrase of this process; their names.
pub fn decrypt_keys(folder: &Path, by: &Requester, now: Timestamp) -> Result<Vec<String>> {
    rewrite(folder, true, |key| Ok(key.to_pem()), by, now)
}

fn rewrite(
    folder: &Path,
    are_locked: bool,
    text: impl Fn(&PrivateKey) -> Result<Zeroizing<String>>,
    by: &Requester,
    now: Timestamp,
) -> Result<Vec<String>> {
    let failed = |path: &Path, source: io::Error| FolderError::File {
        path: path.to_owned(),
        source,
    };
    let store = Sqlite::open(&folder.join(folder::DATABASE), log_key::of(folder)?)?;
    let mut drafts: Vec<(String, PathBuf, Draft)> = Vec::new();
    for name in folder::keys(folder)? {
        let path = folder.join(&name);
        let bytes = Zeroizing::new(fs::read(&path).map_err(|source| failed(&path, source))?);
        if passphrase::is_locked(&bytes) != are_locked {
            continue;
        }
        let key = folder::read_key(folder, &name)?;
        let draft =
            Draft::write(&path, text(&key)?.as_bytes(), 0o600).map_err(|source| failed(&path, source))?;
        drafts.push((name, path, draft));
    }
    let mut done = Vec::new();
    for (name, path, draft) in drafts {
        let replaced = draft.replace().and_then(|()| flush_folder_of(&path));
        replaced.map_err(|source| failed(&path, source))?;
        done.push(name);
    }
    let verb = if are_locked { "decrypted" } else { "encrypted" };
    let detail = format!("{verb}: {}", done.join(", "));
    store.journal(&[realm::entry(Event::KeysChanged, &detail, by, now)])?;
    Ok(done)
}
