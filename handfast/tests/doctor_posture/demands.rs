//! What a server asks of its clients, and what it offers them.

use serde_json::Value;

use crate::{
    HELLO, MODERN, VERIFY, assert_hole, assert_no_hole, cast, check, posture,
    program::{pki::DOOR, service::Service},
    serve,
};

#[test]
fn our_own_proxy_has_the_best_grade_and_no_finding() {
    let place = cast();
    let service = Service::hello();
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web",
        service.url()
    ));
    let report = assert_no_hole(&place, proxy.port);
    assert_eq!(report["schema"], "handfast-posture/1");
    assert_eq!(report["grade"], "A+", "{report:#}");
    assert_eq!(report["reasons"], serde_json::json!([]));
    for check in report["checks"].as_array().expect("checks") {
        assert_eq!(check["verdict"], "good", "{report:#}");
        assert!(
            check["says"].as_str().is_some_and(|says| !says.is_empty()),
            "{check}"
        );
    }
    let said = place
        .run(&format!(
            "doctor posture https://localhost:{}/ --ca server/ca.crt",
            proxy.port
        ))
        .good();
    assert!(said.stdout.contains("\ngrade A+\n"), "{said:#?}");
    assert!(!said.stdout.contains("HF-"), "{said:#?}");
    // Nobody came in while we looked.
    assert!(service.heard().is_empty(), "{:#?}", service.heard());
}

#[test]
fn a_server_that_requires_and_verifies_has_no_hole() {
    let place = cast();
    let (_nginx, port) = serve(&place, &format!("{VERIFY} {MODERN} {HELLO}"));
    let report = assert_no_hole(&place, port);
    assert!(
        ["A", "A+"].map(Value::from).contains(&report["grade"]),
        "{report:#}"
    );
}

#[test]
fn a_certificate_that_is_asked_for_and_not_required_costs_the_grade() {
    let place = cast();
    let lines = format!("{VERIFY} {MODERN} {HELLO}").replace("client on", "client optional");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "client-certificate", "D", None);
    assert_eq!(check(&report, "verification")["verdict"], "good");
    // Refused by the application instead of the server: no hole.
    let refusing = format!("if ($ssl_client_verify != SUCCESS) {{ return 403; }} {lines}");
    let (_nginx, port) = serve(&place, &refusing);
    let report = posture(&place, port, "").json();
    assert_eq!(
        check(&report, "client-certificate")["verdict"],
        "good",
        "{report:#}"
    );
}

#[test]
fn a_certificate_that_nobody_signed_and_is_taken_is_the_worst() {
    let place = cast();
    let lines = format!("{VERIFY} {MODERN} {HELLO}").replace("client on", "client optional_no_ca");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "verification", "F", Some("HF-605"));
    assert_eq!(
        report["reasons"],
        serde_json::json!(["verification"]),
        "{report:#}"
    );
}

#[test]
fn a_server_that_asks_for_no_certificate_is_the_worst() {
    let place = cast();
    let (_nginx, port) = serve(&place, &format!("{MODERN} {HELLO}"));
    let report = assert_hole(&place, port, "client-certificate", "F", Some("HF-107"));
    assert_eq!(check(&report, "verification")["verdict"], "unknown");
}

#[test]
fn versions_of_old_times_are_a_hole() {
    let place = cast();
    let lines =
        format!("{VERIFY} ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0; {HELLO}");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "versions", "C", None);
    let says = check(&report, "versions")["says"].as_str().expect("text");
    assert!(says.starts_with("TLS 1.3, TLS 1.2, TLS 1.1, TLS 1.0"), "{says}");
    assert_eq!(check(&report, "client-certificate")["verdict"], "good");
}

#[test]
fn clients_of_public_cas_are_a_hole() {
    let place = cast();
    let lines =
        format!("{VERIFY} {MODERN} {HELLO}").replace("server/ca.crt", "/etc/ssl/certs/ca-certificates.crt");
    let (_nginx, port) = serve(&place, &lines);
    let report = assert_hole(&place, port, "issuers", "C", Some("HF-606"));
    assert_eq!(check(&report, "client-certificate")["verdict"], "good");
    let says = check(&report, "issuers")["says"].as_str().expect("text");
    assert!(says.contains("of them public"), "{says}");
}
