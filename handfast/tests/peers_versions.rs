//! Programs of which two versions can be had: what `setup` writes suits the one that is on the path.
//!
//! `scripts/test` unpacks the other one in `target/peers/others/`; where it did not, there is nothing to compare.

mod program;

use std::path::{Path, PathBuf};

use program::{Place, Ran};

/// The folder with the other version of a program; nothing where it was not brought.
fn other(name: &str) -> Option<PathBuf> {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_handfast"));
    let folder = built.parent()?.parent()?.join("peers/others").join(name);
    let is_here = folder.is_dir();
    if !is_here {
        eprintln!("{} is not here: scripts/test brings it", folder.display());
    }
    is_here.then_some(folder)
}

fn run(place: &Place, folder: &Path, line: &str) -> Ran {
    let mut command = place.handfast(line);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", folder.display()));
    Ran::new(line, command)
}

/// A program that says `printed` of itself, in `bin/` of the place.
fn stand_in(place: &Place, name: &str, printed: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(place.path("bin")).expect("a folder");
    place.write(&format!("bin/{name}"), format!("#!/bin/sh\necho '{printed}'\n"));
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path(&format!("bin/{name}")), executable).expect("it is ours");
    place.path("bin")
}

const FILES: &str = "--cert server/tls.crt --key server/tls.key --ca server/ca.crt";

#[test]
fn an_older_caddy_gets_what_it_knows_and_a_newer_one_the_newest() {
    let place = Place::with_authority();
    place.run("issue server --dns localhost --out server").good();
    for (printed, has, lacks, warned) in [
        (
            "2.6.2",
            "trusted_ca_cert_file",
            ["trust_pool", "persist_config"],
            true,
        ),
        (
            "v2.11.7 h1:abc=",
            "trust_pool file",
            ["trusted_ca_cert_file", "trusted_leaf"],
            false,
        ),
    ] {
        let folder = stand_in(&place, "caddy", printed);
        let ran = run(&place, &folder, &format!("setup caddy {FILES}")).good();
        assert!(ran.stdout.contains(has), "{ran:#?}");
        assert!(!lacks.iter().any(|word| ran.stdout.contains(word)), "{ran:#?}");
        assert_eq!(ran.stderr.contains("is older than 2.8"), warned, "{ran:#?}");
        let version = run(&place, &folder, &format!("setup caddy {FILES} --json")).json()["version"].clone();
        assert_eq!(
            version,
            printed.trim_start_matches('v').split(' ').next().expect("a word")
        );
    }
}

#[test]
fn what_is_shown_of_a_target_says_with_which_versions_it_was_tested() {
    let shown = Place::new().run("setup show caddy").good();
    assert!(shown.stdout.contains("tested with 2.6.2, 2.11.7"), "{shown:#?}");
}

#[test]
fn caddy_as_debian_has_it_is_set_up_as_the_newest_is() {
    let Some(folder) = other("caddy-debian") else {
        return;
    };
    let ran = run(&Place::new(), &folder, "setup verify caddy --json");
    assert_eq!((ran.exit, &ran.json()["good"]), (0, &true.into()), "{ran:#?}");
}

#[test]
fn the_newest_nginx_is_set_up_as_that_of_debian_is() {
    let Some(folder) = other("nginx-release") else {
        return;
    };
    let ran = run(&Place::new(), &folder, "setup verify nginx --json");
    assert_eq!((ran.exit, &ran.json()["good"]), (0, &true.into()), "{ran:#?}");
}
