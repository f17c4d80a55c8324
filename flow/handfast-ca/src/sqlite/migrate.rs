//! Records of older programs, brought up to date in numbered steps, each whole or not at all.

use handfast_audit::tree::LogKey;
use handfast_pki::{Certificate, text::hex};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::adopt;
use crate::records::StoreError;

/// One step: SQL, and what SQL cannot say.
struct Step {
    sql: &'static str,
    then: fn(&Transaction<'_>, &LogKey) -> Result<(), StoreError>,
}

/// In order; the number of those that were taken is the file's `user_version`.
const STEPS: &[Step] = &[
    Step {
        sql: include_str!("../migrations/0001-certificates.sql"),
        then: nothing,
    },
    Step {
        sql: include_str!("../migrations/0002-batches.sql"),
        then: nothing,
    },
    Step {
        sql: include_str!("../migrations/0003-revocation.sql"),
        then: read_certificates,
    },
    Step {
        sql: include_str!("../migrations/0004-index.sql"),
        then: nothing,
    },
    Step {
        sql: include_str!("../migrations/0005-audit.sql"),
        then: adopt::everything,
    },
    Step {
        sql: include_str!("../migrations/0006-requests.sql"),
        then: nothing,
    },
    Step {
        sql: include_str!("../migrations/0007-cas.sql"),
        then: nothing,
    },
    Step {
        sql: include_str!("../migrations/0008-repeated.sql"),
        then: nothing,
    },
];

/// The step that begins the audit log.
const LOG: u32 = 5;

/// Whether the audit log has not begun yet.
pub(super) fn is_before_the_log(connection: &Connection) -> rusqlite::Result<bool> {
    let taken: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(taken < LOG)
}

/// Takes the steps that `connection` has not seen. The records of a newer program are refused.
/// `key` begins the audit log.
pub(super) fn migrate(connection: &mut Connection, key: &LogKey) -> Result<(), StoreError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if taken as usize > STEPS.len() {
            return Err(StoreError::TooNew {
                found: taken,
                known: STEPS.len(),
            });
        }
        let Some(step) = STEPS.get(taken as usize) else {
            return Ok(());
        };
        transaction.execute_batch(step.sql)?;
        (step.then)(&transaction, key)?;
        transaction.pragma_update(None, "user_version", taken + 1)?;
        transaction.commit()?;
    }
}

fn nothing(_: &Transaction<'_>, _: &LogKey) -> Result<(), StoreError> {
    Ok(())
}

/// Key and issuer of every certificate that is kept. One that cannot be read stays as it is: it can still be revoked by
/// its serial number.
fn read_certificates(transaction: &Transaction<'_>, _: &LogKey) -> Result<(), StoreError> {
    let mut kept = transaction.prepare("SELECT serial, der FROM certificate WHERE der IS NOT NULL")?;
    let mut update = transaction
        .prepare("UPDATE certificate SET spki = ?2, issuer = coalesce(issuer, ?3) WHERE serial = ?1")?;
    let mut rows = kept.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (serial, der): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if let Ok(certificate) = Certificate::from_der(&der) {
            let issuer = certificate.authority_key_id().map(|id| hex(&id));
            found.push((serial, certificate.public_key().fingerprint().to_string(), issuer));
        }
    }
    for (serial, spki, issuer) in found {
        update.execute(params![serial, spki, issuer])?;
    }
    Ok(())
}
