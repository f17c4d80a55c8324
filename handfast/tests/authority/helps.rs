//! What an error of the CA says to do is a thing that works.

use std::fs;

use crate::program::{Place, Ran};

/// What stands behind `help: `.
fn help(ran: &Ran) -> String {
    let help = ran.stderr.lines().find_map(|line| line.strip_prefix("  help: "));
    help.unwrap_or_else(|| panic!("no help: {ran:#?}")).to_owned()
}

#[test]
fn a_folder_that_is_no_ca_is_made_one_and_a_damaged_ca_is_restored() {
    let place = Place::new();
    // Nothing is there: the command that is named makes it.
    let missing = place.run("ca list --dir new").refused(2, "HF-802");
    let help_of_missing = help(&missing);
    let command = help_of_missing.strip_prefix("make one: ").expect("a command");
    place.shell(command).good();
    place.run("ca list --dir new").good();
    place.run("ca backup --out kept --dir new").good();
    // A part of a CA is there: a new one would not take its place.
    let root = place.read("new/root.crt");
    place.write("new/root.crt", root.replace("CERTIFICATE", "CERTIFICAT"));
    for damage in ["flipped", "removed"] {
        let damaged = place
            .run("issue server --dns a.example --out a --dir new")
            .refused(2, "HF-802");
        let help = help(&damaged);
        assert!(
            help.contains("handfast ca restore FILE --dir DIR"),
            "{damage}: {help}"
        );
        assert!(!help.contains("init"), "{damage}: {help}");
        let _ = fs::remove_file(place.path("new/root.crt"));
    }
    place.run("ca restore kept --dir restored").good();
    place.shell("cp restored/root.crt new/root.crt").good();
    place.run("issue server --dns a.example --out a --dir new").good();
    // Something else is there: neither helps.
    place.shell("mkdir other && touch other/file").good();
    let other = place.run("ca list --dir other").refused(2, "HF-802");
    assert!(help(&other).contains("--dir DIR"), "{other:#?}");
    assert!(!help(&other).contains("restore"), "{other:#?}");
}

#[test]
fn what_exists_already_is_called_by_the_flag_that_has_named_it() {
    let place = Place::with_authority();
    place.run("ca backup --out kept").good();
    let refused = place.run("ca backup --out kept").refused(2, "HF-801");
    assert!(help(&refused).contains("another file with --out"), "{refused:#?}");
    for line in [
        "init --name Acme",
        "ca restore kept --dir handfast",
        "ca root export --to handfast",
    ] {
        let refused = place.run(line).refused(2, "HF-801");
        assert!(
            help(&refused).contains("a folder that is not there yet"),
            "{refused:#?}"
        );
    }
    place.run("ca root export --to safe").good();
}

#[test]
fn a_refusal_of_a_profile_names_what_says_no() {
    let place = Place::with_authority();
    place.write(
        "handfast/ca.toml",
        "[profile.client]\nrequesters = [\"user:nobody-here\"]\n[profile.server]\nmax-lifetime = \"48h\"\n",
    );
    for (line, code, said, to_do) in [
        (
            "issue client --uri spiffe://acme/web --out x",
            "HF-808",
            "for these users",
            "requesters in [profile.client] of ca.toml",
        ),
        (
            "issue server --dns a.example --lifetime 0s --out x",
            "HF-820",
            "at least 1m",
            "no profile goes below 1m",
        ),
        (
            "issue server --dns a.example --lifetime 49h --out x",
            "HF-820",
            "at most 2d",
            "max-lifetime in [profile.server]",
        ),
        (
            "ca issuer ocsp-signer --lifetime 31d",
            "HF-820",
            "at most 30d, found 31d",
            "at most 30d: this limit is the same for every CA",
        ),
        (
            "issue psd2 --dns a.example --out x",
            "HF-820",
            "nca-name and nca-id are missing",
            "write nca-name and nca-id into [profile.psd2] of ca.toml",
        ),
        (
            "ca issuer add --name pay --profiles psd2",
            "HF-820",
            "nca-name and nca-id are missing",
            "[profile.psd2]",
        ),
        (
            "issue root --dns a.example --out x",
            "HF-820",
            "no CA here signs",
            "handfast ca issuer add",
        ),
        (
            "issue toaster --dns a.example --out x",
            "HF-820",
            "issues no certificates of the profile \"toaster\"",
            "handfast ca profiles",
        ),
    ] {
        let refused = place.run(line).refused(2, code);
        assert!(refused.stderr.contains(said), "{line}: {refused:#?}");
        assert!(help(&refused).contains(to_do), "{line}: {refused:#?}");
    }
    place
        .run("issue server --dns a.example --lifetime 1m --out x")
        .good();
    place.run("ca issuer ocsp-signer --lifetime 30d").good();
}

#[test]
fn where_no_ca_signs_a_profile_the_command_that_is_named_makes_one() {
    let place = Place::with_authority();
    place.run("ca issuer add --name clients --profiles client").good();
    place.run("ca issuer retire issuing").good();
    let refused = place
        .run("issue server --dns a.example --out a")
        .refused(2, "HF-820");
    let said = help(&refused);
    let command = said.strip_prefix("make one: ").expect("a command");
    place.shell(&command.replace("NAME", "servers")).good();
    place.run("issue server --dns a.example --out a").good();
}
