//! One protocol can take over a connection, and only where the client asked for it: WebSocket. Any other would let the
//! client write to the service past us, identity headers included.

use std::{
    io::{Read, Write},
    net::Shutdown,
};

use crate::program::{Place, caller::Call, pki::cast, service::Service};

/// A service that switches to whatever was asked for, or to `h2c` where nothing was.
fn eager() -> Service {
    Service::start(|heard, stream| {
        let asked = heard.values("upgrade").join(", ");
        let path = heard.head.split(' ').nth(1).unwrap_or_default();
        let to = match path {
            "/other" => "h2c",
            "/unasked" => "websocket",
            _ if asked.is_empty() => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n");
                return;
            }
            _ => &asked,
        };
        let head =
            format!("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: {to}\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..read]);
        }
        let _ = stream.shutdown(Shutdown::Both);
    })
}

#[test]
fn no_protocol_but_websocket_is_asked_of_the_service() {
    let service = eager();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    for protocol in [
        "h2c",
        "H2C",
        "websocket, h2c",
        "h2c, websocket",
        "websocket\r\nupgrade: h2c",
        "websocket/13",
        "TLS/1.0",
        "\"websocket\"",
        "",
    ] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, http2-settings\r\nupgrade: {protocol}\r\n\
             http2-settings: AAMAAABkAAQAAP__\r\n\r\n"
        ));
        assert_eq!(answer.expect("an answer").status, 200, "{protocol}");
        let heard = service.last();
        for name in ["upgrade", "connection", "http2-settings"] {
            assert!(heard.values(name).is_empty(), "{protocol}: {heard:#?}");
        }
    }
}

#[test]
fn websocket_is_passed_on_in_any_case_of_letters() {
    let service = eager();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    for protocol in ["websocket", "WebSocket"] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let request = format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: {protocol}\r\n\r\n"
        );
        caller.send(request.as_bytes()).expect("sent");
        assert_eq!(caller.head().expect("a head").status, 101, "{protocol}");
        caller.send(b"frame").expect("sent");
        assert_eq!(caller.read_exactly(5).expect("echoed"), b"frame");
        assert_eq!(service.last().value("upgrade"), "websocket");
    }
}

#[test]
fn a_switch_that_nobody_asked_for_ends_the_connection() {
    let service = eager();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let asks = "connection: upgrade\r\nupgrade: websocket\r\n";
    for (path, headers) in [("/unasked", ""), ("/other", asks), ("/other", "")] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        let answer = caller.ask(&request).expect("an answer");
        assert_eq!(answer.status, 502, "{path}");
        assert!(answer.text().contains("HF-706"), "{}", answer.text());
        // What the client says next reaches nobody.
        let _ = caller.send(b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\nclient-cert: :forged:\r\n\r\n");
        assert!(caller.read_to_end().map_or(true, |rest| rest.is_empty()));
        assert!(
            service
                .heard()
                .iter()
                .all(|heard| !heard.head.contains("smuggled"))
        );
    }
}
