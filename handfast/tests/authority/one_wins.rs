//! Several processes that write the same files at once: one does, and the others are told so.

use std::process::{Output, Stdio};

use handfast_ca::Authority;
use handfast_pki::pem;

use crate::{certificates, program::Place};

const PROCESSES: usize = 8;

/// Runs `line` in eight processes at once; one must do it and seven must be told that it exists already.
#[track_caller]
fn one_of_eight(place: &Place, line: &str) {
    let running: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut command = place.handfast(line);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("starts")
        })
        .collect();
    let ended: Vec<Output> = running
        .into_iter()
        .map(|child| child.wait_with_output().expect("ends"))
        .collect();
    let told = |output: &&Output| {
        output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("[HF-801]")
    };
    let won = ended.iter().filter(|output| output.status.success()).count();
    let lost = ended.iter().filter(told).count();
    assert_eq!((won, lost), (1, PROCESSES - 1), "{line}: {ended:#?}");
}

/// How many leaf certificates the records of the authority hold.
fn leaves(place: &Place) -> u64 {
    let authority = Authority::open(&place.path("handfast")).expect("open");
    authority.count().expect("records") - 2
}

#[track_caller]
fn is_a_pair(place: &Place, certificate: &str, key: &str) {
    let key = pem::private_key(place.read(key).as_bytes()).expect("a key");
    assert!(
        certificates(place, certificate)[0].public_key() == key.public_key(),
        "the key of one process and the certificate of another"
    );
}

fn names_in(place: &Place, folder: &str) -> usize {
    std::fs::read_dir(place.path(folder)).expect("a folder").count()
}

#[test]
fn of_many_issues_into_one_folder_one_wins_and_the_others_sign_nothing() {
    let place = Place::with_authority();
    one_of_eight(
        &place,
        "issue client --uri spiffe://acme/web --out x --p12 x/me.p12",
    );
    is_a_pair(&place, "x/tls.crt", "x/tls.key");
    place
        .run("verify x/tls.crt --ca x/ca.crt --purpose client")
        .good();
    place
        .run("inspect x/me.p12 --password-file x/me.p12.password")
        .good();
    assert_eq!(names_in(&place, "x"), 5);
    assert_eq!(leaves(&place), 1, "the losers have signed nothing");
}

#[test]
fn of_many_issues_with_force_the_last_one_leaves_a_whole_pair() {
    let place = Place::with_authority();
    std::thread::scope(|scope| {
        for _ in 0..PROCESSES {
            scope.spawn(|| place.run("issue client --dns a --out x --force").good());
        }
    });
    is_a_pair(&place, "x/tls.crt", "x/tls.key");
    assert_eq!(names_in(&place, "x"), 3);
}

#[test]
fn of_many_signatures_into_one_file_one_wins_and_the_others_sign_nothing() {
    let place = Place::with_authority();
    place.write("a.csr", REQUEST);
    one_of_eight(&place, "sign a.csr server --out a.crt");
    place.run("verify a.crt --ca handfast/root.crt").good();
    assert_eq!(place.names(), ["a.crt", "a.csr", "handfast"]);
    assert_eq!(leaves(&place), 1, "the losers have signed nothing");
}

#[test]
fn of_many_authorities_in_one_folder_one_is_made_whole() {
    let place = Place::new();
    one_of_eight(&place, "init --name Acme");
    assert_eq!(place.names(), ["handfast"]);
    place.run("issue client --dns a --out x").good();
    place
        .run("verify x/tls.crt --ca handfast/root.crt --purpose client")
        .good();
}

#[test]
fn of_many_conversions_into_one_file_one_wins() {
    let place = Place::with_authority();
    place.run("issue client --dns a --out x").good();
    one_of_eight(
        &place,
        "convert x/tls.crt --key x/tls.key --to p12 --out y/me.p12",
    );
    place
        .run("inspect y/me.p12 --password-file y/me.p12.password")
        .good();
    assert_eq!(names_in(&place, "y"), 2);
}

#[test]
fn a_refusal_leaves_no_folder_and_files_of_others_stay() {
    let place = Place::with_authority();
    place
        .run("issue client --dns a --out none --lifetime 9999d")
        .refused(2, "HF-805");
    assert!(!place.path("none").exists());
    place.run("issue client --dns a --out mine").good();
    std::fs::remove_file(place.path("mine/tls.key")).expect("removed");
    place.run("issue client --dns a --out mine").refused(2, "HF-801");
    assert_eq!(names_in(&place, "mine"), 2);
}

/// A certificate request for a.example; its key was not kept.
const REQUEST: &str = "\
-----BEGIN CERTIFICATE REQUEST-----
MIHiMIGJAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARa3Pz+a8wF9WqI
ueMSxFqxs5AdivgYI2XkWXYDX85AhO1vy/zn0vghIkPqJ6rO2hKfao3t9xX3p5n+
CcEYSuHnoCcwJQYJKoZIhvcNAQkOMRgwFjAUBgNVHREEDTALgglhLmV4YW1wbGUw
CgYIKoZIzj0EAwIDSAAwRQIgUdV+2VWcnhnvWOLmhjsgWQQWdmvRgDqyJCXv9VZu
Jk8CIQDFwpvqdyOhJnwj7KkEvZ7UwpDljY99D1KRipwMfReulA==
-----END CERTIFICATE REQUEST-----
";
