//! The admin port says how the proxy is, to this machine alone.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    time::Duration,
};

use handfast_pki::Profile;
use serde_json::Value;

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, until},
    pki::{DAY, DOOR, Wanted, cast},
    schema,
    service::Service,
};

/// The proxy with an admin port.
fn watched(place: &Place, service: &Service) -> Daemon {
    place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --admin 127.0.0.1:0",
        service.url()
    ))
}

fn converse(mut stream: impl Read + Write, request: &str) -> (u16, String) {
    stream.write_all(request.as_bytes()).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

fn ask(proxy: &Daemon, path: &str) -> (u16, String) {
    let admin = proxy.admin();
    let address = admin.strip_prefix("http://").expect("a URL");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    converse(TcpStream::connect(address).expect("connected"), &request)
}

/// The value of a line of metrics.
fn metric(text: &str, line: &str) -> Option<f64> {
    let found = text.lines().find_map(|all| all.strip_prefix(line))?;
    found.trim().parse().ok()
}

#[test]
fn handshakes_and_requests_are_counted_by_what_became_of_them() {
    let service = Service::start(|heard, stream| {
        let status = if heard.head.starts_with("GET /no") {
            "404 Not Found"
        } else {
            "200 OK"
        };
        let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    });
    let place = Place::new();
    cast(&place);
    let proxy = watched(&place, &service);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    for path in ["/", "/a", "/no"] {
        caller
            .ask(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
            .expect("an answer");
    }
    assert!(Call::of(&place, "api").get(proxy.port).is_err());
    assert!(Call::of(&place, "stranger").get(proxy.port).is_err());
    proxy.connections(2);
    let (status, text) = ask(&proxy, "/metrics");
    assert_eq!(status, 200);
    for (line, expected) in [
        ("handfast_handshakes_total{result=\"allowed\",code=\"\"}", 1.0),
        (
            "handfast_handshakes_total{result=\"denied\",code=\"HF-609\"}",
            1.0,
        ),
        (
            "handfast_handshakes_total{result=\"refused\",code=\"HF-103\"}",
            1.0,
        ),
        ("handfast_handshake_duration_seconds_count", 1.0),
        (
            "handfast_requests_total{host=\"default\",route=\"/\",status=\"2xx\"}",
            2.0,
        ),
        (
            "handfast_requests_total{host=\"default\",route=\"/\",status=\"4xx\"}",
            1.0,
        ),
        (
            "handfast_request_duration_seconds_count{host=\"default\",route=\"/\"}",
            3.0,
        ),
        ("handfast_connections", 1.0),
        ("handfast_connections_total", 3.0),
        ("handfast_trust_generation", 1.0),
        ("handfast_client_certificates", 2.0),
        ("handfast_workers_alive", 1.0),
    ] {
        assert_eq!(
            metric(&text, &format!("{line} ")),
            Some(expected),
            "{line}\n{text}"
        );
    }
    let left = metric(&text, "handfast_certificate_days_left{host=\"default\"} ");
    assert!(left.is_some_and(|days| days > 1.0), "{text}");
    proxy.signal("HUP");
    proxy.reload_after(0);
    let (_, text) = ask(&proxy, "/metrics");
    assert_eq!(metric(&text, "handfast_trust_generation "), Some(2.0));
}

#[test]
fn open_connections_are_listed_with_who_they_belong_to() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = watched(&place, &service);
    let list = || -> Vec<Value> {
        let (status, text) = ask(&proxy, "/v1/connections");
        assert_eq!(status, 200);
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["connections"].as_array().expect("a list").clone()
    };
    assert!(list().is_empty());
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    caller.get().expect("an answer");
    let stranger = TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected");
    let both = until("both", || Some(list()).filter(|list| list.len() == 2));
    assert_eq!(both[0]["identity"]["called"], "uri:spiffe://acme/web");
    assert_eq!(both[0]["requests"], 1);
    assert_eq!(both[0]["host"], "default");
    assert_eq!(both[0]["state"], "waiting");
    assert_eq!(
        (&both[1]["identity"], &both[1]["state"]),
        (&Value::Null, &"handshake".into())
    );
    drop((caller, stranger));
    until("nobody", || list().is_empty().then_some(()));
}

#[test]
fn every_client_certificate_is_listed_and_those_that_expire_soon_are_found() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    let short = Wanted {
        lifetime: Some(DAY * 5 / 2),
        ..Wanted::now(Profile::Client)
    };
    ours.issue(&place, "short", &short, &["uri:spiffe://acme/web"]);
    let proxy = watched(&place, &service);
    let clients = |more: &str| place.run(&format!("clients --admin {} {more}", proxy.admin()));
    let none = clients("").good();
    assert!(
        none.stdout.contains("no client certificate was seen yet"),
        "{none:#?}"
    );
    for pair in ["web", "short", "web"] {
        assert_eq!(Call::of(&place, pair).get(proxy.port), Ok(200));
    }
    assert!(Call::of(&place, "api").get(proxy.port).is_err());
    proxy.connections(4);
    let all = clients("--json").good().json();
    schema::assert_documented(&all);
    let all = all["clients"].as_array().expect("a list").clone();
    assert_eq!(all.len(), 3, "{all:#?}");
    // Who expires first stands first.
    assert_eq!(
        (&all[0]["days_left"], &all[0]["connections"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        (&all[0]["host"], &all[0]["routes"][0]),
        (&"default".into(), &"/".into())
    );
    let denied = all
        .iter()
        .find(|client| client["denied"] == "HF-609")
        .expect("the denied one");
    assert_eq!(denied["identity"]["called"], "uri:spiffe://acme/api");
    assert_eq!(denied["host"], Value::Null);
    let twice = all.iter().filter(|client| client["connections"] == 2);
    assert_eq!(twice.count(), 1);
    let soon = clients("--expiring 14d");
    assert_eq!(soon.exit, 1, "{soon:#?}");
    assert_eq!(soon.stdout.lines().count(), 1, "{soon:#?}");
    assert!(soon.stdout.contains("uri:spiffe://acme/web"), "{soon:#?}");
    let sooner = clients("--expiring 1d");
    assert_eq!(sooner.exit, 0, "{sooner:#?}");
}

#[test]
fn who_may_not_ask_is_not_answered() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = watched(&place, &service);
    let admin = proxy.admin();
    let address = admin.strip_prefix("http://").expect("a URL");
    let say = |request: &str| converse(TcpStream::connect(address).expect("connected"), request);
    for host in ["host: rebound.example\r\n", ""] {
        let (status, text) = say(&format!("GET /v1/clients HTTP/1.1\r\n{host}\r\n"));
        assert_eq!(status, 421, "{text}");
    }
    let (status, _) = say("POST /metrics HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(status, 405);
    assert_eq!(ask(&proxy, "/nothing").0, 404);
    for far in ["0.0.0.0:0", ":0", "192.0.2.1:9443"] {
        let ran = place.run(&format!(
            "{DOOR} --to http://127.0.0.1:9 --allow any --admin {far}"
        ));
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(ran.stderr.contains("expected a loopback address"), "{ran:#?}");
    }
}

#[test]
fn a_socket_in_the_file_system_is_for_its_owner_and_taken_over_when_it_is_left() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let open = || {
        place.open(&format!(
            "{DOOR} --to {} --allow any --admin unix:admin.sock",
            service.url()
        ))
    };
    let path = place.path("admin.sock");
    let healthy = || {
        let stream = UnixStream::connect(&path).expect("connected");
        converse(stream, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").0
    };
    let proxy = open();
    assert_eq!(healthy(), 200);
    let mode = std::fs::metadata(&path).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = place.run(&format!(
        "{DOOR} --to {} --allow any --admin unix:admin.sock",
        service.url()
    ));
    assert_eq!(
        second.exit, 2,
        "one that is in use is not taken over: {second:#?}"
    );
    // Killed, it leaves its socket behind.
    drop(proxy);
    assert!(path.exists());
    let proxy = open();
    assert_eq!(healthy(), 200);
    assert_eq!(proxy.stop().exit, 0);
    assert!(!path.exists());
}

#[test]
fn a_proxy_that_drains_is_alive_and_not_ready() {
    let service = Service::start(|_, stream| {
        std::thread::sleep(Duration::from_secs(2));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    let place = Place::new();
    cast(&place);
    let proxy = watched(&place, &service);
    assert_eq!(ask(&proxy, "/readyz").0, 200);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    caller
        .send(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .expect("sent");
    until("the request", || service.heard().first().map(|_| ()));
    proxy.signal("TERM");
    until("it drains", || (ask(&proxy, "/readyz").0 == 503).then_some(()));
    assert_eq!(ask(&proxy, "/healthz").0, 200);
    let health = |flags: &str| place.run(&format!("health --admin {} {flags}", proxy.admin()));
    assert_eq!((health("").exit, health("").stdout.trim()), (1, "draining"));
    assert_eq!(
        (health("--live").exit, health("--live").stdout.trim()),
        (0, "alive")
    );
    assert_eq!(caller.answer().expect("an answer").status, 200);
    assert_eq!(proxy.end().exit, 0);
}
