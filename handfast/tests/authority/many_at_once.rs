//! Many processes, and one that is killed.

use std::{collections::HashSet, fs, process::Stdio, thread, time::Duration};

use handfast_ca::{Authority, State};
use handfast_pki::pem;
use jiff::{SignedDuration, Timestamp};

use crate::{certificates, program::Place};

#[test]
fn many_processes_issue_at_once_without_a_double_serial() {
    let place = Place::with_authority();
    thread::scope(|scope| {
        for index in 0..12 {
            let place = &place;
            scope.spawn(move || {
                place
                    .run(&format!("issue client --dns c{index} --out c{index}"))
                    .good()
            });
        }
    });
    let authority = Authority::open(&place.path("handfast")).expect("open");
    let serials: HashSet<_> = (0..12)
        .map(|index| certificates(&place, &format!("c{index}/tls.crt"))[0].serial())
        .collect();
    assert_eq!(serials.len(), 12);
    assert_eq!(authority.count().expect("records"), 12 + 2);
}

#[test]
fn no_certificate_is_without_a_record_when_the_program_is_killed_at_any_moment() {
    let place = Place::with_authority();
    // Later and later, until it has come to its own end a few times: every moment in between was hit.
    let (mut rounds, mut survived) = (0, 0);
    while survived < 3 && rounds < 2000 {
        let mut command = place.handfast(&format!("issue client --dns k{rounds} --out k{rounds} --json"));
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        thread::sleep(Duration::from_micros(500 * rounds));
        let _ = child.kill();
        survived += u32::from(child.wait().expect("ends").success());
        rounds += 1;
    }
    let authority = Authority::open(&place.path("handfast")).expect("opens after every crash");
    let mut found = 0;
    for round in 0..rounds {
        let Ok(bytes) = fs::read(place.path(&format!("k{round}/tls.crt"))) else {
            continue;
        };
        let leaf = pem::certificates(&bytes).expect("whole or not there").remove(0);
        let row = authority
            .find_serial(&leaf.serial())
            .expect("records")
            .expect("a record");
        assert_eq!(
            (row.state, row.der.as_deref()),
            (State::Issued, Some(leaf.der().as_ref()))
        );
        found += 1;
    }
    assert!(found >= survived, "{found} of {rounds}");
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    for row in authority.unfinished(later).expect("records") {
        assert_eq!(
            row.state == State::Planned,
            row.tbs.is_some(),
            "planned bytes are known"
        );
    }
    place.run("issue client --dns after --out after").good();
}
