//! The embedded store: SQLite with a write-ahead log that reaches the disk before a call returns.
//!
//! Any number of threads and processes may use one file. A batch is one transaction, whole or not at all: one that fails
//! leaves the records as they were and stops the issuance. The records of a newer program are refused, those of an older
//! one migrated by numbered steps, each whole or not at all.

mod find;
mod journal;
mod lists;
mod migrate;

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use handfast_pki::Fingerprint;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use crate::{
    error::{FolderError, Result},
    folder,
    records::{
        Finished, IssuerIds, JournalEntry, JournalQuery, KeptList, ListState, Page, Plan, Query, Revocation,
        RevokedSerial, State, Store, StoreError,
    },
};

/// How long a writer waits for another process.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// Records in one SQLite file.
pub struct Sqlite {
    connection: Mutex<Connection>,
}

impl Sqlite {
    /// Makes new records at `path`, where nothing may be.
    pub fn create(path: &Path) -> Result<Self> {
        folder::touch_private(path).map_err(|source| FolderError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::open(path)
    }

    /// Opens the records at `path`, which must exist: a CA without records signs nothing.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            connection: Mutex::new(connect(path)?),
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in between left no open transaction: they roll back when they are dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction for a whole batch. It takes the lock of the file at once: one that began by reading could not
    /// wait for another writer.
    fn write<T>(
        &self,
        batch: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = batch(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_LIMIT)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    migrate::migrate(&mut connection)?;
    Ok(connection)
}

impl Store for Sqlite {
    fn begin(&self, plans: &[Plan]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for plan in plans {
                insert(transaction, plan)?;
                journal::add(transaction, &plan.entry)?;
            }
            Ok(())
        })
    }

    fn finish(&self, done: &[Finished]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for finished in done {
                complete(transaction, finished)?;
                journal::add(transaction, &finished.entry)?;
            }
            Ok(())
        })
    }

    fn revoke(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for revocation in revocations {
                lists::take_back(transaction, revocation)?;
                journal::add(transaction, &revocation.entry)?;
            }
            Ok(())
        })
    }

    fn journal(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for entry in entries {
                journal::add(transaction, entry)?;
            }
            Ok(())
        })
    }

    fn is_blocked(&self, key: Fingerprint) -> Result<bool, StoreError> {
        lists::is_blocked(&self.connection(), key)
    }

    fn revoked(
        &self,
        issuer: &IssuerIds,
        since: Option<Timestamp>,
        each: &mut dyn FnMut(RevokedSerial) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        lists::revoked(&self.connection(), issuer, since, each)
    }

    fn last_list(&self, issuer: &str) -> Result<ListState, StoreError> {
        lists::last(&self.connection(), issuer)
    }

    fn take_list_number(&self, issuer: &str, last: u64) -> Result<u64, StoreError> {
        self.write(|transaction| lists::take_number(transaction, issuer, last))
    }

    fn keep_list(&self, issuer: &str, list: &KeptList) -> Result<(), StoreError> {
        self.write(|transaction| lists::keep(transaction, issuer, list))
    }

    fn lines(&self, query: &JournalQuery) -> Result<Vec<JournalEntry>, StoreError> {
        journal::lines(&self.connection(), query)
    }

    fn find(&self, query: &Query) -> Result<Page, StoreError> {
        find::page(&self.connection(), query)
    }

    fn count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM certificate WHERE state = 'issued'";
        let count: i64 = self.connection().query_row(sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

fn insert(transaction: &Transaction<'_>, plan: &Plan) -> Result<(), StoreError> {
    // The last look, in the same transaction as the first durable point: a key that was blocked a moment ago is seen.
    if lists::is_blocked(transaction, plan.key)? {
        return Err(StoreError::KeyBlocked);
    }
    let names: Vec<String> = plan.names.iter().map(ToString::to_string).collect();
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO certificate
             (serial, issuer, state, profile, subject, names, not_before, not_after, requester, begun_at, tbs,
              spki, renewed_from)
             VALUES (?1, ?2, 'planned', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            plan.serial,
            plan.issuer,
            plan.profile,
            plan.subject,
            names.join(" "),
            plan.not_before.as_second(),
            plan.not_after.as_second(),
            plan.requester,
            plan.at.as_millisecond(),
            plan.tbs,
            plan.key.to_string(),
            plan.renewed_from,
        ]);
    only_if_new(inserted, || StoreError::SerialTaken {
        serial: plan.serial.clone(),
    })?;
    let mut add_name = transaction
        .prepare_cached("INSERT OR IGNORE INTO certificate_name (name, serial) VALUES (?1, ?2)")?;
    for name in names {
        add_name.execute(params![name, plan.serial])?;
    }
    Ok(())
}

fn complete(transaction: &Transaction<'_>, finished: &Finished) -> Result<(), StoreError> {
    let certificate = &finished.certificate;
    let changed = transaction
        .prepare_cached(
            "UPDATE certificate SET state = 'issued', der = ?2, fingerprint = ?3, issued_at = ?4
             WHERE serial = ?1 AND state = 'planned'",
        )?
        .execute(params![
            finished.serial,
            certificate.der().as_ref(),
            certificate.fingerprint().to_string(),
            finished.at.as_millisecond(),
        ])?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::WrongState {
        serial: finished.serial.clone(),
        expected: State::Planned.name(),
    })
}

/// An insertion into a table with one unique column.
fn only_if_new(
    inserted: rusqlite::Result<usize>,
    taken: impl FnOnce() -> StoreError,
) -> Result<(), StoreError> {
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Err(taken()),
        Err(error) => Err(error.into()),
    }
}
