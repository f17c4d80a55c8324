//! What is written down, and what the commands around the proxy say.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use crate::program::{
    Place,
    caller::Call,
    daemon::{configuration, until},
    pki::{DOOR, cast},
    service::Service,
};

#[test]
fn each_connection_leaves_one_line_with_everything_in_it() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller.get().expect("an answer");
    caller.get().expect("an answer");
    let (version, suite) = (caller.version, caller.suite);
    drop(caller);
    let record = proxy.connection(1);
    assert_eq!(record["verdict"], "allowed");
    assert_eq!(record["rule"], "uri:spiffe://acme/web");
    assert_eq!(
        (&record["tls"], &record["suite"]),
        (&version.into(), &suite.into())
    );
    assert_eq!(record["requests"], 2);
    assert!(record["code"].is_null() && record["reason"].is_null(), "{record}");
    assert!(
        record["identity"]["called"] == "uri:spiffe://acme/web"
            && record["identity"]["uris"] == serde_json::json!(["spiffe://acme/web"]),
        "{record}"
    );
    assert!(
        record["peer"]
            .as_str()
            .is_some_and(|peer| peer.starts_with("127.0.0.1:"))
    );
    assert!(record["time"].as_str().is_some_and(|time| time.ends_with('Z')));
    assert!(
        record["identity"]["fingerprint"]
            .as_str()
            .is_some_and(|text| text.len() >= 64)
    );
    for number in ["bytes_in", "bytes_out"] {
        assert!(record[number].as_u64() > Some(50), "{number}: {record}");
    }
    assert!(record["duration_ms"].is_u64(), "{record}");
    let inspected = place.run("inspect web/tls.crt").good().stdout;
    assert!(
        inspected.contains(record["identity"]["fingerprint"].as_str().expect("text")),
        "{inspected}"
    );

    assert!(Call::of(&place, "api").get(proxy.port).is_err());
    let denied = proxy.connection(2);
    assert!(
        denied["identity"].to_string().contains("spiffe://acme/api"),
        "{denied}"
    );
    assert!(
        denied["identity"]["fingerprint"].is_string() && denied["rule"].is_null(),
        "{denied}"
    );
    assert!(Call::anonymous(&place).get(proxy.port).is_err());
    let refused = proxy.connection(3);
    assert!(refused["identity"].is_null(), "{refused}");
    assert_eq!(
        (&refused["verdict"], &refused["code"]),
        (&"refused".into(), &"HF-101".into())
    );
    // Exactly one each, also after the end.
    let left = proxy.stop();
    let lines = left
        .stdout
        .lines()
        .filter(|line| line.contains("\"event\":\"connection\""));
    assert_eq!(lines.count(), 3, "{left:#?}");
    assert!(!left.stdout.contains("\"event\":\"request\""), "{left:#?}");
}

/// Carries bytes to `port`, and spoils the last byte of the record that follows the client's ChangeCipherSpec.
fn spoils_the_finished_message(port: u16) -> u16 {
    crate::program::service::listen(move |_, mut client| {
        let mut proxy = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connected");
        let (mut from, mut to) = (
            proxy.try_clone().expect("a handle"),
            client.try_clone().expect("a handle"),
        );
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut is_next = false;
        loop {
            let mut head = [0; 5];
            if client.read_exact(&mut head).is_err() {
                return;
            }
            let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            client.read_exact(&mut body).expect("a whole record");
            if is_next && let Some(last) = body.last_mut() {
                *last ^= 1;
            }
            is_next = head[0] == 20;
            let _ = proxy.write_all(&[&head[..], &body].concat());
        }
    })
}

#[test]
fn who_has_proven_who_it_is_is_named_although_the_handshake_ends_badly() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let call = Call {
        versions: handfast_tls::client::Versions::OnlyTls12,
        ..Call::of(&place, "web")
    };
    assert!(call.knock(spoils_the_finished_message(proxy.port)).is_err());
    let record = proxy.connection(1);
    assert_eq!(record["verdict"], "refused", "{record:#}");
    assert_eq!(
        record["identity"]["called"], "uri:spiffe://acme/web",
        "{record:#}"
    );
    // Who shows a certificate without its key has proven nothing, and is not named.
    assert!(
        Call::of(&place, "web")
            .get(spoils_the_finished_message(proxy.port))
            .is_err()
    );
    let records = proxy.connections(2);
    assert!(records[1]["identity"].is_null(), "{records:#?}");
}

#[test]
fn each_request_leaves_one_line_when_asked_for_and_its_query_stays_out() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow any --log requests",
        service.url()
    ));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for path in ["/a?token=secret", "/b", "/c"] {
        let answer = caller.ask(&format!("GET {path} HTTP/1.1\r\nhost: acme.example\r\n\r\n"));
        assert_eq!(answer.expect("an answer").status, 200);
    }
    let bad = caller.ask("GET /d HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n");
    assert_eq!(bad.expect("an answer").status, 400);
    drop(caller);
    let connection = proxy.connection(1);
    let requests = proxy.events("request");
    let of = |key: &str| -> Vec<Value> { requests.iter().map(|request| request[key].clone()).collect() };
    assert_eq!(of("path"), ["/a", "/b", "/c", "/d"]);
    assert_eq!(of("status"), [200, 200, 200, 400]);
    assert_eq!(requests[3]["code"], "HF-711");
    assert!(
        requests
            .iter()
            .all(|request| request["connection"] == connection["id"])
    );
    assert!(!proxy.stdout().contains("secret"));
}

#[test]
fn without_a_log_nothing_is_written_down() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --log off", service.url()));
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    let left = proxy.stop();
    assert_eq!(left.stdout, "");
}

#[test]
fn what_a_peer_sends_cannot_add_a_line_to_the_log() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow any --log requests",
        service.url()
    ));
    let paths = [
        "/%0a{\"event\":\"connection\"}",
        "/a\"b\\c",
        "/\u{e4}\u{2028}\u{202e}",
        "/\u{9b}31m",
    ];
    let mut sent = 0;
    for path in paths {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
        let host = "a\tb";
        for request in [
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: {path}\r\n\r\n"),
        ] {
            let _ = caller.ask(&request);
        }
        sent += 1;
    }
    for bytes in [
        &b"GET / HTTP/1.1\r\nhost: \x1b[31m\r\n\r\n"[..],
        b"\x16\x03\x01\x00\x05\x1b[2J\n",
        b"\x15\x03\x03\x00\x02\x02\x00",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("accepted");
        stream.write_all(bytes).expect("sent");
        drop(stream);
        sent += 1;
    }
    let records = proxy.connections(sent);
    assert_eq!(records.len(), sent);
    let log = proxy.stdout();
    assert_eq!(log.matches("{\"event\":\"connection\"").count(), sent, "{log}");
    for line in log.lines() {
        assert!(line.len() < 4096, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.contains(['\u{202e}', '\u{2028}', '\u{9b}']), "{line:?}");
    }
}

#[test]
fn what_is_not_tls_is_named_and_no_byte_of_it_is_taken_for_more() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    for (count, bytes) in [
        &b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..],
        b"SSH-2.0-x\r\n",
        b"PROXY TCP4 1 2\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).expect("accepted");
        stream.write_all(bytes).expect("sent");
        let record = proxy.connection(count + 1);
        assert_eq!(
            (&record["code"], &record["verdict"]),
            (&"HF-501".into(), &"refused".into()),
            "{record}"
        );
    }
    assert!(service.heard().is_empty());
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
}

#[test]
fn no_output_holds_a_byte_of_a_private_key() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow any --log requests --xfcc",
        service.url()
    ));
    let got = place.run(&format!(
        "get https://localhost:{}/ --cert web/tls.crt --key web/tls.key --ca web/ca.crt -v --json",
        proxy.port
    ));
    // The key of another, certificate and key mixed up, and a key where a certificate belongs.
    let mixed = place.run("get https://localhost:1/ --cert web/tls.crt --key api/tls.key --ca web/ca.crt");
    let swapped = place.run("get https://localhost:1/ --cert web/tls.key --key web/tls.crt --ca web/tls.key");
    let shown = place.run("inspect web/tls.key");
    place.write(
        "web/broken.key",
        place.read("web/tls.key").replace("-----END", "----END"),
    );
    let broken =
        place.run("get https://localhost:1/ --cert web/tls.crt --key web/broken.key --ca web/ca.crt");
    let left = proxy.stop();
    let mut everything = left.stdout + &left.stderr;
    for ran in [got.good(), mixed, swapped, shown, broken] {
        everything += &ran.stdout;
        everything += &ran.stderr;
    }
    assert!(everything.len() > 1000);
    for pair in ["server", "web", "api"] {
        let pem = place.read(&format!("{pair}/tls.key"));
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        for begin in (0..body.len() - 24).step_by(8) {
            // The first bytes say what kind of key it is and are no secret.
            if (40..90).contains(&begin) {
                let part = &body[begin..begin + 16];
                assert!(!everything.contains(part), "{pair}: {part}");
            }
        }
    }
}

#[test]
fn check_names_every_problem_with_its_line() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    place.write("handfast.toml", configuration(&service.url(), ""));
    let good = place.run("check --config handfast.toml").good();
    assert!(good.stdout.contains("good"), "{good:#?}");
    place.write(
        "bad.toml",
        "[proxy]\nlisten = \"nowhere\"\nto = \"ftp://x\"\ncrt = \"tls.crt\"\nkey = 5\nallow = [\n  \"any\",\n  \"everybody\",\n]\n",
    );
    let bad = place.run("check --config bad.toml");
    assert_eq!(bad.exit, 1, "{bad:#?}");
    for part in [
        "bad.toml:2: ",
        "bad.toml:3: ",
        "bad.toml:4: ",
        "bad.toml:5: ",
        "bad.toml:8: ",
        "[HF-701]",
        "[HF-703]",
    ] {
        assert!(bad.stdout.contains(part), "{part}: {bad:#?}");
    }
    let json = place.run("check --config bad.toml --json");
    assert_eq!((json.exit, &json.json()["good"]), (1, &false.into()), "{json:#?}");
    assert!(
        json.json()["problems"]
            .as_array()
            .is_some_and(|problems| problems.len() >= 6)
    );
    // The place stands beside the message, and not in it.
    let first = &json.json()["problems"][0];
    assert_eq!(
        (&first["place"]["file"], &first["place"]["line"]),
        (&"bad.toml".into(), &2.into())
    );
    assert!(
        first["message"]
            .as_str()
            .is_some_and(|said| !said.contains("bad.toml")),
        "{first:#}"
    );
    place.run("check --config missing.toml").refused(2, "HF-408");
    std::fs::remove_file(place.path("server/tls.key")).expect("removed");
    place.run("check --config handfast.toml").refused(1, "HF-408");
}

/// Every file that is wrong is told of, not the first alone.
#[test]
fn check_names_every_file_that_is_wrong() {
    let place = Place::new();
    cast(&place);
    place.write("handfast.toml", configuration("http://127.0.0.1:1", ""));
    for file in ["tls.crt", "tls.key", "ca.crt"] {
        place.write(&format!("server/{file}"), "");
    }
    let ran = place.run("check --config handfast.toml");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    for file in ["tls.crt", "tls.key", "ca.crt"] {
        assert!(ran.stdout.contains(file), "{file}: {ran:#?}");
    }
}

#[test]
fn a_second_proxy_on_the_same_address_is_refused() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let same = DOOR.replace("127.0.0.1:0", &format!("127.0.0.1:{}", proxy.port));
    place
        .run(&format!("{same} --to {} --allow any", service.url()))
        .refused(2, "HF-704");
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
}

#[test]
fn quickstart_once_shows_everything_and_ends_well() {
    let place = Place::new();
    for _ in 0..2 {
        let ran = place.run("quickstart --once").good();
        for part in [
            "HF-101",
            "HF-103",
            "HF-609",
            "ClientHello",
            "without --once the proxy keeps running",
        ] {
            assert!(ran.stdout.contains(part), "{part}: {ran:#?}");
        }
        assert!(!ran.stdout.contains("not as expected"), "{ran:#?}");
        // What it would invite to call is gone by now.
        assert!(!ran.stdout.contains("Try it yourself"), "{ran:#?}");
    }
    assert_eq!(place.read("handfast-quickstart/access.log").lines().count(), 4);
    assert_eq!(place.run("quickstart --once --json").good().json()["good"], true);
}

#[test]
fn quickstart_in_front_of_a_service_of_the_user_works_and_says_so_when_it_is_down() {
    let service = Service::hello();
    let place = Place::new();
    place
        .run(&format!("quickstart --once --to {}", service.url()))
        .good();
    assert_eq!(service.heard().len(), 1);
    assert!(service.last().values("x-forwarded-client-cert").len() == 1);
    let proxy = until("an open proxy", || {
        Some(place.handfast("quickstart --to ftp://x").output().expect("runs"))
    });
    assert_eq!(proxy.status.code(), Some(2), "{proxy:#?}");
}
