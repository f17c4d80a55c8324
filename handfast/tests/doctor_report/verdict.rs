//! When a client counts as let in: by what the server does, and never by its silence.

use crate::program::{
    Place, Ran,
    pki::{Ca, Wanted},
    servers::{Other, start},
    service::closed_port,
};
use handfast_pki::Profile;
use serde_json::Value;

/// A server's certificate, a client whose common name is "web", and one of another CA.
fn cast() -> Place {
    let place = Place::new();
    let (ours, others) = (Ca::new(&place, "acme"), Ca::new(&place, "other"));
    let (server, client) = (Wanted::now(Profile::Server), Wanted::now(Profile::Client));
    ours.issue(&place, "server", &server, &["dns:localhost", "ip:127.0.0.1"]);
    ours.issue(&place, "web", &client, &["cn:web", "uri:spiffe://acme/web"]);
    others.issue(&place, "stranger", &client, &["cn:web", "uri:spiffe://acme/web"]);
    place.shell("chmod 600 */tls.key").good();
    place
}

/// PostgreSQL that lets users in by the common name of their certificate.
#[track_caller]
fn postgres(place: &Place) -> (Other, u16) {
    place.write("postgres.sh", include_str!("postgres.sh"));
    let port = closed_port();
    (start(place, "sh", &format!("postgres.sh {port}"), port), port)
}

#[track_caller]
fn asked_as(place: &Place, port: u16, user: &str, pair: Option<&str>) -> Ran {
    let pair = pair
        .map(|pair| format!("--cert {pair}/tls.crt --key {pair}/tls.key"))
        .unwrap_or_default();
    place.run(&format!(
        "doctor localhost:{port} --starttls postgres --user {user} --ca server/ca.crt {pair} --no-probe --json"
    ))
}

#[track_caller]
fn first(ran: &Ran) -> (String, String) {
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let json = ran.json();
    let text = |name: &str| {
        let value = json["findings"][0][name].as_str();
        value.expect("a finding").to_owned()
    };
    (text("code"), text("because"))
}

#[test]
fn postgresql_is_asked_for_a_user_and_its_answer_is_the_verdict() {
    let place = cast();
    let (_postgres, port) = postgres(&place);
    let let_in = asked_as(&place, port, "web", Some("web")).good().json();
    let verdict = let_in["notes"]["verdict"].as_str().expect("a verdict");
    assert!(verdict.starts_with("accepted"), "{verdict}");
    for (user, pair, code, because) in [
        // After the handshake, in the words of the service.
        (
            "postgres",
            Some("web"),
            "HF-604",
            "certificate authentication failed",
        ),
        ("web", None, "HF-101", "requires a valid client certificate"),
        // In the handshake.
        ("web", Some("stranger"), "HF-103", "unknown_ca"),
    ] {
        let ran = asked_as(&place, port, user, pair);
        let (found, why) = first(&ran);
        assert_eq!(found, code, "{ran:#?}");
        assert!(why.contains(because), "{why}");
        assert_eq!(ran.json()["notes"]["verdict"], Value::Null);
    }
}

/// TLS 1.3 that takes any client of its CA and then says nothing: `silent.py PORT TICKETS`.
const SILENT: &str = r#"
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server/tls.crt", "server/tls.key")
context.load_verify_locations("server/ca.crt")
context.verify_mode = ssl.CERT_REQUIRED
context.num_tickets = int(sys.argv[2])
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        peer, _ = listener.accept()
        try:
            with context.wrap_socket(peer, server_side=True) as tls:
                tls.recv(1)
        except OSError:
            pass
"#;

#[test]
fn silence_after_the_handshake_is_not_called_acceptance() {
    let place = cast();
    place.write("silent.py", SILENT);
    let verdict = |tickets: u8| {
        let port = closed_port();
        let _server = start(&place, "python3", &format!("silent.py {port} {tickets}"), port);
        let ran = place.run(&format!(
            "doctor localhost:{port} --alpn none --ca server/ca.crt --cert web/tls.crt --key web/tls.key --no-probe \
             --json"
        ));
        let json = ran.good().json();
        json["notes"]["verdict"].as_str().expect("a verdict").to_owned()
    };
    assert_eq!(
        verdict(0),
        "not refused while we listened; nothing proves that it was accepted"
    );
    // A ticket is a word.
    assert!(verdict(1).starts_with("accepted"), "{}", verdict(1));
}
