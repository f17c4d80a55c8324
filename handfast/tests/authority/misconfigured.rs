//! A `ca.toml` with a mistake, or that others can write: nothing is issued by it, and what is revoked is revoked all the same.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::program::Place;

fn place() -> Place {
    let place = Place::with_authority();
    place.run("issue server --dns a.example --out a").good();
    place
}

fn mode(place: &Place, path: &str, mode: u32) {
    fs::set_permissions(place.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn a_mistake_in_ca_toml_stops_issuing_and_neither_looking_nor_revoking() {
    let place = place();
    place.write("handfast/ca.toml", "[profile.server]\nlifetime = \"9 parsecs\"\n");
    for line in [
        "issue server --dns b.example --out b",
        "renew --cert a/tls.crt",
        "ca issuer add --name more",
        "ca profiles",
    ] {
        let refused = place.run(line).refused(2, "HF-701");
        assert!(refused.stderr.contains("ca.toml:2"), "{refused:#?}");
    }
    for line in [
        "ca list",
        "ca show a/tls.crt",
        "ca journal",
        "ca audit verify",
        "ca revoke a/tls.crt --yes",
        "ca crl --out all.crl",
        "ca set --out all.set",
        "ca ocsp --out answers",
    ] {
        let done = place.run(line).good();
        assert!(
            done.stderr
                .contains("warning: nothing is issued until this is corrected")
                && done.stderr.contains("ca.toml:2"),
            "{done:#?}"
        );
    }
    let list = place.shell("openssl crl -in all.crl -noout -text").good().stdout;
    assert!(list.contains("Revoked Certificates"), "{list}");

    place.write("handfast/ca.toml", "[profile.server]\nlifetime = \"9d\"\n");
    let issued = place.run("issue server --dns b.example --out b").good();
    assert!(!issued.stderr.contains("warning"), "{issued:#?}");
    place.run("ca check").good();
}

#[test]
fn what_others_may_write_decides_nothing_and_is_found() {
    let place = place();
    place.write("handfast/ca.toml", "[profile.server]\nlifetime = \"9d\"\n");
    for (path, wrong, right) in [("handfast/ca.toml", 0o646, 0o644), ("handfast", 0o720, 0o700)] {
        mode(&place, path, wrong);
        let refused = place
            .run("issue server --dns b.example --out b")
            .refused(2, "HF-838");
        assert!(refused.stderr.contains(&format!("{wrong:03o}")), "{refused:#?}");
        assert!(refused.stderr.contains("chmod go-w"), "{refused:#?}");
        assert!(!place.path("b").exists());
        place.run("ca check").refused(1, "HF-838");
        place.run("ca crl --out all.crl").good();
        mode(&place, path, right);
        place.run("ca check").good();
        place.run("issue server --dns b.example --out b").good();
        fs::remove_dir_all(place.path("b")).expect("removed");
    }
    // What is only read by others decides nothing.
    mode(&place, "handfast/root.crt", 0o666);
    let found = place.run("ca check").refused(1, "HF-838");
    assert!(
        found
            .stdout
            .contains("others may write it: its mode is 666, expected 644"),
        "{found:#?}"
    );
}
