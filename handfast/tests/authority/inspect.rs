//! `inspect`: what is in a file.

use crate::program::Place;

#[test]
fn inspect_says_what_a_file_holds_and_never_shows_a_private_key() {
    let place = Place::with_authority();
    place
        .run("issue server --dns a.example --ip ::1 --out server")
        .good();
    let ran = place.run("inspect server/tls.crt").good();
    let first = ran.stdout.lines().nth(1).expect("a line");
    assert!(
        first.contains("names") && first.contains("dns:a.example"),
        "names come first: {ran:#?}"
    );
    for said in [
        "ip:::1",
        "in 90 days",
        "serverAuth",
        "digitalSignature",
        "P-256",
        "SHA-256",
        "(2 of 2)",
        "(number 2 here)",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    let key = place.run("inspect server/tls.key").good();
    assert!(key.stdout.contains("private key, not shown"), "{key:#?}");
    let secret = place
        .read("server/tls.key")
        .lines()
        .nth(1)
        .expect("a line")
        .to_owned();
    assert!(!key.stdout.contains(&secret) && !key.stderr.contains(&secret));
    place.write(
        "pair.pem",
        place.read("server/tls.crt") + &place.read("server/tls.key"),
    );
    assert!(
        place
            .run("inspect pair.pem")
            .good()
            .stdout
            .contains("certificate 1 of this file")
    );
    place.run("issue server --dns b.example --out other").good();
    place.write(
        "no-pair.pem",
        place.read("server/tls.crt") + &place.read("other/tls.key"),
    );
    place.run("inspect no-pair.pem").refused(0, "HF-401");
    place.write(
        "reversed.pem",
        place.read("handfast/issuing.crt") + &place.read("server/tls.crt"),
    );
    place.run("inspect reversed.pem").refused(0, "HF-402");
}

#[test]
fn inspect_reads_stdin_and_names_what_it_cannot_read() {
    let place = Place::with_authority();
    place.shell("handfast inspect - < handfast/root.crt").good();
    place.run("inspect -").refused(2, "HF-409");
    place.run("inspect missing").refused(2, "HF-408");
    place.run("inspect handfast").refused(2, "HF-408");
    for place_of_nobody in [
        "https://",
        "https://a:b",
        "https://a:0",
        "https://a/path",
        "https://::1:1",
    ] {
        assert_eq!(
            place.run(&format!("inspect {place_of_nobody}")).exit,
            2,
            "{place_of_nobody}"
        );
    }
    place.run("inspect https://[::1]:1").refused(3, "HF-713");
    place.write("junk", "hello");
    place.run("inspect junk").refused(2, "HF-409");
    place.write("cut.crt", &place.read("handfast/root.crt")[..200]);
    place.run("inspect cut.crt").refused(2, "HF-409");
}
