//! Taken in: the leaf of a certificate that the records did not make themselves.

use handfast_audit::leaf::Evidence;
use handfast_pki::Fingerprint;
use jiff::Timestamp;

use super::{find, log::Log};
use crate::{
    facts::Facts,
    records::{Event, JournalEntry, Row, StoreError},
};

/// The certificate of this row, which is in the records by now. `cause` is what brought it there.
pub(super) fn certificate(log: &mut Log<'_>, id: i64, cause: &JournalEntry) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {} FROM cert {} WHERE cert.id = ?1",
        find::COLUMNS,
        find::REVOKED
    );
    let row = log
        .transaction
        .prepare_cached(&sql)?
        .query_row([id], find::read_row)?;
    self::row(log, &row, cause)
}

/// A row that was read.
pub(super) fn row(log: &mut Log<'_>, row: &Row, cause: &JournalEntry) -> Result<(), StoreError> {
    let whom = if row.names.is_empty() {
        &row.subject
    } else {
        &row.names.join(" ")
    };
    let entry = JournalEntry {
        event: Event::Adopted,
        serial: Some(row.serial.clone()),
        detail: format!("{} for {whom}", row.profile),
        ..cause.clone()
    };
    let evidence = Evidence {
        record: Some(Facts::of_row(row).digest()),
        certificate: row.der.as_deref().map(|der| Fingerprint::of(der).to_string()),
        issued_at: row.issued_at.map(Timestamp::as_millisecond),
        ..Evidence::default()
    };
    log.add(&entry, evidence)
}
