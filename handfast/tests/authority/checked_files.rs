//! `ca check` looks at every file of a CA directory, also at those with which nothing is signed now.

use std::fs;

use crate::program::Place;

/// Changes a bit in the middle of a file, which is base64 there.
fn flip(place: &Place, name: &str) {
    let path = place.path(name);
    let mut bytes = fs::read(&path).expect("a file");
    let middle = bytes.len() / 2;
    // No letter of base64 any more.
    bytes[middle] ^= 0x80;
    fs::write(path, bytes).expect("written");
}

/// `ca check` is good; after `damage` to `file` it names `what` with `code`; with the file back it is good again. Out: its hint.
fn found(
    place: &Place,
    dir: &str,
    file: &str,
    damage: fn(&Place, &str),
    (code, what): (&str, &str),
) -> String {
    let line = format!("ca check --dir {dir}");
    place.run(&line).good();
    let kept = fs::read(place.path(file)).expect("a file");
    let mode = place.mode(file);
    damage(place, file);
    let refused = place.run(&line).refused(1, code);
    let said = refused
        .stdout
        .lines()
        .find(|line| line.contains(&format!("[{code}]")));
    assert!(
        said.is_some_and(|line| line.contains(what)),
        "{file}: {refused:#?}"
    );
    let hint = refused
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("  help: "));
    let hint = hint.unwrap_or_else(|| panic!("no help: {refused:#?}")).to_owned();
    fs::write(place.path(file), kept).expect("written");
    place.shell(&format!("chmod {mode:o} {file}")).good();
    place.run(&line).good();
    hint
}

fn remove(place: &Place, name: &str) {
    fs::remove_file(place.path(name)).expect("removed");
}

/// What is done to a file of the CA.
type Damage = fn(&Place, &str);

const REMOVED_OR_FLIPPED: [(Damage, &str); 2] = [(remove, "HF-408"), (flip, "HF-409")];

#[test]
fn both_halves_of_the_key_of_the_audit_log_are_looked_at_and_the_public_one_can_be_written_anew() {
    let place = Place::with_authority();
    found(
        &place,
        "handfast",
        "handfast/audit.key",
        remove,
        ("HF-845", "audit.key"),
    );
    found(
        &place,
        "handfast",
        "handfast/audit.key",
        flip,
        ("HF-802", "audit.key"),
    );
    // The key of another log has not signed the head of this one, and nothing would be issued.
    place.run("init --name Other --dir other").good();
    let foreign: fn(&Place, &str) = |place, name| place.write(name, place.read("other/audit.key"));
    found(
        &place,
        "handfast",
        "handfast/audit.key",
        foreign,
        ("HF-812", "authority.db"),
    );
    for (damage, code) in REMOVED_OR_FLIPPED {
        let right = place.read("handfast/audit.pub");
        let hint = found(
            &place,
            "handfast",
            "handfast/audit.pub",
            damage,
            (code, "audit.pub"),
        );
        let command = hint.strip_prefix("write it anew: ").expect("a command");
        damage(&place, "handfast/audit.pub");
        place.shell(command).good();
        assert_eq!(place.read("handfast/audit.pub"), right);
    }
}

#[test]
fn the_public_half_of_a_former_key_of_the_audit_log_has_to_be_there() {
    let place = Place::with_authority();
    place.write("phrase", "open sesame\n");
    place.run("ca crl --out ca.crl").good();
    place.run("ca backup --out b --passphrase-file phrase").good();
    place.run("ca restore b --dir restored").good();
    place
        .shell("HANDFAST_PASSPHRASE_FILE=phrase handfast ca key decrypt --dir restored")
        .good();
    place.run("ca reconcile ca.crl --dir restored").good();
    let former = place.shell("ls restored/audit-*.pub").good().stdout;
    for (damage, code) in REMOVED_OR_FLIPPED {
        found(&place, "restored", former.trim(), damage, (code, former.trim()));
    }
}

#[test]
fn signers_of_ocsp_answers_and_the_key_of_a_ca_that_waits_are_looked_at() {
    let place = Place::with_authority();
    place.run("ca issuer ocsp-signer").good();
    place.run("ca issuer add --name later --csr later.csr").good();
    for (file, damage, found_as) in [
        (
            "ca/ocsp-issuing-1.key",
            remove as fn(&Place, &str),
            ("HF-845", "ocsp-issuing-1"),
        ),
        ("ca/ocsp-issuing-1.crt", flip, ("HF-802", "ocsp-issuing-1")),
        ("ca/later.key", remove, ("HF-845", "later")),
        ("ca/later.key", flip, ("HF-802", "later")),
    ] {
        found(&place, "handfast", &format!("handfast/{file}"), damage, found_as);
    }
}

#[test]
fn certificates_that_roots_have_signed_for_each_other_and_the_bundle_are_looked_at() {
    let place = Place::with_authority();
    place.run("ca rotate --root").good();
    place.run("issue server --dns a.example --out a").good();
    let by_new = "handfast/ca/root-by-root-2.crt";
    found(&place, "handfast", by_new, flip, ("HF-802", "root-by-root-2.crt"));
    place.run("init --name Other --dir other").good();
    let foreign: fn(&Place, &str) = |place, name| place.write(name, place.read("other/root.crt"));
    let flipped: fn(&Place, &str) = |place, name| {
        place
            .shell(&format!("openssl x509 -in {name} -outform DER -out x.der"))
            .good();
        let mut der = fs::read(place.path("x.der")).expect("DER");
        let last = der.len() - 1;
        der[last] ^= 1;
        place.write("x.der", der);
        place
            .shell(&format!("openssl x509 -in x.der -inform DER -out {name}"))
            .good();
    };
    found(
        &place,
        "handfast",
        by_new,
        flipped,
        ("HF-409", "root-by-root-2.crt"),
    );
    for damage in [remove as fn(&Place, &str), foreign] {
        let right = place.read("handfast/trust.crt");
        let hint = found(
            &place,
            "handfast",
            "handfast/trust.crt",
            damage,
            ("HF-309", "trust.crt"),
        );
        let command = hint.strip_prefix("write it anew: ").expect("a command");
        damage(&place, "handfast/trust.crt");
        place.shell(command).good();
        assert_eq!(place.read("handfast/trust.crt"), right);
    }
}

#[test]
fn a_command_that_a_finding_names_is_for_the_directory_that_was_looked_at() {
    let place = Place::new();
    place.run("init --name Acme --dir other").good();
    place
        .run("ca issuer add --name later --csr later.csr --dir other")
        .good();
    place.run("ca root export --to safe --dir other").good();
    place
        .run("ca root sign later.csr --root safe --out later.crt")
        .good();
    let noted = place.run("ca check --dir other").good();
    let help = noted
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("  help: "));
    let command = help.expect("a command").replace("FILE", "later.crt");
    place.shell(&command).good();
    let after = place.run("ca check --dir other").good();
    assert!(after.stdout.contains("nothing has to be done"), "{after:#?}");
}
