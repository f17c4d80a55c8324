//! Why the folder of an authority cannot be used.

use std::{io, path::PathBuf};

use handfast_credentials::staging::StagingError;
use handfast_pki::{Code, code};

use handfast_finding::shell::shell;

use crate::passphrase::PassphraseError;

/// What is wrong with the state folder; its owner is to blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It is in use.
    #[error("\"{}\" exists already", path.display())]
    Exists { path: PathBuf },
    /// It holds no authority, or a damaged one.
    #[error("\"{}\" is not a CA directory: {detail}", path.display())]
    NotAnAuthority {
        path: PathBuf,
        detail: String,
        holds: Holds,
    },
    /// The file of a backup that was to be written.
    #[error("\"{}\" exists already", path.display())]
    BackupExists { path: PathBuf },
    /// The key file can be read by others.
    #[error("\"{}\" can be read by others: its mode is {mode:03o}, expected 600", path.display())]
    KeyExposed { path: PathBuf, mode: u32 },
    /// The file of a private key is missing.
    #[error("the private key \"{}\" is not here", path.display())]
    KeyAway { path: PathBuf },
    /// An encrypted key.
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    /// A file in it cannot be read or written.
    #[error("\"{}\" cannot be used", path.display())]
    File { path: PathBuf, source: io::Error },
}

/// What a folder holds that is no CA directory: each needs something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// It is empty, or not there: a CA can be made in it.
    Nothing,
    /// Files of a CA: one of them is missing or damaged, and no new CA takes its place.
    PartsOfOne,
    /// Something else.
    Others,
}

/// How a key comes back.
pub(crate) const KEY_AWAY_HINT: &str = "put its file back, with mode 600, or restore a backup that has the keys \
     (handfast ca restore); if the key of an issuing CA is lost, make another: handfast ca rotate";

impl From<StagingError> for FolderError {
    fn from(StagingError { path, source }: StagingError) -> Self {
        Self::File { path, source }
    }
}

impl FolderError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Exists { .. } | Self::BackupExists { .. } => code::EXISTS,
            Self::NotAnAuthority { .. } => code::NOT_AN_AUTHORITY,
            Self::KeyExposed { .. } | Self::File { .. } => code::UNREADABLE,
            Self::KeyAway { .. } => code::KEY_AWAY,
            Self::Passphrase(error) => error.code(),
        }
    }

    /// One thing to do about it, where we know one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Exists { .. } => "choose a folder that is not there yet: a CA is never overwritten".into(),
            Self::BackupExists { .. } => "choose another file with --out: a backup is never overwritten".into(),
            Self::NotAnAuthority { path, holds, .. } => match holds {
                Holds::Nothing => format!(
                    "make one: handfast init --name \"Acme\" --dir {}",
                    shell(path.display())
                ),
                Holds::PartsOfOne => {
                    "put back what is missing or damaged, out of a backup: handfast ca restore FILE --dir DIR writes one into a new folder".into()
                }
                Holds::Others => "name the directory of the CA: --dir DIR; handfast init makes one where nothing is yet".into(),
            },
            Self::KeyExposed { path, .. } => format!("chmod 600 {}", shell(path.display())),
            Self::KeyAway { .. } => KEY_AWAY_HINT.into(),
            Self::Passphrase(error) => error.hint(),
            Self::File { .. } => return None,
        })
    }
}
