//! The audit log on the command line: verified by its owner, and by others without the CA.

use std::fs;

use crate::program::Place;

fn place() -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns a.example --out a").good();
    place.run("issue server --dns b.example --out b").good();
    place
}

#[test]
fn others_check_a_proof_a_checkpoint_and_an_export_with_the_public_key_alone() {
    let place = place();
    place.run("ca audit prove a/tls.crt --out a.tlog-proof").good();
    place.run("ca audit checkpoint --out kept.txt").good();
    place.run("ca export --since 1d --out day.json").good();
    let key = place.read("handfast/audit.pub").trim().to_owned();
    fs::remove_dir_all(place.path("handfast")).expect("no CA any more");
    for (file, says) in [
        ("a.tlog-proof --cert a/tls.crt", "is in the log"),
        ("kept.txt", "a checkpoint of"),
        ("day.json --cert b/tls.crt", "an export of"),
    ] {
        let ran = place
            .run(&format!("ca audit check {file} --log-key {key}"))
            .good();
        assert!(ran.stdout.contains(says), "{ran:#?}");
    }
    let other = place.run(&format!(
        "ca audit check a.tlog-proof --log-key {key} --cert b/tls.crt"
    ));
    assert_eq!(other.exit, 1, "{other:#?}");
    assert!(other.stderr.contains("[HF-814]"), "{other:#?}");
    let without = place.run("ca audit check a.tlog-proof");
    assert_eq!(without.exit, 2, "{without:#?}");
    assert!(without.stderr.contains("--log-key"), "{without:#?}");
}

#[test]
fn what_another_log_has_signed_is_refused() {
    let place = place();
    place.run("init --name Other --dir other").good();
    place
        .run("ca audit checkpoint --out other.txt --dir other")
        .good();
    for command in ["ca audit check other.txt", "ca audit verify --since other.txt"] {
        let ran = place.run(command);
        assert_eq!(ran.exit, 1, "{ran:#?}");
        assert!(
            ran.stderr.contains("[HF-814]") && ran.stderr.contains("not signed by"),
            "{ran:#?}"
        );
    }
}

#[test]
fn a_changed_record_is_named_and_the_answer_is_no() {
    let place = place();
    let good = place.run("ca audit verify").good();
    assert!(good.stdout.contains("the audit log is whole"), "{good:#?}");
    let database = rusqlite::Connection::open(place.path("handfast/authority.db")).expect("a database");
    let change = "UPDATE cert SET names = 'dns:evil.example' WHERE names = 'dns:b.example'";
    assert_eq!(database.execute(change, []).expect("changed"), 1);
    drop(database);
    let ran = place.run("ca audit verify");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stdout.contains("[HF-812]") && ran.stdout.contains("its record is not the one of"),
        "{ran:#?}"
    );
    let answer = place.run("ca audit verify --json").json();
    assert_eq!(answer["whole"], false);
    assert_eq!(answer["faults"][0]["part"], "cert");
}

#[test]
fn a_list_is_drawn_as_wide_as_the_terminal_and_as_a_page_without_scripts() {
    let place = place();
    let drawn = place
        .shell("COLUMNS=60 LC_ALL=C handfast ca list --chart --html expiry.html")
        .good();
    assert!(
        drawn.stdout.contains("server, by CN=Acme Issuing CA,O=Acme (2)"),
        "{drawn:#?}"
    );
    assert!(
        drawn.stdout.lines().all(|line| line.chars().count() <= 60),
        "{drawn:#?}"
    );
    assert!(drawn.stdout.is_ascii(), "{drawn:#?}");
    let page = place.read("expiry.html");
    assert!(page.contains("dns:a.example") && page.contains("<svg"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn journal_and_show_give_the_position_that_a_proof_proves() {
    let place = place();
    let shown = place.run("ca show a/tls.crt --json").good().json();
    let position = shown["position"].as_u64().expect("a position");
    let proof = place.run("ca audit prove a/tls.crt --json").good().json();
    assert_eq!(proof["position"], position);
    let serial = &shown["certificate"]["serial"];
    let journal = place.run("ca journal --event issued --json").good().json();
    let lines = journal["lines"].as_array().expect("lines");
    let line = lines
        .iter()
        .find(|line| line["serial"] == *serial)
        .expect("a line");
    assert_eq!(line["position"], position);
    let said = place.run("ca show a/tls.crt").good().stdout;
    let command = shown["proof"].as_str().expect("a command");
    assert!(
        said.contains(&format!("leaf {position}")) && said.contains(command),
        "{said}"
    );
    place.shell(&command.replace("FILE", "a.tlog-proof")).good();
    place.run("ca audit check a.tlog-proof --cert a/tls.crt").good();
}
