//! `init`: an authority of one's own, or one that exists already.

use crate::{certificates, program::Place};

#[test]
fn init_makes_an_authority_and_its_next_command_works() {
    let place = Place::new();
    let ran = place.run("init --name Acme").good();
    for said in [
        "root.crt",
        "issuing.crt",
        "issuing.key",
        "in 10 years",
        "in 5 years",
        "back up the folder",
    ] {
        assert!(ran.stdout.contains(said), "{said}: {ran:#?}");
    }
    assert_eq!(place.mode("handfast"), 0o700);
    assert_eq!(
        (
            place.mode("handfast/root.key"),
            place.mode("handfast/issuing.key")
        ),
        (0o600, 0o600)
    );
    let issued = place.shell(&ran.next()).good();
    place.shell(&issued.next()).good();
}

#[test]
fn init_puts_the_authority_where_the_flag_or_the_environment_says() {
    let place = Place::new();
    let ran = place.run("init --name Acme --dir elsewhere").good();
    place.shell(&ran.next()).good();
    let mut command = place.handfast("init --name Acme");
    assert!(
        command
            .env("HANDFAST_DIR", "by-environment")
            .output()
            .expect("runs")
            .status
            .success()
    );
    assert!(place.path("by-environment/root.crt").exists());
    assert!(!place.path("handfast").exists());
}

#[test]
fn init_overwrites_nothing() {
    let place = Place::with_authority();
    let before = place.read("handfast/root.crt");
    place.run("init --name Other").refused(2, "HF-801");
    assert_eq!(place.read("handfast/root.crt"), before);
    place.run("init --name Other --dir other").good();
    place.write("file", "");
    place.run("init --name Other --dir file").refused(2, "HF-801");
}

#[test]
fn init_refuses_flags_that_would_change_nothing_or_are_missing() {
    let place = Place::with_authority();
    let adopt = "init --dir adopted --from-cert handfast/root.crt --from-key handfast/root.key";
    for line in [
        format!("{adopt} --key p384"),
        format!("{adopt} --name Other"),
        "init".into(),
        "init --name A --key dsa".into(),
    ] {
        assert_eq!(place.run(&line).exit, 2, "{line}");
    }
    place
        .run(&format!("init --dir empty-name --name {}", "x".repeat(65)))
        .refused(2, "HF-803");
    assert!(!place.path("adopted").exists() && !place.path("empty-name").exists());
    place.run(adopt).good();
    place
        .run(
            &format!("{adopt} --dir through --intermediate --name Below --key p384")
                .replace("--dir adopted ", ""),
        )
        .good();
    assert_eq!(
        certificates(&place, "through/issuing.crt")[0].called(),
        "CN=Below Issuing CA,O=Below"
    );
}
