//! Audit: everything in the file is compared with the leaves of the log, and the leaves with the signed head.
//!
//! The head is the authority for the leaves, the leaves for every table. What cannot be read is a fault like what does not
//! agree, and the other parts are looked at all the same.

mod requests;
mod tables;
mod tree;

use rusqlite::{Connection, TransactionBehavior};

use handfast_audit::tree::{LogKey, TreeError};
use handfast_pki::{KeyKind, PrivateKey};

use super::migrate;
use crate::{
    log::{Audit, Fault},
    records::StoreError,
};

/// What is found, one part after the other.
struct Findings {
    audit: Audit,
    most: usize,
}

impl Findings {
    fn fault(&mut self, part: &'static str, which: impl ToString, detail: impl Into<String>) {
        if self.audit.faults.len() == self.most {
            self.audit.has_more = true;
            return;
        }
        self.audit.faults.push(Fault {
            part,
            which: which.to_string(),
            detail: detail.into(),
        });
    }

    /// Looks at one part; what stops it is a fault of that part.
    fn look(&mut self, part: &'static str, look: impl FnOnce(&mut Self) -> Result<(), StoreError>) {
        if let Err(error) = look(self) {
            self.fault(part, "", error.to_string());
        }
    }
}

/// A table, and what its rows are compared with.
type Look = fn(&Connection, &mut Findings) -> Result<(), StoreError>;

/// Every table of the records. One that is not here is a fault: it would be outside of the audit.
const TABLES: &[(&str, Look)] = &[
    ("leaf", nothing),
    ("node", nothing),
    ("log_head", nothing),
    ("journal", tables::journal),
    ("issuer", tables::issuers),
    ("cert", tables::certificates),
    ("cert_name", tables::names),
    ("revoked", tables::revocations),
    ("tally", tables::tally),
    ("idempotency", tables::answers),
    ("blocked_key", tables::blocked_keys),
    ("crl", tables::lists),
    ("waiting_request", requests::compare),
    ("ca", tables::cas),
    ("restored", tables::restored),
    ("sqlite_sequence", tables::sequences),
];

/// All of it, in one reading transaction: what is written meanwhile is not seen.
pub(super) fn audit(connection: &mut Connection, key: &LogKey, most: usize) -> Result<Audit, StoreError> {
    let mut fresh = Connection::open_in_memory()?;
    // Whose log it begins is not compared, and the own key may be away.
    migrate::migrate(
        &mut fresh,
        &LogKey::new(PrivateKey::generate(KeyKind::Ed25519).map_err(TreeError::from)?)?,
    )?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let mut findings = Findings {
        audit: Audit::default(),
        most,
    };
    findings.look("file", |findings| integrity(&transaction, findings));
    findings.look("schema", |findings| schema(&transaction, &fresh, findings));
    findings.look("leaf", |findings| tree::compare(&transaction, key, findings));
    for (table, look) in TABLES {
        findings.look(table, |findings| look(&transaction, findings));
    }
    Ok(findings.audit)
}

fn nothing(_: &Connection, _: &mut Findings) -> Result<(), StoreError> {
    Ok(())
}

/// What SQLite itself says of its pages and indexes.
fn integrity(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        if text != "ok" {
            findings.fault("file", "", text);
        }
    }
    Ok(())
}

/// Tables, indexes and triggers must be those of new records.
fn schema(connection: &Connection, fresh: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let (found, expected) = (definitions(connection)?, definitions(fresh)?);
    for (name, sql) in &expected {
        match found.iter().find(|(other, _)| other == name) {
            None => findings.fault("schema", name, "it is missing"),
            Some((_, other)) if other != sql => findings.fault("schema", name, "it is defined otherwise"),
            Some(_) => {}
        }
    }
    for (name, sql) in &found {
        if !expected.iter().any(|(other, _)| other == name) {
            findings.fault("schema", name, "no program of ours has made it");
        }
        let is_table = sql.as_deref().is_none_or(|sql| sql.starts_with("CREATE TABLE"));
        let is_automatic = name.starts_with("sqlite_autoindex");
        if is_table && !is_automatic && !TABLES.iter().any(|(table, _)| table == name) {
            findings.fault("schema", name, "the audit does not know this table");
        }
    }
    Ok(())
}

/// Everything that is defined, by name.
fn definitions(connection: &Connection) -> Result<Vec<(String, Option<String>)>, StoreError> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
