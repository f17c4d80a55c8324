//! One file that holds all: the records as SQLite copies them while others write, and a table of the files beside them.

use std::{path::Path, sync::Arc, time::Duration};

use handfast_audit::{
    leaf::{self, Evidence},
    tree::{LogKey, VerifierKey},
};
use handfast_pki::Fingerprint;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, backup::Backup, params};
use serde_json::json;

use super::{
    Sqlite,
    find::time,
    lists,
    log::{self, Log},
    migrate, taken_back, taken_in,
};
use crate::{
    error::{FolderError, Result},
    folder,
    records::{Event, JournalEntry, Shown, StoreError},
};

/// A file of the CA's folder within a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BackupFile {
    /// Within the folder.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// By how much numbers of lists are raised above what was seen: those that were not shown in the meantime.
const MARGIN: u64 = 1000;

/// By how much the next index of each issuer is raised: as many certificates as may have been issued since the backup.
pub(super) const INDEXES: i64 = 1 << 32;

/// Pages that are copied before others may write again.
const PAGES: i32 = 1000;

const FILES: &str = "CREATE TABLE backup (at INTEGER NOT NULL) STRICT;
    CREATE TABLE backup_file (name TEXT PRIMARY KEY NOT NULL, sha256 TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;";

impl Sqlite {
    /// Copies the records to `to`, where nothing may be, with `files` in it.
    pub(crate) fn back_up(&self, to: &Path, files: &[BackupFile], now: Timestamp) -> Result<()> {
        folder::touch_private(to).map_err(|source| FolderError::File {
            path: to.to_owned(),
            source,
        })?;
        let mut copy =
            Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(StoreError::from)?;
        self.read(|connection| copied(connection, &mut copy))?;
        written(&mut copy, files, now)?;
        Ok(())
    }

    /// Writes down that these records were made from a backup of `backup_at`.
    fn mark_restored(&self, backup_at: Timestamp, entry: &JournalEntry) -> Result<(), StoreError> {
        let (backup_at, entry) = (backup_at.as_millisecond(), entry.clone());
        self.writer.write(move |log| {
            let at = entry.at.as_millisecond();
            log.transaction.execute(
                "INSERT INTO restored (backup_at, at) VALUES (?1, ?2)",
                [backup_at, at],
            )?;
            let evidence = Evidence {
                record: Some(digest(backup_at, at)),
                ..Evidence::default()
            };
            log.add(&entry, evidence)
        })
    }
}

/// A backup that was opened and found whole.
pub(crate) struct Opened {
    connection: Connection,
    pub(crate) at: Timestamp,
    pub(crate) files: Vec<BackupFile>,
}

/// Opens the backup in `path` and compares it with its own hashes.
pub(crate) fn open(path: &Path) -> Result<Opened, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let damaged = |detail: String| StoreError::BadBackup { detail };
    let none = || damaged("it is no backup of a CA".into());
    let broken = |_| damaged("its bytes are not those that were written".into());
    let said: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => none(),
            Some(ErrorCode::DatabaseCorrupt) => broken(error),
            _ => error.into(),
        })?;
    if said != "ok" {
        return Err(damaged("its bytes are not those that were written".into()));
    }
    let at = connection
        .query_row("SELECT at FROM backup", [], |row| row.get(0))
        .map_err(|_| none())?;
    let mut files = Vec::new();
    {
        let mut statement = connection
            .prepare("SELECT name, sha256, bytes FROM backup_file ORDER BY name")
            .map_err(|_| none())?;
        let mut rows = statement.query([]).map_err(broken)?;
        while let Some(row) = rows.next().map_err(broken)? {
            let read = (|| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))();
            let (name, hash, bytes): (String, String, Vec<u8>) = read.map_err(broken)?;
            if Fingerprint::of(&bytes).to_string() != hash {
                return Err(damaged("a file in it is not what was written".into()));
            }
            files.push(BackupFile { name, bytes });
        }
    }
    Ok(Opened {
        at: time(0, Timestamp::from_millisecond(at))?,
        connection,
        files,
    })
}

impl Opened {
    /// Makes the records at `to` from it, which say that they were restored, with `entry` in their journal. Their audit
    /// log goes on with `key`; `former` has signed its head.
    pub(crate) fn restore(
        &self,
        to: &Path,
        key: &Arc<LogKey>,
        former: &VerifierKey,
        entry: &JournalEntry,
    ) -> Result<()> {
        folder::touch_private(to).map_err(|source| FolderError::File {
            path: to.to_owned(),
            source,
        })?;
        let mut copy =
            Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(StoreError::from)?;
        copied(&self.connection, &mut copy)?;
        as_records(&copy, key, former)?;
        drop(copy);
        // Those of an older program are brought up to date.
        Sqlite::open(to, key.clone())?.mark_restored(self.at, entry)?;
        Ok(())
    }
}

fn copied(from: &Connection, to: &mut Connection) -> Result<(), StoreError> {
    let backup = Backup::new(from, to)?;
    backup.run_to_completion(PAGES, Duration::ZERO, None)?;
    drop(backup);
    // One file, without a log beside it.
    to.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    Ok(())
}

fn written(copy: &mut Connection, files: &[BackupFile], now: Timestamp) -> Result<(), StoreError> {
    let transaction = copy.transaction()?;
    transaction.execute_batch(FILES)?;
    transaction.execute("INSERT INTO backup (at) VALUES (?1)", [now.as_millisecond()])?;
    for file in files {
        transaction.execute(
            "INSERT INTO backup_file (name, sha256, bytes) VALUES (?1, ?2, ?3)",
            params![file.name, Fingerprint::of(&file.bytes).to_string(), file.bytes],
        )?;
    }
    transaction.commit()?;
    Ok(())
}

/// Leaves out what a backup has beside records, and lets their log go on with `key`.
fn as_records(copy: &Connection, key: &LogKey, former: &VerifierKey) -> Result<(), StoreError> {
    copy.execute_batch("DROP TABLE backup_file; DROP TABLE backup;")?;
    if key.verifier() != former && !migrate::is_before_the_log(copy)? {
        log::sign_anew(copy, former, key)?;
    }
    Ok(())
}

/// What the leaf of a restoration ties to it.
pub(super) fn digest(backup_at: i64, at: i64) -> String {
    leaf::digest(&[json!(backup_at), json!(at)])
}

pub(super) fn gap(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(backup_at) FROM restored WHERE reconciled IS NULL";
    let at: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(at
        .map(|at| time(0, Timestamp::from_millisecond(at)))
        .transpose()?)
}

pub(super) fn reconcile(
    log: &mut Log<'_>,
    shown: &Shown,
    now: Timestamp,
    entry: &JournalEntry,
) -> Result<(), StoreError> {
    let transaction = log.transaction;
    for one in &shown.certificates {
        let id = lists::insert_unrecorded(transaction, &one.certificate.serial(), one)?;
        taken_in::certificate(log, id, entry)?;
    }
    for revocation in &shown.revocations {
        taken_back::one(log, revocation)?;
    }
    for (issuer, number) in &shown.lists {
        transaction.execute(
            "INSERT OR IGNORE INTO crl (issuer, number) VALUES (?1, 0)",
            [issuer],
        )?;
        let seen = i64::try_from(*number).unwrap_or(i64::MAX / 2);
        transaction.execute(
            "UPDATE crl SET number = max(number, ?2) WHERE issuer = ?1",
            params![issuer, seen],
        )?;
    }
    let margin = i64::try_from(MARGIN).unwrap_or(i64::MAX);
    transaction.execute("UPDATE crl SET number = number + ?1", [margin])?;
    numbered(log, entry)?;
    // Indexes that were given since the backup are given to no one again.
    transaction.execute(
        "UPDATE issuer SET head_index = head_index + ?1 WHERE head_index IS NOT NULL",
        [INDEXES],
    )?;
    transaction.execute(
        "UPDATE restored SET reconciled = ?1 WHERE reconciled IS NULL",
        [now.as_millisecond()],
    )?;
    log.add(entry, Evidence::default())
}

/// A leaf for the number of each issuer's lists, which are as if they had been taken.
fn numbered(log: &mut Log<'_>, cause: &JournalEntry) -> Result<(), StoreError> {
    let mut issuers = log
        .transaction
        .prepare("SELECT issuer, number FROM crl ORDER BY issuer")?;
    let rows = issuers.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (issuer, number) = row?;
        let entry = JournalEntry {
            event: Event::Numbered,
            detail: format!(
                "list number {number} of the issuer {issuer}, above all that may have been given"
            ),
            ..cause.clone()
        };
        let evidence = Evidence {
            issuer: Some(issuer),
            number: Some(number.unsigned_abs()),
            ..Evidence::default()
        };
        log.add(&entry, evidence)?;
    }
    Ok(())
}
