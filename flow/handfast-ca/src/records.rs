//! Records: what is written down about certificates, and the seam behind which it is kept.
//!
//! [`Store`] is the seam: SQLite is the embedded implementation. It works in batches; each is durable when the call
//! returns, or leaves nothing. A call that fails stops the issuance.

use std::ops::{Deref, Range};

use handfast_pki::{Certificate, Fingerprint, build::Unnumbered, name::AltName, serial::Serial};
use jiff::Timestamp;

use crate::{
    cas::KeptCa,
    log::AuditLog,
    unrecorded::Unrecorded,
    waiting::{Decision, WaitingRequest, WhichHeld},
};
pub use crate::{
    repeatable::Repeatable,
    rows::{Condition, Cursor, NameFilter, Page, Query, Reason, Revoked, Row, State},
    store_error::StoreError,
};

/// Writes down certificates and what became of every request.
pub trait Store: Send + Sync {
    /// The first durable point: takes serial numbers that were never taken before, and keeps the exact bytes that are
    /// about to be signed under them. Gives these back, one for each plan.
    fn begin(&self, plans: &[Plan]) -> Result<Vec<Begun>, StoreError>;
    /// The second durable point: keeps the certificates that were made from the planned bytes.
    fn finish(&self, done: &[Finished]) -> Result<(), StoreError>;
    /// Takes certificates back. One that may have been signed and was never finished can be revoked as well.
    /// One that is revoked already gets a worse reason, or its key blocked, and else stays as it is. Out: what became of each.
    fn revoke(&self, revocations: &[Revocation]) -> Result<Vec<TakenBack>, StoreError>;
    /// Whether this key (SHA-256 of its SubjectPublicKeyInfo) may not be certified any more.
    fn is_blocked(&self, key: Fingerprint) -> Result<bool, StoreError>;
    /// Every revoked certificate of `issuer` that a list has to name, in the order of their revocation.
    fn revoked(
        &self,
        issuer: &IssuerIds,
        since: Option<Timestamp>,
        each: &mut dyn FnMut(RevokedSerial) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// The indexes that `issuer` (the identifier of its key) has given: from the first whose certificate has not expired
    /// `at` that time, to the next that will be given. Empty where its serial numbers carry none.
    fn indexes(&self, issuer: &str, at: Timestamp) -> Result<Range<u64>, StoreError>;
    /// The serial numbers of certificates of `issuer` that were issued without an index and have not expired `at` that
    /// time, revoked or not.
    fn uncounted(
        &self,
        issuer: &IssuerIds,
        at: Timestamp,
        each: &mut dyn FnMut(&str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
    /// The last list of `issuer`, and the number that was taken last.
    fn last_list(&self, issuer: &str) -> Result<ListState, StoreError>;
    /// Takes `next`, which is greater than `last`, for a new list of `issuer`, where `last` is the number that was taken
    /// last. Of several that try one succeeds. `entry` is written in the same transaction.
    fn take_list_number(
        &self,
        issuer: &str,
        last: u64,
        next: u64,
        entry: &JournalEntry,
    ) -> Result<u64, StoreError>;
    /// Keeps a list that was signed under the number that was taken last; an older one is refused. `entry` is written
    /// in the same transaction.
    fn keep_list(&self, issuer: &str, list: &KeptList, entry: &JournalEntry) -> Result<(), StoreError>;
    /// Adds lines to the journal that are about no serial number.
    fn journal(&self, entries: &[JournalEntry]) -> Result<(), StoreError>;
    /// The lines of the journal that fit, newest first.
    fn lines(&self, query: &JournalQuery) -> Result<Vec<JournalLine>, StoreError>;
    /// What is known about the certificates that fit, those that expire soonest first.
    fn find(&self, query: &Query) -> Result<Page, StoreError>;
    /// When and why this very certificate was revoked, where it was.
    fn revocation_of(&self, certificate: &Certificate) -> Result<Option<Revoked>, StoreError> {
        let page = self.find(&Query {
            fingerprint: Some(certificate.fingerprint()),
            ..Query::default()
        })?;
        Ok(page.rows.into_iter().find_map(|row| row.revoked))
    }
    /// Requests that wait for a second person.
    fn waiting(&self) -> &dyn Waiting;
    /// The CAs of the authority in the order in which they are asked; none in records that name no CAs.
    fn cas(&self) -> Result<Vec<KeptCa>, StoreError>;
    /// Puts `to` into the place of `from` and adds lines to the journal; refused where `from` is not what is there.
    fn change_cas(&self, from: &[KeptCa], to: &[KeptCa], entries: &[JournalEntry]) -> Result<(), StoreError>;
    /// Of when the backup is from which these records were restored; nothing where that was reconciled, or never happened.
    fn gap(&self) -> Result<Option<Timestamp>, StoreError>;
    /// Closes the gap: certificates that were shown are recorded, and numbers of lists go on behind those that were shown.
    fn reconcile(&self, shown: &Shown, now: Timestamp, entry: &JournalEntry) -> Result<(), StoreError>;
    /// How many certificates are complete.
    fn count(&self) -> Result<u64, StoreError>;
    /// What was asked for under this key, and the certificate that was the answer.
    fn answered(&self, requester: &str, key: &str) -> Result<Option<(Fingerprint, Row)>, StoreError>;
    /// How many certificates are in which state at `now`.
    fn totals(&self, now: Timestamp) -> Result<Totals, StoreError>;
    /// How far each issuer is.
    fn heads(&self) -> Result<Vec<IssuerHead>, StoreError>;
    /// The log of every line of the journal.
    fn log(&self) -> &dyn AuditLog;
}

/// Keeps requests that wait.
pub trait Waiting {
    /// Keeps one.
    fn hold(&self, request: &WaitingRequest, entry: &JournalEntry) -> Result<(), StoreError>;
    /// Decides one that waits; of several that try, one succeeds. One that was approved and never signed can be approved
    /// again.
    fn decide(&self, id: &str, decision: &Decision, entry: &JournalEntry) -> Result<(), StoreError>;
    /// Says which certificate became of it.
    fn fulfil(&self, id: &str, serial: &str) -> Result<(), StoreError>;
    /// Those that are asked for, oldest first.
    fn held(&self, which: WhichHeld<'_>) -> Result<Vec<WaitingRequest>, StoreError>;
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
    /// The request that it answers, where that may be repeated: kept in the same transaction.
    pub repeatable: Option<Repeatable>,
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

/// What was shown of the time that the records do not know.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Certificates of ours that the records do not have.
    pub certificates: Vec<Unrecorded>,
    /// The key identifiers of issuers, with the highest number of their lists that was seen.
    pub lists: Vec<(String, u64)>,
    /// What these lists revoke and the records have as valid, or have now that it was shown.
    pub revocations: Vec<Revocation>,
}

/// What became of a certificate that was to be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// It was not revoked, and is now.
    Revoked,
    /// It was, and the reason is a worse one now, or its key is blocked.
    Changed,
    /// It was, and nothing had to be done.
    Already,
}

/// The ways in which records name one issuer: by the identifier of its key, and by that which its certificates carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerIds {
    pub key: String,
    pub written: String,
}

/// How many certificates are in which state; each is in one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Issued, not revoked, and not expired.
    pub valid: u64,
    /// Issued, not revoked, and expired.
    pub expired: u64,
    pub revoked: u64,
    /// Begun and never finished.
    pub planned: u64,
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
    /// Empty where it was not kept for handing it out again.
    pub der: Vec<u8>,
}

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

/// A line as it is kept; it reads as its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// Its leaf in the audit log, from 0.
    pub position: u64,
    pub entry: JournalEntry,
}

impl Deref for JournalLine {
    type Target = JournalEntry;

    fn deref(&self) -> &JournalEntry {
        &self.entry
    }
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
    /// The reason of a revocation has become a worse one.
    ReasonChanged,
    /// The key of a certificate that was revoked before gets no certificate any more.
    KeyBlocked,
    /// A number was taken for a revocation list: the key is about to be used.
    Numbered,
    /// A revocation list was signed.
    Listed,
    /// Answers of OCSP were signed in advance.
    Answered,
    /// Something that is older than the audit log, or that the records did not have, is in them from now on.
    Adopted,
    /// Issuers or profiles are others than at the last time.
    Configured,
    /// A second person has to approve the request.
    Waiting,
    /// A second person has approved it.
    Approved,
    /// A second person has turned it down.
    Denied,
    /// The clock was set back, and the owner says that it is right now.
    ClockAccepted,
    /// A CA was made, imported, asked for or cross-signed.
    CaAdded,
    /// A CA signs no more, or is not trusted any more.
    CaRetired,
    /// The root's key was taken to another folder.
    RootExported,
    /// Keys were encrypted or decrypted.
    KeysChanged,
    /// Records and certificates were copied into a file.
    BackedUp,
    /// The records were made from such a file.
    Restored,
    /// What may have happened between backup and restoration was looked for.
    Reconciled,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Imported,
        Self::Planned,
        Self::Issued,
        Self::Refused,
        Self::Revoked,
        Self::ReasonChanged,
        Self::KeyBlocked,
        Self::Numbered,
        Self::Listed,
        Self::Answered,
        Self::Adopted,
        Self::Configured,
        Self::Waiting,
        Self::Approved,
        Self::Denied,
        Self::ClockAccepted,
        Self::CaAdded,
        Self::CaRetired,
        Self::RootExported,
        Self::KeysChanged,
        Self::BackedUp,
        Self::Restored,
        Self::Reconciled,
    ];

    /// As it is written in the journal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Planned => "planned",
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
            Self::ReasonChanged => "reason-changed",
            Self::KeyBlocked => "key-blocked",
            Self::Numbered => "numbered",
            Self::Listed => "listed",
            Self::Answered => "answered",
            Self::Adopted => "adopted",
            Self::Configured => "configured",
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::ClockAccepted => "clock-accepted",
            Self::CaAdded => "ca-added",
            Self::CaRetired => "ca-retired",
            Self::RootExported => "root-exported",
            Self::KeysChanged => "keys-changed",
            Self::BackedUp => "backed-up",
            Self::Restored => "restored",
            Self::Reconciled => "reconciled",
        }
    }
}
