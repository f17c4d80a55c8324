//! `issue`: certificates, and what is refused before anything is signed.

use jiff::SignedDuration;

use crate::{certificates, program::Place};

#[test]
fn issue_writes_chain_key_and_ca_that_verify_for_their_purpose_only() {
    let place = Place::with_authority();
    for (profile, server, client) in [("server", 0, 5), ("client", 5, 0), ("peer", 0, 0)] {
        place
            .run(&format!("issue {profile} --dns localhost --out {profile}"))
            .good();
        assert_eq!(certificates(&place, &format!("{profile}/tls.crt")).len(), 2);
        assert_eq!(place.mode(&format!("{profile}/tls.key")), 0o600);
        assert!(
            place
                .read(&format!("{profile}/tls.key"))
                .starts_with("-----BEGIN PRIVATE KEY-----")
        );
        assert_eq!(
            place.read(&format!("{profile}/ca.crt")),
            place.read("handfast/root.crt")
        );
        for (purpose, exit) in [("server", server), ("client", client)] {
            let line = format!("verify {profile}/tls.crt --ca {profile}/ca.crt --purpose {purpose}");
            let ran = place.run(&line);
            assert_eq!(ran.exit, exit, "{ran:#?}");
            assert_eq!(exit == 5, ran.stdout.contains("[HF-201]"), "{ran:#?}");
        }
    }
}

#[test]
fn every_kind_of_key_can_be_issued_under_every_kind_of_authority() {
    let place = Place::new();
    for ca in ["p256", "p384", "ed25519", "rsa2048", "mldsa44"] {
        place
            .run(&format!("init --name {ca} --dir {ca} --key {ca}"))
            .good();
        for kind in ["p256", "p384", "ed25519", "rsa2048", "mldsa44"] {
            let ran = place
                .run(&format!(
                    "issue peer --dns localhost --dir {ca} --key {kind} --out {ca}-{kind}"
                ))
                .good();
            place.shell(&ran.next()).good();
        }
    }
}

#[test]
fn issue_overwrites_only_with_force_and_leaves_nothing_after_a_refusal() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    let before = place.read("server/tls.key");
    place
        .run("issue server --dns localhost --out server")
        .refused(2, "HF-801");
    assert_eq!(place.read("server/tls.key"), before);
    place
        .run("issue server --dns localhost --out server --force")
        .good();
    assert_ne!(place.read("server/tls.key"), before);
    for (line, code) in [
        ("issue server --out none", "HF-304"),
        ("issue client --name web --out none", "HF-304"),
        ("issue server --dns a..b --out none", "HF-803"),
        ("issue server --ip localhost --out none", "HF-803"),
        ("issue client --uri spiffe://Acme/web --out none", "HF-803"),
        (
            "issue client --uri spiffe://acme/a --uri spiffe://acme/b --out none",
            "HF-803",
        ),
        ("issue server --dns localhost --lifetime 90 --out none", "HF-901"),
        ("issue server --dns localhost --lifetime 0d --out none", "HF-820"),
        (
            "issue server --dns localhost --lifetime 4000d --out none",
            "HF-805",
        ),
        ("issue server --dns localhost --dir nowhere --out none", "HF-802"),
        (
            "issue server --dns localhost --p12 a.p12 --p12-password-file missing --out none",
            "HF-408",
        ),
        (
            "issue server --dns localhost --p12 server/tls.key --out none",
            "HF-801",
        ),
    ] {
        place.run(line).refused(2, code);
        assert_eq!(place.names(), ["handfast", "server"], "{line}");
    }
    assert_eq!(place.run("issue root --dns localhost --out none").exit, 2);
}

#[test]
fn a_common_name_alone_is_refused_with_the_flag_that_would_work() {
    let place = Place::with_authority();
    for (name, hint) in [
        ("web", "--dns web"),
        ("me@acme.example", "--email me@acme.example"),
        ("spiffe://acme/web", "--uri spiffe://acme/web"),
        ("127.0.0.1", "--ip 127.0.0.1"),
    ] {
        let ran = place
            .run(&format!("issue client --name {name} --out none"))
            .refused(2, "HF-304");
        assert!(ran.stderr.contains(hint), "{ran:#?}");
        place
            .run(&format!("issue client {hint} --out out --force"))
            .good();
    }
}

#[test]
fn issue_writes_a_container_that_opens_with_the_password_beside_it() {
    let place = Place::with_authority();
    let ran = place
        .run("issue client --email me@acme.example --out client --p12 client/me.p12 --json")
        .good();
    let files = &ran.json()["files"];
    assert_eq!(files["p12_password"], "client/me.p12.password");
    assert_eq!(
        (place.mode("client/me.p12"), place.mode("client/me.p12.password")),
        (0o600, 0o600)
    );
    let locked = place.run("inspect client/me.p12 --json").good().json();
    assert_eq!(locked["items"][0]["kind"], "pkcs12");
    let opened = place
        .run("inspect client/me.p12 --password-file client/me.p12.password --json")
        .good()
        .json();
    let kinds: Vec<_> = opened["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| &item["kind"])
        .collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "certificate").count(),
        3,
        "{opened:#}"
    );
    assert_eq!(kinds.iter().filter(|kind| **kind == "key").count(), 1);
    place.write("wrong", "wrong\n");
    place
        .run("inspect client/me.p12 --password-file wrong")
        .refused(2, "HF-409");
    place.write("mine", "my own\r\n");
    place
        .run("issue client --dns a --out other --p12 other.p12 --p12-password-file mine")
        .good();
    place.run("inspect other.p12 --password-file mine").good();
    assert!(!place.path("other.p12.password").exists());
}

#[test]
fn a_leaf_without_common_name_has_an_empty_subject_and_is_called_by_its_name() {
    let place = Place::with_authority();
    place.run("issue server --dns a.example --out without").good();
    assert!(certificates(&place, "without/tls.crt")[0].subject().is_empty());
    place
        .run("issue server --dns a.example --name shown --out with")
        .good();
    assert_eq!(certificates(&place, "with/tls.crt")[0].called(), "CN=shown");
}

#[test]
fn a_lifetime_that_means_two_things_is_refused_with_what_to_write() {
    let place = Place::with_authority();
    for (text, why) in [
        ("90", "a number without a unit"),
        ("1M", "\"M\" is minutes to some and months to others"),
        ("1y", "\"y\" has 365 or 366 days; write days, such as \"365d\""),
    ] {
        let line = format!("issue server --dns a --lifetime {text} --out none");
        let said = place.run(&line).refused(2, "HF-901").stderr;
        assert!(
            said.contains(&format!("--lifetime: duration \"{text}\": {why}")),
            "{said}"
        );
        assert!(said.contains("such as 500ms, 10s, 2h30m or 90d"), "{said}");
    }
}

#[test]
fn lifetimes_are_read_in_minutes_hours_days_and_weeks() {
    let place = Place::with_authority();
    for (text, minutes) in [
        ("30m", 30),
        ("24h", 24 * 60),
        ("2d", 2 * 24 * 60),
        ("3w", 3 * 7 * 24 * 60),
        ("2h30m", 150),
    ] {
        place
            .run(&format!("issue server --dns a --lifetime {text} --out {text}"))
            .good();
        let leaf = &certificates(&place, &format!("{text}/tls.crt"))[0];
        let backdate = SignedDuration::from_mins(5);
        let lifetime = leaf.not_after().duration_since(leaf.not_before());
        // An authority this young backdates to its own beginning.
        let (least, most) = (
            SignedDuration::from_mins(minutes),
            SignedDuration::from_mins(minutes) + backdate,
        );
        assert!((least..=most).contains(&lifetime), "{text}: {lifetime:#}");
    }
}

#[test]
fn a_profile_that_needs_ca_toml_is_listed_as_not_ready_with_what_is_missing() {
    let place = Place::with_authority();
    let said = place.run("ca profiles").good().stdout;
    assert!(
        said.contains("psd2  not ready: nca-name and nca-id missing"),
        "{said}"
    );
    let listed = place.run("ca profiles --json").good().json();
    assert_eq!(listed["not_ready"][0]["name"], "psd2");
    place.write(
        "handfast/ca.toml",
        "[profile.psd2]\nnca-name = \"Supervisor\"\nnca-id = \"DE-BAFIN\"\n",
    );
    let listed = place.run("ca profiles --json").good().json();
    assert_eq!(listed["not_ready"].as_array().map(Vec::len), Some(0));
    let names: Vec<&str> = listed["profiles"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert!(names.contains(&"psd2"), "{names:?}");
}
