//! From the list of what was issued to the revocation that others read.

use crate::program::Place;

fn place() -> Place {
    let place = Place::with_authority();
    // In this order they expire.
    for (name, days) in [("web", 10), ("db", 12)] {
        place
            .run(&format!(
                "issue client --uri spiffe://acme/{name} --lifetime {days}d --out {name}"
            ))
            .good();
    }
    place
}

#[test]
fn a_list_shows_what_expires_soonest_first_and_every_filter_narrows_it() {
    let place = place();
    place
        .run("issue server --dns a.example --lifetime 5d --out a")
        .good();
    let names = |flags: &str| -> Vec<String> {
        let answer = place.run(&format!("ca list --json {flags}")).good().json();
        let rows = answer["certificates"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["names"].to_string()).collect()
    };
    let (web, db, a) = (
        r#"["uri:spiffe://acme/web"]"#,
        r#"["uri:spiffe://acme/db"]"#,
        r#"["dns:a.example"]"#,
    );
    assert_eq!(names("--expiring 30d"), [a, web, db]);
    assert_eq!(names("--expiring 6d"), [a]);
    assert_eq!(names("--identity uri:spiffe://acme/*"), [web, db]);
    assert_eq!(names("--profile server"), [a]);
    assert_eq!(names("--state revoked").len(), 0);
    assert_eq!(names("--since 1h --profile client"), [web, db]);
    let first = place
        .run("ca list --json --limit 1 --profile client")
        .good()
        .json();
    let cursor = first["next"].as_str().expect("more").to_owned();
    assert_eq!(names(&format!("--profile client --after {cursor}")), [db]);
}

#[test]
fn a_preview_revokes_nothing_and_yes_does() {
    let place = place();
    let preview = place.run("ca revoke web/tls.crt --dry-run").good();
    assert!(preview.stdout.contains("uri:spiffe://acme/web"), "{preview:#?}");
    assert_eq!(state(&place, "web/tls.crt"), "valid");
    let nobody = place.run("ca revoke web/tls.crt");
    assert_eq!(nobody.exit, 2, "{nobody:#?}");
    assert!(nobody.stderr.contains("--yes"), "{nobody:#?}");
    assert_eq!(state(&place, "web/tls.crt"), "valid");
    place
        .run("ca revoke web/tls.crt --yes --reason superseded")
        .good();
    assert_eq!(state(&place, "web/tls.crt"), "revoked");
    assert_eq!(state(&place, "db/tls.crt"), "valid");
    let again = place.run("ca revoke web/tls.crt --yes").good();
    assert!(again.stdout.contains("revoked already"), "{again:#?}");
    let shown = place.run("ca show web/tls.crt").good().stdout;
    assert!(
        shown.contains("superseded") && shown.contains("revoked   "),
        "{shown}"
    );
}

#[test]
fn lists_that_are_made_at_once_have_numbers_of_their_own() {
    let place = place();
    let program = env!("CARGO_BIN_EXE_handfast");
    let line = |number: u32| {
        format!("{program} ca crl --json --out {number}.crl > {number}.json & pids=\"$pids $!\"")
    };
    let all: Vec<String> = (1..=8).map(line).collect();
    place
        .shell(&format!(
            "{}\nfor pid in $pids; do wait $pid || exit 1; done",
            all.join("\n")
        ))
        .good();
    let mut numbers: Vec<u64> = (1..=8)
        .map(|number| {
            let answer: serde_json::Value =
                serde_json::from_str(&place.read(&format!("{number}.json"))).expect("JSON");
            answer["lists"][0]["number"].as_u64().expect("a number")
        })
        .collect();
    numbers.sort_unstable();
    // One that was taken and overtaken stays unused.
    numbers.dedup();
    assert_eq!(numbers.len(), 8, "{numbers:?}");
}

fn state(place: &Place, file: &str) -> String {
    let answer = place.run(&format!("ca show {file} --json")).good().json();
    answer["certificate"]["state"]
        .as_str()
        .expect("a state")
        .to_owned()
}

#[test]
fn openssl_rejects_what_is_on_the_list_and_takes_the_rest() {
    let place = place();
    place
        .run("ca revoke web/tls.crt --yes --reason keyCompromise")
        .good();
    place.run("ca crl --out ca.crl").good();
    // OpenSSL reads one list of a file here, and every list of a folder or store.
    let check = |name: &str| {
        place.shell(&format!(
            "openssl verify -crl_check_all -CRLfile ca.crl -CAfile {name}/ca.crt -untrusted {name}/tls.crt {name}/tls.crt"
        ))
    };
    check("db").good();
    let refused = check("web");
    assert_ne!(refused.exit, 0);
    assert!(refused.stderr.contains("certificate revoked"), "{refused:#?}");
    let text = place.shell("openssl crl -in ca.crl -noout -text").good().stdout;
    assert!(
        text.contains("Key Compromise") && text.contains("X509v3 CRL Number"),
        "{text}"
    );
    let inspected = place.run("inspect ca.crl").good().stdout;
    assert!(inspected.contains("Acme Issuing CA"), "{inspected}");
}

#[test]
fn a_renewal_keeps_the_names_replaces_the_file_and_runs_the_command() {
    let place = place();
    let before = place.read("web/tls.crt");
    let key = place.read("web/tls.key");
    place.run("renew --cert web/tls.crt").good();
    let same_key = place.read("web/tls.crt");
    assert_ne!(before, same_key);
    assert_eq!(key, place.read("web/tls.key"));
    let ran = place.shell(&format!(
        "{} renew --cert web/tls.crt --new-key --exec 'cp web/tls.crt copied.crt'",
        env!("CARGO_BIN_EXE_handfast")
    ));
    ran.good();
    assert_ne!(key, place.read("web/tls.key"));
    assert_eq!(place.read("copied.crt"), place.read("web/tls.crt"));
    let failed = place.shell(&format!(
        "{} renew --cert db/tls.crt --exec 'exit 7'",
        env!("CARGO_BIN_EXE_handfast")
    ));
    assert_eq!(failed.exit, 1, "{failed:#?}");
    assert!(
        failed.stderr.contains("the new certificate is in its place"),
        "{failed:#?}"
    );
    place
        .run("verify web/tls.crt --ca web/ca.crt --purpose client")
        .good();
}

#[test]
fn needs_renewal_answers_with_the_exit_codes_of_step() {
    let place = place();
    for (flags, exit) in [
        ("web/tls.crt", 1),
        ("web/tls.crt --before 20d", 0),
        ("web/tls.crt --before 9d", 1),
        ("web/tls.crt --before 11d", 0),
        ("missing.crt", 2),
        ("web/tls.key", 255),
    ] {
        let ran = place.run(&format!("needs-renewal {flags}"));
        assert_eq!(ran.exit, exit, "{flags}: {ran:#?}");
    }
}

#[test]
fn a_revoked_certificate_is_not_renewed_and_its_compromised_key_gets_no_other() {
    let place = place();
    place
        .shell("openssl req -new -key web/tls.key -subj /CN=web -out web.csr")
        .good();
    place
        .run("ca revoke web/tls.crt --yes --reason keyCompromise")
        .good();
    let refused = place.run("renew --cert web/tls.crt");
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert!(refused.stderr.contains("HF-810"), "{refused:#?}");
    let refused = place.run("sign web.csr client --uri spiffe://acme/new --out new.crt");
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert!(refused.stderr.contains("HF-809"), "{refused:#?}");
    let journal = place.run("ca journal --event refused").good().stdout;
    assert!(journal.contains("HF-809"), "{journal}");
    place.run("renew --cert db/tls.crt").good();
}

#[test]
fn a_revocation_that_is_named_again_does_the_rest_and_says_what_was_done_before() {
    let place = place();
    place.run("renew --cert web/tls.crt --new-key").good();
    let serials: Vec<String> = place
        .run("ca list --identity uri:spiffe://acme/web --json")
        .good()
        .json()["certificates"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["serial"].as_str().expect("a number").to_owned())
        .collect();
    let renewal = crate::certificates(&place, "web/tls.crt")[0].serial();
    let old = serials
        .iter()
        .find(|serial| **serial != renewal)
        .expect("the old one");
    place.run(&format!("ca revoke {old} --yes")).good();
    let worse = place
        .run(&format!(
            "ca revoke {old} --reason keyCompromise --yes --because ticket-7 --json"
        ))
        .good()
        .json();
    assert_eq!((&worse["count"], &worse["changed"]), (&1.into(), &1.into()));
    assert_eq!(state(&place, "web/tls.crt"), "revoked");
    let again = place
        .run(&format!("ca revoke {old} --reason keyCompromise --yes --json"))
        .good()
        .json();
    assert_eq!((&again["count"], &again["changed"]), (&0.into(), &0.into()));
    assert_eq!(again["already"].as_array().map(Vec::len), Some(2));
    let journal = place.run("ca journal").good().stdout;
    let line = journal
        .lines()
        .find(|line| line.contains("reason-changed"))
        .expect("a line");
    assert!(
        line.contains("because \"ticket-7\"") && !line.contains("by owner"),
        "{line}"
    );
    place.run("ca audit verify").good();
    // What is not there is no fault of the disk.
    let unknown = place.run("ca revoke 4711 --yes").refused(1, "HF-811");
    assert!(!unknown.stderr.contains("disk"), "{unknown:#?}");
}

#[test]
fn who_signs_a_list_a_set_or_answers_is_in_the_journal_with_the_reason() {
    let place = place();
    let journal = place.run("ca journal").good().stdout;
    assert!(!journal.contains("by owner"), "{journal}");
    for (line, event) in [
        ("ca crl --out ca.crl --reason weekly", "listed"),
        ("ca set --out ca.set --reason weekly", "listed"),
        ("ca ocsp --out answers --reason weekly", "answered"),
        ("ca issuer add --name payments --reason weekly", "ca-added"),
        ("ca rotate --reason weekly", "ca-added"),
    ] {
        place.run(line).good();
        let journal = place
            .run(&format!("ca journal --event {event} --limit 1 --json"))
            .good()
            .json();
        let entry = &journal["lines"][0];
        assert_ne!(entry["requester"], "owner", "{line}: {entry}");
        let detail = entry["detail"].as_str().expect("a text");
        let last = place.run("ca journal --limit 9").good().stdout;
        assert!(
            detail.contains("because \"weekly\"") || last.contains("because \"weekly\""),
            "{line}: {last}"
        );
    }
}

#[test]
fn a_lifetime_of_nothing_or_of_ages_is_a_wrong_argument_and_signs_nothing() {
    let place = place();
    for line in [
        "ca crl --out x",
        "ca set --out x",
        "ca ocsp --out x",
        "ca issuer ocsp-signer",
    ] {
        for (time, expected) in [
            ("0s", "at least 1s"),
            ("0d", "at least 1s"),
            ("9999w", "at most"),
            ("99999999999999999999d", "at most"),
        ] {
            let ran = place
                .run(&format!("{line} --lifetime {time}"))
                .refused(2, "HF-901");
            assert!(
                ran.stderr.contains("--lifetime") && ran.stderr.contains(expected),
                "{ran:#?}"
            );
        }
        for negative in ["--lifetime=-1h", "--lifetime -1h"] {
            let ran = place.run(&format!("{line} {negative}")).refused(2, "HF-901");
            assert!(
                ran.stderr
                    .contains("duration \"-1h\": expected a duration of 0 or more"),
                "{ran:#?}"
            );
        }
        assert!(!place.path("x").exists());
    }
    place
        .run("renew --cert web/tls.crt --lifetime 0s")
        .refused(2, "HF-820");
    place
        .run("renew --cert web/tls.crt --lifetime 90")
        .refused(2, "HF-901");
    place
        .run("issue server --dns a --out x --lifetime 90")
        .refused(2, "HF-901");
    place.run("ca set --out x --lifetime 1s").good();
}
