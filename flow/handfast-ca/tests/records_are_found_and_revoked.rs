//! What the records know about many certificates, on a temporary SQLite file.

mod place;

use std::{fs, path::Path};

use handfast_ca::{
    Authority, CertRequest, Condition, NameFilter, Query, Reason, Requester, Row, State, StoreError, Totals,
};
use handfast_pki::{Certificate, Profile, code, name::AltName};
use jiff::SignedDuration;

use crate::place::{Scratch, authority, days, now, request};

/// Five leaves that differ in everything that is asked for.
struct Five {
    authority: Authority,
    leaves: Vec<Certificate>,
    scratch: Scratch,
}

fn five() -> Five {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let leaves = (1..=5)
        .map(|index| {
            let profile = if index == 5 {
                Profile::Client
            } else {
                Profile::Server
            };
            let asked = CertRequest {
                lifetime: Some(days(index)),
                ..request(profile, &format!("h{index}.example"))
            };
            let at = now() + SignedDuration::from_hours(index);
            let issued = authority.issue(asked, at).expect("issued");
            issued.certificate().clone()
        })
        .collect();
    Five {
        authority,
        leaves,
        scratch,
    }
}

impl Five {
    /// Which of the five fit, by their numbers; the CA's own certificates are left out.
    #[track_caller]
    fn found(&self, query: &Query) -> Vec<usize> {
        let page = self.authority.find(query).expect("a store");
        page.rows.iter().filter_map(|row| self.number(row)).collect()
    }

    fn number(&self, row: &Row) -> Option<usize> {
        let is_it = |leaf: &Certificate| row.der.as_deref() == Some(leaf.der().as_ref());
        self.leaves.iter().position(is_it).map(|index| index + 1)
    }
}

#[test]
fn every_filter_finds_what_fits_and_nothing_else_soonest_expiry_first() {
    let five = five();
    let with = |set: &dyn Fn(&mut Query)| {
        let mut query = Query::default();
        set(&mut query);
        five.found(&query)
    };
    let none: [usize; 0] = [];
    let named = |name: &str| with(&|query| query.name = Some(NameFilter::Is(name.into())));
    let begins = |prefix: &str| with(&|query| query.name = Some(NameFilter::StartsWith(prefix.into())));
    let is = |condition| with(&|query| query.condition = Some(condition));
    let requested_by = |requester: &str| with(&|query| query.requester = Some(requester.into()));
    assert_eq!(with(&|_| ()), [1, 2, 3, 4, 5]);
    assert_eq!(named("dns:h3.example"), [3]);
    assert_eq!(named("dns:h3"), none);
    assert_eq!(begins("dns:h"), [1, 2, 3, 4, 5]);
    assert_eq!(begins("dns:h3."), [3]);
    // Names are compared as they are; nothing in them is a pattern.
    assert_eq!(begins("dns:%"), none);
    let fingerprint = five.leaves[1].fingerprint();
    assert_eq!(with(&|query| query.fingerprint = Some(fingerprint)), [2]);
    assert_eq!(with(&|query| query.serial = Some(five.leaves[3].serial())), [4]);
    assert_eq!(with(&|query| query.profile = Some("client".into())), [5]);
    assert_eq!(requested_by("owner"), [1, 2, 3, 4, 5]);
    assert_eq!(requested_by("token 1"), none);
    // Each was issued an hour after the one before, for a day longer.
    let third_day = now() + days(3);
    let fourth_hour = now() + SignedDuration::from_hours(4);
    assert_eq!(with(&|query| query.expiring_before = Some(third_day)), [1, 2]);
    assert_eq!(with(&|query| query.issued_after = Some(fourth_hour)), [4, 5]);
    assert_eq!(with(&|query| query.begun_before = Some(fourth_hour)), [1, 2, 3]);
    assert_eq!(is(Condition::Valid(third_day)), [3, 4, 5]);
    assert_eq!(is(Condition::Expired(third_day)), [1, 2]);
    assert_eq!(is(Condition::Planned), none);
    assert_eq!(is(Condition::Revoked), none);
    let two = |query: &mut Query| {
        query.profile = Some("server".into());
        query.condition = Some(Condition::Valid(third_day));
    };
    assert_eq!(with(&two), [3, 4], "all filters must fit");
}

#[test]
fn a_row_says_what_was_asked_and_what_was_issued() {
    let five = five();
    let leaf = &five.leaves[4];
    let row = five
        .authority
        .find_serial(&leaf.serial())
        .expect("a store")
        .expect("a row");
    assert_eq!(
        (row.state, row.profile.as_str(), row.requester.as_str()),
        (State::Issued, "client", "owner")
    );
    assert_eq!(row.names, ["dns:h5.example"]);
    assert_eq!(
        (row.not_before, row.not_after),
        (leaf.not_before(), leaf.not_after())
    );
    assert_eq!(row.issued_at, Some(now() + SignedDuration::from_hours(5)));
    assert_eq!(row.revoked, None);
}

#[test]
fn pages_follow_one_another_without_gap_or_double_also_when_rows_come_and_go() {
    let five = five();
    let mut query = Query {
        limit: Some(2),
        name: Some(NameFilter::StartsWith("dns:".into())),
        ..Query::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = five.authority.find(&query).expect("a store");
        assert!(page.rows.len() <= 2);
        seen.extend(page.rows.iter().filter_map(|row| five.number(row)));
        // A certificate that sorts before everything: the next page does not move.
        let early = CertRequest {
            lifetime: Some(SignedDuration::from_hours(1)),
            ..request(Profile::Server, "early.example")
        };
        let later = now() + SignedDuration::from_hours(5);
        five.authority.issue(early, later).expect("issued");
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[test]
fn a_revocation_keeps_its_reason_and_time_and_has_its_line_in_the_journal() {
    let five = five();
    let serials: Vec<String> = five.leaves[1..3].iter().map(Certificate::serial).collect();
    let at = now() + days(1);
    five.authority
        .revoke(&serials, Reason::KeyCompromise, &Requester::Owner, at)
        .expect("revoked");
    let condition = |condition| Query {
        condition: Some(condition),
        ..Query::default()
    };
    assert_eq!(five.found(&condition(Condition::Revoked)), [2, 3]);
    assert_eq!(five.found(&condition(Condition::Valid(now()))), [1, 4, 5]);
    for (index, serial) in serials.iter().enumerate() {
        let row = five
            .authority
            .find_serial(serial)
            .expect("a store")
            .expect("a row");
        let revoked = row.revoked.expect("revoked");
        assert_eq!((revoked.at, revoked.reason), (at, Reason::KeyCompromise));
        assert_eq!(revoked.sequence, index as u64 + 1, "in their order");
    }
    let database = rusqlite::Connection::open(five.scratch.at("ca/authority.db")).expect("a database");
    let lines: i64 = database
        .query_row(
            "SELECT count(*) FROM journal WHERE event = 'revoked' AND detail LIKE 'keyCompromise of dns:h_.example'
             AND requester = 'owner' AND serial IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .expect("a number");
    assert_eq!(lines, 2);
}

#[test]
fn a_revocation_of_many_is_whole_or_nothing() {
    let five = five();
    let revoke = |serials: &[String]| {
        five.authority
            .revoke(serials, Reason::Superseded, &Requester::Owner, now())
    };
    let serial = |number: usize| five.leaves[number - 1].serial();
    revoke(&[serial(1)]).expect("revoked");
    let unknown = revoke(&[serial(2), "00".into()]).expect_err("there is no such serial");
    assert!(matches!(
        unknown,
        handfast_ca::Error::Store(StoreError::Unknown { .. })
    ));
    let revoked = Query {
        condition: Some(Condition::Revoked),
        ..Query::default()
    };
    assert_eq!(five.found(&revoked), [1]);
}

/// What the program of version 1 wrote, with its own statements.
const OLD_ROWS: &str = "
INSERT INTO certificate VALUES
 ('4001', 'issued', 'root', 'CN=Acme', '', '2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z', 'owner',
  '2026-01-01T00:00:00.25Z', '2026-01-01T00:00:00.25Z', 'f1', x'01', x'02'),
 ('4002', 'issued', 'server', '(empty)', 'dns:a.example ip:127.0.0.1', '2026-05-01T11:55:00Z', '2026-07-30T12:00:00Z',
  'owner', '2026-05-01T12:00:00.123456789Z', '2026-05-01T12:00:00.123456789Z', 'f2', x'03', x'04'),
 ('4003', 'planned', 'client', '(empty)', 'uri:spiffe://acme/web', '2026-05-01T11:55:00Z', '2026-07-30T12:00:00Z',
  'owner', '2026-05-01T12:00:00Z', NULL, NULL, x'05', NULL),
 ('4004', 'reserved', 'client', '(empty)', 'dns:b.example', '2026-05-01T11:55:00Z', '2026-07-30T12:00:00Z',
  'owner', '2026-05-01T12:00:01Z', NULL, NULL, NULL, NULL);
INSERT INTO journal (at, event, serial, code, detail) VALUES
 ('2026-01-01T00:00:00Z', 'issued', '4001', NULL, 'root for CN=Acme, asked by the owner'),
 ('2026-02-01T00:00:00Z', 'refused', NULL, 'HF-304', 'the client certificate has no name');
";

/// Puts records of version 1 in the place of those that are there.
fn version_1(place: &Path, rows: &str) -> rusqlite::Connection {
    let file = place.join("authority.db");
    fs::remove_file(&file).expect("removed");
    let old = rusqlite::Connection::open(&file).expect("a database");
    old.execute_batch(include_str!("../src/migrations/0001-certificates.sql"))
        .expect("the tables of version 1");
    old.execute_batch(rows).expect("rows");
    old.pragma_update(None, "user_version", 1).expect("version 1");
    old
}

#[test]
fn an_authority_made_by_the_first_version_opens_and_goes_on() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(authority(&place));
    drop(version_1(&place, OLD_ROWS));
    let again = Authority::open(&place).expect("opens");
    assert_eq!(again.count().expect("a count"), 2);
    let found = |name: &str| {
        let query = Query {
            name: Some(NameFilter::Is(name.into())),
            ..Query::default()
        };
        let rows = again.find(&query).expect("a store").rows;
        rows.into_iter().map(|row| row.serial).collect::<Vec<_>>()
    };
    assert_eq!(found("dns:a.example"), ["4002"]);
    assert_eq!(found("ip:127.0.0.1"), ["4002"]);
    assert_eq!(found("uri:spiffe://acme/web"), ["4003"]);
    let row = again.find_serial("4002").expect("a store").expect("a row");
    let time = |text: &str| text.parse().expect("a time");
    assert_eq!(row.not_after, time("2026-07-30T12:00:00Z"));
    assert_eq!(row.issued_at, Some(time("2026-05-01T12:00:00.123Z")));
    assert_eq!(
        (row.requester.as_str(), row.issuer, row.tbs, row.der),
        ("owner", None, Some(vec![3]), Some(vec![4]))
    );
    let left = again.unfinished(now()).expect("a store");
    let states: Vec<_> = left.iter().map(|row| (row.serial.as_str(), row.state)).collect();
    assert_eq!(states, [("4003", State::Planned), ("4004", State::Reserved)]);

    let issued = again
        .issue(request(Profile::Server, "c.example"), now())
        .expect("goes on");
    again
        .revoke(
            &["4002".into(), "4003".into(), issued.certificate().serial()],
            Reason::Unspecified,
            &Requester::Owner,
            now(),
        )
        .expect("old and new are revoked");
    drop(again);
    let database = rusqlite::Connection::open(place.join("authority.db")).expect("a database");
    let text = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).expect("a text") };
    assert_eq!(
        text("SELECT detail FROM journal WHERE serial = '4001' AND event = 'issued'"),
        "root for CN=Acme, asked by the owner",
        "lines are never changed"
    );
    assert_eq!(
        text("SELECT group_concat(event) FROM (SELECT event FROM journal WHERE serial = '4002' ORDER BY id)"),
        "issued,adopted,revoked",
        "the line that a crash had left out is there, and the audit log has taken the certificate in"
    );
    assert_eq!(text("SELECT code FROM journal WHERE event = 'refused'"), "HF-304");
    assert!(Authority::open(&place).is_ok(), "a second time as well");
}

#[test]
fn a_migration_that_fails_leaves_the_records_as_they_were() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(authority(&place));
    let old = version_1(
        &place,
        &OLD_ROWS.replace("2026-07-30T12:00:00Z", "no time at all"),
    );
    let Err(error) = Authority::open(&place) else {
        panic!("must be refused")
    };
    assert_eq!(error.code(), code::STORE);
    let number = |sql: &str| -> i64 { old.query_row(sql, [], |row| row.get(0)).expect("a number") };
    assert_eq!(number("PRAGMA user_version"), 1);
    assert_eq!(
        number("SELECT count(*) FROM certificate WHERE asker = 'owner'"),
        4
    );
    assert_eq!(
        number("SELECT count(*) FROM sqlite_master WHERE name LIKE '%_new'"),
        0
    );
}

#[test]
fn a_name_that_is_asked_for_twice_is_kept_once() {
    let scratch = Scratch::new();
    let authority = authority(&scratch.at("ca"));
    let mut asked = request(Profile::Server, "a.example");
    asked.names.push(AltName::dns("A.example").expect("a name"));
    let issued = authority.issue(asked, now()).expect("issued");
    let row = authority
        .find_serial(&issued.certificate().serial())
        .expect("a store")
        .expect("a row");
    assert_eq!(row.names, ["dns:a.example"]);
}

#[test]
fn the_number_of_certificates_is_kept_and_is_that_of_the_rows() {
    let five = five();
    let serials: Vec<String> = five.leaves[..2].iter().map(Certificate::serial).collect();
    five.authority
        .revoke(&serials, Reason::Superseded, &Requester::Owner, now())
        .expect("revoked");
    let database = rusqlite::Connection::open(five.scratch.at("ca/authority.db")).expect("a database");
    let counted = |sql: &str| -> Vec<(i64, i64, String, String, i64)> {
        let mut statement = database.prepare(sql).expect("SQL");
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        });
        rows.expect("rows").collect::<Result<_, _>>().expect("rows")
    };
    let kept =
        counted("SELECT day, issuer, profile, state, count FROM tally WHERE count <> 0 ORDER BY 1, 2, 3, 4");
    let rows = "SELECT not_after / 86400, issuer, profile, state, count(*) FROM cert GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
    assert_eq!(kept, counted(rows));
    assert_eq!(five.authority.count().expect("a count"), 7);
    // The first two are revoked, and the third has expired three hours ago.
    let at = now() + days(3) + SignedDuration::from_hours(6);
    let expected = Totals {
        valid: 4,
        expired: 1,
        revoked: 2,
        planned: 0,
    };
    assert_eq!(five.authority.totals(at).expect("totals"), expected);
}
