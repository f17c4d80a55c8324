//! gRPC by software of others on both sides of the proxy: unary calls, streams both ways, deadlines, trailers.

mod program;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use program::{
    Place,
    daemon::until,
    pki::{DOOR, cast},
    servers::{Other, python, start},
    service::closed_port,
};
use serde_json::Value;

fn script(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/grpc")
        .join(name);
    path.display().to_string()
}

fn server(place: &Place, files: &str) -> (Other, u16) {
    let port = closed_port();
    let line = format!("{} {port} {files}", script("server.py"));
    (start(place, &python(), &line, port), port)
}

/// What became of the calls of the client `pair`.
fn call(place: &Place, port: u16, pair: &str) -> Result<Value, String> {
    let ran = Command::new(python())
        .args([script("client.py"), port.to_string()])
        .args([
            format!("{pair}/tls.crt"),
            format!("{pair}/tls.key"),
            "server/ca.crt".into(),
        ])
        .current_dir(place.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("Python runs");
    let (said, errors) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    serde_json::from_str(&said).map_err(|_| errors.into_owned())
}

/// Every kind of call, by a client that is allowed, to a backend that is spoken to in `to`.
fn assert_all_calls_arrive(place: &Place, to: &str) {
    let proxy = place.open(&format!("{DOOR} {to} --allow uri:spiffe://acme/web"));
    let out = call(place, proxy.port, "web").expect("an answer");
    // The backend was told by us who calls, and not by the client.
    let assert_told = |value: &Value| {
        let trailers = &value["trailers"];
        assert!(
            trailers["told"]
                .as_str()
                .is_some_and(|told| told.starts_with(":MI")),
            "{value}"
        );
    };
    assert_eq!(out["unary"]["answer"], "echo hello", "{out}");
    assert_told(&out["unary"]);
    assert_eq!(out["large"], 3_000_005);
    assert_eq!(out["failure"]["code"], "FAILED_PRECONDITION", "{out}");
    assert_eq!(out["failure"]["details"], "as was asked for");
    assert_eq!(out["missing"]["code"], "UNIMPLEMENTED", "{out}");
    assert_eq!(out["many"]["right"], true, "{out}");
    assert_told(&out["many"]);
    assert_eq!(out["total"], "499500");
    assert_eq!(out["talk"]["right"], true, "{out}");
    assert_told(&out["talk"]);
    assert_eq!(out["deadline"]["code"], "DEADLINE_EXCEEDED", "{out}");
    assert_eq!(out["deadline"]["in_time"], true, "{out}");

    let denied = call(place, proxy.port, "api").expect_err("it is denied");
    assert!(denied.contains("UNAVAILABLE"), "{denied}");
    until("the denial", || {
        let mut records = proxy.events("connection").into_iter();
        records.find(|record| record["code"] == "HF-609")
    });
}

#[test]
fn every_kind_of_call_passes_to_a_backend_without_tls() {
    let place = Place::new();
    cast(&place);
    let (_server, port) = server(&place, "");
    assert_all_calls_arrive(&place, &format!("--to h2c://127.0.0.1:{port}"));
}

#[test]
fn every_kind_of_call_passes_to_a_backend_that_asks_for_our_certificate() {
    let place = Place::new();
    cast(&place);
    let (_server, port) = server(&place, "server/tls.crt server/tls.key server/ca.crt");
    let to = format!("--to https://localhost:{port} --to-ca server/ca.crt");
    assert_all_calls_arrive(
        &place,
        &format!("{to} --to-cert api/tls.crt --to-key api/tls.key"),
    );
    // Without one the backend refuses the proxy, and the call ends.
    let proxy = place.open(&format!("{DOOR} {to} --allow any"));
    let refused = call(&place, proxy.port, "web").expect_err("it is refused");
    assert!(refused.contains("UNAVAILABLE"), "{refused}");
}

/// A call that says nothing for longer than a body or an answer may take is a stream, and goes on.
#[test]
fn a_quiet_stream_outlives_the_limits_of_bodies_and_answers() {
    let place = Place::new();
    cast(&place);
    let (_server, port) = server(&place, "");
    place.write("quiet.py", QUIET);
    let limits = "[proxy.limits]\nresponse = \"300ms\"\nidle = \"20s\"\nmin-rate = 100000\n";
    let proxy = place.open_with(&format!("h2c://127.0.0.1:{port}"), limits);
    let ran = Command::new(python())
        .args(["quiet.py", &proxy.port.to_string()])
        .current_dir(place.path(""))
        .output()
        .expect("Python runs");
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(
        String::from_utf8_lossy(&ran.stdout),
        "re first re second\n",
        "{errors}"
    );
}

const QUIET: &str = r#"
import sys, time, grpc
read = lambda name: open(name, "rb").read()
credentials = grpc.ssl_channel_credentials(read("server/ca.crt"), read("web/tls.key"), read("web/tls.crt"))
channel = grpc.secure_channel(f"localhost:{sys.argv[1]}", credentials)

def questions():
    time.sleep(1)
    yield b"first"
    time.sleep(7)
    yield b"second"

print(*(m.decode() for m in channel.stream_stream("/test.Echo/Talk")(questions(), timeout=30)))
"#;
