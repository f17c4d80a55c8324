//! Names that begin alike, in the table that is sorted by them: which certificates they lead to, and under which name one
//! with several of them stands.

use rusqlite::{Connection, params};

use crate::records::{Row, StoreError};

/// The rows with a name that begins so, soonest expiry first; nothing where there are more than `most`.
pub(super) fn few(
    connection: &Connection,
    prefix: &str,
    most: usize,
) -> Result<Option<Vec<(i64, i64)>>, StoreError> {
    let sql = "SELECT not_after, cert FROM cert_name WHERE name >= ?1 AND name < ?2 LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let found = statement.query_map(params![prefix, format!("{prefix}{}", char::MAX), limit], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let mut rows = found.collect::<Result<Vec<(i64, i64)>, _>>()?;
    if rows.len() > most {
        return Ok(None);
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(Some(rows))
}

/// What a row of names has beside the name.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) not_after: i64,
    pub(super) id: i64,
}

/// Whether `row` stands before `name` as well.
pub(super) fn is_under_another(
    connection: &Connection,
    row: &Row,
    prefix: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let key = Key {
        not_after: row.not_after.as_second(),
        id: row.id,
    };
    let names = row.names.iter().map(String::as_str);
    let first = first_name(connection, key, names.filter(|other| *other < name), prefix)?;
    Ok(first.is_some())
}

/// The first name of a certificate that begins so: under it the certificate stands in the order of names. `names` are
/// those that are shown; one with a space in it is more than one there.
pub(super) fn first_name<'n>(
    connection: &Connection,
    key: Key,
    names: impl Iterator<Item = &'n str>,
    prefix: &str,
) -> Result<Option<String>, StoreError> {
    let mut fitting: Vec<&str> = names.filter(|name| name.starts_with(prefix)).collect();
    fitting.sort_unstable();
    let sql = "SELECT 1 FROM cert_name WHERE name = ?1 AND not_after = ?2 AND cert = ?3";
    let mut is_name = connection.prepare_cached(sql)?;
    for name in fitting {
        if is_name.exists(params![name, key.not_after, key.id])? {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}
