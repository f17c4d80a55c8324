//! HTTP through the proxy: what must pass does, what two readers could read differently does not.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::program::{
    Place,
    caller::Call,
    daemon::Daemon,
    pki::{DOOR, cast},
    service::{Service, closed_port, listen},
};

fn stage(service: &Service) -> (Place, Daemon) {
    stage_to(&service.url())
}

fn stage_to(url: &str) -> (Place, Daemon) {
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {url} --allow uri:spiffe://acme/web"));
    (place, proxy)
}

const MEBIBYTE: usize = 1 << 20;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

#[test]
fn a_connection_is_kept_alive_and_each_request_is_counted() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for _ in 0..5 {
        assert_eq!(caller.get().expect("an answer").text(), "hello\n");
    }
    drop(caller);
    assert_eq!(proxy.connection(1)["requests"], 5);
    assert!(service.heard().iter().all(|heard| heard.connection == 1));
}

#[test]
fn bodies_of_a_mebibyte_pass_both_ways_with_length_and_in_chunks() {
    let service = Service::start(|heard, stream| {
        let answer = if heard.head.starts_with("POST /chunked") {
            let mut all = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for chunk in heard.body.chunks(10_007) {
                all.extend(format!("{:x}\r\n", chunk.len()).bytes());
                all.extend(chunk);
                all.extend(b"\r\n");
            }
            all.extend(b"0\r\n\r\n");
            all
        } else {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", heard.body.len());
            [head.as_bytes(), &heard.body].concat()
        };
        let _ = stream.write_all(&answer);
    });
    let (place, proxy) = stage(&service);
    let body = pattern(MEBIBYTE);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let head = format!("POST /length HTTP/1.1\r\nhost: localhost\r\ncontent-length: {MEBIBYTE}\r\n\r\n");
    caller.send(head.as_bytes()).expect("sent");
    caller.send(&body).expect("sent");
    assert!(caller.answer().expect("an answer").body == body);
    caller
        .send(b"POST /chunked HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        .expect("sent");
    for chunk in body.chunks(60_013) {
        caller
            .send(format!("{:X};ext=1\r\n", chunk.len()).as_bytes())
            .expect("sent");
        caller.send(chunk).expect("sent");
        caller.send(b"\r\n").expect("sent");
    }
    caller.send(b"0\r\n\r\n").expect("sent");
    let answer = caller.answer().expect("an answer");
    assert!(
        answer.head.to_lowercase().contains("transfer-encoding: chunked"),
        "{}",
        answer.head
    );
    assert!(answer.body == body);
    assert!(service.heard().iter().all(|heard| heard.body == body));
    drop(caller);
    let record = proxy.connection(1);
    for bytes in ["bytes_in", "bytes_out"] {
        assert!(record[bytes].as_u64() > Some(2 * MEBIBYTE as u64), "{record}");
    }
}

#[test]
fn the_answer_to_head_has_no_body_and_the_next_answer_is_not_taken_for_one() {
    let service = Service::start(|heard, stream| {
        let body = if heard.head.starts_with("HEAD") {
            ""
        } else {
            "hello\n"
        };
        let _ = write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n{body}");
    });
    let (place, proxy) = stage(&service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller
        .send(b"HEAD / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    let head = caller.head().expect("a head");
    assert_eq!(head.status, 200);
    assert!(
        head.head.to_lowercase().contains("content-length: 6"),
        "{}",
        head.head
    );
    assert_eq!(caller.get().expect("an answer").text(), "hello\n");
}

#[test]
fn after_an_upgrade_bytes_pass_both_ways_until_both_ends() {
    let service = Service::start(|heard, stream| {
        if heard.value("upgrade") != "websocket" {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
        let _ = stream.write_all(
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nfirst",
        );
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            let _ = stream.write_all(&buffer[..read]);
        }
        let _ = stream.write_all(b"last");
        let _ = stream.shutdown(Shutdown::Both);
    });
    let (place, proxy) = stage(&service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller
        .send(b"GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n")
        .expect("sent");
    let head = caller.head().expect("a head");
    assert_eq!(head.status, 101);
    assert!(
        head.head.to_lowercase().contains("upgrade: websocket"),
        "{}",
        head.head
    );
    assert_eq!(
        caller.read_exactly(5).expect("the service speaks first"),
        b"first"
    );
    let frames = pattern(100_000);
    for frame in frames.chunks(1000) {
        caller.send(frame).expect("sent");
        assert!(caller.read_exactly(frame.len()).expect("echoed") == frame);
    }
    caller.finish_sending();
    assert_eq!(caller.read_to_end().expect("to its end"), b"last");
    let heard = service.last();
    assert_eq!(heard.value("sec-websocket-key"), "x");
    assert_eq!(heard.values("client-cert").len(), 1);
    assert_eq!(proxy.connection(1)["verdict"], "allowed");
}

#[test]
fn an_upgrade_that_the_service_declines_is_an_answer_like_any_other() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let answer = caller
        .ask("GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        .expect("an answer");
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello\n"));
    assert_eq!(caller.get().expect("an answer").status, 200);
}

#[test]
fn who_expects_100_continue_is_told_to() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller
        .send(b"POST / HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
        .expect("sent");
    assert_eq!(caller.head().expect("a head").status, 100);
    caller.send(b"body").expect("sent");
    assert_eq!(caller.answer().expect("an answer").status, 200);
    let heard = service.last();
    assert_eq!(heard.body, b"body");
    assert!(heard.values("expect").is_empty(), "{heard:#?}");
}

#[test]
fn what_can_be_read_in_two_ways_is_refused_and_never_reaches_the_service() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let large = format!("x-large: {}\r\n", "x".repeat(40 << 10));
    let many: String = (0..200).map(|index| format!("x-{index}: 1\r\n")).collect();
    let table = [
        (
            "two lengths",
            "host: localhost\r\ncontent-length: 3\r\ncontent-length: 4\r\n",
            400,
        ),
        ("two hosts", "host: localhost\r\nhost: other.example\r\n", 400),
        (
            "the same host twice",
            "host: localhost\r\nhost: localhost\r\n",
            400,
        ),
        ("no host", "x: y\r\n", 400),
        ("an empty name", "host: localhost\r\n: x\r\n", 400),
        ("a space before the colon", "host: localhost\r\nx : y\r\n", 400),
        ("a folded line", "host: localhost\r\nx: y\r\n z\r\n", 400),
        ("a zero byte", "host: localhost\r\nx: \0\r\n", 400),
        (
            "a header that is too large",
            &format!("host: localhost\r\n{large}"),
            431,
        ),
        ("too many headers", &format!("host: localhost\r\n{many}"), 431),
    ];
    for (what, headers, status) in &table {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        caller
            .send(format!("POST / HTTP/1.1\r\n{headers}\r\n0\r\n\r\n").as_bytes())
            .expect("sent");
        let answer = caller.head().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(answer.status, *status, "{what}: {}", answer.head);
        assert!(service.heard().is_empty(), "{what}: {:#?}", service.heard());
    }
    for (target, status) in [
        ("http://other.example/", 400),
        ("*", 200),
        ("http://localhost/", 200),
    ] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let method = if target == "*" { "OPTIONS" } else { "GET" };
        let answer = caller.ask(&format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        assert_eq!(answer.expect("an answer").status, status, "{target}");
    }
    assert_eq!(service.heard().len(), 2);
}

/// RFC 9112 section 6.3: read by the chunks alone, the length not passed on, and the connection not kept.
#[test]
fn a_length_and_chunks_together_have_one_reading() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let smuggled = "GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
    ] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let request = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n\r\n0\r\n\r\n{smuggled}");
        assert!(caller.ask(&request).is_ok(), "{headers}");
        assert!(
            caller.read_to_end().is_ok_and(|more| more.is_empty()),
            "it is kept: {headers}"
        );
        let heard = service.last();
        assert!(
            heard.values("content-length").is_empty() && heard.body.is_empty(),
            "{heard:#?}"
        );
    }
    assert!(
        service
            .heard()
            .iter()
            .all(|heard| heard.head.starts_with("POST / "))
    );
}

#[test]
fn a_service_that_is_down_is_a_502_with_its_code() {
    let (place, proxy) = stage_to(&format!("http://127.0.0.1:{}", closed_port()));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for _ in 0..2 {
        let answer = caller.get().expect("an answer");
        assert_eq!(answer.status, 502);
        assert!(
            answer
                .head
                .to_lowercase()
                .contains("content-type: application/problem+json"),
            "{}",
            answer.head
        );
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&"HF-705".into(), &502.into())
        );
        assert!(
            !answer.text().contains("127.0.0.1"),
            "the client learns nothing: {problem}"
        );
    }
}

#[test]
fn a_service_that_breaks_off_is_a_502_or_an_answer_that_is_seen_to_be_cut() {
    let service = Service::start(|heard, stream| {
        let path = heard.head.split(' ').nth(1).unwrap_or_default();
        let said: &[u8] = match path {
            "/silent" => b"",
            "/not-http" => b"220 mail.example ESMTP\r\n",
            "/half" => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
            "/half-chunked" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        };
        let _ = stream.write_all(said);
        if path != "/good" {
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    let (place, proxy) = stage(&service);
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    for path in ["/silent", "/not-http"] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let answer = caller.ask(&ask(path)).expect("an answer");
        assert_eq!(answer.status, 502, "{path}");
        assert!(answer.text().contains("HF-706"), "{path}: {}", answer.text());
        assert_eq!(caller.ask(&ask("/good")).expect("an answer").text(), "ok");
    }
    for path in ["/half", "/half-chunked"] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let answer = caller.ask(&ask(path));
        assert!(answer.is_err(), "{path} looks whole: {answer:?}");
    }
}

#[test]
fn a_service_behind_a_unix_socket_is_reached() {
    let place = Place::new();
    cast(&place);
    let listener = UnixListener::bind(place.path("app.sock")).expect("a socket");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nunix\n");
        }
    });
    let proxy = place.open(&format!("{DOOR} --to unix:app.sock --allow any"));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_eq!(caller.get().expect("an answer").text(), "unix\n");
    let nowhere = place.open(&format!("{DOOR} --to unix:nowhere.sock --allow any"));
    assert_eq!(Call::of(&place, "web").get(nowhere.port), Ok(502));
}

#[test]
fn a_service_that_speaks_tls_is_verified_and_may_ask_who_we_are() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let inner = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/api",
        service.url()
    ));
    let outer = |ca: &str, pair: &str| {
        place.open(&format!(
            "{DOOR} --to https://localhost:{} --to-ca {ca} {pair} --allow any",
            inner.port
        ))
    };
    let with_api = "--to-cert api/tls.crt --to-key api/tls.key";
    let with_web = "--to-cert web/tls.crt --to-key web/tls.key";
    let status = |proxy: &Daemon| Call::of(&place, "web").get(proxy.port);
    assert_eq!(status(&outer("web/ca.crt", with_api)), Ok(200));
    for (ca, pair) in [
        ("stranger/ca.crt", with_api),
        ("web/ca.crt", ""),
        ("web/ca.crt", with_web),
    ] {
        assert_eq!(status(&outer(ca, pair)), Ok(502), "{ca} {pair}");
    }
    assert_eq!(service.heard().len(), 1);
}

/// Longer than it takes a quiet connection to give its HTTP state back.
const REST: Duration = Duration::from_millis(500);

#[test]
fn a_connection_that_has_rested_serves_the_next_request() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for _ in 0..3 {
        let answer = caller
            .ask("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody")
            .expect("an answer");
        assert_eq!(answer.status, 200);
        assert_eq!(service.last().body, b"body");
        std::thread::sleep(REST);
    }
}

/// A service may answer before it has read the body. What the client sends then is still that body, also
/// after a pause, and never a request of its own.
#[test]
fn the_rest_of_a_body_is_no_request_however_late_it_comes() {
    let heard = Arc::new(Mutex::new(String::new()));
    let for_service = heard.clone();
    let port = listen(move |_, mut stream| {
        let mut buffer = [0; 4096];
        let mut answered = false;
        while let Ok(count @ 1..) = stream.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..count]).to_lowercase();
            for_service.lock().expect("no panic").push_str(&text);
            if !answered {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                answered = true;
            }
        }
    });
    let (place, proxy) = stage_to(&format!("http://127.0.0.1:{port}"));
    for head in [
        "content-length: 100\r\n\r\n0123456789",
        "transfer-encoding: chunked\r\n\r\n5\r\n01234\r\n",
    ] {
        heard.lock().expect("no panic").clear();
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let answer = caller.ask(&format!("POST / HTTP/1.1\r\nhost: localhost\r\n{head}"));
        assert_eq!(answer.expect("an answer").status, 200);
        std::thread::sleep(REST);
        let _ = caller.send(b"GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let more = caller.read_within(REST).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&more).contains("200 OK"),
            "a second answer"
        );
        let heard = heard.lock().expect("no panic").clone();
        assert_eq!(heard.matches("client-cert").count(), 1, "{heard}");
    }
}
