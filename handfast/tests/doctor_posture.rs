//! Real servers, each with another hole, and the grade that it costs them. What cannot be found out is never good.

mod program;

#[path = "doctor_posture/demands.rs"]
mod demands;
#[path = "doctor_posture/forged.rs"]
mod forged;
#[path = "doctor_posture/hosts.rs"]
mod hosts;
#[path = "doctor_posture/machines.rs"]
mod machines;
#[path = "doctor_posture/no_grade.rs"]
mod no_grade;

use handfast_pki::Profile;
use program::{
    Place, Ran,
    pki::{Ca, Wanted},
    servers::{Other, nginx},
    service::closed_port,
};
use serde_json::Value;

/// A server's certificate in `server/`, a client of its CA in `web/`.
fn cast() -> Place {
    let place = Place::new();
    let ca = Ca::new(&place, "acme");
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    ca.issue(&place, "server", &server, &["dns:localhost", "dns:other.example"]);
    ca.issue(&place, "web", &client, &["uri:spiffe://acme/web"]);
    place.shell("chmod 600 server/tls.key web/tls.key").good();
    place
}

const HELLO: &str = "location / { return 200 \"hello\\n\"; }";
const MODERN: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;";
const VERIFY: &str = "ssl_client_certificate server/ca.crt; ssl_verify_client on;";

/// nginx with `lines` in its server.
#[track_caller]
fn serve(place: &Place, lines: &str) -> (Other, u16) {
    let port = closed_port();
    let http = format!(
        "server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate server/tls.crt; \
         ssl_certificate_key server/tls.key; {lines} }}"
    );
    (nginx(place, &http, port), port)
}

fn posture(place: &Place, port: u16, more: &str) -> Ran {
    place.run(&format!(
        "doctor posture https://localhost:{port}/ --ca server/ca.crt {more} --json"
    ))
}

/// The check called `name`.
#[track_caller]
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["check"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// The server on `port` has a hole by this name; the rest of the report for more.
#[track_caller]
fn assert_hole(place: &Place, port: u16, name: &str, grade: &str, code: Option<&str>) -> Value {
    let ran = posture(place, port, "");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let report = ran.json();
    let hole = check(&report, name);
    assert_eq!(hole["verdict"], "hole", "{report:#}");
    assert_eq!(hole["grade"], grade, "{report:#}");
    assert_eq!(hole["code"].as_str(), code, "{report:#}");
    assert!(
        hole["help"].as_str().is_some_and(|help| !help.is_empty()),
        "{hole}"
    );
    assert_eq!(report["grade"], grade, "{report:#}");
    let reasons = report["reasons"].as_array().expect("reasons");
    assert!(reasons.contains(&name.into()), "{report:#}");
    if let Some(code) = code {
        let findings = report["findings"].as_array().expect("findings");
        assert!(
            findings.iter().any(|finding| finding["code"] == code),
            "{report:#}"
        );
    }
    report
}

/// Nothing is wrong but what a library of old times cannot do.
#[track_caller]
fn assert_no_hole(place: &Place, port: u16) -> Value {
    let report = posture(place, port, "").good().json();
    for check in report["checks"].as_array().expect("checks") {
        assert_ne!(check["verdict"], "hole", "{report:#}");
    }
    for name in ["client-certificate", "verification"] {
        assert_eq!(check(&report, name)["grade"], "A+", "{report:#}");
    }
    assert_eq!(report["findings"], serde_json::json!([]));
    report
}
