//! What revocation lists are made of, their numbers, and the last one of each issuer.

use handfast_pki::Fingerprint;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params, types::Value};

use super::{
    find::{known_reason, time},
    only_if_new,
};
use crate::records::{IssuerIds, KeptList, ListState, Revocation, RevokedSerial, StoreError};

/// The revocation, the block of its key, and the certificate where it was not known.
pub(super) fn take_back(transaction: &Transaction<'_>, revocation: &Revocation) -> Result<(), StoreError> {
    let serial = &revocation.serial;
    if revocation.unrecorded.is_some() {
        insert_unrecorded(transaction, revocation)?;
    }
    let is_known = transaction
        .prepare_cached("SELECT 1 FROM certificate WHERE serial = ?1")?
        .exists([serial])?;
    if !is_known {
        return Err(StoreError::Unknown {
            serial: serial.clone(),
        });
    }
    let at = revocation.at.as_millisecond();
    let inserted = transaction
        .prepare_cached("INSERT INTO revocation (serial, at, reason) VALUES (?1, ?2, ?3)")?
        .execute(params![serial, at, revocation.reason.name()]);
    only_if_new(inserted, || StoreError::RevokedAlready {
        serial: serial.clone(),
    })?;
    if let Some(key) = revocation.block {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO blocked_key (spki, at) VALUES (?1, ?2)")?
            .execute(params![key.to_string(), at])?;
    }
    Ok(())
}

fn insert_unrecorded(transaction: &Transaction<'_>, revocation: &Revocation) -> Result<(), StoreError> {
    let Some(unrecorded) = &revocation.unrecorded else {
        return Ok(());
    };
    let certificate = &unrecorded.certificate;
    let names = certificate.identity().names();
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO certificate
             (serial, issuer, state, profile, subject, names, not_before, not_after, requester, begun_at, issued_at,
              fingerprint, tbs, der, spki)
             VALUES (?1, ?2, 'issued', 'unknown', ?3, ?4, ?5, ?6, 'unknown', ?7, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            revocation.serial,
            unrecorded.issuer,
            handfast_pki::name::shown(certificate.subject()),
            names.join(" "),
            certificate.not_before().as_second(),
            certificate.not_after().as_second(),
            certificate.not_before().as_millisecond(),
            certificate.fingerprint().to_string(),
            certificate.tbs_der(),
            certificate.der().as_ref(),
            certificate.public_key().fingerprint().to_string(),
        ])?;
    let mut add_name = transaction
        .prepare_cached("INSERT OR IGNORE INTO certificate_name (name, serial) VALUES (?1, ?2)")?;
    for name in names {
        add_name.execute(params![name, revocation.serial])?;
    }
    Ok(())
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
        "SELECT serial, at, reason FROM revocation JOIN certificate USING (serial)
         WHERE (issuer IN (?1, ?2) OR issuer IS NULL) AND not_after >= ?3 ORDER BY sequence",
    )?;
    let since = since.map_or(i64::MIN, Timestamp::as_second);
    let mut rows = statement.query(params![issuer.key, issuer.written, since])?;
    while let Some(row) = rows.next()? {
        let reason: String = row.get(2)?;
        each(RevokedSerial {
            serial: row.get(0)?,
            at: time(1, Timestamp::from_millisecond(row.get(1)?))?,
            reason: known_reason(2, &reason)?,
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
pub(super) fn take_number(transaction: &Transaction<'_>, issuer: &str, last: u64) -> Result<u64, StoreError> {
    let next = last + 1;
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
    if changed == 1 {
        Ok(next)
    } else {
        Err(StoreError::ListOvertaken { number: next })
    }
}

pub(super) fn keep(transaction: &Transaction<'_>, issuer: &str, list: &KeptList) -> Result<(), StoreError> {
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
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::ListOvertaken { number: list.number })
    }
}

/// SQLite counts to 2^63.
fn number(of: u64) -> Value {
    Value::from(i64::try_from(of).unwrap_or(i64::MAX))
}
