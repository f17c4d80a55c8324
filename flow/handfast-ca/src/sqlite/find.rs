//! From a query to SQL and from its rows to a page.
//!
//! Pages are keyset pages: each begins behind the last row of the one before, so that a late page costs what the first
//! does. Values are bound, never a part of the text.

use jiff::Timestamp;
use rusqlite::{Connection, Row as SqlRow, ToSql, types::Value};

use crate::records::{Condition, Cursor, NameFilter, Page, Query, Reason, Revoked, Row, State, StoreError};

/// The rows that fit, soonest expiry first.
pub(super) fn page(connection: &Connection, query: &Query) -> Result<Page, StoreError> {
    let mut filters = filters(query);
    let mut sql = format!(
        "SELECT {COLUMNS} FROM certificate LEFT JOIN revocation USING (serial)
         WHERE {} ORDER BY not_after, serial",
        filters.text()
    );
    if let Some(limit) = query.limit {
        // One more, for knowing whether there is more.
        sql.push_str(" LIMIT ?");
        filters.values.push(Value::from(i64::from(limit) + 1));
    }
    let mut statement = connection.prepare_cached(&sql)?;
    let values = filters.values.iter().map(|value| value as &dyn ToSql);
    let rows = statement.query_map(rusqlite::params_from_iter(values), read_row)?;
    let mut rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(Cursor::behind);
    Ok(Page { rows, next })
}

/// Conditions that all must hold, and their values in order.
struct Filters {
    texts: Vec<&'static str>,
    values: Vec<Value>,
}

impl Filters {
    fn add<V: Into<Value>>(&mut self, text: &'static str, values: impl IntoIterator<Item = V>) {
        self.texts.push(text);
        self.values.extend(values.into_iter().map(Into::into));
    }

    fn add_condition(&mut self, condition: Option<Condition>) {
        match condition {
            None => {}
            Some(Condition::Planned) => self.add("state <> 'issued'", NOTHING),
            Some(Condition::Revoked) => self.add("sequence IS NOT NULL", NOTHING),
            Some(Condition::Valid(at)) => self.add(
                "state = 'issued' AND sequence IS NULL AND not_after >= ?",
                [at.as_second()],
            ),
            Some(Condition::Expired(at)) => self.add("state = 'issued' AND not_after < ?", [at.as_second()]),
        }
    }

    fn text(&self) -> String {
        if self.texts.is_empty() {
            "true".to_owned()
        } else {
            self.texts.join(" AND ")
        }
    }
}

fn filters(query: &Query) -> Filters {
    let mut filters = Filters {
        texts: Vec::new(),
        values: Vec::new(),
    };
    let equal = [
        ("serial = ?", query.serial.clone()),
        (
            "fingerprint = ?",
            query.fingerprint.map(|found| found.to_string()),
        ),
        ("profile = ?", query.profile.clone()),
        ("issuer = ?", query.issuer.clone()),
        ("requester = ?", query.requester.clone()),
        ("spki = ?", query.key.map(|key| key.to_string())),
        ("renewed_from = ?", query.renewed_from.clone()),
    ];
    for (text, value) in equal {
        if let Some(value) = value {
            filters.add(text, [value]);
        }
    }
    match &query.name {
        None => {}
        Some(NameFilter::Is(name)) => filters.add(
            "serial IN (SELECT serial FROM certificate_name WHERE name = ?)",
            [name.clone()],
        ),
        Some(NameFilter::StartsWith(prefix)) => filters.add(
            "serial IN (SELECT serial FROM certificate_name WHERE name >= ? AND name < ?)",
            [prefix.clone(), format!("{prefix}{}", char::MAX)],
        ),
    }
    filters.add_condition(query.condition);
    if let Some(at) = query.expiring_before {
        filters.add("not_after < ?", [at.as_second()]);
    }
    if let Some(at) = query.issued_after {
        filters.add("issued_at >= ?", [at.as_millisecond()]);
    }
    if let Some(at) = query.begun_before {
        filters.add("begun_at < ?", [at.as_millisecond()]);
    }
    if let Some(cursor) = &query.after {
        let values = [
            Value::from(cursor.not_after.as_second()),
            Value::from(cursor.serial.clone()),
        ];
        filters.add("(not_after, serial) > (?, ?)", values);
    }
    filters
}

const NOTHING: [Value; 0] = [];

const COLUMNS: &str = "serial, issuer, state, profile, subject, names, not_before, not_after, requester, begun_at, \
                       issued_at, tbs, der, sequence, revocation.at, reason, spki, renewed_from";

fn read_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let seconds = |column| time(column, Timestamp::from_second(row.get(column)?));
    let milliseconds = |column, count| time(column, Timestamp::from_millisecond(count));
    let state: String = row.get(2)?;
    let names: String = row.get(5)?;
    Ok(Row {
        serial: row.get(0)?,
        issuer: row.get(1)?,
        state: [State::Reserved, State::Planned, State::Issued]
            .into_iter()
            .find(|known| known.name() == state)
            .ok_or_else(|| unreadable(2, format!("unknown state \"{state}\"").into()))?,
        profile: row.get(3)?,
        subject: row.get(4)?,
        names: names.split_whitespace().map(str::to_owned).collect(),
        not_before: seconds(6)?,
        not_after: seconds(7)?,
        requester: row.get(8)?,
        begun_at: milliseconds(9, row.get(9)?)?,
        issued_at: row
            .get::<_, Option<i64>>(10)?
            .map(|at| milliseconds(10, at))
            .transpose()?,
        tbs: row.get(11)?,
        der: row.get(12)?,
        revoked: read_revoked(row)?,
        key: row.get(16)?,
        renewed_from: row.get(17)?,
    })
}

fn read_revoked(row: &SqlRow<'_>) -> rusqlite::Result<Option<Revoked>> {
    let Some(sequence) = row.get::<_, Option<i64>>(13)? else {
        return Ok(None);
    };
    let reason: String = row.get(15)?;
    Ok(Some(Revoked {
        sequence: sequence.unsigned_abs(),
        at: time(14, Timestamp::from_millisecond(row.get(14)?))?,
        reason: known_reason(15, &reason)?,
    }))
}

pub(super) fn known_reason(column: usize, name: &str) -> rusqlite::Result<Reason> {
    Reason::ALL
        .into_iter()
        .find(|known| known.name() == name)
        .ok_or_else(|| unreadable(column, format!("unknown reason \"{name}\"").into()))
}

/// A time that is kept in seconds or milliseconds; one that is out of range is damage.
pub(super) fn time(column: usize, read: Result<Timestamp, jiff::Error>) -> rusqlite::Result<Timestamp> {
    read.map_err(|error| unreadable(column, error.into()))
}

pub(super) fn unreadable(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error)
}
