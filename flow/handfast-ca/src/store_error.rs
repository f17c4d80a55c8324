//! Why records cannot be written or read.

use handfast_audit::tree::TreeError;
use handfast_pki::{Code, code};
use rusqlite::ErrorCode;

use crate::folder_error::KEY_AWAY_HINT;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Twice the same 158 random bits: the random source is broken.
    #[error("the serial number {serial} was used before")]
    SerialTaken { serial: String },
    /// All 2^48 indexes of an issuer are given.
    #[error("the issuer {issuer} has no index left for a serial number")]
    NoIndexLeft { issuer: String },
    /// The store has answered to fewer plans than it was given.
    #[error("the store has not answered to every plan")]
    Incomplete,
    /// The same request has been answered in the meantime.
    #[error("the request was answered already")]
    AnsweredAlready,
    /// The thread that writes has ended.
    #[error("the records are closed")]
    WriterGone,
    /// A cursor that no page of these records ended with.
    #[error("there is no row {cursor} in the records, expected the cursor that a page ended with")]
    NoSuchCursor { cursor: i64 },
    /// The row is not in the state that the step expects.
    #[error("the serial number {serial} is not {expected}")]
    WrongState { serial: String, expected: &'static str },
    /// There is no such row.
    #[error("the serial number {serial} is not in the records")]
    Unknown { serial: String },
    /// The key was blocked while the certificate was on its way.
    #[error("the key is blocked, because a certificate with it was revoked for keyCompromise")]
    KeyBlocked,
    /// It does not wait any more, or never did.
    #[error("the request {id} was decided already")]
    Decided { id: String },
    /// Another process has made a newer list in the meantime.
    #[error("another process has taken the number {number} for a newer list")]
    ListOvertaken { number: u64 },
    /// A file that is no backup, or a damaged one.
    #[error("the backup cannot be used: {detail}")]
    BadBackup { detail: String },
    /// The CAs are not those that the change began with.
    #[error("another process has changed the CAs in the meantime")]
    CasChanged,
    /// The records were written by a program that knows more than this one.
    #[error("the records are of version {found}, expected at most {known}")]
    TooNew { found: u32, known: usize },
    /// A file without a table, or without a word of the CA whose folder it is in: what was there is lost.
    #[error("\"authority.db\" is not the records of this CA: {detail}")]
    NotItsRecords { detail: &'static str },
    /// The audit log cannot be continued where it ends, so that nothing is written.
    #[error("the audit log is damaged: {detail}")]
    LogDamaged { detail: String },
    /// The head of the audit log, or its key.
    #[error(transparent)]
    Log(#[from] TreeError),
    /// The database.
    #[error("the records of the CA fail: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Of another implementation.
    #[error("the records of the CA fail: {0}")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadBackup { .. } => code::BAD_BACKUP,
            Self::NotItsRecords { .. } => code::NOT_AN_AUTHORITY,
            Self::Log(TreeError::KeyAway { .. }) => code::KEY_AWAY,
            Self::LogDamaged { .. } | Self::Log(_) => code::AUDIT_DAMAGED,
            Self::Unknown { .. } => code::NOT_RECORDED,
            Self::KeyBlocked => code::KEY_BLOCKED,
            Self::Decided { .. } => code::NOT_WAITING,
            Self::NoSuchCursor { .. } => code::USAGE,
            Self::SerialTaken { .. }
            | Self::NoIndexLeft { .. }
            | Self::Incomplete
            | Self::AnsweredAlready
            | Self::WriterGone
            | Self::WrongState { .. }
            | Self::ListOvertaken { .. }
            | Self::CasChanged
            | Self::TooNew { .. }
            | Self::Sqlite(_)
            | Self::Other(_) => code::STORE,
        }
    }

    /// One thing to do about it, where we know one.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::BadBackup { .. } => "use another backup",
            Self::NotItsRecords { .. } => {
                "restore the last backup into a new folder: handfast ca restore FILE --dir DIR; nothing was signed"
            }
            Self::Log(TreeError::KeyAway { .. }) => KEY_AWAY_HINT,
            Self::LogDamaged { .. } | Self::Log(_) => {
                "see what is damaged: handfast ca audit verify; restore the directory from a backup; nothing was issued"
            }
            Self::Unknown { .. } => "see what was issued: handfast ca list",
            Self::KeyBlocked => "make a new key: handfast issue does",
            Self::Decided { .. } => "see what waits: handfast ca requests",
            Self::NoSuchCursor { .. } => "begin with the first page: leave --after out",
            Self::NoIndexLeft { .. } => "make another issuing CA: handfast ca rotate",
            Self::ListOvertaken { .. } | Self::CasChanged | Self::AnsweredAlready => {
                "nothing was changed by this command; run it again"
            }
            Self::TooNew { .. } => "use the program that has written them, or a newer one",
            Self::Sqlite(error) => return of_sqlite(error),
            Self::SerialTaken { .. }
            | Self::Incomplete
            | Self::WriterGone
            | Self::WrongState { .. }
            | Self::Other(_) => return None,
        })
    }
}

/// What the owner of the machine can do: about the disk, about another process, about damage.
fn of_sqlite(error: &rusqlite::Error) -> Option<&'static str> {
    Some(match error.sqlite_error_code()? {
        ErrorCode::DiskFull => "make room on the disk; nothing was issued",
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            "see that the folder and authority.db in it can be written by this user, and that the disk is not read-only; nothing was issued"
        }
        ErrorCode::SystemIoFailure => {
            "the disk does not keep what is written: make room on the disk, and see the log of the system; nothing was issued"
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            "another process writes for long; run it again; nothing was issued"
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            "the records are damaged: restore the directory from a backup (handfast ca restore); nothing was issued"
        }
        _ => return None,
    })
}
