//! The audit log in SQLite: leaves are added within the transaction that they are about, and the head is signed with it.

use handfast_audit::{
    leaf::{Evidence, Leaf},
    tree::{Checkpoint, Hash, LogKey, Range, Subtree, VerifierKey, cover},
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{journal, signed};
use crate::records::{JournalEntry, StoreError};

/// The log during one transaction.
pub(super) struct Log<'t> {
    pub(super) transaction: &'t Transaction<'t>,
    key: &'t LogKey,
    range: Range,
    /// How many leaves there were when the transaction began.
    begun: u64,
}

impl<'t> Log<'t> {
    /// Takes the log up where the head says that it ends. Leaves or hashes that do not lead to the head, and a head that
    /// another key has signed, refuse everything that would be written.
    pub(super) fn resume(transaction: &'t Transaction<'t>, key: &'t LogKey) -> Result<Self, StoreError> {
        let Checkpoint { size, root } = Checkpoint::open(&head(transaction)?, key.verifier())?;
        let mut range = Range::default();
        for subtree in cover(0, size) {
            range.append(subtree, hash(transaction, subtree)?)?;
        }
        let leaves = count(transaction)?;
        if range.root() != root || leaves != size {
            return Err(StoreError::LogDamaged {
                detail: format!(
                    "the signed head has {size} leaves, and the {leaves} that are there do not lead to it"
                ),
            });
        }
        Ok(Self {
            transaction,
            key,
            range,
            begun: size,
        })
    }

    /// A log without leaves, in tables that have none.
    pub(super) fn begin(transaction: &'t Transaction<'t>, key: &'t LogKey) -> Self {
        Self {
            transaction,
            key,
            range: Range::default(),
            begun: 0,
        }
    }

    /// Adds a line to the journal and the leaf that says the same.
    pub(super) fn add(&mut self, entry: &JournalEntry, evidence: Evidence) -> Result<(), StoreError> {
        journal::add(self.transaction, self.range.size() + 1, entry)?;
        self.add_leaf(&leaf(entry, evidence).to_bytes())
    }

    /// Adds a leaf whose line is in the journal already.
    pub(super) fn add_leaf(&mut self, body: &[u8]) -> Result<(), StoreError> {
        let mut leaf = self
            .transaction
            .prepare_cached("INSERT INTO leaf (position, body) VALUES (?1, ?2)")?;
        leaf.execute(params![signed(self.range.size()), body])?;
        let mut node = self
            .transaction
            .prepare_cached("INSERT INTO node (place, hash) VALUES (?1, ?2)")?;
        let mut written = Ok(0);
        self.range.push(Hash::leaf(body), |subtree, hash| {
            if written.is_ok() {
                written = node.execute(params![signed(subtree.stored_at()), hash.0]);
            }
        });
        written?;
        Ok(())
    }

    /// How far it is.
    pub(super) fn mark(&self) -> Range {
        self.range.clone()
    }

    /// Forgets what was added since `mark` and was rolled back.
    pub(super) fn back_to(&mut self, mark: Range) {
        self.range = mark;
    }

    /// Signs the new head. Nothing is committed without it.
    pub(super) fn seal(self) -> Result<(), StoreError> {
        if self.range.size() == self.begun && self.begun > 0 {
            return Ok(());
        }
        let checkpoint = Checkpoint {
            size: self.range.size(),
            root: self.range.root(),
        };
        write_head(self.transaction, checkpoint.seal(self.key)?)
    }
}

fn write_head(connection: &Connection, note: String) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO log_head (only, checkpoint) VALUES (1, ?1)
             ON CONFLICT (only) DO UPDATE SET checkpoint = excluded.checkpoint",
        )?
        .execute([note])?;
    Ok(())
}

/// Signs with `key` the head that `former` has signed: the same leaves, under another key from now on. A head that
/// `former` has not signed is refused.
pub(super) fn sign_anew(
    connection: &Connection,
    former: &VerifierKey,
    key: &LogKey,
) -> Result<(), StoreError> {
    let checkpoint = Checkpoint::open(&head(connection)?, former)?;
    write_head(connection, checkpoint.seal(key)?)
}

/// The leaf of a line.
pub(super) fn leaf(entry: &JournalEntry, evidence: Evidence) -> Leaf {
    Leaf {
        at: entry.at,
        event: entry.event.name().to_owned(),
        serial: entry.serial.clone(),
        requester: entry.requester.clone(),
        code: entry.code.clone(),
        detail: entry.detail.clone(),
        evidence,
    }
}

pub(super) fn head(connection: &Connection) -> Result<String, StoreError> {
    let head = connection
        .prepare_cached("SELECT checkpoint FROM log_head")?
        .query_row([], |row| row.get(0))
        .optional()?;
    head.ok_or_else(|| StoreError::LogDamaged {
        detail: "the signed head is missing".into(),
    })
}

pub(super) fn count(connection: &Connection) -> Result<u64, StoreError> {
    // The last position and not a count: that would read all of them.
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(position) FROM leaf")?
        .query_row([], |row| row.get(0))?;
    Ok(last.map_or(0, |last| last.unsigned_abs() + 1))
}

pub(super) fn hash(connection: &Connection, subtree: Subtree) -> Result<Hash, StoreError> {
    let hash = connection
        .prepare_cached("SELECT hash FROM node WHERE place = ?1")?
        .query_row([signed(subtree.stored_at())], |row| row.get(0))
        .optional()?;
    hash.map(Hash).ok_or_else(|| StoreError::LogDamaged {
        detail: format!(
            "the hash over the leaves {} to {} is missing",
            subtree.start(),
            subtree.end() - 1
        ),
    })
}

pub(super) fn leaves(
    connection: &Connection,
    from: u64,
    to: u64,
    each: &mut dyn FnMut(u64, Vec<u8>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, body FROM leaf WHERE position >= ?1 AND position < ?2 ORDER BY position",
    )?;
    let mut rows = statement.query([signed(from), signed(to)])?;
    while let Some(row) = rows.next()? {
        each(row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?)?;
    }
    Ok(())
}

pub(super) fn leaves_of(connection: &Connection, serial: &str) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, body FROM journal JOIN leaf ON position = journal.id - 1
         WHERE substr(serial, -12) = substr(?1, -12) AND serial = ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([serial], |row| {
        Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
