//! What counts is what the protocol within TLS says, and not that the handshake went well.

use std::time::{Duration, Instant};

use crate::program::{
    Place, Ran,
    pki::{Ca, Wanted},
    servers::{Other, start},
    service::closed_port,
};
use handfast_pki::Profile;

/// A server's certificate, a client called "web", one without a common name, and one of another CA.
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

/// TLS that requires a client of its CA and answers whatever is said with the same bytes: `answer.py PORT HEX`.
const ANSWER: &str = r#"
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server/tls.crt", "server/tls.key")
context.load_verify_locations("server/ca.crt")
context.verify_mode = ssl.CERT_REQUIRED
def serve(peer):
    try:
        with context.wrap_socket(peer, server_side=True) as tls:
            tls.recv(4096)
            tls.sendall(bytes.fromhex(sys.argv[2]))
            tls.recv(4096)
    except OSError:
        pass
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer,), daemon=True).start()
"#;

#[track_caller]
fn answering(place: &Place, answer: &[u8]) -> (Other, u16) {
    place.write("answer.py", ANSWER);
    let hex: String = answer.iter().map(|byte| format!("{byte:02x}")).collect();
    let port = closed_port();
    (
        start(place, "python3", &format!("answer.py {port} {hex}"), port),
        port,
    )
}

#[track_caller]
fn looked_at(place: &Place, target: &str, more: &str) -> Ran {
    place.run(&format!(
        "doctor {target} --ca server/ca.crt --cert web/tls.crt --key web/tls.key --json {more}"
    ))
}

#[test]
fn a_refusal_in_the_words_of_a_protocol_is_a_finding_and_a_welcome_is_none() {
    let place = cast();
    for (speak, answer, code) in [
        ("mqtt", b"\x20\x02\x00\x05".as_slice(), Some("HF-609")),
        ("mqtt", b"\x20\x02\x00\x04", Some("HF-604")),
        ("mqtt", b"\x20\x02\x00\x00", None),
        ("mqtt5", b"\x20\x03\x00\x87\x00", Some("HF-609")),
        ("redis", b"-NOAUTH Authentication required.\r\n", Some("HF-604")),
        ("redis", b"+PONG\r\n", None),
    ] {
        let (_server, port) = answering(&place, answer);
        let ran = looked_at(&place, &format!("localhost:{port}"), &format!("--speak {speak}"));
        let json = ran.json();
        let first = json["findings"][0]["code"].as_str();
        assert_eq!(first, code, "{speak} {answer:?}: {json:#}");
        assert_eq!(ran.exit, i32::from(code.is_some()), "{speak} {answer:?}");
    }
}

#[test]
fn a_redirect_to_a_login_is_no_acceptance_of_a_made_up_certificate() {
    let place = cast();
    // Whoever gets through the handshake is sent to the login; the made-up certificate does not get through.
    let answer = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (_server, port) = answering(&place, answer);
    let ran = looked_at(&place, &format!("https://localhost:{port}/"), "");
    let found = ran.json()["findings"].to_string();
    assert!(!found.contains("HF-605"), "{found}");
}

/// nginx's page for a certificate that it does not take, on the date `date`.
fn bad_certificate(date: &str) -> Vec<u8> {
    let page = "<center>The SSL certificate error</center>";
    format!(
        "HTTP/1.1 400 Bad Request\r\n{date}Content-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    )
    .into_bytes()
}

#[test]
fn a_server_whose_clock_is_behind_is_told_by_the_date_of_its_answer() {
    let place = cast();
    for (date, is_clock) in [("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", true), ("", false)] {
        let (_server, port) = answering(&place, &bad_certificate(date));
        let json = looked_at(&place, &format!("https://localhost:{port}/"), "").json();
        let first = &json["findings"][0];
        assert_eq!(first["code"] == "HF-203", is_clock, "{json:#}");
        assert_eq!(json["notes"]["clock"].is_string(), is_clock, "{json:#}");
    }
}

/// A listener that accepts and never says a word.
const MUTE: &str = r#"
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    kept = []
    while True:
        kept.append(listener.accept())
"#;

#[test]
fn a_silent_server_is_looked_at_for_five_seconds_and_what_was_not_tried_is_named() {
    let place = cast();
    place.write("mute.py", MUTE);
    let port = closed_port();
    let _server = start(&place, "python3", &format!("mute.py {port}"), port);
    let begun = Instant::now();
    let ran = looked_at(&place, &format!("localhost:{port}"), "");
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(6500), "{took:?}");
    let json = ran.json();
    assert_eq!(json["findings"][0]["code"], "HF-505", "{json:#}");
}

#[test]
fn a_host_in_unicode_is_asked_for_in_its_xn_form_and_shown() {
    let place = cast();
    let ran = looked_at(&place, "https://bücher.invalid:1/", "");
    let json = ran.json();
    let host = json["notes"]["host"].as_str().unwrap_or_default();
    assert!(host.contains("xn--bcher-kva.invalid"), "{json:#}");
    let refused = place.run("doctor https://a\u{2603}.invalid/ --json");
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert_eq!(refused.json()["error"]["code"], "HF-803", "{refused:#?}");
}

#[test]
fn a_finding_names_who_refused_and_whose_fault_it_is() {
    let place = cast();
    let (_server, port) = answering(&place, b"\x20\x02\x00\x00");
    let ran = place.run(&format!(
        "doctor localhost:{port} --speak mqtt --ca server/ca.crt --cert stranger/tls.crt --key stranger/tls.key --json"
    ));
    let first = &ran.json()["findings"][0];
    assert_eq!(
        (&first["side"], &first["fault"]),
        (&"server".into(), &serde_json::Value::Null),
        "{first:#}"
    );
    let none = place.run(&format!(
        "doctor localhost:{port} --speak mqtt --ca server/ca.crt --json"
    ));
    let first = &none.json()["findings"][0];
    assert_eq!(
        (&first["side"], &first["fault"]),
        (&"server".into(), &"client".into()),
        "{first:#}"
    );
}
