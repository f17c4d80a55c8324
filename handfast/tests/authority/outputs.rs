//! What is written for everybody never takes the place of a private key, nor of what is no regular file.

use std::{fs, os::unix::fs::FileTypeExt};

use crate::program::Place;

fn place() -> Place {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out a").good();
    place
}

#[test]
fn a_private_key_is_not_replaced_by_something_public() {
    let place = place();
    place
        .shell(
            "openssl pkcs8 -topk8 -nocrypt -in a/tls.key -outform DER -out pkcs8.der
             openssl ec -in a/tls.key -outform DER -out sec1.der
             cat a/tls.crt a/tls.key > both.pem",
        )
        .good();
    for file in [
        "handfast/issuing.key",
        "a/tls.key",
        "pkcs8.der",
        "sec1.der",
        "both.pem",
    ] {
        let before = fs::read(place.path(file)).expect("a key");
        for line in [
            "ca set",
            "ca crl",
            "ca audit prove a/tls.crt",
            "ca audit checkpoint",
        ] {
            let refused = place.run(&format!("{line} --out {file}")).refused(2, "HF-801");
            assert!(refused.stderr.contains(file), "{refused:#?}");
            assert_eq!(
                fs::read(place.path(file)).expect("a key"),
                before,
                "{line} {file}"
            );
        }
    }
    // No number was taken for a list that could not be written.
    let first = place.run("ca crl --out ca.crl --json").good().json();
    let second = place.run("ca crl --out ca.crl --json").good().json();
    let number = |answer: &serde_json::Value| answer["lists"][0]["number"].as_u64();
    assert_eq!((number(&first), number(&second)), (Some(1), Some(2)));
    // A key takes the place of a key.
    let before = place.read("a/tls.key");
    place.run("renew --cert a/tls.crt --new-key").good();
    assert_ne!(place.read("a/tls.key"), before);
    place
        .run("issue client --uri spiffe://acme/web --out a --force")
        .good();
}

#[test]
fn what_is_no_regular_file_stays_what_it_is() {
    let place = place();
    place
        .shell("mkfifo pipe && mkdir folder && ln -s ca.crl link && ln -s nowhere dangling")
        .good();
    for file in ["pipe", "folder", "link", "dangling"] {
        let refused = place.run(&format!("ca crl --out {file}")).refused(2, "HF-801");
        assert!(refused.stderr.contains(file), "{refused:#?}");
    }
    let kind = |file: &str| {
        fs::symlink_metadata(place.path(file))
            .expect("it is there")
            .file_type()
    };
    assert!(kind("pipe").is_fifo() && kind("folder").is_dir());
    assert!(kind("link").is_symlink() && kind("dangling").is_symlink());
    assert!(!place.path("nowhere").exists());
    place.run("ca crl --out ca.crl").good();
}

#[test]
fn a_file_that_is_named_and_missing_is_a_missing_file() {
    let place = place();
    for line in [
        "ca show nofile.crt",
        "ca show a/nofile",
        "ca revoke nofile.crt --yes",
        "ca audit prove nofile.crt --out x",
        "ca restore nofile --dir restored",
    ] {
        let refused = place.run(line).refused(2, "HF-408");
        assert!(refused.stderr.contains("nofile"), "{refused:#?}");
    }
    // A number that nobody has is not in the records.
    place.run("ca show 4711").refused(1, "HF-811");
}
