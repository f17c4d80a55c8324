//! What holds when the process that issues is killed, the disk is full or the records are damaged: what was answered is
//! known, every acknowledged revocation is on the next list, and no serial number and no index is given twice.
//!
//! The process is this test itself, started again as [`worker`]. It says what was answered on a line each, and it is killed
//! later and later. `HANDFAST_CRASH_ROUNDS` says how often.

mod place;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::Duration,
};

use handfast_ca::{Authority, Reason, Requester, State};
use handfast_pki::{Certificate, Fingerprint, Profile, code, crl::RevocationList, serial};
use jiff::Timestamp;

use crate::place::{Scratch, Step, around, days, new_authority, request};

const PLACE: &str = "HANDFAST_CRASH_PLACE";
const POINT: &str = "HANDFAST_CRASH_POINT";
const CALLERS: usize = 4;

/// Issues and revokes with several callers until it is killed; does nothing unless a test below has started it.
#[test]
fn worker() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let mut authority = Authority::open(Path::new(&place)).expect("opens");
    if let Ok(point) = std::env::var(POINT) {
        let dies = move |(step, is_over): Step| {
            if format!("{step}-{is_over}") == point {
                std::process::abort();
            }
            Ok(())
        };
        authority = authority.with_store(|store| around(store, dies));
    }
    let output = Mutex::new(std::io::stderr());
    let tell = |line: String| {
        // One write for a line: what is killed in between says nothing.
        let _ = output.lock().expect("no panic").write_all(line.as_bytes());
    };
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                loop {
                    let now = Timestamp::now();
                    let Ok(issued) = authority.issue(request(Profile::Client, "a.example"), now) else {
                        tell("refused\n".into());
                        return;
                    };
                    let certificate = issued.certificate();
                    let serial = certificate.serial();
                    tell(format!("issued {serial} {}\n", certificate.fingerprint()));
                    let revoked = authority.revoke(
                        std::slice::from_ref(&serial),
                        Reason::Superseded,
                        &Requester::Owner,
                        now,
                    );
                    match revoked {
                        Ok(_) => tell(format!("revoked {serial}\n")),
                        Err(_) => return tell("refused\n".into()),
                    }
                }
            });
        }
    });
}

/// What a worker has said.
#[derive(Default)]
struct Said {
    issued: Vec<(String, Fingerprint)>,
    revoked: Vec<String>,
    refused: usize,
}

impl Said {
    fn read(&mut self, mut child: Child) {
        let mut text = String::new();
        let mut output = child.stderr.take().expect("a pipe");
        output.read_to_string(&mut text).expect("text");
        child.wait().expect("ends");
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("issued"), Some(serial), Some(fingerprint)) => {
                    let fingerprint = fingerprint.parse().expect("a fingerprint");
                    self.issued.push((serial.into(), fingerprint));
                }
                (Some("revoked"), Some(serial), None) => self.revoked.push(serial.into()),
                (Some("refused"), None, None) => self.refused += 1,
                // A caller that panics with the store says so, and the test harness speaks as well.
                _ => {}
            }
        }
    }

    /// Compares all that was ever said with the records.
    fn must_be_known(&self, place: &Path) {
        let authority = Authority::open(place).expect("opens after every crash");
        let now = Timestamp::now();
        let mut indexes = BTreeSet::new();
        for (serial, fingerprint) in &self.issued {
            let row = authority
                .find_serial(serial)
                .expect("records")
                .unwrap_or_else(|| panic!("{serial} was answered and is not known"));
            let der = row.der.as_deref().expect("the certificate is kept");
            assert_eq!((row.state, Fingerprint::of(der)), (State::Issued, *fingerprint));
            let certificate = Certificate::from_der(der).expect("a certificate");
            let index = serial::index(certificate.serial_octets()).expect("an index");
            assert!(indexes.insert(index), "the index {index} was given twice");
        }
        let lists = authority.publish(days(7), &Requester::Owner, now).expect("lists");
        let listed: BTreeSet<String> = lists
            .lists()
            .iter()
            .flat_map(|signed| {
                RevocationList::from_der(&signed.list.der)
                    .expect("a list")
                    .revoked
            })
            .collect();
        for serial in &self.revoked {
            assert!(
                listed.contains(serial),
                "{serial} was revoked and is not on the list"
            );
        }
        for row in authority.unfinished(now + days(1)).expect("records") {
            assert!(row.tbs.is_some(), "the bytes that may have been signed are known");
        }
        records_are_whole(place);
    }
}

fn records_are_whole(place: &Path) {
    let database = rusqlite::Connection::open(place.join("authority.db")).expect("a database");
    let text = |sql: &str| -> String { database.query_row(sql, [], |row| row.get(0)).expect("a text") };
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    let number = |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).expect("a number") };
    let issued = "SELECT count(*) FROM cert WHERE state IN ('issued', 'revoked')";
    assert_eq!(
        number("SELECT coalesce(sum(count), 0) FROM tally WHERE state IN ('issued', 'revoked')"),
        number(issued)
    );
    for event in ["planned", "issued"] {
        let sql = format!(
            "SELECT count(*) FROM certificate WHERE der IS NOT NULL AND serial NOT IN
                           (SELECT serial FROM journal WHERE event = '{event}')"
        );
        assert_eq!(number(&sql), 0, "every certificate has its line \"{event}\"");
    }
}

fn started(place: &Path, point: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command
        .args(["--exact", "worker", "--nocapture"])
        .env(PLACE, place);
    if let Some(point) = point {
        command.env(POINT, point);
    }
    command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts")
}

fn made(scratch: &Scratch) -> std::path::PathBuf {
    let place = scratch.at("ca");
    Authority::create(&place, &new_authority(), Timestamp::now()).expect("an authority");
    place
}

#[test]
fn a_process_that_is_killed_at_random_loses_nothing_that_it_has_answered() {
    let rounds: u64 = std::env::var("HANDFAST_CRASH_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(50);
    let scratch = Scratch::new();
    let place = made(&scratch);
    let mut said = Said::default();
    for round in 0..rounds {
        // Two processes on one folder, and each is killed at another moment.
        let mut children = [started(&place, None), started(&place, None)];
        thread::sleep(Duration::from_micros(20_000 + round * 7919 % 150_000));
        for child in &mut children {
            child.kill().expect("killed");
        }
        for child in children {
            said.read(child);
        }
        if round % 10 == 9 {
            said.must_be_known(&place);
        }
    }
    said.must_be_known(&place);
    assert!(
        !said.issued.is_empty() && !said.revoked.is_empty(),
        "nothing was answered"
    );
    assert_eq!(said.refused, 0);
}

#[test]
fn a_process_that_dies_at_a_durable_point_has_handed_out_nothing_unknown() {
    let scratch = Scratch::new();
    let place = made(&scratch);
    let mut said = Said::default();
    for point in ["begin-false", "begin-true", "finish-false", "finish-true"] {
        let before = said.issued.len();
        said.read(started(&place, Some(point)));
        assert_eq!(said.issued.len(), before, "{point}: the first one dies");
        said.must_be_known(&place);
    }
    assert!(
        Authority::open(&place)
            .expect("opens")
            .issue(request(Profile::Client, "a.example"), Timestamp::now())
            .is_ok()
    );
}

#[test]
fn a_disk_that_fills_up_refuses_and_what_was_answered_before_is_known() {
    let scratch = Scratch::new();
    let place = made(&scratch);
    let mut said = Said::default();
    // Blocks of 512 bytes, for each file; a write beyond is an error and no signal.
    let limit = "trap '' XFSZ; ulimit -f 1200; exec \"$0\" --exact worker --nocapture";
    let child = Command::new("sh")
        .args(["-c", limit])
        .arg(std::env::current_exe().expect("this test"))
        .env(PLACE, &place)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    said.read(child);
    assert_eq!(said.refused, CALLERS, "every caller is refused in the end");
    assert!(!said.issued.is_empty(), "nothing was answered before");
    said.must_be_known(&place);
}

#[test]
fn damaged_records_refuse_and_nothing_is_signed() {
    let scratch = Scratch::new();
    let place = made(&scratch);
    let file = place.join("authority.db");
    let mut bytes = fs::read(&file).expect("a file");
    // All pages but the first two: the tables are known, and what is in them is not.
    for byte in bytes.iter_mut().skip(2 * 4096) {
        *byte = 0xff;
    }
    fs::write(&file, bytes).expect("written");
    let refused = Authority::open(&place)
        .and_then(|authority| authority.issue(request(Profile::Client, "a.example"), Timestamp::now()))
        .expect_err("refused");
    assert_eq!(refused.code(), code::STORE, "{refused}");
}
