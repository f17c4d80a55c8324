//! The embedded store: SQLite with a write-ahead log that reaches the disk before a call returns.
//!
//! Any number of threads and processes may use one file. A batch is one transaction, whole or not at all: one that fails
//! leaves the records as they were and stops the issuance. The records of a newer program are refused, those of an older
//! one migrated by numbered steps, each whole or not at all.

mod find;

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use crate::{
    error::{FolderError, Result},
    folder,
    records::{Finished, JournalEntry, Page, Plan, Query, Revocation, State, Store, StoreError},
};

/// How long a writer waits for another process.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// In order; the number of those that were taken is the file's `user_version`.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001-certificates.sql"),
    include_str!("migrations/0002-batches.sql"),
];

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
    fn write(
        &self,
        batch: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        batch(&transaction)?;
        Ok(transaction.commit()?)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_LIMIT)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    migrate(&mut connection)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let taken: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if taken as usize > MIGRATIONS.len() {
            return Err(StoreError::TooNew {
                found: taken,
                known: MIGRATIONS.len(),
            });
        }
        let Some(next) = MIGRATIONS.get(taken as usize) else {
            return Ok(());
        };
        transaction.execute_batch(next)?;
        transaction.pragma_update(None, "user_version", taken + 1)?;
        transaction.commit()?;
    }
}

impl Store for Sqlite {
    fn begin(&self, plans: &[Plan]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for plan in plans {
                insert(transaction, plan)?;
                add_line(transaction, &plan.entry)?;
            }
            Ok(())
        })
    }

    fn finish(&self, done: &[Finished]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for finished in done {
                complete(transaction, finished)?;
                add_line(transaction, &finished.entry)?;
            }
            Ok(())
        })
    }

    fn revoke(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for revocation in revocations {
                take_back(transaction, revocation)?;
                add_line(transaction, &revocation.entry)?;
            }
            Ok(())
        })
    }

    fn journal(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for entry in entries {
                add_line(transaction, entry)?;
            }
            Ok(())
        })
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
    let names: Vec<String> = plan.names.iter().map(ToString::to_string).collect();
    let inserted = transaction
        .prepare_cached(
            "INSERT INTO certificate
             (serial, issuer, state, profile, subject, names, not_before, not_after, requester, begun_at, tbs)
             VALUES (?1, ?2, 'planned', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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

fn take_back(transaction: &Transaction<'_>, revocation: &Revocation) -> Result<(), StoreError> {
    let serial = &revocation.serial;
    let is_known = transaction
        .prepare_cached("SELECT 1 FROM certificate WHERE serial = ?1")?
        .exists([serial])?;
    if !is_known {
        return Err(StoreError::Unknown {
            serial: serial.clone(),
        });
    }
    let inserted = transaction
        .prepare_cached("INSERT INTO revocation (serial, at, reason) VALUES (?1, ?2, ?3)")?
        .execute(params![
            serial,
            revocation.at.as_millisecond(),
            revocation.reason.name()
        ]);
    only_if_new(inserted, || StoreError::RevokedAlready {
        serial: serial.clone(),
    })
}

fn add_line(transaction: &Transaction<'_>, entry: &JournalEntry) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO journal (at, event, serial, requester, code, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![
        entry.at.to_string(),
        entry.event.name(),
        entry.serial,
        entry.requester,
        entry.code,
        entry.detail
    ])?;
    Ok(())
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
