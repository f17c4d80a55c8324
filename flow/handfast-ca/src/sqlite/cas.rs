//! The CAs of the authority: read in their order, and changed all at once.

use handfast_audit::leaf::{self, Evidence};
use handfast_pki::NamePattern;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{
    find::{time, unreadable},
    log::Log,
};
use crate::{
    cas::{CaRole, CaState, KeptCa},
    records::{JournalEntry, StoreError},
};

pub(super) fn all(connection: &Connection) -> Result<Vec<KeptCa>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT name, role, state, certificate, root, key, profiles, bounds, since FROM ca ORDER BY position",
    )?;
    let rows = statement.query_map([], |row| {
        let (role, state): (String, String) = (row.get(1)?, row.get(2)?);
        let (profiles, bounds): (String, String) = (row.get(6)?, row.get(7)?);
        let bounds = bounds.lines().map(str::parse::<NamePattern>);
        Ok(KeptCa {
            name: row.get(0)?,
            role: CaRole::ALL
                .into_iter()
                .find(|known| known.name() == role)
                .ok_or_else(|| unreadable(1, format!("unknown role \"{role}\"").into()))?,
            state: CaState::ALL
                .into_iter()
                .find(|known| known.name() == state)
                .ok_or_else(|| unreadable(2, format!("unknown state \"{state}\"").into()))?,
            certificate: row.get(3)?,
            root: row.get(4)?,
            key: row.get(5)?,
            profiles: profiles.split_whitespace().map(str::to_owned).collect(),
            // Limits that cannot be read are not the same as none.
            bounds: bounds
                .collect::<Result<_, _>>()
                .map_err(|error| unreadable(7, error.into()))?,
            since: time(8, Timestamp::from_millisecond(row.get(8)?))?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One digest over all CAs, every value as it stands in the table.
pub(super) fn digest(connection: &Connection) -> Result<String, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT position, since, name, role, state, certificate, root, key, profiles, bounds FROM ca
         ORDER BY position",
    )?;
    let rows = statement.query_map([], |row| {
        let numbers: [i64; 2] = [row.get(0)?, row.get(1)?];
        let texts = (2_usize..10).map(|column| row.get::<_, String>(column));
        let texts = texts.collect::<rusqlite::Result<Vec<String>>>()?;
        Ok(json!([numbers, texts]))
    })?;
    let rows: Vec<Value> = rows.collect::<Result<_, _>>()?;
    Ok(leaf::digest(&rows))
}

/// Puts `to` into the place of `from`, which must still be what is there. The leaf of each of `entries` ties all CAs to
/// it, as they are then.
pub(super) fn change(
    log: &mut Log<'_>,
    from: &[KeptCa],
    to: &[KeptCa],
    entries: &[JournalEntry],
) -> Result<(), StoreError> {
    let transaction = log.transaction;
    if all(transaction)? != from {
        return Err(StoreError::CasChanged);
    }
    transaction.execute("DELETE FROM ca", [])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ca (position, name, role, state, certificate, root, key, profiles, bounds, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (position, ca) in to.iter().enumerate() {
        let bounds: Vec<String> = ca.bounds.iter().map(ToString::to_string).collect();
        insert.execute(params![
            i64::try_from(position).unwrap_or(i64::MAX),
            ca.name,
            ca.role.name(),
            ca.state.name(),
            ca.certificate,
            ca.root,
            ca.key,
            ca.profiles.join(" "),
            bounds.join("\n"),
            ca.since.as_millisecond(),
        ])?;
    }
    let evidence = Evidence {
        record: Some(digest(transaction)?),
        ..Evidence::default()
    };
    for entry in entries {
        log.add(entry, evidence.clone())?;
    }
    Ok(())
}
