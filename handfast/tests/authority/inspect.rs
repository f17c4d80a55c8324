//! `inspect`: what is in a file.

use crate::program::Place;

#[test]
fn inspect_speaks_the_words_of_the_field_and_can_be_short_or_pem() {
    let place = Place::with_authority();
    place
        .run("issue client --uri spiffe://acme/web --out client")
        .good();
    let shown = place.run("inspect client/tls.crt").good().stdout;
    let row = |label: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(label));
        line.unwrap_or_default().trim().to_owned()
    };
    assert!(
        row("Key Usage").ends_with("digitalSignature (critical)"),
        "{shown}"
    );
    assert!(row("Extended Key Usage").ends_with("clientAuth"), "{shown}");
    assert!(row("Basic Constraints").contains("CA:FALSE"), "{shown}");
    assert!(shown.contains("CA:TRUE, pathlen:0"), "{shown}");
    for label in ["Subject Key Identifier", "Authority Key Identifier"] {
        let id = row(label);
        let id = id.rsplit(' ').next().unwrap_or_default();
        assert!(
            id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit()),
            "{shown}"
        );
    }
    let short = place.run("inspect client/tls.crt --short").good().stdout;
    assert_eq!(short.lines().count(), 2, "{short}");
    assert!(
        short.starts_with("certificate: uri:spiffe://acme/web  clientAuth  until "),
        "{short}"
    );
    let pem = place.run("inspect client/tls.crt --pem").good().stdout;
    assert_eq!(pem.trim(), place.read("client/tls.crt").trim());
    // A private key is in neither.
    let key = place.run("inspect client/tls.key --pem").good().stdout;
    assert_eq!(key.trim(), "");
}

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

#[test]
fn a_revocation_set_is_shown_with_its_numbers_and_how_long_it_is_good() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("ca revoke web/tls.crt --yes").good();
    place.run("ca set --out revoked.set").good();
    let shown = place.run("inspect revoked.set --json").good().json();
    let of_issuing = &shown["items"][0];
    assert_eq!(
        (
            &of_issuing["kind"],
            &of_issuing["revoked"],
            &of_issuing["next_index"]
        ),
        (&"set".into(), &1.into(), &1.into()),
        "{shown}"
    );
    let text = place.run("inspect revoked.set").good().stdout;
    assert!(
        text.contains("1 certificate\n") && text.contains("next due"),
        "{text}"
    );
    let short = place.run("inspect revoked.set --short").good().stdout;
    assert!(short.lines().all(|line| line.starts_with("set: ")), "{short}");
    // A damaged one is none.
    let mut bytes = std::fs::read(place.path("revoked.set")).expect("a set");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    place.write("revoked.set", bytes);
    assert_ne!(place.run("inspect revoked.set").exit, 0);
}
