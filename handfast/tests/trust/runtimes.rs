//! curl, Python and Node: a file of CAs of our own.

use crate::{at_home, everything, program::Place, stage};

#[test]
fn curl_believes_after_install_and_not_after_remove_and_its_configuration_is_as_it_was() {
    let stage = stage();
    let place = &stage.place;
    let mine = "# mine\nsilent\nshow-error";
    place.write(".curlrc", mine);
    let call = "curl https://localhost:PORT/ -o page";
    assert_eq!(stage.shell(call).exit, 60);
    let ran = stage
        .shell("handfast trust install --for curl --ca server/ca.crt")
        .good();
    assert!(ran.stderr.contains("can now impersonate every host"), "{ran:#?}");
    stage.shell(call).good();
    // Who is believed by the system is believed as before.
    let roots = place.read(".config/handfast/trust/curl.pem");
    assert!(roots.matches("BEGIN CERTIFICATE").count() > 50);
    let undo = ran.next();
    stage.shell(&undo).good();
    assert_eq!(stage.shell(call).exit, 60);
    assert_eq!(place.read(".curlrc"), format!("{mine}\n"));
    assert!(!place.path(".config/handfast/trust/curl.pem").exists());
    // Without a configuration before there is none afterwards.
    place.shell("rm .curlrc").good();
    stage
        .shell("handfast trust install --for curl --ca server/ca.crt")
        .good();
    stage.shell(call).good();
    stage.shell(&undo).good();
    assert!(!place.path(".curlrc").exists());
}

#[test]
fn python_believes_with_the_variable_that_is_shown_and_not_after_remove() {
    let stage = stage();
    let call = "python3 -c 'import urllib.request; urllib.request.urlopen(\"https://localhost:PORT/\")'";
    assert_ne!(stage.shell(call).exit, 0);
    let next = stage
        .shell("handfast trust install --for python --ca server/ca.crt")
        .good()
        .next();
    stage.shell(&format!("{next} && {call}")).good();
    stage
        .shell("handfast trust remove --for python --ca server/ca.crt")
        .good();
    assert!(!stage.place.path(".config/handfast/trust/python.pem").exists());
    assert_ne!(stage.shell(&format!("{next}; {call}")).exit, 0);
}

#[test]
fn node_believes_with_the_variable_that_is_shown_and_not_after_remove() {
    let stage = stage();
    let call = "node -e 'require(\"https\").get(\"https://localhost:PORT/\", r => process.exit(0)).on(\"error\", e => process.exit(7))'";
    assert_eq!(stage.shell(call).exit, 7);
    let next = stage
        .shell("handfast trust install --for node --ca server/ca.crt")
        .good()
        .next();
    stage.shell(&format!("{next} && {call}")).good();
    stage
        .shell("handfast trust remove --for node --ca server/ca.crt")
        .good();
    assert_eq!(stage.shell(&format!("{next}; {call}")).exit, 7);
}

#[test]
fn installing_twice_is_installing_once_and_removing_twice_is_no_fault() {
    let place = Place::with_authority();
    for target in ["curl", "python", "node"] {
        let install = format!("handfast trust install --for {target} --ca handfast/root.crt --json");
        assert_eq!(at_home(&place, &install).good().json()["changed"], true);
        let before = everything(&place);
        assert_eq!(at_home(&place, &install).good().json()["changed"], false);
        assert_eq!(everything(&place), before);
        let remove = format!("handfast trust remove --for {target} --ca handfast/root.crt --json");
        assert_eq!(at_home(&place, &remove).good().json()["changed"], true);
        assert_eq!(at_home(&place, &remove).good().json()["changed"], false);
    }
}

#[test]
fn of_two_cas_the_one_that_is_removed_goes_and_the_other_stays() {
    let stage = stage();
    stage.place.run("init --name Other --dir other").good();
    let call = "curl -s https://localhost:PORT/ -o page";
    for ca in ["server/ca.crt", "other/root.crt"] {
        stage
            .shell(&format!("handfast trust install --for curl --ca {ca}"))
            .good();
    }
    stage.shell(call).good();
    stage
        .shell("handfast trust remove --for curl --ca other/root.crt")
        .good();
    stage.shell(call).good();
    stage
        .shell("handfast trust remove --for curl --ca server/ca.crt")
        .good();
    assert_eq!(stage.shell(call).exit, 60);
}

#[test]
fn a_dry_run_shows_every_file_and_command_and_changes_nothing() {
    let place = Place::with_authority();
    place
        .shell("mkdir -p image/usr/local/share/ca-certificates profile")
        .good();
    for (target, flags, said) in [
        ("curl", "", ".curlrc"),
        ("python", "", "python.pem"),
        ("node", "", "node.pem"),
        ("system", "--root image", "update-ca-certificates"),
        ("java", "--truststore t.p12", "keytool"),
        ("firefox", "--profile profile", "certutil"),
    ] {
        let line = format!("--for {target} --ca handfast/root.crt {flags}");
        let before = everything(&place);
        let ran = at_home(&place, &format!("handfast trust install {line} --dry-run")).good();
        assert!(
            ran.stdout.contains(said) && ran.stdout.contains("would"),
            "{ran:#?}"
        );
        assert_eq!(everything(&place), before, "{target}");
        at_home(&place, &ran.next()).good();
        let installed = everything(&place);
        assert_ne!(installed, before, "{target}");
        at_home(&place, &format!("handfast trust remove {line} --dry-run")).good();
        assert_eq!(everything(&place), installed, "{target}");
        at_home(&place, &format!("handfast trust remove {line}")).good();
    }
}
