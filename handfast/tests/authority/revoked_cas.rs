//! A CA that was taken back signs nothing any more, and its root says so, wherever that is.

use crate::{certificates, program::Place};

/// The states of CAs by their names.
fn states(place: &Place) -> Vec<(String, String)> {
    let answer = place.run("ca issuer list --json").good().json();
    let cas = answer["cas"].as_array().expect("CAs").iter();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    cas.map(|ca| (text(&ca["name"]), text(&ca["state"]))).collect()
}

fn has(place: &Place, name: &str, state: &str) -> bool {
    states(place).contains(&(name.to_owned(), state.to_owned()))
}

#[test]
fn a_revoked_issuing_ca_signs_nothing_and_a_rotation_helps() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("ca check").good();
    assert!(has(&place, "issuing", "active"));
    place
        .run("ca revoke handfast/issuing.crt --reason cACompromise --yes")
        .good();
    for line in [
        "issue client --uri spiffe://acme/db --out db",
        "renew --cert web/tls.crt",
    ] {
        let refused = place.run(line).refused(2, "HF-205");
        assert!(
            refused.stderr.contains("was revoked") && refused.stderr.contains("handfast ca rotate"),
            "{refused:#?}"
        );
    }
    assert!(!place.path("db").exists());
    let check = place.run("ca check").refused(1, "HF-205");
    assert!(check.stdout.contains("cACompromise"), "{check:#?}");
    assert!(has(&place, "issuing", "revoked"), "{:?}", states(&place));
    assert!(has(&place, "root", "active"), "{:?}", states(&place));
    place.run("ca rotate").good();
    place.run("issue client --uri spiffe://acme/db --out db").good();
    place.run("renew --cert web/tls.crt").good();
    assert!(!place.run("ca check").stdout.contains("HF-205"));
}

#[test]
fn a_root_that_was_taken_away_revokes_what_it_has_signed() {
    let place = Place::with_authority();
    place.run("issue client --uri spiffe://acme/web --out web").good();
    place.run("ca root export --to safe").good();
    let entries = |line: &str| {
        let answer = place.run(line).good().json();
        answer["lists"][0]["entries"].as_u64().expect("a number")
    };
    assert_eq!(entries("ca crl --dir safe --out safe.crl --json"), 0);
    place
        .run("ca revoke handfast/issuing.crt --reason cACompromise --yes --dir safe")
        .good();
    assert_eq!(entries("ca crl --dir safe --out safe.crl --json"), 1);
    let serial = certificates(&place, "handfast/issuing.crt")[0].serial();
    let text = place.shell("openssl crl -in safe.crl -noout -text").good().stdout;
    assert!(
        text.to_lowercase().contains(&serial) && text.contains("CA Compromise"),
        "{text}"
    );
    // What the issuing CA has signed is not the root's.
    place
        .run("ca revoke web/tls.crt --yes --dir safe")
        .refused(2, "HF-103");
    place.run("ca audit verify --dir safe").good();
    let away = place.run("ca rotate").refused(2, "HF-833");
    assert!(away.stderr.contains("--root-at DIR"), "{away:#?}");
    place.run("ca rotate --root-at safe").good();
}

#[test]
fn a_ca_is_added_for_profiles_that_there_are() {
    let place = Place::with_authority();
    for profile in ["nosuch", "intermediate"] {
        place
            .run(&format!("ca issuer add --name payments --profiles {profile}"))
            .refused(2, "HF-820");
    }
    place
        .run("ca issuer add --name payments --profiles client")
        .good();
}
