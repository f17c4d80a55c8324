//! The lines of the journal: added, never changed, and read newest first.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params, types::Value};

use super::find::unreadable;
use crate::records::{Event, JournalEntry, JournalLine, JournalQuery, StoreError};

/// The line with this number. Only the audit log adds lines: each is a leaf as well.
pub(super) fn add(
    transaction: &Transaction<'_>,
    number: u64,
    entry: &JournalEntry,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO journal (id, at, event, serial, requester, code, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    statement.execute(params![
        super::signed(number),
        entry.at.to_string(),
        entry.event.name(),
        entry.serial,
        entry.requester,
        entry.code,
        entry.detail
    ])?;
    Ok(())
}

/// The last line about issuers and profiles, which an index of its own finds.
pub(super) fn configuration(connection: &Connection) -> Result<Option<String>, StoreError> {
    let sql = "SELECT detail FROM journal WHERE event = 'configured' ORDER BY id DESC LIMIT 1";
    Ok(connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
        .optional()?)
}

pub(super) fn lines(connection: &Connection, query: &JournalQuery) -> Result<Vec<JournalLine>, StoreError> {
    let mut texts = vec!["true"];
    let mut values: Vec<Value> = Vec::new();
    // Times are kept as text of different precision, so that whole seconds are compared.
    if let Some(since) = query.since {
        texts.push("unixepoch(at) >= ?");
        values.push(since.as_second().into());
    }
    if let Some(event) = query.event {
        texts.push("event = ?");
        values.push(event.name().to_owned().into());
    }
    if let Some(serial) = &query.serial {
        // Both, for the index.
        texts.push("substr(serial, -12) = substr(?, -12) AND serial = ?");
        values.extend([serial.clone().into(), serial.clone().into()]);
    }
    let mut sql = format!(
        "SELECT at, event, serial, requester, code, detail, id - 1 FROM journal WHERE {} ORDER BY id DESC",
        texts.join(" AND ")
    );
    if let Some(limit) = query.limit {
        sql.push_str(" LIMIT ?");
        values.push(i64::from(limit).into());
    }
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
        let (at, event): (String, String) = (row.get(0)?, row.get(1)?);
        let entry = JournalEntry {
            at: at
                .parse::<Timestamp>()
                .map_err(|error| unreadable(0, error.into()))?,
            event: Event::ALL
                .into_iter()
                .find(|known| known.name() == event)
                .ok_or_else(|| unreadable(1, format!("unknown event \"{event}\"").into()))?,
            serial: row.get(2)?,
            requester: row.get(3)?,
            code: row.get(4)?,
            detail: row.get(5)?,
        };
        Ok(JournalLine {
            position: row.get::<_, i64>(6)?.unsigned_abs(),
            entry,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
