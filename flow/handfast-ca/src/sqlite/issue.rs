//! The two durable points of an issuance: the bytes that are about to be signed, with the serial number that they get,
//! and the certificate.

use handfast_pki::serial::HIGHEST_INDEX;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{lists, locate, only_if_new};
use crate::records::{Begun, Draft, Finished, Plan, State, StoreError};

/// Where a certificate stands: its issuer, and its index or, below zero, its number among those without.
struct Place {
    issuer: i64,
    idx: i64,
}

/// Takes the serial number of `plan`, and keeps the bytes.
pub(super) fn begin(transaction: &Transaction<'_>, plan: &Plan) -> Result<Begun, StoreError> {
    // The last look, in the same transaction as the first durable point: a key that was blocked a moment ago is seen.
    if lists::is_blocked(transaction, plan.key)? {
        return Err(StoreError::KeyBlocked);
    }
    let issuer = locate::issuer(transaction, &plan.issuer)?;
    let (begun, idx) = match &plan.draft {
        Draft::Whole { serial, tbs } => {
            let begun = Begun {
                serial: *serial,
                tbs: tbs.clone(),
            };
            (begun, locate::next_explicit(transaction, issuer)?)
        }
        Draft::Counted(unnumbered) => {
            let none_left = || StoreError::NoIndexLeft {
                issuer: plan.issuer.clone(),
            };
            let index = next_index(transaction, issuer)?.ok_or_else(none_left)?;
            let (serial, tbs) = unnumbered.numbered(index.unsigned_abs()).ok_or_else(none_left)?;
            (Begun { serial, tbs }, index)
        }
    };
    let id = insert(transaction, plan, &begun, &Place { issuer, idx })?;
    let mut add_name = transaction
        .prepare_cached("INSERT OR IGNORE INTO cert_name (name, not_after, cert) VALUES (?1, ?2, ?3)")?;
    for name in &plan.names {
        add_name.execute(params![name.to_string(), plan.not_after.as_second(), id])?;
    }
    Ok(begun)
}

fn insert(
    transaction: &Transaction<'_>,
    plan: &Plan,
    begun: &Begun,
    place: &Place,
) -> Result<i64, StoreError> {
    let names: Vec<String> = plan.names.iter().map(ToString::to_string).collect();
    let random = (place.idx >= 0).then(|| &begun.serial.octets()[..14]);
    let explicit = (place.idx < 0).then(|| begun.serial.to_string());
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO cert
             (issuer, idx, random, serial, state, profile, subject, names, not_before, not_after, requester, begun_at,
              spki, renewed_from, tbs)
             VALUES (?1, ?2, ?3, ?4, 'planned', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, unhex(?13), ?14)",
        )?
        .execute(params![
            place.issuer,
            place.idx,
            random,
            explicit,
            plan.profile,
            plan.subject,
            names.join(" "),
            plan.not_before.as_second(),
            plan.not_after.as_second(),
            plan.requester,
            plan.at.as_millisecond(),
            plan.key.0,
            plan.renewed_from,
            begun.tbs,
        ]);
    only_if_new(inserted, || StoreError::SerialTaken {
        serial: begun.serial.to_string(),
    })?;
    Ok(transaction.last_insert_rowid())
}

/// The next index of `issuer`, under the lock of the writer; nothing where all are given.
fn next_index(transaction: &Transaction<'_>, issuer: i64) -> Result<Option<i64>, StoreError> {
    let mut take = transaction.prepare_cached(
        "UPDATE issuer SET head_index = coalesce(head_index, 0) + 1
         WHERE id = ?1 AND coalesce(head_index, 0) <= ?2 RETURNING head_index - 1",
    )?;
    let highest = HIGHEST_INDEX.cast_signed();
    let found = take.query_row(params![issuer, highest], |row| row.get(0));
    Ok(found.optional()?)
}

/// Keeps the certificate that was made from planned bytes, which are a part of it.
pub(super) fn finish(transaction: &Transaction<'_>, finished: &Finished) -> Result<(), StoreError> {
    let certificate = &finished.certificate;
    let not_planned = || StoreError::WrongState {
        serial: finished.serial.clone(),
        expected: State::Planned.name(),
    };
    let id = locate::of_issuer(transaction, &finished.issuer, &finished.serial)?.ok_or_else(not_planned)?;
    let changed = transaction
        .prepare_cached(
            "UPDATE cert SET state = 'issued', der = ?2, fingerprint = ?3, issued_at = ?4, tbs = NULL
             WHERE id = ?1 AND state = 'planned' AND tbs = ?5",
        )?
        .execute(params![
            id,
            certificate.der().as_ref(),
            certificate.fingerprint().0,
            finished.at.as_millisecond(),
            certificate.tbs_der(),
        ])?;
    if changed != 1 {
        return Err(not_planned());
    }
    let Some(repeatable) = &finished.repeatable else {
        return Ok(());
    };
    let inserted = transaction
        .prepare_cached("INSERT INTO idempotency (requester, key, asked, cert) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            repeatable.requester,
            repeatable.key,
            repeatable.asked.0,
            id
        ]);
    only_if_new(inserted, || StoreError::AnsweredAlready)
}
