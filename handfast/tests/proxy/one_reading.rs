//! A request has one reading: what two readers could understand differently is refused, and what HTTP/1.1 says otherwise
//! than HTTP/2 is said its way.

use http::Request;

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, until},
    pki::cast,
    service::Service,
};

fn stage(service: &Service) -> (Place, Daemon) {
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    (place, proxy)
}

/// The statuses of these requests over one connection of HTTP/2.
fn over_http2(place: &Place, proxy: &Daemon, requests: Vec<Request<String>>) -> Vec<u16> {
    let caller = Call::over_http2(place, "web")
        .knock(proxy.port)
        .expect("accepted");
    let answers = caller.ask_over_http2(requests);
    answers.into_iter().map(|(status, _)| status).collect()
}

#[test]
fn cookies_in_pieces_arrive_as_one_field() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let request = Request::get("https://localhost/")
        .header("cookie", "session=1")
        .header("cookie", "theme=dark; b=2")
        .header("cookie", "c=3")
        .body(String::new())
        .expect("a request");
    assert_eq!(over_http2(&place, &proxy, vec![request]), [200]);
    assert_eq!(service.last().value("cookie"), "session=1; theme=dark; b=2; c=3");

    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    let one = "GET / HTTP/1.1\r\nhost: localhost\r\ncookie: session=1\r\n\r\n";
    assert_eq!(caller.ask(one).expect("an answer").status, 200);
    assert_eq!(
        service.last().value("cookie"),
        "session=1",
        "one piece stays as it is"
    );
}

#[test]
fn a_target_of_another_scheme_is_refused() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    for (target, status) in [
        ("/", 200),
        ("https://localhost/", 200),
        ("http://localhost/", 200),
        ("ftp://localhost/", 400),
        ("file://localhost/etc/passwd", 400),
        ("httpss://localhost/", 400),
    ] {
        let before = service.heard().len();
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        assert_eq!(answer.expect("an answer").status, status, "{target}");
        assert_eq!(
            service.heard().len() - before,
            usize::from(status == 200),
            "{target}"
        );
    }
}

#[test]
fn a_host_that_is_none_is_refused_and_one_that_is_passes() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let ask = |target: &str, host: &str| {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!("GET {target} HTTP/1.1\r\n{host}\r\n"));
        answer.map(|answer| answer.status)
    };
    for host in [
        "localhost, evil",
        "evil@localhost",
        "localhost/admin",
        "localhost evil",
        "localhost:evil",
        "localhost:70000",
        "[::1",
        "[::1]evil",
        "local%68ost",
        "localhost\\evil",
        "localhost?evil",
        "localhost:",
        "localhost:0",
        "localhost:08443",
        "localhost:+8443",
        "localhost..",
        "127.1",
        "0x7f.0.0.1",
        "127.0.0.01",
        "[fe80::1%251]",
        "",
    ] {
        let status = ask("/", &format!("host: {host}\r\n")).expect("an answer");
        assert_eq!(status, 400, "{host}");
    }
    assert_eq!(ask("/", "").expect("an answer"), 400, "none");
    assert_eq!(
        ask("http://localhost/", "").expect("an answer"),
        400,
        "a target is no Host"
    );
    assert!(service.heard().is_empty(), "nothing of it arrives");
    for host in [
        "localhost",
        "LOCALHOST:8443",
        "127.0.0.1",
        "[::1]:8443",
        "my_service",
        "acme.example.",
    ] {
        assert_eq!(
            ask("/", &format!("host: {host}\r\n")).expect("an answer"),
            200,
            "{host}"
        );
        assert_eq!(service.last().value("host"), host);
    }
}

#[test]
fn the_log_says_what_of_a_host_has_no_one_reading() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "log = \"requests\"");
    for (hosts, reason) in [
        (
            "host: localhost:018444\r\n",
            "Host: expected a port from 1 to 65535",
        ),
        ("host: me@localhost\r\n", "found another sign in it"),
        ("host: 127.1\r\n", "the host ends in a number"),
        ("", "Host: expected one, found none"),
        ("host: a\r\nhost: a\r\n", "Host: expected one, found several"),
    ] {
        let before = proxy.events("request").len();
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!("GET / HTTP/1.1\r\n{hosts}\r\n"));
        assert_eq!(answer.expect("an answer").status, 400, "{hosts}");
        let record = until("its record", || proxy.events("request").into_iter().nth(before));
        let found = record["reason"].as_str().unwrap_or_default();
        assert!(found.contains(reason), "{hosts}: {record}");
    }
    assert!(service.heard().is_empty(), "nothing of it arrives");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    let answer = caller.ask("GET / HTTP/1.1\r\nhost: localhost:18444\r\n\r\n");
    assert_eq!(answer.expect("an answer").status, 200);
}

#[test]
fn an_asterisk_is_for_options_alone() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    for (method, status) in [("GET", 400), ("POST", 400), ("OPTIONS", 200)] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!("{method} * HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        assert_eq!(answer.expect("an answer").status, status, "{method}");
    }
    assert_eq!(service.heard().len(), 1);
}

#[test]
fn a_coding_that_would_be_lost_is_refused() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    for (coding, status) in [("gzip, chunked", 501), ("Chunked", 200), ("chunked", 200)] {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: {coding}\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
        ));
        assert_eq!(answer.expect("an answer").status, status, "{coding}");
    }
    assert_eq!(service.heard().len(), 2);
    assert_eq!(service.last().body, b"body");
}

#[test]
fn a_hundred_fields_pass_and_one_more_is_refused_over_both_versions() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let many = |fields: usize| {
        let lines: String = (0..fields).map(|n| format!("x-{n}: 1\r\n")).collect();
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let answer = caller.ask(&format!("GET / HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n"));
        answer.expect("an answer").status
    };
    assert_eq!((many(99), many(100)), (200, 431));
    let request = |fields: usize| {
        let start = Request::get("https://localhost/");
        let filled = (0..fields).fold(start, |request, n| request.header(format!("x-{n}"), "1"));
        filled.body(String::new()).expect("a request")
    };
    assert_eq!(
        over_http2(&place, &proxy, vec![request(100), request(101), request(1)]),
        [200, 431, 200]
    );
}

#[test]
fn a_faulty_body_is_the_clients_fault_and_a_good_one_arrives() {
    let service = Service::hello();
    let (place, proxy) = stage(&service);
    let ask = |body: &str| {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        caller.ask(&format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{body}"
        ))
    };
    for body in [
        "4\r\nbody\r\nx\r\n",
        "4\r\nbodyX0\r\n\r\n",
        "-1\r\n",
        "fffffffffffffffff\r\n",
    ] {
        let answer = ask(body).expect("an answer");
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
        assert!(answer.text().contains("HF-711"), "{}", answer.text());
    }
    assert_eq!(ask("4\r\nbody\r\n0\r\n\r\n").expect("an answer").status, 200);
}

#[test]
fn a_body_that_breaks_off_is_not_blamed_on_the_service() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "log = \"requests\"");
    for head in ["content-length: 100", "transfer-encoding: chunked"] {
        let before = proxy.events("request").len();
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let text = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{head}\r\n\r\n4\r\nbo");
        caller.send(text.as_bytes()).expect("sent");
        caller.finish_sending();
        let _ = caller.read_to_end();
        let record = until("its record", || proxy.events("request").into_iter().nth(before));
        assert_eq!(
            (&record["status"], &record["code"]),
            (&400.into(), &"HF-715".into()),
            "{head}"
        );
    }
}
