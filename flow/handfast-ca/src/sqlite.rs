//! The embedded store: SQLite with a write-ahead log that reaches the disk before a call returns.
//!
//! Any number of threads and processes may use one file. A commit that fails leaves the row as it was and
//! stops the issuance. The records of a newer program are refused, those of an older one migrated by
//! numbered steps, each whole or not at all.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use handfast_pki::Certificate;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::{
    FolderError, Result, folder,
    records::{JournalEntry, Reservation, Row, State, Store, StoreError},
};

/// How long a writer waits for another process.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// In order; the number of those that were taken is the file's `user_version`.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001-certificates.sql")];

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

    /// Opens the records at `path`, which must exist: an authority without records signs nothing.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            connection: Mutex::new(connect(path)?),
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in between left no open transaction: they roll back when they are dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_LIMIT)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    migrate(&mut connection)?;
    catch_up(&connection)?;
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

/// A crash between storing and recording leaves a certificate without its line; it gets it now.
fn catch_up(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR IGNORE INTO journal (at, event, serial, detail)
         SELECT issued_at, 'issued', serial, profile || ' for ' || CASE names WHEN '' THEN subject ELSE names END
                || ', asked by the ' || asker
         FROM certificate WHERE state = 'issued' AND serial NOT IN (SELECT serial FROM journal WHERE serial NOT NULL)",
        [],
    )?;
    Ok(())
}

impl Store for Sqlite {
    fn reserve(&self, reservation: &Reservation) -> Result<(), StoreError> {
        let names: Vec<String> = reservation.names.iter().map(ToString::to_string).collect();
        let inserted = self.connection().execute(
            "INSERT INTO certificate (serial, state, profile, subject, names, not_before, not_after, asker, reserved_at)
             VALUES (?1, 'reserved', ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                reservation.serial,
                reservation.profile.name(),
                reservation.subject,
                names.join(" "),
                reservation.not_before.to_string(),
                reservation.not_after.to_string(),
                reservation.asker,
                reservation.at.to_string(),
            ],
        );
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(StoreError::SerialTaken {
                    serial: reservation.serial.clone(),
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn plan(&self, serial: &str, tbs: &[u8]) -> Result<(), StoreError> {
        let changed = self.connection().execute(
            "UPDATE certificate SET state = 'planned', tbs = ?2 WHERE serial = ?1 AND state = 'reserved'",
            params![serial, tbs],
        )?;
        exactly_one(changed, serial, "reserved")
    }

    fn complete(&self, serial: &str, certificate: &Certificate, at: Timestamp) -> Result<(), StoreError> {
        let changed = self.connection().execute(
            "UPDATE certificate SET state = 'issued', der = ?2, fingerprint = ?3, issued_at = ?4
             WHERE serial = ?1 AND state = 'planned'",
            params![
                serial,
                certificate.der().as_ref(),
                certificate.fingerprint().to_string(),
                at.to_string()
            ],
        )?;
        exactly_one(changed, serial, "planned")
    }

    fn journal(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        // The line of a serial number may have been added by another process that just started.
        self.connection().execute(
            "INSERT OR IGNORE INTO journal (at, event, serial, code, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                entry.at.to_string(),
                entry.event,
                entry.serial,
                entry.code,
                entry.detail
            ],
        )?;
        Ok(())
    }

    fn find(&self, serial: &str) -> Result<Option<Row>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM certificate WHERE serial = ?1");
        Ok(self.connection().query_row(&sql, [serial], read_row).optional()?)
    }

    fn unfinished(&self, before: Timestamp) -> Result<Vec<Row>, StoreError> {
        let connection = self.connection();
        let sql = format!(
            "SELECT {COLUMNS} FROM certificate WHERE state <> 'issued' AND reserved_at < ?1 ORDER BY reserved_at"
        );
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([before.to_string()], read_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn count(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM certificate WHERE state = 'issued'";
        let count: i64 = self.connection().query_row(sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

const COLUMNS: &str = "serial, state, profile, subject, names, not_after, tbs, der";

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let unreadable = |column, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
    };
    let state: String = row.get(1)?;
    let state = match state.as_str() {
        "reserved" => State::Reserved,
        "planned" => State::Planned,
        "issued" => State::Issued,
        other => return Err(unreadable(1, format!("unknown state \"{other}\"").into())),
    };
    let not_after: String = row.get(5)?;
    Ok(Row {
        serial: row.get(0)?,
        state,
        profile: row.get(2)?,
        subject: row.get(3)?,
        names: row.get(4)?,
        not_after: not_after
            .parse()
            .map_err(|error: jiff::Error| unreadable(5, error.into()))?,
        tbs: row.get(6)?,
        der: row.get(7)?,
    })
}

fn exactly_one(changed: usize, serial: &str, expected: &'static str) -> Result<(), StoreError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::WrongState {
            serial: serial.to_owned(),
            expected,
        })
    }
}
