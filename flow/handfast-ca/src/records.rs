//! Records: what is written down about certificates, and the seam behind which it is kept.
//!
//! [`Store`] is the seam: SQLite is the embedded implementation. It works in batches; each is durable when the call
//! returns, or leaves nothing. A call that fails stops the issuance.

use std::{fmt, str::FromStr};

use handfast_pki::{Certificate, Fingerprint, NamePattern, build::Unnumbered, name::AltName, serial::Serial};
use jiff::Timestamp;

/// Writes down certificates and what became of every request.
pub trait Store: Send + Sync {
    /// The first durable point: takes serial numbers that were never taken before, and keeps the exact bytes that are
    /// about to be signed under them. Gives these back, one for each plan.
    fn begin(&self, plans: &[Plan]) -> Result<Vec<Begun>, StoreError>;
    /// The second durable point: keeps the certificates that were made from the planned bytes.
    fn finish(&self, done: &[Finished]) -> Result<(), StoreError>;
    /// Takes certificates back. One that may have been signed and was never finished can be revoked as well.
    fn revoke(&self, revocations: &[Revocation]) -> Result<(), StoreError>;
    /// Whether this key (SHA-256 of its SubjectPublicKeyInfo) may not be certified any more.
    fn is_blocked(&self, key: Fingerprint) -> Result<bool, StoreError>;
    /// Every revoked certificate of `issuer` that a list has to name, in the order of their revocation.
    fn revoked(
        &self,
        issuer: &IssuerIds,
        since: Option<Timestamp>,
        each: &mut dyn FnMut(RevokedSerial) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// The last list of `issuer`, and the number that was taken last.
    fn last_list(&self, issuer: &str) -> Result<ListState, StoreError>;
    /// Takes the number behind `last` for a new list of `issuer`. Of several that try one succeeds.
    fn take_list_number(&self, issuer: &str, last: u64) -> Result<u64, StoreError>;
    /// Keeps a list that was signed under the number that was taken last; an older one is refused.
    fn keep_list(&self, issuer: &str, list: &KeptList) -> Result<(), StoreError>;
    /// Adds lines to the journal that are about no serial number.
    fn journal(&self, entries: &[JournalEntry]) -> Result<(), StoreError>;
    /// The lines of the journal that fit, newest first.
    fn lines(&self, query: &JournalQuery) -> Result<Vec<JournalEntry>, StoreError>;
    /// What is known about the certificates that fit, those that expire soonest first.
    fn find(&self, query: &Query) -> Result<Page, StoreError>;
    /// How many certificates are complete.
    fn count(&self) -> Result<u64, StoreError>;
    /// How far each issuer is.
    fn heads(&self) -> Result<Vec<IssuerHead>, StoreError>;
}

/// A certificate that is about to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The bytes to be signed.
    pub draft: Draft,
    /// The issuer's key identifier, hexadecimal digits.
    pub issuer: String,
    pub profile: String,
    /// RFC 4514 text.
    pub subject: String,
    pub names: Vec<AltName>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub requester: String,
    pub at: Timestamp,
    /// The key that is certified.
    pub key: Fingerprint,
    /// The serial number of the certificate that this one replaces.
    pub renewed_from: Option<String>,
    /// Written in the same transaction, with the serial number.
    pub entry: JournalEntry,
}

/// What is about to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// The exact bytes, with a serial number that carries no index.
    Whole { serial: Serial, tbs: Vec<u8> },
    /// All but the index in the serial number: the store takes the next one of the issuer.
    Counted(Unnumbered),
}

/// What was written down and may be signed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub serial: Serial,
    /// The exact to-be-signed bytes.
    pub tbs: Vec<u8>,
}

/// A certificate that was signed as planned.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The issuer's key identifier, hexadecimal digits.
    pub issuer: String,
    pub serial: String,
    pub certificate: Certificate,
    pub at: Timestamp,
    /// Written in the same transaction.
    pub entry: JournalEntry,
}

/// A certificate that is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    pub serial: String,
    pub reason: Reason,
    pub at: Timestamp,
    /// Its key gets no certificate any more.
    pub block: Option<Fingerprint>,
    /// The certificate itself, where it is ours and the records do not know it: they learn of it in the same
    /// transaction.
    pub unrecorded: Option<Unrecorded>,
    /// Written in the same transaction.
    pub entry: JournalEntry,
}

/// A certificate of ours that was shown and that the records do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// The issuer's key identifier, hexadecimal digits.
    pub issuer: String,
    pub certificate: Certificate,
}

/// The ways in which records name one issuer: by the identifier of its key, and by that which its certificates carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerIds {
    pub key: String,
    pub written: String,
}

/// How far an issuer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerHead {
    /// Its key identifier, hexadecimal digits.
    pub issuer: String,
    /// The index that its next certificate gets; `None` while its serial numbers carry none.
    pub next_index: Option<u64>,
    /// The sequence number of its last revocation; 0 before the first.
    pub last_revocation: u64,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedSerial {
    /// Its place in the order of all revocations.
    pub sequence: u64,
    pub serial: String,
    /// What the serial number carries, where the issuer has counted it.
    pub index: Option<u64>,
    pub at: Timestamp,
    pub reason: Reason,
}

/// How far the lists of one issuer are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListState {
    /// The number that was taken last; 0 before the first.
    pub number: u64,
    /// The last list that was kept.
    pub list: Option<KeptList>,
}

/// A signed revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptList {
    pub number: u64,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    pub der: Vec<u8>,
}

/// Why a certificate is revoked (CRLReason, RFC 5280 section 5.3.1). Holds are not offered: what is revoked stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    PrivilegeWithdrawn,
    AaCompromise,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// As RFC 5280 writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }
}

/// How far an issuance came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The serial number is taken and nothing was built that could have been signed; older programs wrote it.
    Reserved,
    /// The bytes are known; a signature over them may exist.
    Planned,
    /// The certificate is kept.
    Issued,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Planned => "planned",
            Self::Issued => "issued",
        }
    }
}

/// One certificate in the store, at whatever state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place in the store; 0 where it is not there.
    pub(crate) id: i64,
    pub serial: String,
    /// The issuer's key identifier; `None` where an older program wrote the row.
    pub issuer: Option<String>,
    pub state: State,
    pub profile: String,
    pub subject: String,
    /// As [`AltName`] shows them.
    pub names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub requester: String,
    /// The key that it certifies; `None` where it was never signed by a program that kept it.
    pub key: Option<String>,
    /// The serial number of the certificate that it replaces.
    pub renewed_from: Option<String>,
    /// When the serial number was taken.
    pub begun_at: Timestamp,
    pub issued_at: Option<Timestamp>,
    pub revoked: Option<Revoked>,
    /// The planned bytes.
    pub tbs: Option<Vec<u8>>,
    /// The certificate.
    pub der: Option<Vec<u8>>,
}

impl Row {
    /// Whether its certificate has a name that `pattern` matches. One that was only planned has none.
    pub(crate) fn matches(&self, pattern: &NamePattern) -> bool {
        let certificate = self
            .der
            .as_deref()
            .and_then(|der| Certificate::from_der(der).ok());
        certificate.is_some_and(|certificate| pattern.matches(&certificate.identity()))
    }

    /// What the records would say of a certificate of `issuer` that they do not have.
    pub(crate) fn unrecorded(certificate: &Certificate, issuer: String) -> Self {
        Self {
            id: 0,
            serial: certificate.serial(),
            issuer: Some(issuer),
            state: State::Issued,
            profile: "unknown".into(),
            subject: handfast_pki::name::shown(certificate.subject()),
            names: certificate.identity().names(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            requester: "unknown".into(),
            key: Some(certificate.public_key().fingerprint().to_string()),
            renewed_from: None,
            begun_at: certificate.not_before(),
            issued_at: None,
            revoked: None,
            tbs: None,
            der: Some(certificate.der().to_vec()),
        }
    }
}

/// That a certificate is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Its place in the order of all revocations: a reader that knows it has seen all before.
    pub sequence: u64,
    pub at: Timestamp,
    pub reason: Reason,
}

/// Which certificates; a filter that is `None` fits all.
///
/// Pages are in the order of expiry, soonest first. Those of a prefix are in the order of the names, and those with
/// `issued_after` in that of issuance: each is the order of an index, so that a page costs the same among millions.
#[derive(Debug, Clone, Default)]
pub struct Query {
    pub name: Option<NameFilter>,
    pub fingerprint: Option<Fingerprint>,
    pub serial: Option<String>,
    pub condition: Option<Condition>,
    pub profile: Option<String>,
    pub issuer: Option<String>,
    pub requester: Option<String>,
    /// The key that was certified.
    pub key: Option<Fingerprint>,
    /// Those that replace the one with this serial number.
    pub renewed_from: Option<String>,
    /// Those that expire before.
    pub expiring_before: Option<Timestamp>,
    /// Those that were issued at this time or later.
    pub issued_after: Option<Timestamp>,
    /// Those whose serial number was taken before.
    pub begun_before: Option<Timestamp>,
    /// At most so many; `None` for all.
    pub limit: Option<u32>,
    /// Those behind a page that was read.
    pub after: Option<Cursor>,
}

/// Names as they are written in rules: `dns:a.example`, `uri:spiffe://acme/web`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFilter {
    Is(String),
    StartsWith(String),
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Begun and never finished: a crash, or a refusal at the last moment.
    Planned,
    /// Issued, not revoked, and not expired at this time.
    Valid(Timestamp),
    /// Issued, not revoked, and expired at this time.
    Expired(Timestamp),
    Revoked,
}

/// A part of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<Row>,
    /// Where the next page begins, when there is more.
    pub next: Option<Cursor>,
}

/// A place in the order of a page: the last row that was read. It stays good when others come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(crate) i64);

/// Which lines of the journal; a filter that is `None` fits all.
#[derive(Debug, Clone, Default)]
pub struct JournalQuery {
    /// Those at this time or later.
    pub since: Option<Timestamp>,
    pub event: Option<Event>,
    /// Those about this serial number.
    pub serial: Option<String>,
    /// At most so many; `None` for all.
    pub limit: Option<u32>,
}

/// As it is printed and given back: `4711`.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = handfast_pki::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Self).ok_or_else(|| handfast_pki::Error::BadValue {
            found: handfast_pki::text::printable(text),
            expected: "a cursor that a page ended with",
        })
    }
}

/// One line of the journal. Every request has exactly one `issued` or `refused`; lines are never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    pub at: Timestamp,
    pub event: Event,
    pub serial: Option<String>,
    pub requester: Option<String>,
    /// The code of a refusal.
    pub code: Option<String>,
    /// In words.
    pub detail: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A CA that existed already was imported.
    Imported,
    /// The key is about to be used.
    Planned,
    Issued,
    Refused,
    Revoked,
    /// A revocation list was signed.
    Listed,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Imported,
        Self::Planned,
        Self::Issued,
        Self::Refused,
        Self::Revoked,
        Self::Listed,
    ];

    /// As it is written in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Planned => "planned",
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
            Self::Listed => "listed",
        }
    }
}

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
    /// Another process has made a newer list in the meantime.
    #[error("another process has taken the number {number} for a newer list")]
    ListOvertaken { number: u64 },
    /// The records were written by a program that knows more than this one.
    #[error("the records are of version {found}, expected at most {known}")]
    TooNew { found: u32, known: usize },
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Of another implementation.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}
