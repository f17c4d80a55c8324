//! Why records cannot be written or read.

use handfast_audit::tree::TreeError;

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
    /// It cannot be revoked twice.
    #[error("the certificate {serial} is revoked already")]
    RevokedAlready { serial: String },
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
    /// The audit log cannot be continued where it ends, so that nothing is written.
    #[error("the audit log is damaged: {detail}")]
    LogDamaged { detail: String },
    /// The head of the audit log, or its key.
    #[error(transparent)]
    Log(#[from] TreeError),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Of another implementation.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}
