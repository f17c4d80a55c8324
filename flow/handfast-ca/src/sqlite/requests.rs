//! Requests that wait for a second person.

use handfast_audit::leaf::Evidence;
use handfast_pki::{
    Fingerprint, PublicKey,
    name::{self, AltName},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row as SqlRow, params};
use spki::{SubjectPublicKeyInfoOwned, der::Decode};

use super::{
    Sqlite,
    find::{time, unreadable},
    log::Log,
    only_if_new,
};
use crate::{
    records::{JournalEntry, Repeatable, StoreError, Waiting},
    requester::Person,
    waiting::{Decision, WaitingRequest, WhichHeld},
};

/// How long the one who approved may take before it counts as broken off, and he may approve again.
const SIGNING_MILLISECONDS: i64 = 60_000;

impl Waiting for Sqlite {
    fn hold(&self, request: &WaitingRequest, entry: &JournalEntry) -> Result<(), StoreError> {
        let (request, entry) = (request.clone(), entry.clone());
        self.writer.write(move |log| {
            let lines = |items: Vec<String>| items.join("\n");
            let repeatable = request.repeatable.as_ref();
            let inserted = log.transaction.execute(
                "INSERT INTO waiting_request
                 (id, at, uid, login_uid, user, host, reason, profile, subject, names, lifetime, roles, spki,
                  has_proven_key, ignored, renewed_from, repeat_requester, repeat_key, repeat_asked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
                params![
                    request.id,
                    request.at.as_millisecond(),
                    request.requester.uid,
                    request.requester.login_uid,
                    request.requester.user,
                    request.requester.host,
                    request.requester.reason,
                    request.profile.as_str(),
                    request.subject.der(),
                    lines(request.names.iter().map(ToString::to_string).collect()),
                    request.lifetime.map(|lifetime| lifetime.as_secs()),
                    lines(request.roles.iter().map(ToString::to_string).collect()),
                    request.public_key.spki_der(),
                    request.has_proven_key,
                    lines(request.ignored.clone()),
                    request.renewed_from,
                    repeatable.map(|one| &one.requester),
                    repeatable.map(|one| &one.key),
                    repeatable.map(|one| one.asked.0),
                ],
            );
            only_if_new(inserted, || StoreError::AnsweredAlready)?;
            add(log, &request.id, &entry)
        })
    }

    fn decide(&self, id: &str, decision: &Decision, entry: &JournalEntry) -> Result<(), StoreError> {
        let (id, decision, entry) = (id.to_owned(), decision.clone(), entry.clone());
        self.writer.write(move |log| {
            let at = decision.at.as_millisecond();
            let changed = log.transaction.execute(
                "UPDATE waiting_request SET is_approved = ?2, decided_by = ?3, decided_at = ?4
                 WHERE id = ?1 AND (is_approved IS NULL
                    OR (is_approved AND ?2 AND serial IS NULL AND decided_at < ?4 - ?5))",
                params![id, decision.is_approved, decision.by, at, SIGNING_MILLISECONDS],
            )?;
            if changed == 0 {
                return Err(StoreError::Decided { id });
            }
            add(log, &id, &entry)
        })
    }

    fn fulfil(&self, id: &str, serial: &str) -> Result<(), StoreError> {
        let (id, serial) = (id.to_owned(), serial.to_owned());
        self.writer.write(move |log| {
            let sql = "UPDATE waiting_request SET serial = ?2 WHERE id = ?1";
            log.transaction.execute(sql, params![id, serial])?;
            Ok(())
        })
    }

    fn held(&self, which: WhichHeld<'_>) -> Result<Vec<WaitingRequest>, StoreError> {
        let (filter, given) = match which {
            WhichHeld::All => ("TRUE", vec![]),
            WhichHeld::Undecided => ("is_approved IS NULL", vec![]),
            WhichHeld::Of(id) => ("id = ?1", vec![id]),
            WhichHeld::Called { requester, key } => {
                ("repeat_requester = ?1 AND repeat_key = ?2", vec![requester, key])
            }
        };
        self.read(|connection| select(connection, filter, &given))
    }
}

/// The line of the journal, and a leaf that ties to it what the request is from now on.
fn add(log: &mut Log<'_>, id: &str, entry: &JournalEntry) -> Result<(), StoreError> {
    let request = select(log.transaction, "id = ?1", &[id])?.into_iter().next();
    let evidence = Evidence {
        request: Some(id.to_owned()),
        asks: request.map(|request| request.digest()),
        ..Evidence::default()
    };
    log.add(entry, evidence)
}

/// Those that fit `filter`, whose parameters are `given`, oldest first.
pub(super) fn select(
    connection: &Connection,
    filter: &str,
    given: &[&str],
) -> Result<Vec<WaitingRequest>, StoreError> {
    let sql = format!(
        "SELECT id, at, uid, login_uid, user, host, reason, profile, subject, names, lifetime, roles, spki,
                has_proven_key, ignored, renewed_from, is_approved, decided_by, decided_at, serial,
                repeat_requester, repeat_key, repeat_asked
         FROM waiting_request WHERE {filter} ORDER BY at, id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(given), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &SqlRow<'_>) -> rusqlite::Result<WaitingRequest> {
    let milliseconds = |column, count| time(column, Timestamp::from_millisecond(count));
    let texts = |column: usize| row.get::<_, String>(column);
    let (names, roles, ignored) = (texts(9)?, texts(11)?, texts(14)?);
    let (subject, spki): (Vec<u8>, Vec<u8>) = (row.get(8)?, row.get(12)?);
    let spki = SubjectPublicKeyInfoOwned::from_der(&spki).map_err(|error| unreadable(12, error.into()))?;
    let decision = match row.get::<_, Option<bool>>(16)? {
        None => None,
        Some(is_approved) => Some(Decision {
            is_approved,
            by: row.get(17)?,
            at: milliseconds(18, row.get(18)?)?,
        }),
    };
    let repeatable = match row.get::<_, Option<String>>(21)? {
        None => None,
        Some(key) => Some(Repeatable {
            requester: row.get(20)?,
            key,
            asked: Fingerprint(row.get(22)?),
        }),
    };
    Ok(WaitingRequest {
        id: row.get(0)?,
        at: milliseconds(1, row.get(1)?)?,
        requester: Person {
            uid: row.get(2)?,
            login_uid: row.get(3)?,
            user: row.get(4)?,
            host: row.get(5)?,
            reason: row.get(6)?,
        },
        profile: parsed(7, &texts(7)?)?,
        subject: name::of_der(&subject).ok_or_else(|| unreadable(8, "no name".into()))?,
        names: names
            .lines()
            .map(|line| alt_name(line).map_err(|error| unreadable(9, error.into())))
            .collect::<Result<_, _>>()?,
        lifetime: row.get::<_, Option<i64>>(10)?.map(SignedDuration::from_secs),
        roles: roles
            .lines()
            .map(|role| parsed(11, role))
            .collect::<Result<_, _>>()?,
        public_key: PublicKey::from_spki(&spki),
        has_proven_key: row.get(13)?,
        ignored: ignored.lines().map(str::to_owned).collect(),
        renewed_from: row.get(15)?,
        repeatable,
        decision,
        serial: row.get(19)?,
    })
}

fn parsed<T: std::str::FromStr<Err = handfast_pki::Error>>(column: usize, text: &str) -> rusqlite::Result<T> {
    text.parse()
        .map_err(|error: handfast_pki::Error| unreadable(column, error.into()))
}

/// A name as [`AltName`] shows it.
fn alt_name(line: &str) -> handfast_pki::Result<AltName> {
    match line.split_once(':') {
        Some(("dns", text)) => AltName::dns(text),
        Some(("ip", text)) => AltName::ip(text),
        Some(("uri", text)) => AltName::uri(text),
        Some(("email", text)) => AltName::email(text),
        _ => AltName::dns(line),
    }
}
