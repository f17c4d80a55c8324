//! A CA whose disk cannot be written: read-only, full, or one that says that it did not keep what was written. Each is refused
//! with a code, nothing is half-written, and the CA goes on when the disk is good again.
//!
//! The disk is a real one, remounted read-only in a mount namespace; errors of fsync and write are injected by strace.

mod program;

use program::{Place, Ran};

/// Every system call with which SQLite and we make sure that something is on the disk.
const SYNC: &str = "strace -f -qq -o trace -e trace=fsync,fdatasync -e inject=fsync,fdatasync:error=EIO";
const FULL: &str = "strace -f -qq -o trace -e trace=pwrite64,write -e inject=pwrite64:error=ENOSPC";

fn place() -> Place {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place
}

/// What spoils the disk works here: else nothing below would be shown by these tests.
#[track_caller]
fn must_be_able(place: &Place, line: &str) {
    let ran = place.shell(line);
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

#[track_caller]
fn must_be_refused(ran: &Ran, says: &str) {
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stderr.contains("[HF-807]") && ran.stderr.contains(says),
        "{ran:#?}"
    );
}

/// The certificates that are known are those before, and the log is whole.
#[track_caller]
fn must_be_as_before(place: &Place, count: usize) {
    place.run("ca audit verify").good();
    let listed = place.run("ca list --json").good().json();
    assert_eq!(listed["certificates"].as_array().map(Vec::len), Some(count));
    let state = place.run("ca show web/tls.crt --json").good().json();
    assert_eq!(state["certificate"]["state"], "valid");
}

const CHANGING: [&str; 3] = [
    "issue client --uri spiffe://acme/db --out db",
    "ca revoke web/tls.crt --yes",
    "ca crl --out ca.crl",
];

#[test]
fn a_disk_that_does_not_keep_what_is_written_refuses_and_nothing_is_half_written() {
    let place = place();
    must_be_able(&place, &format!("{SYNC} true"));
    for line in CHANGING {
        let ran = place.shell(&format!("{SYNC} handfast {line}"));
        must_be_refused(&ran, "the disk does not keep what is written");
    }
    assert!(!place.path("db").exists() && !place.path("ca.crl").exists());
    must_be_as_before(&place, 3);
    for line in CHANGING {
        place.run(line).good();
    }
    place.run("ca audit verify").good();
}

#[test]
fn a_full_disk_refuses_and_says_so() {
    let place = place();
    must_be_able(&place, &format!("{FULL} true"));
    for line in CHANGING {
        let ran = place.shell(&format!("{FULL} handfast {line}"));
        must_be_refused(&ran, "make room on the disk");
    }
    assert!(!place.path("db").exists() && !place.path("ca.crl").exists());
    must_be_as_before(&place, 3);
    for line in CHANGING {
        place.run(line).good();
    }
}

#[test]
fn a_read_only_disk_refuses_every_command_that_writes() {
    let place = place();
    let read_only = |line: &str| {
        format!(
            "unshare --mount sh -c 'mount --bind handfast handfast && mount -o remount,bind,ro handfast && {line}'"
        )
    };
    must_be_able(&place, &read_only("true"));
    for line in CHANGING {
        let ran = place.shell(&read_only(&format!("handfast {line}")));
        must_be_refused(&ran, "read-only");
    }
    assert!(!place.path("db").exists() && !place.path("ca.crl").exists());
    must_be_as_before(&place, 3);
}
