//! Adopt: records that are older than the audit log get one.

use handfast_audit::{
    leaf::{Evidence, Leaf},
    tree::LogKey,
};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction};

use super::{
    find::{self, unreadable},
    lists, locate,
    log::Log,
    taken_in,
};
use crate::records::{Event, JournalEntry, StoreError};

/// Begins the log of records that had none: a leaf for each line of their journal, and one for every certificate and list
/// as they are now.
pub(super) fn everything(transaction: &Transaction<'_>, key: &LogKey) -> Result<(), StoreError> {
    let mut log = Log::begin(transaction, key);
    lines(&mut log)?;
    let entry = JournalEntry {
        at: Timestamp::now(),
        event: Event::Adopted,
        serial: None,
        requester: None,
        code: None,
        detail: String::new(),
    };
    let sql = format!(
        "SELECT {} FROM cert {} ORDER BY cert.id",
        find::COLUMNS,
        find::REVOKED
    );
    let mut certificates = transaction.prepare(&sql)?;
    let mut rows = certificates.query([])?;
    while let Some(row) = rows.next()? {
        let row = find::read_row(row)?;
        taken_in::row(&mut log, &row, &entry)?;
    }
    let mut issuers = transaction.prepare("SELECT issuer FROM crl ORDER BY issuer")?;
    let mut rows = issuers.query([])?;
    while let Some(row) = rows.next()? {
        list(&mut log, row.get(0)?, &entry)?;
    }
    log.seal()
}

fn list(log: &mut Log<'_>, issuer: String, cause: &JournalEntry) -> Result<(), StoreError> {
    let last = lists::last(log.transaction, &issuer)?;
    let entry = JournalEntry {
        detail: format!("list number {} of the issuer {issuer}", last.number),
        ..cause.clone()
    };
    let evidence = Evidence {
        record: last.list.map(|list| list.digest(&issuer)),
        issuer: Some(issuer),
        number: Some(last.number),
        ..Evidence::default()
    };
    log.add(&entry, evidence)
}

/// The lines that are there, in their order.
fn lines(log: &mut Log<'_>) -> Result<(), StoreError> {
    let transaction = log.transaction;
    let mut journal =
        transaction.prepare("SELECT at, event, serial, requester, code, detail FROM journal ORDER BY id")?;
    let mut rows = journal.query([])?;
    while let Some(row) = rows.next()? {
        let at: String = row.get(0)?;
        let leaf = Leaf {
            at: at
                .parse()
                .map_err(|error: jiff::Error| unreadable(0, error.into()))?,
            event: row.get(1)?,
            serial: row.get(2)?,
            requester: row.get(3)?,
            code: row.get(4)?,
            detail: row.get(5)?,
            evidence: Evidence::default(),
        };
        let evidence = match &leaf.serial {
            Some(serial) if leaf.event == Event::Revoked.name() => revocation(transaction, serial)?,
            _ => Evidence::default(),
        };
        log.add_leaf(&Leaf { evidence, ..leaf }.to_bytes())?;
    }
    Ok(())
}

fn revocation(transaction: &Transaction<'_>, serial: &str) -> Result<Evidence, StoreError> {
    let Some(id) = locate::certificate(transaction, serial)? else {
        return Ok(Evidence::default());
    };
    let found = transaction
        .prepare_cached(
            "SELECT revoked.seq, reason, blocked_key.spki
             FROM cert JOIN revoked ON revoked.issuer = cert.issuer AND revoked.idx = cert.idx
             LEFT JOIN blocked_key ON blocked_key.spki = lower(hex(cert.spki)) AND reason = 'keyCompromise'
             WHERE cert.id = ?1",
        )?
        .query_row([id], |row| {
            Ok(Evidence {
                sequence: Some(row.get::<_, i64>(0)?.unsigned_abs()),
                reason: row.get(1)?,
                blocked: row.get(2)?,
                ..Evidence::default()
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}
