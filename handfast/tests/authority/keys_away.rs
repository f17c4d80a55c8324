//! A CA whose keys are not here: it can be read, and what signs says which key is missing.

use std::fs;

use crate::program::Place;

const READING: &[&str] = &[
    "ca list",
    "ca show a/tls.crt",
    "ca journal",
    "ca requests",
    "ca profiles",
    "ca clock",
    "ca issuer list",
    "ca rotate --status",
    "ca audit verify",
    "ca audit checkpoint",
    "ca audit prove a/tls.crt",
    "ca revoke a/tls.crt --dry-run",
];

/// Commands that sign, each with the file of the key that it names.
const SIGNING: &[(&str, &str)] = &[
    ("issue server --dns b.example --out b", "issuing.key"),
    ("renew --cert a/tls.crt", "issuing.key"),
    ("ca crl --out ca.crl", "issuing.key"),
    ("ca set --out ca.set", "issuing.key"),
];

fn place(init: &str) -> Place {
    let place = Place::new();
    place.write("phrase", "open sesame\n");
    place.run(&format!("init --name Acme {init}")).good();
    place
        .shell("HANDFAST_PASSPHRASE_FILE=phrase handfast issue server --dns a.example --out a")
        .good();
    place
}

fn remove(place: &Place, name: &str) {
    fs::remove_file(place.path(&format!("handfast/{name}"))).expect("removed");
}

#[test]
fn what_reads_needs_no_key_and_what_signs_names_the_one_that_is_missing() {
    for kind in ["p256", "ed25519"] {
        let place = place(&format!("--key {kind}"));
        let key = fs::read(place.path("handfast/issuing.key")).expect("a key");
        remove(&place, "issuing.key");
        // One kind stands for all where it makes no difference.
        let few = if kind == "p256" { usize::MAX } else { 1 };
        for line in READING.iter().take(few) {
            place.run(line).good();
        }
        for (line, file) in SIGNING.iter().take(few) {
            let refused = place.run(line).refused(2, "HF-845");
            assert!(refused.stderr.contains(file), "{refused:#?}");
            assert!(refused.stderr.contains("ca restore"), "{refused:#?}");
        }
        place.run("ca check").refused(1, "HF-845");
        let planned = place.run("ca list --state planned --json").good().json();
        assert_eq!(planned["certificates"].as_array().map(Vec::len), Some(0));
        place.write("handfast/issuing.key", key);
        place.shell("chmod 600 handfast/issuing.key").good();
        place.run("issue server --dns b.example --out b").good();
    }
}

#[test]
fn a_key_that_is_exposed_damaged_or_of_another_ca_is_found_when_it_signs() {
    let place = place("");
    let key = place.read("handfast/issuing.key");
    for (text, mode, code) in [
        (key.as_str(), "644", "HF-408"),
        ("no key", "600", "HF-802"),
        (&place.read("handfast/root.key"), "600", "HF-401"),
    ] {
        place.write("handfast/issuing.key", text);
        place.shell(&format!("chmod {mode} handfast/issuing.key")).good();
        place.run("ca list").good();
        let refused = place.run("issue server --dns b.example --out b");
        assert_eq!(refused.exit, 2, "{refused:#?}");
        assert!(refused.stderr.contains(code), "{code}: {refused:#?}");
        assert!(!place.path("b").exists());
    }
}

#[test]
fn a_log_without_its_private_key_is_read_and_verified_and_nothing_is_added() {
    let place = place("");
    remove(&place, "audit.key");
    for line in READING {
        place.run(line).good();
    }
    for line in [
        "issue server --dns b.example --out b",
        "ca revoke a/tls.crt --yes",
        "ca export --since 1d --out export",
    ] {
        let refused = place.run(line).refused(2, "HF-845");
        assert!(refused.stderr.contains("audit log"), "{refused:#?}");
    }
    assert!(!place.path("b").exists());
    remove(&place, "audit.pub");
    place.run("ca list").refused(2, "HF-845");
}

#[test]
fn a_ca_that_was_restored_without_keys_is_read_before_and_after_it_is_reconciled() {
    let place = place("");
    place.run("ca backup --out b0").good();
    place.run("ca restore b0 --dir restored").good();
    let read = || {
        for line in READING {
            place.run(&format!("{line} --dir restored")).good();
        }
    };
    read();
    place.run("ca reconcile a/tls.crt --dir restored").good();
    read();
    place
        .run("issue server --dns b.example --out b --dir restored")
        .refused(2, "HF-845");
    // The root in a folder of its own can be read as well.
    place.run("ca root export --to safe").good();
    for line in ["ca list", "ca journal", "ca issuer list", "ca audit verify"] {
        place.run(&format!("{line} --dir safe")).good();
        place.run(line).good();
    }
}

#[test]
fn the_passphrase_is_taken_from_the_flag_by_everything_that_signs() {
    for (kind, few) in [("p256", usize::MAX), ("ed25519", 1)] {
        let place = place(&format!("--key {kind} --encrypt --passphrase-file phrase"));
        place.write("wrong", "open\n");
        place.run("ca list").good();
        for line in [
            "issue server --dns b.example --out b",
            "renew --cert a/tls.crt",
            "ca crl --out ca.crl",
            "ca set --out ca.set",
            "ca ocsp --out answers",
            "ca issuer ocsp-signer",
            "ca issuer add --name payments",
            "ca rotate",
            "ca root export --to safe",
            "ca key decrypt",
        ]
        .into_iter()
        .take(few)
        {
            place
                .run(&format!("{line} --passphrase-file wrong"))
                .refused(2, "HF-844");
            let missing = place.run(&format!("{line} --passphrase-file nowhere"));
            assert_eq!(missing.exit, 2, "{missing:#?}");
            assert!(missing.stderr.contains("nowhere"), "{missing:#?}");
            place.run(&format!("{line} --passphrase-file phrase")).good();
        }
    }
}

#[test]
fn of_several_cas_none_signs_a_list_while_the_key_of_one_is_away() {
    let place = place("");
    place.run("ca issuer add --name payments").good();
    remove(&place, "issuing.key");
    for line in ["ca crl --out ca.crl", "ca set --out ca.set"] {
        place.run(line).refused(2, "HF-845");
    }
    let journal = place.run("ca journal").good().stdout;
    assert!(
        !journal.contains("of CN=Acme payments CA,O=Acme with 0"),
        "{journal}"
    );
}
