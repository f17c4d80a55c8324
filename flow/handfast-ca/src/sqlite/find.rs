//! From a query to SQL and from its rows to a page.
//!
//! Pages are keyset pages: each begins behind the last row of the one before, so that a late page costs what the first
//! does. Values are bound, never a part of the text.

use handfast_pki::{Fingerprint, certificate::signed_bytes};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, types::Value};

use super::{
    locate,
    names::{Key, few, first_name, is_under_another},
};
use crate::records::{Condition, Cursor, NameFilter, Page, Query, Reason, Revoked, Row, State, StoreError};

/// Up to so many certificates with names of a prefix are sorted by expiry; more stay in the order of their names.
const FEW: usize = 10_000;

/// The rows that fit, in the order of the road that leads to them.
pub(super) fn page(connection: &Connection, query: &Query) -> Result<Page, StoreError> {
    page_of(connection, query, FEW)
}

fn page_of(connection: &Connection, query: &Query, few: usize) -> Result<Page, StoreError> {
    let mut rows = Vec::new();
    let Some(asked) = Asked::of(connection, query, few)? else {
        return Ok(Page { rows, next: None });
    };
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let mut statement = connection.prepare_cached(&asked.sql())?;
    for only in asked.runs() {
        let values = asked.values.iter().chain(&only);
        let mut found = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = found.next()? {
            let under: Option<String> = row.get(NAME_COLUMN)?;
            let row = read_row(row)?;
            // One with several names of the prefix is shown under the first.
            if let (Some(prefix), Some(under)) = (asked.prefix, under)
                && is_under_another(connection, &row, prefix, &under)?
            {
                continue;
            }
            if rows.len() == limit {
                let next = rows.last().map(|row: &Row| Cursor(row.id));
                return Ok(Page { rows, next });
            }
            rows.push(row);
        }
    }
    Ok(Page { rows, next: None })
}

/// What was asked for under a key of a requester, and the row of the answer.
pub(super) fn answered(
    connection: &Connection,
    requester: &str,
    key: &str,
) -> Result<Option<(Fingerprint, Row)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, idempotency.asked FROM idempotency CROSS JOIN cert ON cert.id = idempotency.cert {REVOKED}
         WHERE idempotency.requester = ?1 AND idempotency.key = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row([requester, key], |row| {
        Ok((Fingerprint(row.get(NAME_COLUMN)?), read_row(row)?))
    });
    Ok(found.optional()?)
}

/// The index that leads to the rows. It is said, not left to be guessed: the order of a page is its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Road {
    Id,
    Fingerprint,
    Key,
    Renewal,
    Name,
    Prefix,
    Few,
    Unfinished,
    Revoked,
    Issued,
    Requester,
    Profile,
    Issuer,
    Valid,
    Expiry,
}

impl Road {
    /// The one that leads to the fewest rows, as far as that can be told from the question.
    fn of(query: &Query) -> Self {
        match query {
            Query { serial: Some(_), .. } => Self::Id,
            Query {
                fingerprint: Some(_), ..
            } => Self::Fingerprint,
            Query { key: Some(_), .. } => Self::Key,
            Query {
                renewed_from: Some(_),
                ..
            } => Self::Renewal,
            Query {
                name: Some(NameFilter::Is(_)),
                ..
            } => Self::Name,
            Query {
                name: Some(NameFilter::StartsWith(_)),
                ..
            } => Self::Prefix,
            Query {
                condition: Some(Condition::Planned),
                ..
            } => Self::Unfinished,
            Query {
                issued_after: Some(_),
                ..
            } => Self::Issued,
            Query {
                condition: Some(Condition::Revoked),
                ..
            } => Self::Revoked,
            Query {
                requester: Some(_), ..
            } => Self::Requester,
            Query { profile: Some(_), .. } => Self::Profile,
            Query { issuer: Some(_), .. } => Self::Issuer,
            Query {
                condition: Some(Condition::Valid(_) | Condition::Expired(_)),
                ..
            } => Self::Valid,
            _ => Self::Expiry,
        }
    }

    fn tables(self) -> &'static str {
        match self {
            Self::Id | Self::Few => "cert",
            Self::Fingerprint => "cert INDEXED BY cert_fingerprint",
            Self::Key => "cert INDEXED BY cert_key",
            Self::Renewal => "cert INDEXED BY cert_renewal",
            Self::Name | Self::Prefix => "cert_name CROSS JOIN cert ON cert.id = cert_name.cert",
            Self::Unfinished => "cert INDEXED BY cert_unfinished",
            Self::Revoked => "cert INDEXED BY cert_revoked",
            Self::Issued => "cert INDEXED BY cert_issued",
            Self::Requester => "cert INDEXED BY cert_requester",
            Self::Profile => "cert INDEXED BY cert_profile",
            Self::Issuer => "cert INDEXED BY cert_issuer",
            Self::Valid => "cert INDEXED BY cert_valid",
            Self::Expiry => "cert INDEXED BY cert_expiry",
        }
    }

    /// What a page is sorted by; the row's number comes last.
    fn order(self) -> &'static str {
        match self {
            Self::Name => "cert_name.not_after, cert_name.cert",
            Self::Prefix => "cert_name.name, cert_name.not_after, cert_name.cert",
            Self::Issued => "cert.issued_at, cert.id",
            _ => "cert.not_after, cert.id",
        }
    }
}

/// A question in SQL: conditions that all must hold, and their values in order.
struct Asked<'a> {
    road: Road,
    texts: Vec<&'static str>,
    values: Vec<Value>,
    prefix: Option<&'a str>,
    /// Expiry and number of the rows of [`Road::Few`], in their order.
    few: Vec<(i64, i64)>,
}

impl<'a> Asked<'a> {
    /// Nothing where a serial number or an issuer is asked for that the records do not know.
    fn of(connection: &Connection, query: &'a Query, most: usize) -> Result<Option<Self>, StoreError> {
        let mut asked = Self {
            road: Road::of(query),
            texts: Vec::new(),
            values: Vec::new(),
            prefix: None,
            few: Vec::new(),
        };
        if let (Road::Prefix, Some(NameFilter::StartsWith(prefix))) = (asked.road, &query.name)
            && let Some(few) = few(connection, prefix, most)?
        {
            asked.road = Road::Few;
            asked.few = few;
        }
        if let Some(serial) = &query.serial {
            let Some(id) = locate::certificate(connection, serial)? else {
                return Ok(None);
            };
            asked.add("cert.id = ?", [id]);
        }
        if let Some(issuer) = &query.issuer {
            let mut statement = connection.prepare_cached("SELECT id FROM issuer WHERE key_id = ?1")?;
            let Some(id) = statement
                .query_row([issuer], |row| row.get::<_, i64>(0))
                .optional()?
            else {
                return Ok(None);
            };
            asked.add("cert.issuer = ?", [id]);
        }
        asked.add_equal(query);
        asked.add_name(query.name.as_ref());
        asked.add_condition(query.condition);
        asked.add_times(query);
        if let Some(cursor) = query.after {
            asked.go_on_behind(connection, cursor)?;
        }
        Ok(Some(asked))
    }

    fn add<V: Into<Value>>(&mut self, text: &'static str, values: impl IntoIterator<Item = V>) {
        self.texts.push(text);
        self.values.extend(values.into_iter().map(Into::into));
    }

    fn add_equal(&mut self, query: &Query) {
        let hash = |found: Fingerprint| Value::from(found.0.to_vec());
        let serial = |text: &String| Value::from(handfast_pki::text::unhex(text).unwrap_or_default());
        let equal = [
            ("cert.fingerprint = ?", query.fingerprint.map(hash)),
            ("cert.spki = ?", query.key.map(hash)),
            ("cert.renewed_from = ?", query.renewed_from.as_ref().map(serial)),
            ("cert.profile = ?", query.profile.clone().map(Value::from)),
            ("cert.requester = ?", query.requester.clone().map(Value::from)),
        ];
        for (text, value) in equal {
            if let Some(value) = value {
                self.add(text, [value]);
            }
        }
    }

    fn add_name(&mut self, name: Option<&'a NameFilter>) {
        match name {
            None => {}
            Some(NameFilter::StartsWith(_)) if self.road == Road::Few => {}
            Some(NameFilter::Is(name)) if self.road == Road::Name => {
                self.add("cert_name.name = ?", [name.clone()]);
            }
            Some(NameFilter::StartsWith(prefix)) if self.road == Road::Prefix => {
                self.prefix = Some(prefix);
                let range = [prefix.clone(), format!("{prefix}{}", char::MAX)];
                self.add("cert_name.name >= ? AND cert_name.name < ?", range);
            }
            Some(NameFilter::Is(name)) => self.add(
                "EXISTS (SELECT 1 FROM cert_name AS n WHERE n.name = ? AND n.not_after = cert.not_after AND n.cert = cert.id)",
                [name.clone()],
            ),
            // The other road has led to few rows.
            Some(NameFilter::StartsWith(prefix)) => self.add(
                "instr(' ' || cert.names, ' ' || ?) > 0",
                [prefix.clone()],
            ),
        }
    }

    fn add_condition(&mut self, condition: Option<Condition>) {
        match condition {
            None => {}
            Some(Condition::Planned) => self.add("cert.state IN ('reserved', 'planned')", NOTHING),
            Some(Condition::Revoked) => self.add("cert.state IN ('revoked', 'withdrawn')", NOTHING),
            Some(Condition::Valid(at)) => {
                self.add("cert.state = 'issued' AND cert.not_after >= ?", [at.as_second()]);
            }
            Some(Condition::Expired(at)) => {
                self.add("cert.state = 'issued' AND cert.not_after < ?", [at.as_second()]);
            }
        }
    }

    fn add_times(&mut self, query: &Query) {
        if let Some(at) = query.expiring_before {
            self.add("cert.not_after < ?", [at.as_second()]);
        }
        if let Some(at) = query.issued_after {
            self.add("cert.issued_at >= ?", [at.as_millisecond()]);
        }
        if let Some(at) = query.begun_before {
            self.add("cert.begun_at < ?", [at.as_millisecond()]);
        }
    }

    /// A page begins behind the last row of the one before, in the order of its road: a late page costs what the first
    /// does.
    fn go_on_behind(&mut self, connection: &Connection, Cursor(id): Cursor) -> Result<(), StoreError> {
        let unknown = || StoreError::NoSuchCursor { cursor: id };
        let sql = "SELECT not_after, issued_at, names FROM cert WHERE id = ?1";
        let last = connection.prepare_cached(sql)?.query_row([id], |row| {
            let times: (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
            Ok((times, row.get::<_, String>(2)?))
        });
        let ((not_after, issued_at), names) = last.optional()?.ok_or_else(unknown)?;
        match (self.road, self.prefix) {
            (Road::Name, _) => self.add("(cert_name.not_after, cert_name.cert) > (?, ?)", [not_after, id]),
            (Road::Prefix, Some(prefix)) => {
                let name = first_name(
                    connection,
                    Key { not_after, id },
                    names.split_whitespace(),
                    prefix,
                )?;
                let behind = [name.ok_or_else(unknown)?.into(), not_after.into(), id.into()];
                self.add::<Value>(
                    "(cert_name.name, cert_name.not_after, cert_name.cert) > (?, ?, ?)",
                    behind,
                );
            }
            (Road::Few, _) => self.few.retain(|row| *row > (not_after, id)),
            (Road::Issued, _) => {
                let at = issued_at.ok_or_else(unknown)?;
                self.add("(cert.issued_at, cert.id) > (?, ?)", [at, id]);
            }
            _ => self.add("(cert.not_after, cert.id) > (?, ?)", [not_after, id]),
        }
        Ok(())
    }

    /// How often the SQL is run, and with which value behind the others.
    fn runs(&self) -> Vec<Option<Value>> {
        if self.road == Road::Few {
            self.few.iter().map(|(_, id)| Some(Value::from(*id))).collect()
        } else {
            vec![None]
        }
    }

    fn sql(&self) -> String {
        let mut texts = self.texts.clone();
        if self.road == Road::Few {
            texts.push("cert.id = ?");
        }
        let texts = if texts.is_empty() {
            "true".to_owned()
        } else {
            texts.join(" AND ")
        };
        let name = if self.prefix.is_some() {
            "cert_name.name"
        } else {
            "NULL"
        };
        format!(
            "SELECT {COLUMNS}, {name} FROM {} {REVOKED}
             WHERE {texts} ORDER BY {}",
            self.road.tables(),
            self.road.order()
        )
    }
}

const NOTHING: [Value; 0] = [];

pub(super) const COLUMNS: &str = "cert.id, cert.idx, cert.random, cert.serial, \
     (SELECT key_id FROM issuer WHERE issuer.id = cert.issuer), cert.state, cert.profile, cert.subject, cert.names, \
     cert.not_before, cert.not_after, cert.requester, cert.begun_at, cert.issued_at, cert.spki, cert.renewed_from, \
     cert.tbs, cert.der, revoked.seq, revoked.at, revoked.reason";

/// What [`COLUMNS`] takes of a revocation.
pub(super) const REVOKED: &str =
    "LEFT JOIN revoked ON revoked.issuer = cert.issuer AND revoked.idx = cert.idx";

/// Behind [`COLUMNS`]: the name under which a row was found.
pub(super) const NAME_COLUMN: usize = 21;

pub(super) fn read_row(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let seconds = |column| time(column, Timestamp::from_second(row.get(column)?));
    let milliseconds = |column, count| time(column, Timestamp::from_millisecond(count));
    let digits = |bytes: Vec<u8>| handfast_pki::text::hex(&bytes);
    let names: String = row.get(8)?;
    let (tbs, der): (Option<Vec<u8>>, Option<Vec<u8>>) = (row.get(16)?, row.get(17)?);
    let issued_at: Option<i64> = row.get(13)?;
    Ok(Row {
        id: row.get(0)?,
        serial: read_serial(row)?,
        issuer: row.get(4)?,
        state: match (&tbs, &der) {
            (_, Some(_)) => State::Issued,
            (Some(_), None) => State::Planned,
            (None, None) => State::Reserved,
        },
        profile: row.get(6)?,
        subject: row.get(7)?,
        names: names.split_whitespace().map(str::to_owned).collect(),
        not_before: seconds(9)?,
        not_after: seconds(10)?,
        requester: row.get(11)?,
        begun_at: milliseconds(12, row.get(12)?)?,
        issued_at: issued_at.map(|at| milliseconds(13, at)).transpose()?,
        key: row.get::<_, Option<Vec<u8>>>(14)?.map(digits),
        renewed_from: row.get::<_, Option<Vec<u8>>>(15)?.map(digits),
        tbs: tbs.or_else(|| der.as_deref().and_then(signed_bytes).map(<[u8]>::to_vec)),
        der,
        revoked: read_revoked(row)?,
    })
}

fn read_serial(row: &SqlRow<'_>) -> rusqlite::Result<String> {
    if let Some(explicit) = row.get(3)? {
        return Ok(explicit);
    }
    let number = locate::joined(row.get(2)?, row.get(1)?);
    number.ok_or_else(|| unreadable(1, "an index that no serial number carries".into()))
}

fn read_revoked(row: &SqlRow<'_>) -> rusqlite::Result<Option<Revoked>> {
    let Some(sequence) = row.get::<_, Option<i64>>(18)? else {
        return Ok(None);
    };
    let reason: String = row.get(20)?;
    Ok(Some(Revoked {
        sequence: sequence.unsigned_abs(),
        at: time(19, Timestamp::from_millisecond(row.get(19)?))?,
        reason: known_reason(20, &reason)?,
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

#[cfg(test)]
mod tests {
    use handfast_audit::tree::LogKey;
    use handfast_pki::{KeyKind, PrivateKey};

    use super::*;
    use crate::sqlite::migrate::migrate;

    fn records() -> Connection {
        let mut connection = Connection::open_in_memory().expect("a database");
        let key = PrivateKey::generate(KeyKind::Ed25519).expect("a key");
        let key = LogKey::new(key).expect("a key of a log");
        migrate(&mut connection, &key).expect("the tables");
        connection
            .execute_batch(
                "INSERT INTO issuer (id, key_id) VALUES (7, '0a');
                 INSERT INTO cert (id, issuer, idx, random, state, profile, subject, names, not_before, not_after,
                                   requester, begun_at, issued_at, der)
                 VALUES (9, 7, 5, unhex('20' || hex(zeroblob(13))), 'issued', 'server', '', 'dns:a dns:b', 1, 2, 'owner', 3, 4, x'00');
                 INSERT INTO cert_name VALUES ('dns:a', 2, 9), ('dns:b', 2, 9);",
            )
            .expect("a row");
        connection
    }

    /// Every filter alone, and each with each.
    fn questions() -> Vec<Query> {
        let at = Timestamp::UNIX_EPOCH;
        let of = |set: &dyn Fn(&mut Query)| {
            let mut query = Query::default();
            set(&mut query);
            query
        };
        let filters: [&dyn Fn(&mut Query); 16] = [
            &|_| (),
            &|query| query.name = Some(NameFilter::Is("dns:a".into())),
            &|query| query.name = Some(NameFilter::StartsWith("dns:".into())),
            &|query| query.fingerprint = Some(Fingerprint([1; 32])),
            &|query| query.serial = Some(locate::joined([0; 14], 5).expect("a serial number")),
            &|query| query.condition = Some(Condition::Valid(at)),
            &|query| query.condition = Some(Condition::Expired(at)),
            &|query| query.condition = Some(Condition::Planned),
            &|query| query.condition = Some(Condition::Revoked),
            &|query| query.profile = Some("server".into()),
            &|query| query.issuer = Some("0a".into()),
            &|query| query.requester = Some("owner".into()),
            &|query| query.key = Some(Fingerprint([1; 32])),
            &|query| query.renewed_from = Some("0a".into()),
            &|query| query.expiring_before = Some(at),
            &|query| query.issued_after = Some(at),
        ];
        let mut questions = Vec::new();
        for first in filters {
            for second in filters {
                for after in [None, Some(Cursor(9))] {
                    questions.push(of(&|query| {
                        first(query);
                        second(query);
                        query.after = after;
                    }));
                }
            }
        }
        questions
    }

    #[test]
    fn no_question_reads_a_whole_table_or_sorts_what_it_finds() {
        let connection = records();
        let questions = questions().into_iter();
        for (question, most) in questions.flat_map(|question| [(question.clone(), 0), (question, FEW)]) {
            let Some(asked) = Asked::of(&connection, &question, most).expect("a question") else {
                panic!("the records know what is asked for: {question:?}");
            };
            let mut statement = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {}", asked.sql()))
                .expect("SQL");
            let plan: Vec<String> = statement
                .query_map(
                    rusqlite::params_from_iter({
                        let run = asked.runs().pop().unwrap_or(Some(Value::from(1)));
                        asked.values.iter().cloned().chain(run).collect::<Vec<_>>()
                    }),
                    |row| row.get(3),
                )
                .expect("a plan")
                .collect::<Result<_, _>>()
                .expect("a plan");
            for step in &plan {
                let is_found = step.starts_with("SEARCH ")
                    // The order of everything, read from one of its ends.
                    || (asked.road == Road::Expiry && step == "SCAN cert USING INDEX cert_expiry")
                    || (asked.road == Road::Valid && step == "SCAN cert USING INDEX cert_valid")
                    || (asked.road == Road::Unfinished && step == "SCAN cert USING INDEX cert_unfinished")
                    || (asked.road == Road::Revoked && step == "SCAN cert USING INDEX cert_revoked")
                    || step.starts_with("CORRELATED SCALAR SUBQUERY")
                    // Of one row.
                    || (asked.road == Road::Fingerprint && step == "USE TEMP B-TREE FOR ORDER BY");
                assert!(is_found, "{question:?}: {plan:#?}");
            }
        }
    }

    #[test]
    fn a_certificate_with_two_names_of_a_prefix_stands_once_among_them() {
        let connection = records();
        let all = Query {
            name: Some(NameFilter::StartsWith("dns:".into())),
            ..Query::default()
        };
        for most in [0, FEW] {
            let rows = |query: &Query| page_of(&connection, query, most).map(|page| page.rows.len());
            assert_eq!(rows(&all).expect("a page"), 1);
            let after = |id| Query {
                after: Some(Cursor(id)),
                ..all.clone()
            };
            assert_eq!(rows(&after(9)).expect("a page"), 0);
            let error = rows(&after(8)).expect_err("there is no such row");
            assert!(matches!(error, StoreError::NoSuchCursor { cursor: 8 }), "{error}");
        }
    }
}
