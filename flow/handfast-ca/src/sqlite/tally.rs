//! How many there are and how far each issuer is, from numbers that the tables keep: nothing is counted row by row.

use rusqlite::Connection;

use crate::records::{IssuerHead, StoreError};

/// How many certificates are complete, whether they were revoked or not.
pub(super) fn complete(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(sum(count), 0) FROM tally WHERE state IN ('issued', 'revoked')";
    let count: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
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
