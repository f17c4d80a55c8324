//! Every table against the leaves. The journal comes first: the others find their leaves by its lines.

use std::collections::{BTreeMap, BTreeSet};

use handfast_audit::leaf::{Evidence, Leaf, kept_detail};
use handfast_pki::Certificate;
use rusqlite::{Connection, OptionalExtension, params};

use super::Findings;
use crate::{
    facts::Facts,
    records::{Event, Repeatable, Row, State, StoreError},
    sqlite::{backup, cas, find, lists, log},
};

/// Each leaf must have its line, and each line its leaf, saying the same.
pub(super) fn journal(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut statement = connection.prepare(
        "SELECT leaf.position, body, at, event, serial, requester, code, detail
         FROM leaf LEFT JOIN journal ON journal.id = leaf.position + 1 ORDER BY leaf.position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let position = row.get::<_, i64>(0)?.unsigned_abs();
        let Some(leaf) = Leaf::parse(&row.get::<_, Vec<u8>>(1)?) else {
            findings.fault("leaf", position, "it is no line of a journal");
            continue;
        };
        let line = (|| {
            let detail: Option<String> = row.get(7)?;
            Ok::<_, rusqlite::Error>((
                row.get::<_, Option<String>>(2)?,
                row.get::<_, Option<String>>(3)?,
                row.get::<_, Option<String>>(4)?,
                row.get::<_, Option<String>>(5)?,
                row.get::<_, Option<String>>(6)?,
                detail.as_deref().map(kept_detail),
            ))
        })();
        let expected = (
            Some(leaf.at.to_string()),
            Some(leaf.event.clone()),
            leaf.serial.clone(),
            leaf.requester.clone(),
            leaf.code.clone(),
            Some(leaf.detail.clone()),
        );
        match line {
            Ok(line) if line == expected => {}
            Ok((None, ..)) => {
                findings.fault("journal", position, format!("the line of \"{leaf}\" is missing"))
            }
            Ok(_) => findings.fault("journal", position, format!("the line is not that of \"{leaf}\"")),
            Err(error) => findings.fault("journal", position, error.to_string()),
        }
    }
    let without = "SELECT id - 1 FROM journal WHERE id - 1 NOT IN (SELECT position FROM leaf)";
    each_text(connection, without, |position| {
        findings.fault("journal", position, "the line has no leaf");
    })
}

/// Each certificate must be what its leaves say, and each leaf about a certificate must have one.
pub(super) fn certificates(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {}, cert.state, iif(fingerprint IS NULL, NULL, lower(hex(fingerprint))) FROM cert {}",
        find::COLUMNS,
        find::REVOKED
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        findings.audit.certificates += 1;
        let read = find::read_row(row).and_then(|read| {
            let (state, fingerprint) = (row.get(find::NAME_COLUMN)?, row.get(find::NAME_COLUMN + 1)?);
            Ok((read, state, fingerprint))
        });
        match read {
            Ok((row, state, fingerprint)) => {
                let leaves = leaves_of(connection, &row.serial)?;
                if let Err(detail) = fits(&row, state, fingerprint, &leaves) {
                    findings.fault("cert", row.serial, detail);
                }
            }
            Err(error) => {
                let id: i64 = row.get(0).unwrap_or_default();
                findings.fault("cert", id, error.to_string());
            }
        }
    }
    let without = "SELECT DISTINCT serial FROM journal WHERE serial IS NOT NULL
                   AND serial NOT IN (SELECT serial FROM certificate WHERE serial IS NOT NULL)";
    each_text(connection, without, |serial| {
        findings.fault("cert", serial, "it is missing, and the log has leaves of it");
    })
}

fn fits(row: &Row, state: String, fingerprint: Option<String>, leaves: &[Leaf]) -> Result<(), String> {
    let of = |event: Event| leaves.iter().find(|leaf| leaf.event == event.name());
    // What was adopted is older than the lines that were written about it then.
    let adopted = of(Event::Adopted);
    let taken = adopted
        .or(of(Event::Planned))
        .ok_or("no leaf of the log is about it")?;
    if taken.evidence.record.as_deref() != Some(&Facts::of_row(row).digest()) {
        return Err(format!("its record is not the one of \"{taken}\""));
    }
    let (expected, issued_at) = match of(Event::Issued).filter(|_| adopted.is_none()) {
        Some(issued) => (
            issued.evidence.certificate.clone(),
            Some(issued.at.as_millisecond()),
        ),
        None => (taken.evidence.certificate.clone(), taken.evidence.issued_at),
    };
    let certificate = row
        .der
        .as_deref()
        .map(handfast_pki::Fingerprint::of)
        .map(|own| own.to_string());
    if certificate != expected || fingerprint != expected {
        return Err("the certificate is not the one of its leaf".into());
    }
    if row.issued_at.map(|at| at.as_millisecond()) != issued_at {
        return Err("the time of its issuance is not the one of its leaf".into());
    }
    let expected_state = match (&row.revoked, row.state) {
        (Some(_), State::Issued) => "revoked",
        (Some(_), _) => "withdrawn",
        (None, found) => found.name(),
    };
    if state != expected_state {
        return Err(format!("its state is \"{state}\", expected \"{expected_state}\""));
    }
    let der = row.der.as_deref().and_then(|der| Certificate::from_der(der).ok());
    if der.is_some_and(|certificate| row.tbs.as_deref() != Some(certificate.tbs_der())) {
        return Err("the certificate is not what was planned".into());
    }
    Ok(())
}

/// The names that are searched are those of the certificates.
pub(super) fn names(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut certificates = connection.prepare("SELECT id, names, not_after FROM cert")?;
    let mut known =
        connection.prepare("SELECT 1 FROM cert_name WHERE name = ?1 AND not_after = ?2 AND cert = ?3")?;
    let mut rows = certificates.query([])?;
    let mut expected = 0_u64;
    while let Some(row) = rows.next()? {
        let (id, names, not_after): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        for name in names.split_whitespace().collect::<BTreeSet<_>>() {
            expected += 1;
            if !known.exists(params![name, not_after, id])? {
                findings.fault("cert_name", name, format!("it is missing for the row {id}"));
            }
        }
    }
    let found: i64 = connection.query_row("SELECT count(*) FROM cert_name", [], |row| row.get(0))?;
    if found.unsigned_abs() != expected {
        let detail = format!("there are {found} names, and the certificates have {expected}");
        findings.fault("cert_name", "", detail);
    }
    Ok(())
}

/// Revocations stand in the order of their leaves, with the same number, time, reason and requester.
pub(super) fn revocations(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {}, revoked.not_after = cert.not_after, \"by\"
         FROM cert JOIN revoked ON revoked.issuer = cert.issuer AND revoked.idx = cert.idx",
        find::COLUMNS
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut count = 0_i64;
    while let Some(row) = rows.next()? {
        count += 1;
        let is_same_expiry: bool = row.get(find::NAME_COLUMN)?;
        let by: Option<String> = row.get(find::NAME_COLUMN + 1)?;
        let row = find::read_row(row)?;
        let leaves = leaves_of(connection, &row.serial)?;
        let has = |event: Event| leaves.iter().find(|leaf| leaf.event == event.name());
        let Some(leaf) = has(Event::Revoked) else {
            findings.fault("revoked", row.serial, "no leaf of the log is about it");
            continue;
        };
        let found = row.revoked.map(|revoked| {
            let reason = Some(revoked.reason.name().to_owned());
            (Some(revoked.sequence), revoked.at.as_millisecond(), reason)
        });
        let last = has(Event::ReasonChanged).unwrap_or(leaf);
        let expected = (
            leaf.evidence.sequence,
            leaf.at.as_millisecond(),
            last.evidence.reason.clone(),
        );
        // An older program did not write down who did it.
        let is_by = by == leaf.requester || (by.is_none() && has(Event::Adopted).is_some());
        if found != Some(expected) || !is_same_expiry || !is_by {
            findings.fault("revoked", row.serial, format!("it is not the one of \"{leaf}\""));
        }
    }
    for (sql, detail) in [
        ("SELECT count(*) FROM revoked", "some are of no certificate"),
        (
            "SELECT count(*) FROM journal WHERE event = 'revoked'",
            "some are missing, and the log has their leaves",
        ),
    ] {
        let expected: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        if expected != count {
            findings.fault(
                "revoked",
                "",
                format!("there are {expected} and not {count}: {detail}"),
            );
        }
    }
    Ok(())
}

/// How far each issuer has counted is what its certificates say. Each reconciliation after a restoration has left a gap
/// of indexes; where the counter stands within them no leaf says.
pub(super) fn issuers(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let sql = "SELECT count(*) FROM journal WHERE event = 'reconciled'";
    let gaps: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let most = gaps.saturating_mul(backup::INDEXES);
    let next = "coalesce(max(cert.idx) FILTER (WHERE cert.idx >= 0) + 1, 0)";
    let sql = format!(
        "SELECT issuer.id FROM issuer LEFT JOIN cert ON cert.issuer = issuer.id GROUP BY issuer.id
         HAVING count(cert.id) = 0
             OR coalesce(head_index, 0) NOT BETWEEN {next} AND {next} + {most}
             OR explicit <> coalesce(-min(cert.idx) FILTER (WHERE cert.idx < 0), 0)"
    );
    each_text(connection, &sql, |id| {
        findings.fault("issuer", id, "its counters are not those of its certificates");
    })
}

/// The totals are those of the certificates. What has fallen to 0 stays with the states that certificates leave.
pub(super) fn tally(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let sql = "WITH own AS (SELECT not_after / 86400 AS day, issuer, profile, state, count(*) AS count
                            FROM cert GROUP BY 1, 2, 3, 4)
               SELECT day FROM own WHERE NOT EXISTS (
                   SELECT 1 FROM tally WHERE tally.day = own.day AND tally.issuer = own.issuer
                   AND tally.profile = own.profile AND tally.state = own.state AND tally.count = own.count)
               UNION ALL
               SELECT day FROM tally WHERE count <> 0 AND NOT EXISTS (
                   SELECT 1 FROM own WHERE tally.day = own.day AND tally.issuer = own.issuer
                   AND tally.profile = own.profile AND tally.state = own.state)
               UNION ALL
               SELECT day FROM tally WHERE count = 0 AND NOT (state IN ('planned', 'issued') AND EXISTS (
                   SELECT 1 FROM own WHERE tally.day = own.day AND tally.issuer = own.issuer
                   AND tally.profile = own.profile))";
    each_text(connection, sql, |day| {
        findings.fault(
            "tally",
            day,
            "the totals of this day are not those of the certificates",
        );
    })
}

/// Which request a certificate answers is what its leaf says.
pub(super) fn answers(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    evidence(connection, |leaf| {
        if let (Some(serial), Some(answers)) = (&leaf.serial, &leaf.evidence.answers) {
            expected.insert(serial.clone(), answers.clone());
        }
    })?;
    let sql = format!(
        "SELECT {}, idempotency.requester, key, asked
         FROM idempotency LEFT JOIN cert ON cert.id = idempotency.cert {}",
        find::COLUMNS,
        find::REVOKED
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let repeatable = Repeatable {
            requester: row.get(find::NAME_COLUMN)?,
            key: row.get(find::NAME_COLUMN + 1)?,
            asked: handfast_pki::Fingerprint(row.get(find::NAME_COLUMN + 2)?),
        };
        found.insert(find::read_row(row)?.serial, repeatable.digest());
    }
    compare("idempotency", &expected, &found, findings);
    Ok(())
}

/// A key is blocked since the first leaf that blocks it.
pub(super) fn blocked_keys(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    evidence(connection, |leaf| {
        if let Some(key) = &leaf.evidence.blocked {
            expected.entry(key.clone()).or_insert(leaf.at.as_millisecond());
        }
    })?;
    let mut statement = connection.prepare("SELECT spki, at FROM blocked_key")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: BTreeMap<String, i64> = rows.collect::<Result<_, _>>()?;
    compare("blocked_key", &expected, &found, findings);
    Ok(())
}

/// The last list of each issuer, and the number that was taken last.
pub(super) fn lists(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut expected: BTreeMap<String, (u64, Option<String>)> = BTreeMap::new();
    evidence(connection, |leaf| {
        let Evidence {
            issuer,
            number,
            record,
            ..
        } = &leaf.evidence;
        if let (Some(issuer), Some(number)) = (issuer, number) {
            let kept = expected.entry(issuer.clone()).or_default();
            kept.0 = *number;
            // A number that was taken leaves the list before in its place.
            if record.is_some() {
                kept.1.clone_from(record);
            }
        }
    })?;
    let mut statement = connection.prepare("SELECT issuer FROM crl")?;
    let issuers = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut found = BTreeMap::new();
    for issuer in issuers {
        let issuer = issuer?;
        let last = lists::last(connection, &issuer)?;
        let record = last.list.map(|list| list.digest(&issuer));
        found.insert(issuer, (last.number, record));
    }
    compare("crl", &expected, &found, findings);
    Ok(())
}

/// The CAs are those that were tied to the last leaf about them; records without such a leaf name none.
pub(super) fn cas(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut expected = handfast_audit::leaf::digest(&[]);
    evidence(connection, |leaf| {
        // Records of certificates have a serial number, and those of lists an issuer.
        let is_of_others =
            leaf.serial.is_some() || leaf.evidence.issuer.is_some() || leaf.event == Event::Restored.name();
        if let (false, Some(record)) = (is_of_others, &leaf.evidence.record) {
            expected.clone_from(record);
        }
    })?;
    if cas::digest(connection)? != expected {
        findings.fault("ca", "", "the CAs are not those of the last leaf about them");
    }
    Ok(())
}

/// From which backups the records come, and when they were reconciled.
pub(super) fn restored(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut expected: BTreeMap<String, (Option<String>, Option<i64>)> = BTreeMap::new();
    evidence(connection, |leaf| {
        if leaf.event == Event::Restored.name() {
            let id = expected.len() + 1;
            expected.insert(id.to_string(), (leaf.evidence.record.clone(), None));
        } else if leaf.event == Event::Reconciled.name() {
            for (_, reconciled) in expected.values_mut() {
                reconciled.get_or_insert(leaf.at.as_millisecond());
            }
        }
    })?;
    let mut statement = connection.prepare("SELECT id, backup_at, at, reconciled FROM restored")?;
    let rows = statement.query_map([], |row| {
        let id: i64 = row.get(0)?;
        let record = backup::digest(row.get(1)?, row.get(2)?);
        Ok((id.to_string(), (Some(record), row.get(3)?)))
    })?;
    let found: BTreeMap<String, (Option<String>, Option<i64>)> = rows.collect::<Result<_, _>>()?;
    compare("restored", &expected, &found, findings);
    Ok(())
}

/// SQLite's counter of revocations: one that was set back would give a number twice.
pub(super) fn sequences(connection: &Connection, findings: &mut Findings) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT name, seq FROM sqlite_sequence")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found: BTreeMap<String, i64> = rows.collect::<Result<_, _>>()?;
    // A counter that has counted nothing may be there or not.
    found.retain(|_, last| *last != 0);
    let last: Option<i64> = connection
        .prepare("SELECT max(seq) FROM revoked")?
        .query_row([], |row| row.get(0))
        .optional()?
        .flatten();
    let expected = last
        .map(|last| ("revoked".to_owned(), last))
        .into_iter()
        .collect();
    compare("sqlite_sequence", &expected, &found, findings);
    Ok(())
}

fn compare<V: PartialEq>(
    part: &'static str,
    expected: &BTreeMap<String, V>,
    found: &BTreeMap<String, V>,
    findings: &mut Findings,
) {
    for (name, value) in expected {
        match found.get(name) {
            None => findings.fault(part, name, "it is missing, and the log has its leaf"),
            Some(other) if other != value => findings.fault(part, name, "it is not what its leaf says"),
            Some(_) => {}
        }
    }
    for name in found.keys().filter(|name| !expected.contains_key(*name)) {
        findings.fault(part, name, "no leaf of the log is about it");
    }
}

fn leaves_of(connection: &Connection, serial: &str) -> Result<Vec<Leaf>, StoreError> {
    let leaves = log::leaves_of(connection, serial)?;
    Ok(leaves.iter().filter_map(|(_, body)| Leaf::parse(body)).collect())
}

/// Every leaf, in their order.
pub(super) fn evidence(connection: &Connection, mut each: impl FnMut(&Leaf)) -> Result<(), StoreError> {
    log::leaves(connection, 0, u64::MAX, &mut |_, body| {
        if let Some(leaf) = Leaf::parse(&body) {
            each(&leaf);
        }
        Ok(())
    })
}

/// The first column of what is found, as text.
fn each_text(connection: &Connection, sql: &str, mut each: impl FnMut(String)) -> Result<(), StoreError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let value: rusqlite::types::Value = row.get(0)?;
        each(match value {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        });
    }
    Ok(())
}
