//! The doctor as the server, two folders without a connection, and one folder alone.

use std::fs;

use crate::{
    cast,
    program::{Place, daemon::Daemon},
};

/// What `doctor listen --once` says of one call by curl, and how it ends.
#[track_caller]
fn heard(place: &Place, pair: Option<&str>) -> (i32, String) {
    let words = "doctor listen 127.0.0.1:0 --once --client-ca server/ca.crt --cert server/tls.crt --key server/tls.key";
    let server = Daemon::start(place.handfast(words));
    let pair = pair
        .map(|pair| format!("--cert {pair}/tls.crt --key {pair}/tls.key"))
        .unwrap_or_default();
    place.shell(&format!(
        "curl -sS --max-time 10 --noproxy '*' --cacert server/ca.crt {pair} https://localhost:{}/",
        server.port
    ));
    let left = server.end();
    (left.exit, left.stdout)
}

#[test]
fn a_client_that_would_be_let_in_is_shown_with_its_chain() {
    let place = cast();
    let (exit, said) = heard(&place, Some("web"));
    assert_eq!(exit, 0, "{said}");
    for part in ["spiffe://acme/web", "acme Issuing CA", "no finding"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("HF-"), "{said}");
}

#[test]
fn a_client_that_would_be_refused_is_told_why() {
    let place = cast();
    let (exit, said) = heard(&place, Some("stranger"));
    assert_eq!(exit, 1, "{said}");
    for part in ["spiffe://acme/web", "other Issuing CA", "HF-103"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (exit, said) = heard(&place, None);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("HF-101") && !said.contains("spiffe://"), "{said}");
}

#[test]
fn two_folders_say_what_would_happen_between_them() {
    let place = cast();
    let what_if = |client: &str, more: &str| {
        place.run(&format!(
            "doctor what-if --client {client} --server server --host localhost {more}"
        ))
    };
    let said = what_if("web", "").good().stdout;
    assert!(
        said.contains("no finding") && said.contains("paths tried"),
        "{said}"
    );
    let ran = what_if("stranger", "--json");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings");
    let codes: Vec<&str> = findings
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    // Neither believes the other.
    assert!(
        codes.contains(&"HF-103") && codes.contains(&"HF-301"),
        "{report:#}"
    );
    let other = place.run("doctor what-if --client web --server server --host elsewhere.example");
    assert_eq!(other.exit, 1, "{other:#?}");
    assert_eq!(place.run("doctor what-if --client web --server nowhere").exit, 2);
}

#[test]
fn a_folder_with_a_fault_is_told_from_one_without() {
    let place = cast();
    let good = place.run("doctor --client-files web").good().stdout;
    assert!(
        good.contains("web/tls.crt") && good.contains("no finding"),
        "{good}"
    );
    // Another key than the certificate's.
    fs::copy(place.path("stranger/tls.key"), place.path("web/tls.key")).expect("copied");
    let bad = place.run("doctor --client-files web");
    assert_eq!(bad.exit, 1, "{bad:#?}");
    assert!(bad.stdout.contains("HF-4"), "{bad:#?}");
    assert_eq!(place.run("doctor --client-files nowhere").exit, 2);
}
