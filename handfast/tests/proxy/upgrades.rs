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

/// What becomes of a CONNECT for `protocol` on a stream of HTTP/2 (RFC 8441).
fn connect(place: &Place, port: u16, path: &str, protocol: &str) -> (u16, String) {
    let call = Call::over_http2(place, "web");
    let (runtime, stream) = call.knock(port).expect("accepted").into_parts();
    runtime.block_on(async {
        let (mut sender, connection) = hyper::client::conn::http2::handshake(
            hyper_util::rt::TokioExecutor::new(),
            hyper_util::rt::TokioIo::new(stream),
        )
        .await
        .expect("HTTP/2");
        // The settings of the proxy say that it can, and come with its first bytes.
        let mut connection = Box::pin(connection);
        std::future::poll_fn(|cx| {
            let _ = connection.as_mut().poll(cx);
            if connection.is_extended_connect_protocol_enabled() {
                return std::task::Poll::Ready(());
            }
            // They are taken in by another task, which does not wake this one.
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        tokio::spawn(connection);
        let mut request = http::Request::connect(format!("https://localhost{path}"))
            .header("sec-websocket-version", "13")
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .expect("a request");
        request
            .extensions_mut()
            .insert(hyper::ext::Protocol::from(protocol));
        let answer = sender.send_request(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = http_body_util::BodyExt::collect(answer.into_body())
            .await
            .expect("a body");
        (status, String::from_utf8_lossy(&body.to_bytes()).into_owned())
    })
}

#[test]
fn over_http2_a_switch_without_the_answer_to_our_key_is_none() {
    let service = eager();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    for path in ["/", "/other"] {
        let (status, text) = connect(&place, proxy.port, path, "websocket");
        assert_eq!(status, 502, "{text}");
        assert!(text.contains("HF-706"), "{text}");
        let heard = service.last();
        assert!(
            heard.head.starts_with(&format!("GET {path} HTTP/1.1")),
            "{heard:#?}"
        );
        assert_eq!(heard.value("upgrade"), "websocket");
        assert_eq!(heard.value("connection"), "upgrade");
        assert_eq!(heard.value("sec-websocket-key").len(), 24);
        assert!(heard.value("client-cert").starts_with(":MI"));
    }
}

#[test]
fn over_http2_a_backend_that_says_no_is_heard_and_one_that_says_yes_without_switching_is_not() {
    let place = Place::new();
    cast(&place);
    let service = Service::start(|heard, stream| {
        let status = if heard.head.starts_with("GET /yes") {
            "200 OK"
        } else {
            "403 Forbidden"
        };
        let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 4\r\n\r\nwhy\n");
    });
    let proxy = place.open_with(&service.url(), "");
    assert_eq!(
        connect(&place, proxy.port, "/no", "websocket"),
        (403, "why\n".to_owned())
    );
    assert_eq!(connect(&place, proxy.port, "/yes", "websocket").0, 502);
}

#[test]
fn over_http2_no_protocol_but_websocket_reaches_the_service() {
    let service = eager();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    for protocol in ["connect-udp", "h2c", "websocket, h2c"] {
        let (status, text) = connect(&place, proxy.port, "/", protocol);
        assert_eq!(status, 400, "{protocol}: {text}");
    }
    assert!(service.heard().is_empty());
    let plain = place.open_with("h2c://127.0.0.1:9", "");
    assert_eq!(connect(&place, plain.port, "/", "websocket").0, 501);
}
