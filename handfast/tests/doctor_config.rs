//! Holes in the configurations of real servers: somebody gets in, `doctor config` names the line, and with what it
//! says to write the proxy is shut and nothing is left to say.

mod program;

#[path = "doctor_config/any.rs"]
mod any;
#[path = "doctor_config/apache.rs"]
mod apache;
#[path = "doctor_config/caddy.rs"]
mod caddy;
#[path = "doctor_config/envoy.rs"]
mod envoy;
#[path = "doctor_config/haproxy.rs"]
mod haproxy;
#[path = "doctor_config/nginx.rs"]
mod nginx;
#[path = "doctor_config/ways_around.rs"]
mod ways_around;

use std::{fs, os::unix::fs::PermissionsExt};

use handfast_pki::Profile;
use program::{
    Place,
    pki::{Ca, Wanted},
};

/// A server's certificate in `server/`, a client of its CA in `web/`, one of another CA in `stranger/`, one that
/// somebody made for himself in `nobody/`.
fn cast() -> Place {
    let place = Place::new();
    let (ours, others) = (Ca::new(&place, "acme"), Ca::new(&place, "other"));
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    ours.issue(
        &place,
        "server",
        &server,
        &["dns:localhost", "dns:a.example", "dns:b.example"],
    );
    ours.issue(&place, "web", &client, &["uri:spiffe://acme/web", "cn:web"]);
    others.issue(&place, "stranger", &client, &["uri:spiffe://acme/web", "cn:web"]);
    place
        .shell(
            "mkdir nobody && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=web \
             -keyout nobody/tls.key -out nobody/tls.crt",
        )
        .good();
    for who in ["server", "web", "stranger", "nobody"] {
        let key = place.path(&format!("{who}/tls.key"));
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    let pem = place.read("server/tls.crt") + &place.read("server/tls.key");
    place.write("server/tls.pem", pem);
    fs::set_permissions(place.path("server/tls.pem"), fs::Permissions::from_mode(0o600)).expect("a mode");
    place
}

/// What a client gets from `https://localhost`; without `who`, it has no certificate.
fn get(place: &Place, port: u16, who: Option<&str>, more: &str) -> String {
    let pair = who
        .map(|who| format!("--cert {who}/tls.crt --key {who}/tls.key"))
        .unwrap_or_default();
    let ran = place.shell(&format!(
        "curl -sS --fail --max-time 10 --noproxy '*' --cacert server/ca.crt {pair} {more} https://localhost:{port}/"
    ));
    if ran.exit == 0 { ran.stdout } else { String::new() }
}

fn gets_in(place: &Place, port: u16, who: Option<&str>) -> bool {
    get(place, port, who, "").contains("hello")
}

/// The right one comes in, one of nobody and none at all stay out.
#[track_caller]
fn assert_only_web_gets_in(place: &Place, port: u16) {
    assert!(gets_in(place, port, Some("web")));
    assert!(!gets_in(place, port, Some("nobody")) && !gets_in(place, port, None));
}

/// What a request for `host` gets over a handshake that openssl makes with `arguments`.
fn over(place: &Place, port: u16, host: &str, arguments: &str) -> String {
    let request = format!("GET / HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n");
    let line = format!(
        "printf '{request}' | timeout 10 openssl s_client -quiet -connect 127.0.0.1:{port} {arguments} 2>/dev/null"
    );
    place.shell(&line).stdout
}

/// What is found in `file`, as `HF-605 certain 9`; guesses are told by `all` alone.
#[track_caller]
fn all(place: &Place, file: &str) -> Vec<String> {
    let ran = place.run(&format!("doctor config {file} --json"));
    let report = ran.json();
    let findings = report["findings"].as_array().expect("findings").clone();
    assert_eq!(ran.exit, i32::from(!findings.is_empty()), "{ran:#?}");
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|finding| {
            let place = &finding["place"];
            assert!(
                place["text"].is_string() && !word(&place["file"]).is_empty(),
                "{finding:#}"
            );
            format!(
                "{} {} {}",
                word(&finding["code"]),
                word(&finding["certainty"]),
                place["line"]
            )
        })
        .collect()
}

#[track_caller]
fn found(place: &Place, file: &str) -> Vec<String> {
    let mut found = all(place, file);
    found.retain(|line| !line.contains("guess"));
    found
}

#[track_caller]
fn assert_silent(place: &Place, file: &str) {
    let said = place.run(&format!("doctor config {file}")).good();
    assert!(said.stdout.contains("no finding"), "{said:#?}");
}
