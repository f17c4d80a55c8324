//! What revocation lists are made of, their numbers, and the last one of each issuer.

use handfast_audit::leaf::Evidence;
use handfast_pki::Fingerprint;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params, types::Value};

use super::{
    find::{known_reason, time, unreadable},
    locate,
    log::Log,
};
use crate::{
    records::{IssuerIds, JournalEntry, KeptList, ListState, RevokedSerial, StoreError},
    unrecorded::Unrecorded,
};

/// A certificate of ours that was lost from the records; its row.
pub(super) fn insert_unrecorded(
    transaction: &Transaction<'_>,
    serial: &str,
    unrecorded: &Unrecorded,
) -> Result<i64, StoreError> {
    let certificate = &unrecorded.certificate;
    // They stand in one text with blanks between them; a common name with blanks, such as that of a CA, is in the subject.
    let mut names = certificate.identity().names();
    names.retain(|name| !name.contains(char::is_whitespace));
    let issuer = locate::issuer(transaction, &unrecorded.issuer)?;
    let place = free_place(transaction, issuer, serial)?;
    let (idx, random) = match place {
        Some((random, index)) => (index, Some(random)),
        None => (locate::next_explicit(transaction, issuer)?, None),
    };
    transaction
        .prepare_cached(
            "INSERT INTO cert
             (issuer, idx, random, serial, state, profile, subject, names, not_before, not_after, requester, begun_at,
              issued_at, fingerprint, der, spki)
             VALUES (?1, ?2, ?3, ?4, 'issued', 'unknown', ?5, ?6, ?7, ?8, 'unknown', ?9, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            issuer,
            idx,
            random,
            random.is_none().then_some(serial),
            handfast_pki::name::shown(certificate.subject()),
            names.join(" "),
            certificate.not_before().as_second(),
            certificate.not_after().as_second(),
            certificate.not_before().as_millisecond(),
            certificate.fingerprint().0,
            certificate.der().as_ref(),
            certificate.public_key().fingerprint().0,
        ])?;
    let id = transaction.last_insert_rowid();
    let mut add_name = transaction
        .prepare_cached("INSERT OR IGNORE INTO cert_name (name, not_after, cert) VALUES (?1, ?2, ?3)")?;
    for name in names {
        add_name.execute(params![name, certificate.not_after().as_second(), id])?;
    }
    Ok(id)
}

/// The place that the serial number names, where the issuer has given that index and its row is not there. An index
/// beyond the last one is none that we gave, whatever the number looks like.
fn free_place(
    transaction: &Transaction<'_>,
    issuer: i64,
    serial: &str,
) -> Result<Option<([u8; 14], i64)>, StoreError> {
    let Some((random, index)) = locate::parts(serial) else {
        return Ok(None);
    };
    let is_free = transaction
        .prepare_cached(
            "SELECT 1 FROM issuer WHERE id = ?1 AND head_index > ?2
             AND NOT EXISTS (SELECT 1 FROM cert WHERE issuer = ?1 AND idx = ?2)",
        )?
        .exists([issuer, index])?;
    Ok(is_free.then_some((random, index)))
}

pub(super) fn is_blocked(connection: &Connection, key: Fingerprint) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM blocked_key WHERE spki = ?1")?
        .exists([key.to_string()])?)
}

/// Those that expire at `since` or later, or all. A row of an old program that names no issuer is on every list: one
/// name too many harms nobody, one too few does.
pub(super) fn revoked(
    connection: &Connection,
    issuer: &IssuerIds,
    since: Option<Timestamp>,
    each: &mut dyn FnMut(RevokedSerial) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT revoked.seq, revoked.idx, random, serial, at, reason
         FROM revoked JOIN cert ON cert.issuer = revoked.issuer AND cert.idx = revoked.idx
         WHERE revoked.issuer IN (SELECT id FROM issuer WHERE key_id IN (?1, ?2) OR key_id IS NULL)
           AND revoked.not_after >= ?3
         ORDER BY revoked.seq",
    )?;
    let since = since.map_or(i64::MIN, Timestamp::as_second);
    let mut rows = statement.query(params![issuer.key, issuer.written, since])?;
    while let Some(row) = rows.next()? {
        let index: i64 = row.get(1)?;
        let serial = match row.get(3)? {
            Some(explicit) => Some(explicit),
            None => locate::joined(row.get(2)?, index),
        };
        let reason: String = row.get(5)?;
        each(RevokedSerial {
            sequence: row.get::<_, i64>(0)?.unsigned_abs(),
            serial: serial.ok_or_else(|| unreadable(1, "an index that no serial number carries".into()))?,
            index: u64::try_from(index).ok(),
            at: time(4, Timestamp::from_millisecond(row.get(4)?))?,
            reason: known_reason(5, &reason)?,
        })?;
    }
    Ok(())
}

pub(super) fn last(connection: &Connection, issuer: &str) -> Result<ListState, StoreError> {
    let sql = "SELECT number, this_update, next_update, der FROM crl WHERE issuer = ?1";
    let found = connection.prepare_cached(sql)?.query_row([issuer], |row| {
        let number = row.get::<_, i64>(0)?.unsigned_abs();
        let list = match row.get::<_, Option<Vec<u8>>>(3)? {
            None => None,
            Some(der) => Some(KeptList {
                number,
                this_update: time(1, Timestamp::from_second(row.get(1)?))?,
                next_update: time(2, Timestamp::from_second(row.get(2)?))?,
                der,
            }),
        };
        Ok(ListState { number, list })
    });
    Ok(found.optional()?.unwrap_or_default())
}

/// Compares and swaps: a publisher that slept in between gets no number.
pub(super) fn take_number(
    log: &mut Log<'_>,
    issuer: &str,
    [last, next]: [u64; 2],
    entry: &JournalEntry,
) -> Result<u64, StoreError> {
    let transaction = log.transaction;
    if next <= last {
        return Err(StoreError::ListOvertaken { number: next });
    }
    transaction
        .prepare_cached("INSERT OR IGNORE INTO crl (issuer, number) VALUES (?1, 0)")?
        .execute([issuer])?;
    let changed = transaction
        .prepare_cached("UPDATE crl SET number = ?3 WHERE issuer = ?1 AND number = ?2")?
        .execute(rusqlite::params_from_iter([
            Value::from(issuer.to_owned()),
            number(last),
            number(next),
        ]))?;
    if changed != 1 {
        return Err(StoreError::ListOvertaken { number: next });
    }
    let evidence = Evidence {
        issuer: Some(issuer.to_owned()),
        number: Some(next),
        ..Evidence::default()
    };
    log.add(entry, evidence)?;
    Ok(next)
}

/// The number that was taken last and the last list, as other records have kept them.
pub(super) fn take_over(
    log: &mut Log<'_>,
    issuer: &str,
    last: &ListState,
    entry: &JournalEntry,
) -> Result<(), StoreError> {
    if last.number == 0 {
        return Ok(());
    }
    log.transaction
        .prepare_cached("INSERT INTO crl (issuer, number) VALUES (?1, ?2)")?
        .execute(params![issuer, number(last.number)])?;
    if let Some(list) = &last.list {
        return keep(log, issuer, list, entry);
    }
    let evidence = Evidence {
        issuer: Some(issuer.to_owned()),
        number: Some(last.number),
        ..Evidence::default()
    };
    log.add(entry, evidence)
}

pub(super) fn keep(
    log: &mut Log<'_>,
    issuer: &str,
    list: &KeptList,
    entry: &JournalEntry,
) -> Result<(), StoreError> {
    let transaction = log.transaction;
    let changed = transaction
        .prepare_cached(
            "UPDATE crl SET this_update = ?3, next_update = ?4, der = ?5 WHERE issuer = ?1 AND number = ?2",
        )?
        .execute(params![
            issuer,
            number(list.number),
            list.this_update.as_second(),
            list.next_update.as_second(),
            list.der,
        ])?;
    if changed != 1 {
        return Err(StoreError::ListOvertaken { number: list.number });
    }
    let evidence = Evidence {
        issuer: Some(issuer.to_owned()),
        number: Some(list.number),
        record: Some(list.digest(issuer)),
        ..Evidence::default()
    };
    log.add(entry, evidence)
}

/// SQLite counts to 2^63.
fn number(of: u64) -> Value {
    Value::from(i64::try_from(of).unwrap_or(i64::MAX))
}
