//! The tunnel as a forward proxy: HTTP CONNECT, to listed destinations, each as whom its route says.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use crate::program::{
    Place,
    caller::Call,
    daemon::Daemon,
    pki::{DOOR, cast},
    service::{Service, closed_port, listen},
};

fn far(place: &Place, service: &Service) -> Daemon {
    place.open(&format!("{DOOR} --to {} --allow any", service.url()))
}

fn forward_proxy(place: &Place, to: &str, more: &str) -> Daemon {
    let text = format!(
        "[[tunnel]]\nlisten = \"127.0.0.1:{}\"\nforward-proxy = true\nto = [{to}]\ncert = \"web/tls.crt\"\n\
         key = \"web/tls.key\"\nca = \"web/ca.crt\"\n{more}",
        closed_port()
    );
    place.write("tunnel.toml", text);
    place.open("tunnel --config tunnel.toml")
}

/// All that comes back for `said`.
fn said_back(port: u16, said: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("set");
    let _ = stream.write_all(said);
    let mut all = Vec::new();
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

fn connect(to: &str) -> String {
    format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")
}

/// A tunnel to `to`, or the status that was answered in its place.
fn connected(port: u16, to: &str) -> Result<TcpStream, String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("set");
    stream.write_all(connect(to).as_bytes()).expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).map_err(|error| error.to_string())?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if head.starts_with("HTTP/1.1 200 ") {
        Ok(stream)
    } else {
        Err(head)
    }
}

#[test]
fn a_program_says_where_it_wants_to_go_and_speaks_plain_http_there() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let forward = forward_proxy(&place, &format!("\"localhost:{}\"", far.port), "");
    let mut stream = connected(forward.port, &format!("LOCALHOST.:{}", far.port)).expect("connected");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut all = String::new();
    stream.read_to_string(&mut all).expect("an answer");
    assert!(
        all.starts_with("HTTP/1.1 200 ") && all.ends_with("hello\n"),
        "{all}"
    );
    drop(stream);
    let record = forward.connection(1);
    assert_eq!(
        (&record["verdict"], &record["rule"]),
        (&"allowed".into(), &"dns:localhost".into()),
        "{record}"
    );
    let identity = far.connection(1)["identity"]["called"].clone();
    assert_eq!(identity, "uri:spiffe://acme/web");
}

#[test]
fn bytes_that_come_with_the_request_or_first_from_the_server_are_carried() {
    let place = Place::new();
    cast(&place);
    let backend = listen(|_, mut stream| {
        let _ = stream.write_all(b"220 ready\n");
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = stream.write_all(&all);
    });
    let far = place.open(&format!("{DOOR} --to tcp://127.0.0.1:{backend} --allow any"));
    let to = format!("localhost:{}", far.port);
    let forward = forward_proxy(&place, &format!("\"{to}\""), "");
    let mut stream = TcpStream::connect(("127.0.0.1", forward.port)).expect("connected");
    stream
        .write_all((connect(&to) + "early").as_bytes())
        .expect("sent");
    stream.shutdown(Shutdown::Write).expect("half-closed");
    let mut all = String::new();
    stream.read_to_string(&mut all).expect("to its end");
    assert!(all.ends_with("220 ready\nearly"), "{all}");
}

#[test]
fn what_is_not_listed_is_answered_403_and_nothing_is_connected() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let forward = forward_proxy(
        &place,
        &format!("\"localhost:{}\", \"*.acme.example:443\"", far.port),
        "",
    );
    let elsewhere = [
        format!("localhost:{}", service.port),
        // The same server by its address, which is not listed.
        format!("127.0.0.1:{}", far.port),
        format!("[::ffff:127.0.0.1]:{}", far.port),
        format!("localhost.acme.example:{}", far.port),
        "acme.example:443".to_owned(),
        "a.b.acme.example:443".to_owned(),
    ];
    for (count, to) in elsewhere.iter().enumerate() {
        let head = connected(forward.port, to).expect_err(to);
        assert!(head.starts_with("HTTP/1.1 403 "), "{to}: {head}");
        let record = forward.connection(count + 1);
        assert_eq!(
            (&record["code"], &record["verdict"]),
            (&"HF-732".into(), &"denied".into()),
            "{record}"
        );
    }
    let body = said_back(forward.port, connect("acme.example:443").as_bytes());
    assert!(
        body.contains("application/problem+json") && body.contains("\"code\":\"HF-732\""),
        "{body}"
    );
    assert_eq!(far.events("connection").len(), 0);
    assert_eq!(service.heard().len(), 0);
    connected(forward.port, &format!("localhost:{}", far.port)).expect("what is listed");
}

#[test]
fn an_address_is_a_destination_where_it_is_listed() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let to = format!("127.0.0.1:{}", far.port);
    let forward = forward_proxy(&place, &format!("\"{to}\""), "");
    connected(forward.port, &to).expect("listed");
    connected(forward.port, &format!("localhost:{}", far.port)).expect_err("not listed");
}

#[test]
fn only_connect_is_understood() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let forward = forward_proxy(
        &place,
        &format!("\"localhost:{}\"", far.port),
        "[limits]\nheader-bytes = 8192\nhandshake = \"400ms\"\n",
    );
    let filler = "x".repeat(20_000);
    let cases = [
        (
            format!(
                "GET http://localhost:{}/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
                far.port
            ),
            "405",
            "HF-733",
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            "405",
            "HF-733",
        ),
        (
            "CONNECT localhost HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            "400",
            "HF-733",
        ),
        (
            "CONNECT localhost:0 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            "400",
            "HF-733",
        ),
        (
            format!(
                "CONNECT user@localhost:{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
                far.port
            ),
            "400",
            "HF-733",
        ),
        (
            format!("CONNECT localhost:{} HTTP/1.1\r\nX: {filler}\r\n\r\n", far.port),
            "431",
            "HF-711",
        ),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(), "", "HF-711"),
        // Slowly, or never.
        ("CONNECT localhost".to_owned(), "", "HF-708"),
        (String::new(), "", "HF-708"),
    ];
    for (count, (said, status, code)) in cases.iter().enumerate() {
        let back = said_back(forward.port, said.as_bytes());
        let expected = if status.is_empty() {
            String::new()
        } else {
            format!("HTTP/1.1 {status} ")
        };
        assert!(back.starts_with(&expected), "{said}{back}");
        assert_eq!(back.contains("allow: CONNECT"), *status == "405", "{back}");
        let record = forward.connection(count + 1);
        assert_eq!(record["code"], **code, "{said}{record}");
    }
    assert_eq!(far.events("connection").len(), 0);
}

#[test]
fn a_target_that_two_programs_could_read_differently_is_refused_with_its_reason() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let port = far.port;
    // Every host, so that only the reading of the target refuses.
    let forward = forward_proxy(
        &place,
        &format!("\"localhost:{port}\", \"127.0.0.1:{port}\", \"**.example:*\""),
        "",
    );
    let cases = [
        (format!("localhost:0{port}"), "expected a port"),
        (format!("localhost:+{port}"), "expected a port"),
        ("localhost:".to_owned(), "expected a port"),
        (
            format!("localhost:{}", u32::from(port) + 65536),
            "expected a port",
        ),
        ("localhost".to_owned(), "the port is missing"),
        (format!("localhost..:{port}"), "expected labels"),
        (format!("user@localhost:{port}"), "found another sign"),
        (format!("a~b.example:{port}"), "found another sign"),
        (format!("127.1:{port}"), "ends in a number"),
        (format!("127.0.0.1.:{port}"), "ends in a number"),
        (format!("0x7f000001:{port}"), "ends in a number"),
        (format!("localhost:{port}/"), "expected a port"),
    ];
    for (count, (to, reason)) in cases.iter().enumerate() {
        let head = connected(forward.port, to).expect_err(to);
        assert!(head.starts_with("HTTP/1.1 400 "), "{to}: {head}");
        let record = forward.connection(count + 1);
        let found = record["reason"].as_str().unwrap_or_default();
        if record["code"] == "HF-733" {
            assert!(found.contains(reason), "{to}: {record}");
        } else {
            // What the parser of HTTP refuses already.
            assert_eq!(record["code"], "HF-711", "{to}: {record}");
        }
    }
    for signs in ["\u{ff11}", "a b", "\t"] {
        let head = connected(forward.port, &format!("localhost:{port}{signs}")).expect_err(signs);
        assert!(head.starts_with("HTTP/1.1 400 "), "{signs}: {head}");
    }
    assert_eq!(far.events("connection").len(), 0);
    connected(forward.port, &format!("localhost:{port}")).expect("the twin");
}

#[test]
fn tls_within_the_tunnel_is_named_before_it_reaches_the_server() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let to = format!("localhost:{}", far.port);
    let forward = forward_proxy(&place, &format!("\"{to}\""), "");
    for (count, first) in [10, 1, 2].into_iter().enumerate() {
        let mut stream = connected(forward.port, &to).expect("connected");
        let _ = stream.set_nodelay(true);
        let hello = [0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3];
        let _ = stream.write_all(&hello[..first]);
        std::thread::sleep(std::time::Duration::from_millis(100));
        let _ = stream.write_all(&hello[first..]);
        assert!(!matches!(stream.read(&mut [0; 1]), Ok(1..)));
        let record = forward.connection(count + 1);
        assert_eq!(record["code"], "HF-734", "{record}");
        assert_eq!(far.connection(count + 1)["bytes_in"], 0);
    }
}

#[test]
fn the_first_route_that_leads_there_says_as_whom() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let (one, other) = (far(&place, &service), far(&place, &service));
    let routes = format!(
        "[[tunnel.route]]\nto = [\"localhost:{}\"]\ncert = \"api/tls.crt\"\nkey = \"api/tls.key\"\n[[tunnel.route]]\n\
         to = [\"localhost:*\"]\n[[tunnel.route]]\nto = [\"127.0.0.1:*\"]\nexpect = [\"uri:spiffe://acme/database\"]\n",
        one.port
    );
    let forward = forward_proxy(&place, "\"unused.acme.example:1\"", &routes);
    for (far, who) in [(&one, "api"), (&other, "web")] {
        drop(connected(forward.port, &format!("localhost:{}", far.port)).expect("connected"));
        let identity = far.connection(1)["identity"]["called"].clone();
        assert_eq!(identity, format!("uri:spiffe://acme/{who}"));
    }
    // The routes are in the place of what the tunnel says.
    connected(forward.port, "unused.acme.example:1").expect_err("of no route");
    let head = connected(forward.port, &format!("127.0.0.1:{}", one.port)).expect_err("another server");
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    let codes: Vec<_> = forward
        .connections(4)
        .iter()
        .map(|record| record["code"].clone())
        .collect();
    assert_eq!(codes[2], "HF-732");
    assert!(
        ["HF-306", "HF-609"].iter().any(|code| codes[3] == **code),
        "{codes:?}"
    );
}

#[test]
fn flags_open_a_forward_proxy_too() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let far = far(&place, &service);
    let forward = place.open(&format!(
        "tunnel --forward-proxy --listen 127.0.0.1:0 --to localhost:{} --to *.acme.example:443 --cert web/tls.crt --key \
         web/tls.key --ca web/ca.crt",
        far.port
    ));
    connected(forward.port, &format!("localhost:{}", far.port)).expect("listed");
    connected(forward.port, "acme.example:443").expect_err("not listed");
    place
        .run("tunnel --forward-proxy --listen 127.0.0.1:0 --to *:443 --cert web/tls.crt --key web/tls.key --ca web/ca.crt")
        .refused(2, "HF-701");
    drop(Call::of(&place, "web").knock(far.port).expect("it lives"));
}
