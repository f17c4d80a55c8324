//! From what certificates are called to the rows of the tables: issuers by the identifier of their key, certificates by
//! their serial numbers, which carry an index or stand in the row as they are.

use handfast_pki::serial::{self, Serial};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::records::StoreError;

/// The row of the issuer whose key is called `key_id`; it is made where there is none.
pub(super) fn issuer(connection: &Connection, key_id: &str) -> Result<i64, StoreError> {
    let found = connection
        .prepare_cached("SELECT id FROM issuer WHERE key_id = ?1")?
        .query_row([key_id], |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    connection
        .prepare_cached("INSERT INTO issuer (key_id) VALUES (?1)")?
        .execute([key_id])?;
    Ok(connection.last_insert_rowid())
}

/// The number of one more certificate of `issuer` whose serial number carries no index.
pub(super) fn next_explicit(transaction: &Transaction<'_>, issuer: i64) -> Result<i64, StoreError> {
    Ok(transaction
        .prepare_cached("UPDATE issuer SET explicit = explicit + 1 WHERE id = ?1 RETURNING -explicit")?
        .query_row([issuer], |row| row.get(0))?)
}

/// The row of the certificate with this serial number, of whichever issuer.
pub(super) fn certificate(connection: &Connection, serial: &str) -> Result<Option<i64>, StoreError> {
    if let Some(id) = explicit(connection, serial)? {
        return Ok(Some(id));
    }
    let Some((random, index)) = parts(serial) else {
        return Ok(None);
    };
    // There are few issuers, and the index of the table begins with them.
    let sql = "SELECT id FROM cert WHERE issuer IN (SELECT id FROM issuer) AND idx = ?1 AND random = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![index, random], |row| row.get(0));
    Ok(found.optional()?)
}

/// The row of the certificate of one issuer.
pub(super) fn of_issuer(
    connection: &Connection,
    key_id: &str,
    serial: &str,
) -> Result<Option<i64>, StoreError> {
    let Some((random, index)) = parts(serial) else {
        return explicit(connection, serial);
    };
    let sql = "SELECT cert.id FROM issuer JOIN cert ON cert.issuer = issuer.id
               WHERE key_id = ?1 AND idx = ?2 AND random = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![key_id, index, random], |row| row.get(0));
    Ok(found.optional()?)
}

fn explicit(connection: &Connection, serial: &str) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM cert WHERE serial = ?1")?;
    Ok(statement.query_row([serial], |row| row.get(0)).optional()?)
}

/// A serial number (hexadecimal digits) of the layout with an index, in two parts as they are kept.
pub(super) fn parts(serial: &str) -> Option<([u8; 14], i64)> {
    let octets = handfast_pki::text::unhex(serial)?;
    let index = serial::index(&octets)?;
    let random = octets.get(..14)?.try_into().ok()?;
    // It has 48 bits.
    Some((random, index.cast_signed()))
}

/// The serial number of both parts, in hexadecimal digits.
pub(super) fn joined(random: [u8; 14], index: i64) -> Option<String> {
    let index = u64::try_from(index).ok()?;
    Serial::indexed(random, index).map(|serial| serial.to_string())
}
