//! The embedded store: SQLite with a write-ahead log that reaches the disk before a call returns.
//!
//! Any number of threads and processes may use one file. A batch is whole or not at all: one that fails leaves the records
//! as they were and stops the issuance. The batches of callers that write at the same time share a transaction, and with
//! it the wait for the disk (`writer.rs`). The records of a newer program are refused, those of an older
//! one migrated by numbered steps, each whole or not at all.

mod adopt;
mod audit;
mod backup;
mod cas;
mod find;
mod issue;
mod journal;
mod lists;
mod locate;
mod log;
mod migrate;
mod names;
mod requests;
mod sets;
mod taken_back;
mod taken_in;
mod tally;
mod writer;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use handfast_audit::{
    leaf::Evidence,
    tree::{Hash, LogKey, Subtree},
};
use handfast_pki::Fingerprint;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    cas::KeptCa,
    error::{FolderError, Result},
    facts::Facts,
    folder,
    log::{Audit, AuditLog},
    records::{
        Begun, Finished, IssuerHead, IssuerIds, JournalEntry, JournalLine, JournalQuery, KeptList, ListState,
        Page, Plan, Query, Repeatable, Revocation, RevokedSerial, Row, Shown, Store, StoreError, TakenBack,
        Totals, Waiting,
    },
    sqlite::writer::Writer,
};

pub(crate) use self::backup::{BackupFile, open as open_backup};

/// The version of SQLite that the records are kept with.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// How long a writer waits for another process.
const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// How many pages the log has before they move to the file: many commits share this write.
const CHECKPOINT: i64 = 4096;

/// Of the connection that writes, in KiB when below zero: indexes of hashes are written everywhere.
const WRITER_CACHE: i64 = -64 * 1024;

/// How many statements a connection keeps prepared.
const STATEMENTS: usize = 64;

/// Records in one SQLite file: one thread writes, and each reader has a connection of its own.
pub struct Sqlite {
    path: PathBuf,
    /// Connections that nobody reads with now.
    idle: Mutex<Vec<Connection>>,
    writer: Writer,
    /// Signs the head of the audit log with every transaction.
    key: Arc<LogKey>,
}

/// How many idle connections stay open.
const MOST_IDLE: usize = 64;

impl Sqlite {
    /// Makes new records at `path`, where nothing may be. `key` signs their audit log.
    pub fn create(path: &Path, key: Arc<LogKey>) -> Result<Self> {
        folder::touch_private(path).map_err(|source| FolderError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::begin(connect(path)?, path, key, Duration::ZERO)
    }

    /// Opens the records at `path`, which must exist and not be empty: a CA without records signs nothing. `key` has
    /// signed their audit log, or begins it where they are older.
    pub fn open(path: &Path, key: Arc<LogKey>) -> Result<Self> {
        Self::open_delayed(path, key, Duration::ZERO)
    }

    /// Whether the records at `path` were written by a program that knew no audit log.
    pub fn is_older_than_the_log(path: &Path) -> Result<bool, StoreError> {
        Ok(migrate::is_before_the_log(&connect_to_records(path)?)?)
    }

    /// The same, where each write to the disk takes `sync_delay` longer: for seeing what a slower disk would do.
    pub fn open_delayed(path: &Path, key: Arc<LogKey>, sync_delay: Duration) -> Result<Self> {
        Self::begin(connect_to_records(path)?, path, key, sync_delay)
    }

    fn begin(
        mut connection: Connection,
        path: &Path,
        key: Arc<LogKey>,
        sync_delay: Duration,
    ) -> Result<Self> {
        migrate::migrate(&mut connection, &key)?;
        let cache = connection.pragma_update(None, "cache_size", WRITER_CACHE);
        cache.map_err(StoreError::from)?;
        Ok(Self {
            path: path.to_owned(),
            idle: Mutex::default(),
            writer: Writer::start(connection, key.clone(), sync_delay)?,
            key,
        })
    }

    /// What SQLite finds damaged in the file; nothing is good.
    pub(crate) fn integrity(&self) -> Result<Option<String>, StoreError> {
        let sql = "PRAGMA integrity_check(1)";
        let said: String = self.read(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?))?;
        Ok((said != "ok").then_some(said))
    }

    /// Goes on with the lists of `issuer` behind `last`, which other records have kept up to now.
    pub(crate) fn take_over_lists(
        &self,
        issuer: &str,
        last: &ListState,
        entry: &JournalEntry,
    ) -> Result<(), StoreError> {
        let (issuer, last, entry) = (issuer.to_owned(), last.clone(), entry.clone());
        self.writer
            .write(move |log| lists::take_over(log, &issuer, &last, &entry))
    }

    /// Reads what was durable at the beginning.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let connection = match taken {
            Some(connection) => connection,
            None => connect(&self.path)?,
        };
        let answer = read(&connection);
        let mut idle = idle();
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
        answer
    }
}

/// The same as [`connect`], of a file that has tables. One that has none would become new records, which know of no certificate, no
/// revocation and no blocked key.
fn connect_to_records(path: &Path) -> Result<Connection, StoreError> {
    let empty = StoreError::NotItsRecords {
        detail: "it is empty",
    };
    // Before SQLite looks at it, which would throw away the log beside it.
    if path.metadata().is_ok_and(|found| found.len() == 0) {
        return Err(empty);
    }
    let connection = connect(path)?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if tables == 0 {
        return Err(empty);
    }
    Ok(connection)
}

/// A connection whose writes are on the disk when they return.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_LIMIT)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    Ok(connection)
}

impl Store for Sqlite {
    fn begin(&self, plans: &[Plan]) -> Result<Vec<Begun>, StoreError> {
        let plans = plans.to_vec();
        self.writer.write(move |log| {
            let mut all = Vec::with_capacity(plans.len());
            for plan in &plans {
                let begun = issue::begin(log.transaction, plan)?;
                let entry = JournalEntry {
                    serial: Some(begun.serial.to_string()),
                    ..plan.entry.clone()
                };
                let evidence = Evidence {
                    record: Some(Facts::of_plan(plan, &begun, &entry).digest()),
                    ..Evidence::default()
                };
                log.add(&entry, evidence)?;
                all.push(begun);
            }
            Ok(all)
        })
    }

    fn finish(&self, done: &[Finished]) -> Result<(), StoreError> {
        let done = done.to_vec();
        self.writer.write(move |log| {
            for finished in &done {
                issue::finish(log.transaction, finished)?;
                let evidence = Evidence {
                    certificate: Some(finished.certificate.fingerprint().to_string()),
                    answers: finished.repeatable.as_ref().map(Repeatable::digest),
                    ..Evidence::default()
                };
                log.add(&finished.entry, evidence)?;
            }
            Ok(())
        })
    }

    fn revoke(&self, revocations: &[Revocation]) -> Result<Vec<TakenBack>, StoreError> {
        let revocations = revocations.to_vec();
        self.writer.write(move |log| {
            let each = revocations.iter();
            each.map(|revocation| taken_back::one(log, revocation)).collect()
        })
    }

    fn journal(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        let entries = entries.to_vec();
        self.writer.write(move |log| {
            for entry in &entries {
                log.add(entry, Evidence::default())?;
            }
            Ok(())
        })
    }

    fn is_blocked(&self, key: Fingerprint) -> Result<bool, StoreError> {
        self.read(|connection| lists::is_blocked(connection, key))
    }

    fn revoked(
        &self,
        issuer: &IssuerIds,
        since: Option<Timestamp>,
        each: &mut dyn FnMut(RevokedSerial) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|connection| lists::revoked(connection, issuer, since, each))
    }

    fn indexes(&self, issuer: &str, at: Timestamp) -> Result<Range<u64>, StoreError> {
        self.read(|connection| sets::indexes(connection, issuer, at))
    }

    fn uncounted(
        &self,
        issuer: &IssuerIds,
        at: Timestamp,
        each: &mut dyn FnMut(&str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|connection| sets::uncounted(connection, issuer, at, each))
    }

    fn last_list(&self, issuer: &str) -> Result<ListState, StoreError> {
        self.read(|connection| lists::last(connection, issuer))
    }

    fn take_list_number(
        &self,
        issuer: &str,
        last: u64,
        next: u64,
        entry: &JournalEntry,
    ) -> Result<u64, StoreError> {
        let (issuer, entry) = (issuer.to_owned(), entry.clone());
        self.writer
            .write(move |log| lists::take_number(log, &issuer, [last, next], &entry))
    }

    fn keep_list(&self, issuer: &str, list: &KeptList, entry: &JournalEntry) -> Result<(), StoreError> {
        let (issuer, list, entry) = (issuer.to_owned(), list.clone(), entry.clone());
        self.writer
            .write(move |log| lists::keep(log, &issuer, &list, &entry))
    }

    fn lines(&self, query: &JournalQuery) -> Result<Vec<JournalLine>, StoreError> {
        self.read(|connection| journal::lines(connection, query))
    }

    fn find(&self, query: &Query) -> Result<Page, StoreError> {
        self.read(|connection| find::page(connection, query))
    }

    fn waiting(&self) -> &dyn Waiting {
        self
    }

    fn cas(&self) -> Result<Vec<KeptCa>, StoreError> {
        self.read(cas::all)
    }

    fn change_cas(&self, from: &[KeptCa], to: &[KeptCa], entries: &[JournalEntry]) -> Result<(), StoreError> {
        let (from, to, entries) = (from.to_vec(), to.to_vec(), entries.to_vec());
        self.writer
            .write(move |log| cas::change(log, &from, &to, &entries))
    }

    fn gap(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(backup::gap)
    }

    fn reconcile(&self, shown: &Shown, now: Timestamp, entry: &JournalEntry) -> Result<(), StoreError> {
        let (shown, entry) = (shown.clone(), entry.clone());
        self.writer
            .write(move |log| backup::reconcile(log, &shown, now, &entry))
    }

    fn count(&self) -> Result<u64, StoreError> {
        self.read(tally::complete)
    }

    fn answered(&self, requester: &str, key: &str) -> Result<Option<(Fingerprint, Row)>, StoreError> {
        self.read(|connection| find::answered(connection, requester, key))
    }

    fn totals(&self, now: Timestamp) -> Result<Totals, StoreError> {
        self.read(|connection| tally::totals(connection, now))
    }

    fn heads(&self) -> Result<Vec<IssuerHead>, StoreError> {
        self.read(tally::heads)
    }

    fn log(&self) -> &dyn AuditLog {
        self
    }
}

impl AuditLog for Sqlite {
    fn head(&self) -> Result<String, StoreError> {
        self.read(log::head)
    }

    fn hash(&self, subtree: Subtree) -> Result<Hash, StoreError> {
        self.read(|connection| log::hash(connection, subtree))
    }

    fn leaves(
        &self,
        from: u64,
        to: u64,
        each: &mut dyn FnMut(u64, Vec<u8>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.read(|connection| log::leaves(connection, from, to, each))
    }

    fn leaves_of(&self, serial: &str) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.read(|connection| log::leaves_of(connection, serial))
    }

    fn configuration(&self) -> Result<Option<String>, StoreError> {
        self.read(journal::configuration)
    }

    fn audit(&self, most: usize) -> Result<Audit, StoreError> {
        // A connection of its own, for it reads for long.
        audit::audit(&mut connect(&self.path)?, &self.key, most)
    }
}

/// SQLite counts to 2^63.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
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
