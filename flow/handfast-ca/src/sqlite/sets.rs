//! What revocation sets are made of, beside what is revoked.

use std::ops::Range;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::records::{IssuerIds, StoreError};

/// The first index whose certificate has not expired, and the next that will be given. Certificates expire about in the
/// order of their indexes, so the search goes over what expired before them alone.
pub(super) fn indexes(
    connection: &Connection,
    issuer: &str,
    at: Timestamp,
) -> Result<Range<u64>, StoreError> {
    let sql = "SELECT id, coalesce(head_index, 0) FROM issuer WHERE key_id = ?1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([issuer], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((id, next)) = found else {
        return Ok(0..0);
    };
    let sql = "SELECT idx FROM cert WHERE issuer = ?1 AND idx >= 0 AND not_after >= ?2 ORDER BY idx LIMIT 1";
    let first = connection
        .prepare_cached(sql)?
        .query_row([id, at.as_second()], |row| row.get::<_, i64>(0))
        .optional()?;
    Ok(first.unwrap_or(next).unsigned_abs()..next.unsigned_abs())
}

/// Those without an index that were issued and have not expired. A row of an old program that names no issuer is in every
/// set, as it is on every list.
pub(super) fn uncounted(
    connection: &Connection,
    issuer: &IssuerIds,
    at: Timestamp,
    each: &mut dyn FnMut(&str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT serial FROM cert
         WHERE issuer IN (SELECT id FROM issuer WHERE key_id IN (?1, ?2) OR key_id IS NULL)
           AND idx < 0 AND not_after >= ?3 AND state IN ('issued', 'revoked')",
    )?;
    let mut rows = statement.query(params![issuer.key, issuer.written, at.as_second()])?;
    while let Some(row) = rows.next()? {
        each(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
    }
    Ok(())
}
