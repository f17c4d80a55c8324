// long: one promise of the log after another, all on the records that `place` makes
//! What the audit log promises: everything is in it, nothing is changed unseen, and others can verify that.

mod place;

use std::{fs, os::unix::fs::PermissionsExt, panic::AssertUnwindSafe, path::Path};

use handfast_audit::{
    export::Export,
    leaf::Leaf,
    tree::{TreeError, VerifierKey},
};
use handfast_ca::{
    Audit, Authority, CertRequest, Error, Event, IdempotencyKey, JournalQuery, OfferedProfile, Reason,
    Requester, RequesterKind, StoreError,
};
use handfast_pki::{Profile, code};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::place::{Scratch, Step, around, authority, days, now, request};

/// A CA to which everything has happened that is recorded.
fn eventful(place: &Path) -> Authority {
    let authority = authority(place);
    let mut serials = Vec::new();
    for index in 0..6 {
        let name = format!("h{index}.example");
        let issued = authority
            .issue(request(Profile::Server, &name), now())
            .expect("issued");
        serials.push(issued.certificate().serial());
    }
    let key = IdempotencyKey::new("request-1").expect("a key");
    authority
        .issue_once(
            Requester::Owner,
            &key,
            request(Profile::Server, "once.example"),
            now(),
        )
        .expect("issued");
    let nameless = CertRequest {
        names: Vec::new(),
        ..request(Profile::Client, "x.example")
    };
    authority.issue(nameless, now()).expect_err("refused");
    for (serial, reason) in [(0, Reason::KeyCompromise), (1, Reason::Superseded)] {
        authority
            .revoke(
                &serials[serial..=serial],
                reason,
                &Requester::Owner,
                now() + days(1),
            )
            .expect("revoked");
    }
    authority
        .publish(days(7), &Requester::Owner, now() + days(1))
        .expect("lists");
    let dies = |step: Step| {
        if step == ("finish", false) {
            return Err(StoreError::Other("the disk is full".into()));
        }
        Ok(())
    };
    let authority = authority.with_store(|store| around(store, dies));
    authority
        .issue(request(Profile::Server, "lost.example"), now())
        .expect_err("not stored");
    drop(authority);
    Authority::open(place).expect("opens")
}

fn audited(authority: &Authority) -> Audit {
    authority.audit(20).expect("an audit")
}

fn database(place: &Path) -> Connection {
    Connection::open(place.join("authority.db")).expect("a database")
}

#[test]
fn a_ca_to_which_everything_has_happened_is_whole() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let authority = eventful(&place);
    let audit = audited(&authority);
    assert_eq!(audit.faults, []);
    let lines = authority.journal(&JournalQuery::default()).expect("lines");
    assert_eq!(audit.leaves, lines.len() as u64, "every line is a leaf");
    assert_eq!(audit.certificates, 10);
    let (head, _) = authority.checkpoint().expect("a checkpoint");
    assert_eq!(head.size, audit.leaves);
}

#[test]
fn the_key_of_the_log_is_of_its_own_and_for_the_owner_alone() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let authority = authority(&place);
    let mode = fs::metadata(place.join("audit.key"))
        .expect("a key")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let public = fs::read_to_string(place.join("audit.pub")).expect("its public half");
    let public: VerifierKey = public.parse().expect("a verifier key");
    assert_eq!(&public, authority.log_verifier());
    fs::remove_file(place.join("audit.key")).expect("removed");
    let without = Authority::open(&place).expect("it can be read");
    let error = without
        .issue(request(Profile::Server, "a.example"), now())
        .expect_err("must not sign without its log");
    assert_eq!(error.code(), code::KEY_AWAY);
    fs::remove_file(place.join("audit.pub")).expect("removed");
    let Err(error) = Authority::open(&place) else {
        panic!("nothing verifies its log")
    };
    assert_eq!(error.code(), code::KEY_AWAY);
}

#[test]
fn another_profile_is_a_leaf_before_anything_is_signed_by_it() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let configured = JournalQuery {
        event: Some(Event::Configured),
        ..JournalQuery::default()
    };
    let authority = authority(&place);
    for _ in 0..2 {
        authority
            .issue(request(Profile::Server, "a.example"), now())
            .expect("issued");
    }
    let first = authority.journal(&configured).expect("lines");
    assert_eq!(first.len(), 1, "the same is written once: {first:?}");
    let mut rules = Profile::Server.rules();
    rules.name = "device".parse().expect("a name");
    let changed = Authority::open(&place)
        .expect("opens")
        .with_profile(OfferedProfile::new(rules, vec![RequesterKind::Owner]));
    changed
        .issue(request(Profile::Server, "b.example"), now())
        .expect("issued");
    let lines = changed.journal(&configured).expect("lines");
    assert_eq!(lines.len(), 2);
    assert_ne!(lines[0].detail, lines[1].detail);
    let newest = changed
        .journal(&JournalQuery {
            limit: Some(3),
            ..JournalQuery::default()
        })
        .expect("lines");
    let events: Vec<Event> = newest.iter().rev().map(|line| line.event).collect();
    assert_eq!(events, [Event::Configured, Event::Planned, Event::Issued]);
    assert_eq!(audited(&changed).faults, []);
}

#[test]
fn another_key_of_the_log_signs_nothing() {
    let scratch = Scratch::new();
    let (place, other) = (scratch.at("ca"), scratch.at("other"));
    drop(authority(&place));
    drop(authority(&other));
    fs::copy(other.join("audit.key"), place.join("audit.key")).expect("another key");
    let authority = Authority::open(&place).expect("opens");
    let error = authority
        .issue(request(Profile::Server, "a.example"), now())
        .expect_err("the head is not signed by this key");
    assert_eq!(error.code(), code::AUDIT_DAMAGED);
    let planned = "SELECT count(*) FROM certificate WHERE state = 'planned'";
    let planned: i64 = database(&place)
        .query_row(planned, [], |row| row.get(0))
        .expect("a number");
    assert_eq!(planned, 0, "nothing was planned, so that nothing was signed");
}

#[test]
fn a_log_that_cannot_be_written_stops_the_signing() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let authority = authority(&place);
    let database = database(&place);
    let rule = "CREATE TRIGGER full BEFORE INSERT ON node BEGIN SELECT RAISE(ABORT, 'no space left'); END";
    database.execute_batch(rule).expect("a trigger");
    let before = authority.count().expect("a count");
    let error = authority
        .issue(request(Profile::Server, "a.example"), now())
        .expect_err("no leaf, no certificate");
    assert_eq!(error.code(), code::STORE);
    assert!(
        authority.publish(days(7), &Requester::Owner, now()).is_err(),
        "nor a list"
    );
    database.execute_batch("DROP TRIGGER full").expect("dropped");
    authority
        .issue(request(Profile::Server, "a.example"), now())
        .expect("goes on");
    assert_eq!(authority.count().expect("a count"), before + 1);
    assert_eq!(audited(&authority).faults, []);
}

#[test]
fn a_crash_between_leaf_and_certificate_leaves_both_in_agreement() {
    for at in [("begin", true), ("finish", false), ("finish", true)] {
        let scratch = Scratch::new();
        let place = scratch.at("ca");
        let dies = move |step: Step| {
            assert!(step != at, "the process dies here");
            Ok(())
        };
        let broken = authority(&place).with_store(|store| around(store, dies));
        let crashed = std::panic::catch_unwind(AssertUnwindSafe(|| {
            broken.issue(request(Profile::Server, "a.example"), now())
        }));
        assert!(crashed.is_err());
        let again = Authority::open(&place).expect("reopens");
        let audit = audited(&again);
        assert_eq!(audit.faults, [], "{at:?}");
        assert_eq!(audit.certificates, 3);
        let left = again.unfinished(now() + days(1)).expect("a store").len();
        assert_eq!(left, usize::from(at != ("finish", true)));
    }
}

#[test]
fn what_is_missing_or_has_come_from_elsewhere_is_named() {
    let scratch = Scratch::new();
    for (sql, part) in [
        ("DELETE FROM journal WHERE id = 5", "journal"),
        ("DELETE FROM leaf WHERE position = 4", "leaf"),
        ("DELETE FROM leaf WHERE position = (SELECT max(position) FROM leaf)", "leaf"),
        ("DELETE FROM node WHERE place = 4", "node"),
        ("DELETE FROM log_head", "log_head"),
        ("DELETE FROM revoked WHERE reason = 'superseded'", "revoked"),
        ("DELETE FROM blocked_key", "blocked_key"),
        ("DELETE FROM cert_name WHERE name = 'dns:h3.example'", "cert_name"),
        ("INSERT INTO cert_name VALUES ('dns:bank.example', 0, 1)", "cert_name"),
        (
            "PRAGMA foreign_keys = OFF; DROP TRIGGER cert_stays; DELETE FROM cert WHERE names = 'dns:h3.example'",
            "cert",
        ),
        (
            "INSERT INTO cert SELECT NULL, issuer, idx + 100, random, serial, state, profile, subject, names, not_before,
             not_after, requester, begun_at, issued_at, spki, renewed_from, fingerprint, tbs, der
             FROM cert WHERE names = 'dns:h3.example'",
            "cert",
        ),
        ("UPDATE cert SET profile = 'client' WHERE names = 'dns:h3.example'", "cert"),
        ("UPDATE cert SET state = 'revoked' WHERE names = 'dns:h3.example'", "cert"),
        ("UPDATE issuer SET head_index = head_index - 1 WHERE head_index > 0", "issuer"),
        ("UPDATE tally SET count = count + 1 WHERE count > 0", "tally"),
        ("UPDATE idempotency SET key = 'another'", "idempotency"),
        ("DELETE FROM idempotency", "idempotency"),
        ("UPDATE crl SET number = number - 1", "crl"),
        ("UPDATE sqlite_sequence SET seq = 0", "sqlite_sequence"),
        ("UPDATE ca SET bounds = 'dns:bank.example' WHERE name = 'issuing'", "ca"),
        ("DELETE FROM ca", "ca"),
        ("INSERT INTO restored (backup_at, at, reconciled) VALUES (1, 2, 3)", "restored"),
        ("CREATE TABLE other (secret TEXT) STRICT", "schema"),
        ("DROP INDEX journal_time", "schema"),
    ] {
        let place = scratch.at(part).join(format!("{}", sql.len()));
        fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
        drop(eventful(&place));
        database(&place).execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let audit = audited(&Authority::open(&place).expect("opens"));
        assert!(
            audit.faults.iter().any(|fault| fault.part == part),
            "{sql}: {:?}",
            audit.faults
        );
    }
}

#[test]
fn a_proof_holds_for_every_leaf_and_without_the_ca() {
    let scratch = Scratch::new();
    let authority = eventful(&scratch.at("ca"));
    let key: VerifierKey = authority.log_verifier().to_string().parse().expect("a key");
    let lines = authority.journal(&JournalQuery::default()).expect("lines");
    let mut proven = 0;
    for line in lines.into_iter().rev() {
        let position = line.position;
        let line = line.entry;
        let Some(serial) = line.serial else { continue };
        let proof = authority
            .prove(&serial, Some(line.event))
            .expect("a log")
            .expect("a leaf");
        proof.verify(&key).expect("holds");
        assert_eq!(proof.position, position);
        let leaf = Leaf::parse(&proof.leaf).expect("a leaf");
        assert_eq!(
            (leaf.event.as_str(), leaf.detail),
            (line.event.name(), line.detail)
        );
        proven += 1;
    }
    assert!(proven > 15, "{proven}");
    assert_eq!(authority.prove("00", None).expect("a log"), None);
}

#[test]
fn a_rewritten_history_is_found_with_a_checkpoint_that_was_kept() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let authority = eventful(&place);
    let (_, kept) = authority.checkpoint().expect("a checkpoint");
    authority
        .issue(request(Profile::Server, "later.example"), now())
        .expect("issued");
    let continued = authority.continues(&kept).expect("continued");
    assert_eq!(continued.now.size, continued.earlier.size + 2);
    let backup = fs::read(place.join("audit.key")).expect("the key of the log");
    drop(authority);
    // One who has the key and the database can write another history, and its audit is whole.
    fs::remove_dir_all(&place).expect("removed");
    let other = eventful(&place);
    let (_, of_another) = other.checkpoint().expect("a checkpoint");
    drop(other);
    let fresh = fs::read(place.join("audit.key")).expect("a key");
    assert_ne!(backup, fresh);
    let other = Authority::open(&place).expect("opens");
    let refused = other.continues(&kept).expect_err("of another log");
    assert!(
        matches!(refused, Error::Audit(TreeError::NotSigned { .. })),
        "{refused}"
    );
    assert_eq!(refused.code(), code::PROOF_REFUSED);
    other.continues(&of_another).expect("its own");
}

#[test]
fn records_that_were_restored_from_an_older_copy_are_found() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(eventful(&place));
    let older = fs::read(place.join("authority.db")).expect("a copy");
    let authority = Authority::open(&place).expect("opens");
    authority
        .issue(request(Profile::Server, "later.example"), now())
        .expect("issued");
    let (_, kept) = authority.checkpoint().expect("a checkpoint");
    drop(authority);
    fs::write(place.join("authority.db"), older).expect("restored");
    let authority = Authority::open(&place).expect("opens");
    assert_eq!(audited(&authority).faults, [], "by itself it is whole");
    let refused = authority.continues(&kept).expect_err("it ends before");
    assert_eq!(refused.code(), code::HISTORY_REWRITTEN);
    // Two other leaves in the place of those that were lost.
    authority
        .issue(request(Profile::Server, "other.example"), now())
        .expect("issued");
    let refused = authority.continues(&kept).expect_err("another history");
    assert!(
        matches!(refused, Error::Audit(TreeError::NotContinued { .. })),
        "{refused}"
    );
}

#[test]
fn an_export_has_the_leaves_of_its_time_and_is_refused_with_one_of_them_changed() {
    let scratch = Scratch::new();
    let authority = eventful(&scratch.at("ca"));
    let key = authority.log_verifier();
    let everything = (Timestamp::UNIX_EPOCH, now() + days(9));
    let (export, text) = authority.export(everything.0, everything.1).expect("an export");
    assert_eq!(Export::check(&text, key), Ok(export.clone()));
    assert_eq!(export.certificates.len(), 9);
    let (later, text) = authority
        .export(now() + days(1), now() + days(2))
        .expect("an export");
    assert_eq!(Export::check(&text, key), Ok(later.clone()));
    let events: Vec<String> = later
        .leaves
        .iter()
        .map(|leaf| Leaf::parse(leaf).expect("a leaf").event)
        .collect();
    assert_eq!(events[..2], ["revoked", "revoked"]);
    assert!(later.first > 0 && !later.around.1.is_empty() && later.certificates.is_empty());
    let changed = text.replace("superseded", "superseeded");
    assert_ne!(changed, text);
    let refused = Export::check(&changed, key).expect_err("changed");
    assert!(
        refused.to_string().contains("changed after it was signed"),
        "{refused}"
    );
    let empty = authority
        .export(now() + days(5), now() + days(6))
        .expect("an export");
    assert!(Export::check(&empty.1, key).expect("holds").leaves.is_empty());
}

#[test]
fn an_export_without_one_leaf_or_certificate_is_not_even_signed() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    let authority = eventful(&place);
    database(&place)
        .execute_batch("UPDATE leaf SET body = (SELECT body FROM leaf WHERE position = 3) WHERE position = 5")
        .expect("changed");
    let refused = authority
        .export(Timestamp::UNIX_EPOCH, now() + days(9))
        .expect_err("damaged");
    assert_eq!(refused.code(), code::PROOF_REFUSED);
}

#[test]
fn records_of_the_first_version_get_a_log_that_is_whole() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(authority(&place));
    fs::remove_file(place.join("authority.db")).expect("removed");
    fs::remove_file(place.join("audit.key")).expect("removed");
    fs::remove_file(place.join("audit.pub")).expect("removed");
    let old = database(&place);
    old.execute_batch(include_str!("../src/migrations/0001-certificates.sql"))
        .expect("tables");
    old.execute_batch(
        "INSERT INTO certificate VALUES
         ('4001', 'issued', 'root', 'CN=Acme', '', '2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z', 'owner',
          '2026-01-01T00:00:00.123Z', '2026-01-01T00:00:00.999Z', 'aa', X'01', X'02'),
         ('4002', 'planned', 'server', 'CN=A', 'dns:a.example', '2026-01-01T00:00:00Z', '2036-01-01T00:00:00Z',
          'owner', '2026-01-01T00:00:00Z', NULL, NULL, X'03', NULL);
         INSERT INTO journal (id, at, event, serial, code, detail) VALUES
         (7, '2026-02-01T00:00:00Z', 'refused', NULL, 'HF-304', 'the client certificate has no name');
         PRAGMA user_version = 1",
    )
    .expect("rows");
    drop(old);
    let authority = Authority::open(&place).expect("opens");
    let faults = audited(&authority).faults;
    // The fingerprint of a row that no program has written is not that of its bytes, and that is found.
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!((faults[0].part, faults[0].which.as_str()), ("cert", "4001"));
    authority
        .issue(request(Profile::Server, "a.example"), now())
        .expect("goes on");
    let adopted = JournalQuery {
        event: Some(Event::Adopted),
        ..JournalQuery::default()
    };
    assert_eq!(authority.journal(&adopted).expect("lines").len(), 2);
}

/// Every value of every table, or what stops reading it.
fn contents(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
    let tables: Vec<String> = tables
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for table in tables {
        let mut rows = connection.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns = rows.column_count();
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
            all.push(format!("{table} {:?}", values.collect::<Result<Vec<_>, _>>()?));
        }
    }
    Ok(all)
}

/// The pages of each table and its indexes: where each begins in the file, and how long it is.
fn pages(connection: &Connection) -> Vec<(String, u64, u64)> {
    let sql = "SELECT tbl_name, pgoffset, pgsize FROM dbstat JOIN sqlite_schema USING (name)
               UNION ALL SELECT name, pgoffset, pgsize FROM dbstat WHERE name = 'sqlite_schema' ORDER BY 1, 2";
    let mut pages = connection.prepare(sql).expect("dbstat");
    let rows = pages
        .query_map([], |row| {
            let number = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            Ok((row.get(0)?, number(1)?, number(2)?))
        })
        .expect("pages");
    rows.collect::<Result<_, _>>().expect("pages")
}

/// Flips one bit of one byte; whether the audit said so, or nothing that is kept was changed by it.
fn is_found(place: &Path, whole: &[u8], before: &[String], at: usize, bit: u8) -> Result<(), String> {
    let file = place.join("authority.db");
    let mut bytes = whole.to_vec();
    bytes[at] ^= 1 << bit;
    fs::write(&file, &bytes).expect("written");
    let _ = fs::remove_file(place.join("authority.db-wal"));
    let _ = fs::remove_file(place.join("authority.db-shm"));
    let is_named = match Authority::open(place) {
        Err(_) => true,
        Ok(authority) => authority.audit(20).map_or(true, |audit| !audit.faults.is_empty()),
    };
    let changed = contents(&database(place)).map_or(true, |after| after != before);
    if changed && !is_named {
        return Err(format!("byte {at}, bit {bit}: changed and not named"));
    }
    Ok(())
}

#[test]
fn any_bit_that_changes_what_is_kept_is_found() {
    let scratch = Scratch::new();
    let place = scratch.at("ca");
    drop(eventful(&place));
    let connection = database(&place);
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("one file");
    let (before, pages) = (contents(&connection).expect("whole"), pages(&connection));
    drop(connection);
    let whole = fs::read(place.join("authority.db")).expect("the file");
    let mut tables: Vec<&str> = pages.iter().map(|(table, ..)| table.as_str()).collect();
    tables.dedup();
    assert_eq!(tables.len(), 17, "every table is tried: {tables:?}");
    // The same places each time; of every table as many, from a sequence that reaches all of its bytes.
    let mut draw: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = || {
        draw ^= draw << 13;
        draw ^= draw >> 7;
        draw ^= draw << 17;
        draw
    };
    for table in tables {
        let own: Vec<_> = pages.iter().filter(|(name, ..)| name == table).collect();
        for _ in 0..40 {
            let (_, offset, size) = own[usize::try_from(next() % own.len() as u64).expect("small")];
            let at = usize::try_from(offset + next() % size).expect("a small file");
            let found = is_found(&place, &whole, &before, at, (next() % 8) as u8);
            found.unwrap_or_else(|missed| panic!("{table}: {missed}"));
        }
    }
}
