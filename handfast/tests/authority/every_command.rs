//! What all commands have in common.

use crate::program::Place;

#[test]
fn json_is_one_object_on_stdout_for_every_command_and_every_refusal() {
    let place = Place::new();
    let json = |line: &str| place.run(&format!("{line} --json")).json();
    assert_eq!(json("init --name Acme")["cas"].as_array().map(Vec::len), Some(2));
    let issued = json("issue server --dns localhost --out server");
    assert_eq!(issued["certificate"]["identity"]["called"], "dns:localhost");
    assert_eq!(
        issued["next"],
        "handfast verify server/tls.crt --ca server/ca.crt --purpose server --host localhost"
    );
    assert_eq!(
        json("inspect server/tls.crt")["items"][0]["serial"],
        issued["certificate"]["serial"]
    );
    assert_eq!(json("verify server/tls.crt --ca server/ca.crt")["trusted"], true);
    assert_eq!(json("init --name Acme")["error"]["code"], "HF-801");
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in [
        "init",
        "issue",
        "sign",
        "inspect",
        "verify",
        "convert",
        "trust install",
        "trust remove",
        "env",
    ] {
        let ran = place.run(&format!("{command} --help")).good();
        assert!(ran.stdout.contains("Example"), "{ran:#?}");
    }
}
