//! How many there are and how far each issuer is, from numbers that the tables keep: nothing is counted row by row.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::records::{IssuerHead, StoreError, Totals};

/// How many certificates are complete, whether they were revoked or not.
pub(super) fn complete(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(sum(count), 0) FROM tally WHERE state IN ('issued', 'revoked')";
    let count: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// How many are in which state at `now`. Those that expire on the day of `now` are looked at, the others are in the sums.
pub(super) fn totals(connection: &Connection, now: Timestamp) -> Result<Totals, StoreError> {
    let now = now.as_second();
    let today = now.div_euclid(86_400);
    let sql = "SELECT state, day < ?1, sum(count) FROM tally GROUP BY 1, 2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut sums = statement.query([today])?;
    let mut totals = Totals::default();
    while let Some(row) = sums.next()? {
        let (state, is_before): (String, bool) = (row.get(0)?, row.get(1)?);
        let count = row.get::<_, i64>(2)?.unsigned_abs();
        match (state.as_str(), is_before) {
            ("issued", true) => totals.expired += count,
            ("issued", false) => totals.valid += count,
            ("revoked" | "withdrawn", _) => totals.revoked += count,
            _ => totals.planned += count,
        }
    }
    let sql = "SELECT count(*) FROM cert INDEXED BY cert_valid
               WHERE state = 'issued' AND not_after >= ?1 AND not_after < ?2";
    let expired_today: i64 = connection
        .prepare_cached(sql)?
        .query_row([today * 86_400, now], |row| row.get(0))?;
    totals.expired += expired_today.unsigned_abs();
    totals.valid -= expired_today.unsigned_abs();
    Ok(totals)
}

/// How far each issuer is.
pub(super) fn heads(connection: &Connection) -> Result<Vec<IssuerHead>, StoreError> {
    let sql = "SELECT key_id, head_index,
                      coalesce((SELECT max(seq) FROM revoked WHERE revoked.issuer = issuer.id), 0)
               FROM issuer WHERE key_id IS NOT NULL ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let heads = statement.query_map([], |row| {
        Ok(IssuerHead {
            issuer: row.get(0)?,
            next_index: row.get::<_, Option<i64>>(1)?.map(i64::unsigned_abs),
            last_revocation: row.get::<_, i64>(2)?.unsigned_abs(),
        })
    })?;
    Ok(heads.collect::<Result<_, _>>()?)
}
