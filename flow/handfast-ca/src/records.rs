//! Records: what is written down about certificates, and the seam behind which it is kept.
//!
//! [`Store`] is the seam: SQLite is the embedded implementation. Every call is durable when it returns; a
//! call that fails stops the issuance.

use handfast_pki::{Certificate, Profile, name::AltName};
use jiff::Timestamp;

/// Writes down certificates and what became of every wish.
pub trait Store: Send + Sync {
    /// Takes a serial number that nobody took before; refuses one that is taken.
    fn reserve(&self, reservation: &Reservation) -> Result<(), StoreError>;
    /// Keeps the exact bytes that are about to be signed under a reserved serial number.
    fn plan(&self, serial: &str, tbs: &[u8]) -> Result<(), StoreError>;
    /// Keeps the certificate that was made from the planned bytes.
    fn complete(&self, serial: &str, certificate: &Certificate, at: Timestamp) -> Result<(), StoreError>;
    /// Adds a line to the journal.
    fn journal(&self, entry: &JournalEntry) -> Result<(), StoreError>;
    /// What is known about a serial number.
    fn find(&self, serial: &str) -> Result<Option<Row>, StoreError>;
    /// Everything that was reserved before `before` and never completed: a crash, or a refusal at the last moment.
    fn unfinished(&self, before: Timestamp) -> Result<Vec<Row>, StoreError>;
    /// How many certificates are complete.
    fn count(&self) -> Result<u64, StoreError>;
}

/// What is known about a certificate before it is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Hexadecimal digits.
    pub serial: String,
    pub profile: Profile,
    /// RFC 4514 text.
    pub subject: String,
    pub names: Vec<AltName>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Who asked.
    pub asker: String,
    pub at: Timestamp,
}

/// How far an issuance came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The serial number is taken; nothing was built that could have been signed.
    Reserved,
    /// The bytes are known; a signature over them may exist.
    Planned,
    /// The certificate is kept.
    Issued,
}

/// One certificate in the store, at whatever state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub serial: String,
    pub state: State,
    pub profile: String,
    pub subject: String,
    /// As [`AltName`] shows them, separated by spaces.
    pub names: String,
    pub not_after: Timestamp,
    /// The planned bytes.
    pub tbs: Option<Vec<u8>>,
    /// The certificate.
    pub der: Option<Vec<u8>>,
}

/// One line of the journal: exactly one for every wish, fulfilled or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    pub at: Timestamp,
    /// `issued`, `refused` or `adopted`.
    pub event: &'static str,
    pub serial: Option<String>,
    /// The code of a refusal.
    pub code: Option<String>,
    /// In words.
    pub detail: String,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Twice the same 158 random bits: the random source is broken.
    #[error("the serial number {serial} was used before")]
    SerialTaken { serial: String },
    /// The row is not in the state that the step expects.
    #[error("the serial number {serial} is not {expected}")]
    WrongState { serial: String, expected: &'static str },
    /// The records were written by a program that knows more than this one.
    #[error("the records are of version {found}, expected at most {known}")]
    TooNew { found: u32, known: usize },
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Of another implementation.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}
