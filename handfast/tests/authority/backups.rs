//! `ca backup`, `ca restore`, `ca reconcile` and `ca check`.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{certificates, program::Place};

fn place() -> Place {
    let place = Place::with_authority();
    place.write("phrase", "open sesame\n");
    place
}

#[test]
fn a_restored_ca_signs_nothing_until_it_was_shown_what_happened_since() {
    let place = place();
    place.run("issue server --dns a.example --out a").good();
    place.run("ca crl --out first.crl").good();
    place.run("ca audit checkpoint --out kept.txt").good();
    place.run("ca backup --out b --passphrase-file phrase").good();
    place.run("issue server --dns b.example --out later").good();
    place.run("ca revoke a/tls.crt --reason superseded --yes").good();
    place.run("ca crl --out second.crl").good();
    let last = place.run("ca crl --out third.crl --json").good().json();
    place
        .run("ca restore b --passphrase-file phrase --dir restored")
        .good();
    assert_eq!(place.mode("restored"), 0o700);
    assert_eq!(place.mode("restored/issuing.key"), 0o600);
    assert_eq!(
        place.read("restored/issuing.key"),
        place.read("handfast/issuing.key")
    );
    place.run("ca reconcile --dir restored").refused(2, "HF-901");
    for line in [
        "issue server --dns c.example --out c --dir restored",
        "ca crl --out c.crl --dir restored",
        "ca rotate --dir restored",
    ] {
        place.run(line).refused(2, "HF-842");
    }
    assert!(!place.path("c").exists() && !place.path("c.crl").exists());
    // What a stranger shows is not ours.
    place.run("init --name Other --dir other").good();
    place
        .run("issue server --dns o.example --dir other --out o")
        .good();
    place
        .run("ca reconcile o/tls.crt --dir restored")
        .refused(2, "HF-103");
    let serial = certificates(&place, "later/tls.crt")[0].serial();
    place
        .run(&format!("ca show {serial} --dir restored"))
        .refused(1, "HF-811");
    let learned = place
        .run("ca reconcile later/tls.crt third.crl --dir restored --json")
        .good()
        .json();
    assert_eq!(learned["added"][0]["serial"], serial);
    // What the newer list revokes is revoked here, with its reason and its time.
    let revoked = certificates(&place, "a/tls.crt")[0].serial();
    assert_eq!(learned["revoked"], serde_json::json!([revoked]));
    assert_eq!(learned["revoked_elsewhere"], serde_json::json!([]));
    let in_records = |dir: &str| {
        let shown = place.run(&format!("ca show {revoked} --dir {dir} --json"));
        let row = shown.good().json()["certificate"].clone();
        let at = row["revoked_at"].as_str().expect("a time")[..19].to_owned();
        (row["state"].clone(), row["reason"].clone(), at)
    };
    assert_eq!(in_records("restored"), in_records("handfast"));
    assert_eq!(in_records("restored").1, "superseded");
    place.run(&format!("ca show {serial} --dir restored")).good();
    place
        .run("issue server --dns c.example --out c --dir restored")
        .good();
    let next = place
        .run("ca crl --out c.crl --dir restored --json")
        .good()
        .json();
    assert_eq!(next["lists"][0]["entries"], 1);
    let text = place.shell("openssl crl -in c.crl -noout -text").good().stdout;
    assert!(
        text.to_lowercase().contains(&revoked) && text.contains("Superseded"),
        "{text}"
    );
    for (before, after) in [0, 1].map(|at| (&last["lists"][at]["number"], &next["lists"][at]["number"])) {
        assert!(after.as_u64() > before.as_u64(), "{before} {after}");
    }
    // Without a file nothing is shown, and there is nothing to be shown any more.
    place.run("ca reconcile --dir restored").refused(2, "HF-901");
    place
        .run("ca reconcile third.crl --dir restored")
        .refused(2, "HF-901");
    assert_eq!(place.read("restored/audit.pub"), place.read("handfast/audit.pub"));
    place
        .run("ca audit verify --since kept.txt --dir restored")
        .good();
    let journal = place.run("ca journal --dir restored --json").good().stdout;
    for event in ["backed-up", "restored", "reconciled"] {
        assert!(journal.contains(event), "{event}");
    }
}

#[test]
fn a_backup_has_keys_behind_the_passphrase_alone_and_a_damaged_one_is_refused() {
    let place = place();
    let key: String = place
        .read("handfast/issuing.key")
        .lines()
        .skip(1)
        .take(1)
        .collect();
    for (flags, keys) in [("", 0), ("--passphrase-file phrase", 3)] {
        let done = place
            .run(&format!("ca backup --out b{keys} --json {flags}"))
            .good()
            .json();
        assert_eq!(done["keys"].as_array().map(Vec::len), Some(keys));
        let bytes = fs::read(place.path(&format!("b{keys}"))).expect("a backup");
        assert!(!String::from_utf8_lossy(&bytes).contains(&key));
        assert_eq!(place.mode(&format!("b{keys}")), 0o600);
    }
    place.run("ca backup --out b0").refused(2, "HF-801");
    place.write("wrong", "open\n");
    let wrong = place
        .run("ca restore b3 --passphrase-file wrong --dir restored")
        .refused(2, "HF-844");
    assert!(wrong.stderr.contains("--passphrase-file"), "{wrong:#?}");
    let mut bytes = fs::read(place.path("b3")).expect("a backup");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(7);
    place.write("damaged", &bytes);
    place
        .run("ca restore damaged --dir restored")
        .refused(2, "HF-843");
    place
        .run("ca restore handfast/authority.db --dir restored")
        .refused(2, "HF-843");
    assert!(!place.path("restored").exists());
    // Without keys everything is there but them.
    place.run("ca restore b0 --dir restored").good();
    assert!(!place.path("restored/issuing.key").exists());
    // The audit log as well, under a new key.
    let former = place.read("handfast/audit.pub");
    assert_ne!(place.read("restored/audit.pub"), former);
    place.run("ca restore b0 --dir restored").refused(2, "HF-801");
}

#[test]
fn check_names_what_is_wrong_with_a_code_and_says_nothing_of_a_good_ca() {
    let place = place();
    place.run("issue server --dns a.example --out a").good();
    let good = place.run("ca check --json").good().json();
    assert_eq!(
        (&good["good"], good["findings"].as_array().map(Vec::len)),
        (&true.into(), Some(0))
    );
    let refused = |code: &str, what: &str| {
        let ran = place.run("ca check").refused(1, code);
        assert!(ran.stdout.contains(what), "{ran:#?}");
    };
    let mode = |mode: u32| {
        let path = place.path("handfast/issuing.key");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    mode(0o644);
    refused("HF-838", "issuing.key");
    mode(0o600);
    let own = place.read("handfast/issuing.key");
    place.write("handfast/issuing.key", place.read("handfast/root.key"));
    refused("HF-401", "issuing");
    place.write("handfast/issuing.key", own);
    let root = place.read("handfast/root.crt");
    place.run("init --name Other --dir other").good();
    place.write("handfast/root.crt", place.read("other/root.crt"));
    refused("HF-409", "issuing");
    place.write("handfast/root.crt", root);
    place.run("ca check").good();
    let mut bytes = fs::read(place.path("handfast/authority.db")).expect("records");
    let end = bytes.len() - 4096;
    bytes[end..].fill(0xff);
    place.write("handfast/authority.db", bytes);
    refused("HF-807", "authority.db");
    fs::remove_file(place.path("handfast/authority.db")).expect("removed");
    refused("HF-802", "authority.db");
}

#[test]
fn rsa_keys_that_share_a_prime_are_named_when_the_keys_are_compared() {
    use handfast_testkit::factorable;
    let place = place();
    let keys = [factorable::good_key(), factorable::sharing_key()];
    for (index, key) in keys.iter().enumerate() {
        place.write(&format!("{index}.csr"), factorable::request(key));
        place
            .run(&format!(
                "sign {index}.csr server --dns h{index}.example --out {index}.crt"
            ))
            .good();
        // Each alone is a good key.
        if index == 0 {
            place.run("ca check --keys").good();
        }
    }
    place.run("ca check").good();
    let ran = place.run("ca check --keys").refused(1, "HF-212");
    for index in 0..2 {
        let serial = certificates(&place, &format!("{index}.crt"))[0].serial();
        assert!(ran.stdout.contains(&format!("ca revoke {serial}")), "{ran:#?}");
        place
            .run(&format!("ca revoke {serial} --reason keyCompromise --yes"))
            .good();
    }
    place.run("ca check --keys").good();
}
