//! What is taken from the audit log, verified by a script in Python that shares nothing with the program.

mod program;

use program::{Place, Ran};

/// `scripts/check-proof` with the public key of the log.
fn checked(place: &Place, file: &str) -> Ran {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    place.shell(&format!(
        "$(dirname $(command -v lint_crl))/python {root}/scripts/check-proof handfast/audit.pub {file}"
    ))
}

#[test]
fn a_script_in_python_verifies_proof_checkpoint_and_export_and_refuses_what_was_changed() {
    let place = Place::with_authority();
    for name in ["a", "ö.example", "c", "d"] {
        let name = if name.is_ascii() {
            format!("{name}.example")
        } else {
            "xn--nda.example".into()
        };
        place
            .run(&format!("issue server --dns {name} --out {name}"))
            .good();
    }
    place.run("ca revoke a.example/tls.crt --yes").good();
    place
        .run("ca audit prove c.example/tls.crt --out c.tlog-proof")
        .good();
    place
        .run("ca audit prove a.example/tls.crt --event revoked --out a.tlog-proof")
        .good();
    place.run("ca audit checkpoint --out kept.txt").good();
    place.run("ca export --since 1d --out day.json").good();
    for (file, says) in [
        ("c.tlog-proof", "\"event\":\"issued\""),
        ("a.tlog-proof", "\"event\":\"revoked\""),
        ("kept.txt", "checkpoint of"),
        ("day.json", "export of"),
    ] {
        let ran = checked(&place, file).good();
        assert!(ran.stdout.contains(says), "{ran:#?}");
        let text = place.read(file);
        let changed = match file {
            "kept.txt" => text.replacen("\n1", "\n2", 1),
            "day.json" => text.replacen("server for", "client for", 1),
            _ => text.replacen("index ", "index 1", 1),
        };
        assert_ne!(changed, text);
        place.write("changed", &changed);
        assert_ne!(checked(&place, "changed").exit, 0, "{file}");
        assert_eq!(place.run("ca audit check changed").exit, 1, "{file}");
    }
    place.run("init --name Other --dir other").good();
    place
        .run("ca audit checkpoint --dir other --out other.txt")
        .good();
    assert_ne!(checked(&place, "other.txt").exit, 0);
}
