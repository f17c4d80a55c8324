//! Key files that are encrypted at rest.

use crate::program::{Place, Ran};

fn with(place: &Place, phrase: &str, line: &str) -> Ran {
    place.shell(&format!("HANDFAST_PASSPHRASE_FILE={phrase} handfast {line}"))
}

fn place() -> Place {
    let place = Place::new();
    place.write("phrase", "open sesame\n");
    place.write("wrong", "open\n");
    place
        .run("init --name Acme --encrypt --passphrase-file phrase")
        .good();
    place
}

fn is_encrypted(place: &Place, name: &str) -> bool {
    let text = place.read(&format!("handfast/{name}"));
    text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")
}

#[test]
fn no_key_of_an_encrypted_ca_is_on_the_disk_as_it_is() {
    let place = place();
    assert!(is_encrypted(&place, "root.key") && is_encrypted(&place, "issuing.key"));
    assert_eq!(place.mode("handfast/issuing.key"), 0o600);
    with(&place, "phrase", "issue server --dns a.example --out a").good();
    place
        .shell("HANDFAST_PASSPHRASE='open sesame' handfast ca rotate")
        .good();
    assert!(is_encrypted(&place, "ca/issuing-2.key"));
    with(&place, "phrase", "issue server --dns b.example --out b").good();
    place
        .run("verify b/tls.crt --ca handfast/root.crt --purpose server")
        .good();
    // Others open them with the same passphrase.
    place
        .shell("openssl pkey -in handfast/issuing.key -passin file:phrase -noout")
        .good();
    with(&place, "phrase", "ca root export --to safe").good();
    assert!(place.read("safe/root.key").contains("ENCRYPTED"));
    with(&place, "phrase", "ca key decrypt").good();
    assert!(!is_encrypted(&place, "issuing.key") && !is_encrypted(&place, "ca/issuing-2.key"));
    place.run("issue server --dns c.example --out c").good();
    place.run("ca key encrypt --passphrase-file phrase").good();
    assert!(is_encrypted(&place, "issuing.key") && is_encrypted(&place, "ca/issuing-2.key"));
    with(&place, "phrase", "ca check").good();
}

#[test]
fn a_wrong_or_missing_passphrase_signs_and_changes_nothing() {
    let place = place();
    let before = place.read("handfast/issuing.key");
    let issue = "issue server --dns a.example --out a";
    with(&place, "wrong", issue).refused(2, "HF-844");
    place.run(issue).refused(2, "HF-403");
    with(&place, "wrong", "ca key decrypt").refused(2, "HF-844");
    with(&place, "wrong", "ca rotate").refused(2, "HF-844");
    with(&place, "wrong", "ca check").refused(1, "HF-844");
    assert!(!place.path("a").exists());
    assert_eq!(place.read("handfast/issuing.key"), before);
    let planned = place.run("ca list --state planned --json").good().json();
    assert_eq!(planned["certificates"].as_array().map(Vec::len), Some(0));
    // Who only looks needs none.
    for line in ["ca list", "ca issuer list", "ca journal", "ca rotate --status"] {
        place.run(line).good();
    }
    with(&place, "phrase", issue).good();
}
