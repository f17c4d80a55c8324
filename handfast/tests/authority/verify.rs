//! `verify`: every way up, and what is wrong with it.

use handfast_testkit::forge::{Forge, dns, ed448_public};

use crate::{certificates, program::Place};

#[test]
fn verify_begins_with_the_identity_that_rules_use() {
    let place = Place::with_authority();
    place
        .run("issue client --uri spiffe://acme/web --name alice --out client")
        .good();
    let said = place
        .run("verify client/tls.crt --ca client/ca.crt")
        .good()
        .stdout;
    assert!(
        said.starts_with("trusted: uri:spiffe://acme/web (CN=alice) as a client"),
        "{said}"
    );
    assert!(
        said.lines()
            .any(|line| line.starts_with("  uri:spiffe://acme/web (CN=alice)")),
        "{said}"
    );
}

#[test]
fn verify_says_neither_yes_nor_no_of_a_key_that_is_not_supported() {
    let place = Place::with_authority();
    let root = Forge::ca("Root").root();
    let leaf = Forge::client("web", vec![dns("web.acme.example")]).for_key(&ed448_public(), &root);
    place.write("ca.crt", root.certificate.to_pem());
    place.write("leaf.crt", leaf.to_pem());
    let ran = place.run("verify leaf.crt --ca ca.crt").refused(3, "HF-218");
    for wrong in ["too weak", "not trusted", "not made by"] {
        assert!(!ran.stdout.contains(wrong), "{ran:#?}");
    }
    assert!(
        ran.stdout.starts_with("not decided: ") && ran.stdout.contains("Ed448"),
        "{ran:#?}"
    );
    let ran = place.run("verify leaf.crt --ca ca.crt --json");
    assert!(
        ran.stdout.contains("\"trusted\": null") || ran.stdout.contains("\"trusted\":null"),
        "{ran:#?}"
    );
}

#[test]
fn verify_names_what_is_wrong_with_a_chain() {
    let place = Place::with_authority();
    place.run("init --name Other --dir other").good();
    place.run("issue server --dns a.example --out server").good();
    place.write("leaf.crt", certificates(&place, "server/tls.crt")[0].to_pem());
    let ca = "--ca server/ca.crt --purpose server";
    place
        .run(&format!("verify server/tls.crt {ca} --host a.example"))
        .good();
    place
        .run(&format!("verify server/tls.crt {ca} --host b.example"))
        .refused(5, "HF-303");
    place
        .run(&format!("verify server/tls.crt {ca} --host 127.0.0.1"))
        .refused(5, "HF-305");
    place
        .run(&format!("verify server/tls.crt {ca} --at 2020-01-01T00:00:00Z"))
        .refused(5, "HF-203");
    place
        .run(&format!("verify server/tls.crt {ca} --at 2030-01-01T00:00:00Z"))
        .refused(5, "HF-202");
    place
        .run(&format!("verify server/tls.crt {ca} --at 2060-01-01T00:00:00Z"))
        .refused(5, "HF-202");
    place
        .run("verify server/tls.crt --ca other/root.crt --purpose server")
        .refused(5, "HF-301");
    place
        .run("verify server/tls.crt --ca other/root.crt --purpose client")
        .refused(5, "HF-201");
    place.run(&format!("verify leaf.crt {ca}")).refused(5, "HF-301");
    place
        .run(&format!("verify handfast/issuing.crt {ca}"))
        .refused(5, "HF-208");
    place
        .run("verify server/tls.crt --ca server/tls.key")
        .refused(2, "HF-409");
    place
        .run("verify server/tls.crt --ca leaf.crt")
        .refused(2, "HF-309");
    place
        .run("verify server/tls.crt --ca missing")
        .refused(2, "HF-408");
    place
        .run(&format!("verify server/tls.crt {ca} --host a..b"))
        .refused(2, "HF-803");
}

#[test]
fn verify_takes_several_anchors_and_shows_every_path() {
    let place = Place::with_authority();
    place.run("init --name Other --dir other").good();
    place
        .run("issue client --uri spiffe://acme/web --out client")
        .good();
    place.write(
        "both.crt",
        place.read("other/root.crt") + &place.read("handfast/root.crt"),
    );
    let ran = place
        .run("verify client/tls.crt --ca both.crt --json")
        .good()
        .json();
    assert_eq!(
        (&ran["trusted"], &ran["purpose"]),
        (&true.into(), &"client".into())
    );
    assert_eq!(ran["identity"]["uris"][0], "spiffe://acme/web");
    assert_eq!(ran["paths"][0]["certificates"].as_array().map(Vec::len), Some(3));
    let ran = place
        .run("verify client/tls.crt --ca other/root.crt")
        .refused(5, "HF-103");
    assert!(
        ran.stdout
            .contains("CN=Acme Root CA,O=Acme  (neither presented nor trusted)"),
        "{ran:#?}"
    );
}

#[test]
fn an_authority_with_the_right_name_and_another_key_is_told_from_an_unknown_one() {
    let place = Place::with_authority();
    place.run("init --name Acme --dir again").good();
    place.run("issue client --dns a --out client").good();
    place.run("verify client/tls.crt --ca client/ca.crt").good();
    place
        .run("verify client/tls.crt --ca again/root.crt")
        .refused(5, "HF-215");
}
