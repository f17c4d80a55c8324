//! Revocations. Each is said once: one that is there already stays, or is changed where the reason becomes worse.

use handfast_audit::leaf::Evidence;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    find::known_reason,
    lists::{insert_unrecorded, is_blocked},
    locate,
    log::Log,
    taken_in,
};
use crate::records::{Event, JournalEntry, Reason, Revocation, StoreError, TakenBack};

/// The revocation, the block of its key, and the certificate where it was not known.
pub(super) fn one(log: &mut Log<'_>, revocation: &Revocation) -> Result<TakenBack, StoreError> {
    let transaction = log.transaction;
    let serial = &revocation.serial;
    let known = locate::certificate(transaction, serial)?;
    let id = match (known, &revocation.unrecorded) {
        (Some(id), _) => id,
        (None, Some(unrecorded)) => {
            let id = insert_unrecorded(transaction, serial, unrecorded)?;
            taken_in::certificate(log, id, &revocation.entry)?;
            id
        }
        (None, None) => {
            return Err(StoreError::Unknown {
                serial: serial.clone(),
            });
        }
    };
    if let Some((sequence, reason)) = before(transaction, id)? {
        return change(log, revocation, sequence, reason);
    }
    transaction
        .prepare_cached(
            "INSERT INTO revoked (issuer, idx, not_after, at, reason, \"by\")
             SELECT issuer, idx, not_after, ?2, ?3, ?4 FROM cert WHERE id = ?1",
        )?
        .execute(params![
            id,
            revocation.at.as_millisecond(),
            revocation.reason.name(),
            revocation.entry.requester
        ])?;
    let sequence = transaction.last_insert_rowid();
    transaction
        .prepare_cached("UPDATE cert SET state = iif(der IS NULL, 'withdrawn', 'revoked') WHERE id = ?1")?
        .execute([id])?;
    block(transaction, revocation)?;
    log.add(
        &revocation.entry,
        evidence(revocation, sequence, revocation.reason),
    )?;
    Ok(TakenBack::Revoked)
}

/// Number and reason of the revocation that is there.
fn before(transaction: &Transaction<'_>, id: i64) -> Result<Option<(i64, Reason)>, StoreError> {
    let found = transaction
        .prepare_cached(
            "SELECT seq, reason FROM revoked JOIN cert ON cert.issuer = revoked.issuer AND cert.idx = revoked.idx
             WHERE cert.id = ?1",
        )?
        .query_row([id], |row| {
            let reason: String = row.get(1)?;
            Ok((row.get(0)?, known_reason(1, &reason)?))
        });
    Ok(found.optional()?)
}

/// The number and the time of a revocation stay: whoever has seen it has seen it.
fn change(
    log: &mut Log<'_>,
    revocation: &Revocation,
    sequence: i64,
    before: Reason,
) -> Result<TakenBack, StoreError> {
    let transaction = log.transaction;
    let is_worse = revocation.reason.is_worse_than(before);
    let is_open = match revocation.block {
        Some(key) => !is_blocked(transaction, key)?,
        None => false,
    };
    if !is_worse && !is_open {
        return Ok(TakenBack::Already);
    }
    let reason = if is_worse { revocation.reason } else { before };
    transaction
        .prepare_cached("UPDATE revoked SET reason = ?2 WHERE seq = ?1")?
        .execute(params![sequence, reason.name()])?;
    block(transaction, revocation)?;
    let entry = JournalEntry {
        // Each happens once to a certificate.
        event: if is_worse {
            Event::ReasonChanged
        } else {
            Event::KeyBlocked
        },
        ..revocation.entry.clone()
    };
    log.add(&entry, evidence(revocation, sequence, reason))?;
    Ok(TakenBack::Changed)
}

fn block(transaction: &Transaction<'_>, revocation: &Revocation) -> Result<(), StoreError> {
    if let Some(key) = revocation.block {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO blocked_key (spki, at) VALUES (?1, ?2)")?
            .execute(params![key.to_string(), revocation.at.as_millisecond()])?;
    }
    Ok(())
}

fn evidence(revocation: &Revocation, sequence: i64, reason: Reason) -> Evidence {
    Evidence {
        sequence: Some(sequence.unsigned_abs()),
        reason: Some(reason.name().to_owned()),
        blocked: revocation.block.map(|key| key.to_string()),
        ..Evidence::default()
    }
}
