//! The backend learns who the peer is from the proxy, and from nobody else.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use handfast_pki::pem;
use http::{HeaderMap, Request};
use hyper::body::{Body, Frame};

use crate::program::{
    Place,
    caller::Call,
    daemon::until,
    pki::{DOOR, cast},
    service::{Heard, Service},
};

/// `Client-Cert` of the pair in this folder (RFC 9440 section 2.2).
fn client_cert(place: &Place, pair: &str) -> String {
    let chain = pem::certificates(place.read(&format!("{pair}/tls.crt")).as_bytes()).expect("a chain");
    format!(":{}:", STANDARD.encode(chain[0].der()))
}

/// Every spelling of every header by which a backend could be told who somebody is.
fn forged() -> Vec<String> {
    let names = [
        "Client-Cert",
        "Client-Cert-Chain",
        "X-Forwarded-Client-Cert",
        "X-Client-Cert",
        "X-Client-DN",
        "X-Client-Verify",
        "X-SSL-Client-Verify",
        "X-SSL-Client-S-DN",
        "X-SSL-Client-Cert",
        "SSL-Client-Cert",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "X-Real-IP",
        "Forwarded",
    ];
    let mut all = Vec::new();
    for name in names {
        all.push(name.to_owned());
        all.push(name.to_lowercase());
        all.push(name.to_uppercase());
        all.push(name.replace('-', "_"));
        all.push(name.replacen('-', "_", 1));
        all.push(name.to_uppercase().replace('-', "_"));
    }
    all.sort();
    all.dedup();
    all
}

#[track_caller]
fn assert_nothing_forged(heard: &Heard) {
    let everything = format!("{}{}", heard.head, heard.trailers);
    assert!(!everything.contains("forged"), "{everything}");
}

#[test]
fn the_backend_sees_the_certificate_as_rfc_9440_says() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    let heard = service.last();
    assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
    assert_eq!(heard.value("x-forwarded-for"), "127.0.0.1");
    assert_eq!(heard.value("x-forwarded-proto"), "https");
    assert!(heard.values("x-forwarded-client-cert").is_empty(), "{heard:#?}");
}

#[test]
fn with_xfcc_it_sees_the_names_as_envoy_writes_them() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    let heard = service.last();
    let fingerprint = proxy.connection(1)["identity"]["fingerprint"]
        .as_str()
        .expect("a fingerprint")
        .to_lowercase()
        .replace(':', "");
    let xfcc = heard.value("x-forwarded-client-cert");
    assert!(
        xfcc.starts_with(&format!("Hash={fingerprint};Subject=\"")),
        "{xfcc}"
    );
    assert!(xfcc.ends_with(";URI=\"spiffe://acme/web\""), "{xfcc}");
    assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
}

#[test]
fn forged_identity_never_arrives_in_any_spelling() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    let without_xfcc = place.open(&format!("{DOOR} --to {} --allow any", service.url()));
    for port in [proxy.port, without_xfcc.port] {
        let mut caller = Call::of(&place, "web").knock(port).expect("let in");
        for name in forged() {
            let twice = format!("{name}: forged\r\nx-kept: yes\r\n{name}: forged again\r\n");
            let answer = caller.ask(&format!("GET /{name} HTTP/1.1\r\nhost: localhost\r\n{twice}\r\n"));
            assert_eq!(answer.expect("an answer").status, 200, "{name}");
            let heard = service.last();
            assert!(heard.head.starts_with(&format!("GET /{name} ")), "{heard:#?}");
            assert_nothing_forged(&heard);
            assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
            assert_eq!(heard.value("x-kept"), "yes");
        }
    }
    assert_eq!(service.last().values("x-forwarded-client-cert").len(), 0);
}

/// 3,000 names by which a lenient backend could be told who somebody is: each known one with every separator that a
/// name may hold, and an end that none of the lists has.
fn three_thousand() -> Vec<String> {
    let separators = "-_.~!#$%&'*+^`|";
    let mut names = Vec::new();
    for known in handfast_headers::KNOWN {
        for example in known.examples {
            for separator in separators.chars() {
                let folded = handfast_headers::fold(example);
                let mixed = folded.replacen('-', &separator.to_string(), 1);
                let all = folded.replace('-', &separator.to_string());
                let longer = known
                    .pattern
                    .ends_with('*')
                    .then(|| format!("{all}{separator}new"));
                names.extend([mixed.to_uppercase(), all].into_iter().chain(longer));
            }
        }
    }
    names.sort();
    names.dedup();
    // Evenly over the list, so that no part of it is left out.
    let step = names.len() / 3000;
    assert!(step > 0, "{} names", names.len());
    names.into_iter().step_by(step).take(3000).collect()
}

#[test]
fn none_of_three_thousand_names_arrives_in_headers_or_trailers() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    let names = three_thousand();
    assert_eq!(names.len(), 3000);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for some in names.chunks(40) {
        let lines: String = some.iter().map(|name| format!("{name}: forged\r\n")).collect();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-kept: yes\r\ntrailer: x-sum, {}\r\n{lines}\
             transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 1\r\n{lines}\r\n",
            some.join(", ")
        );
        assert_eq!(caller.ask(&request).expect("an answer").status, 200, "{some:?}");
        let heard = service.last();
        assert_nothing_forged(&heard);
        assert_eq!(heard.value("x-kept"), "yes");
        assert!(heard.trailers.contains("x-sum: 1"), "{heard:#?}");
        assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
    }
}

#[test]
fn none_of_three_thousand_names_arrives_over_http_2() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    let names = three_thousand();
    let requests = names.chunks(40).map(|some| {
        let mut fields = HeaderMap::new();
        for name in some {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            fields.append(name, http::HeaderValue::from_static("forged"));
        }
        let mut request = Request::post("https://localhost/")
            .header("x-kept", "yes")
            .body(Frames::with_trailers(fields.clone()))
            .expect("a request");
        request.headers_mut().extend(fields);
        request
    });
    let caller = Call::over_http2(&place, "web").knock(proxy.port).expect("let in");
    let answers = caller.ask_over_http2(requests.collect());
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    let heard = service.heard();
    assert_eq!(heard.len(), names.len().div_ceil(40));
    for heard in heard {
        assert_nothing_forged(&heard);
        assert_eq!(heard.value("x-kept"), "yes");
    }
}

#[test]
fn the_operator_adds_names_and_lets_others_pass() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let more = "strip-headers = [\"x-acme-*\"]\ndangerously-pass-headers = [\"cf-connecting-ip\"]";
    let proxy = place.open_with(&service.url(), more);
    // It is said after the address is known.
    let is_said = || proxy.stderr().contains("clients may set cf-connecting-ip");
    until("the warning", || is_said().then_some(()));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let answer = caller.ask(
        "GET / HTTP/1.1\r\nhost: localhost\r\nX.Acme-User: forged\r\nCF-Connecting-IP: 192.0.2.1\r\n\
         true-client-ip: forged\r\n\r\n",
    );
    assert_eq!(answer.expect("an answer").status, 200);
    let heard = service.last();
    assert_nothing_forged(&heard);
    assert_eq!(heard.value("cf-connecting-ip"), "192.0.2.1");
    for (key, name) in [
        ("strip-headers", "host"),
        ("strip-headers", "a b"),
        ("dangerously-pass-headers", "Client-Cert"),
        ("dangerously-pass-headers", "x_forwarded_for"),
    ] {
        let text = crate::program::daemon::configuration(&service.url(), &format!("{key} = [\"{name}\"]"));
        place.write("bad.toml", text);
        let refused = place.run("check --config bad.toml");
        assert_eq!(refused.exit, 1, "{name}: {refused:#?}");
        assert!(
            format!("{}{}", refused.stdout, refused.stderr).contains(name),
            "{refused:#?}"
        );
    }
}

#[test]
fn connection_cannot_take_away_what_the_proxy_adds() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for named in [
        "client-cert",
        "Client-Cert, X-Forwarded-Client-Cert",
        "keep-alive, client-cert,x-forwarded-client-cert , host, x-forwarded-for",
    ] {
        let answer = caller.ask(&format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: {named}\r\nclient-cert: forged\r\n\r\n"
        ));
        assert_eq!(answer.expect("an answer").status, 200);
        let heard = service.last();
        assert_nothing_forged(&heard);
        assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
        assert!(
            heard
                .value("x-forwarded-client-cert")
                .contains("spiffe://acme/web")
        );
        assert_eq!(heard.value("host"), "localhost");
        assert!(heard.values("connection").is_empty(), "{heard:#?}");
    }
}

#[test]
fn forged_identity_in_trailers_never_arrives() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    for name in forged() {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ntrailer: {name}, x-sum\r\n\r\n\
             4\r\nbody\r\n0\r\n{name}: forged\r\nx-sum: 1\r\n\r\n"
        );
        assert_eq!(caller.ask(&request).expect("an answer").status, 200, "{name}");
        let heard = service.last();
        assert_nothing_forged(&heard);
        assert_eq!(heard.body, b"body");
        assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
    }
}

#[test]
fn forged_identity_over_http_2_never_arrives() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any --xfcc", service.url()));
    let requests = forged().into_iter().map(|name| {
        let mut trailers = HeaderMap::new();
        let field = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
        trailers.append(&field, http::HeaderValue::from_static("forged"));
        Request::post("https://localhost/two")
            .header(&field, "forged")
            .header(&field, "forged again")
            .body(Frames::with_trailers(trailers))
            .expect("a request")
    });
    let caller = Call::over_http2(&place, "web").knock(proxy.port).expect("let in");
    let answers = caller.ask_over_http2(requests.collect());
    assert!(
        answers
            .iter()
            .all(|(status, body)| *status == 200 && body == "hello\n"),
        "{answers:?}"
    );
    let heard = service.heard();
    assert_eq!(heard.len(), forged().len());
    for heard in heard {
        assert_nothing_forged(&heard);
        assert!(heard.head.starts_with("POST /two HTTP/1.1"), "{heard:#?}");
        assert_eq!(heard.body, b"body");
        assert_eq!(heard.value("host"), "localhost");
        assert_eq!(heard.value("client-cert"), client_cert(&place, "web"));
    }
}

/// A body with these frames.
struct Frames(std::collections::VecDeque<Frame<Bytes>>);

impl Frames {
    /// Some data, and these trailers.
    fn with_trailers(trailers: HeaderMap) -> Self {
        let frames = [
            Frame::data(Bytes::from_static(b"body")),
            Frame::trailers(trailers),
        ];
        Self(frames.into())
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// What has made two readers of HTTP disagree about where a request ends.
fn smuggled() -> Vec<String> {
    let inner = "GET /web/smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let chunked_inner = format!("0\r\n\r\n{inner}");
    let length = inner.len();
    let post = |headers: &str, body: &str| {
        format!("POST /web/outer HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n\r\n{body}")
    };
    let cl = chunked_inner.len();
    vec![
        post(
            &format!("content-length: {cl}\r\ntransfer-encoding: chunked"),
            &chunked_inner,
        ),
        post(
            &format!("transfer-encoding: chunked\r\ncontent-length: {cl}"),
            &chunked_inner,
        ),
        post("content-length: 0\r\ncontent-length: 50", inner),
        post(&format!("content-length: +{length}"), inner),
        post(&format!("content-length: {length}, 0"), inner),
        post("content-length:", inner),
        post("transfer-encoding: xchunked", &chunked_inner),
        post("transfer-encoding: chunked, identity", &chunked_inner),
        post("transfer-encoding: identity, chunked", &chunked_inner),
        post("transfer-encoding:\u{b}chunked", &chunked_inner),
        post("transfer-encoding : chunked", &chunked_inner),
        post("transfer-encoding\t: chunked", &chunked_inner),
        post("x: y\r\n transfer-encoding: chunked", &chunked_inner),
        post("x: y\rtransfer-encoding: chunked", &chunked_inner),
        post("x: y\ntransfer-encoding: chunked", &chunked_inner),
        post("x: y\0\r\ntransfer-encoding: chunked", &chunked_inner),
        post(": empty\r\ntransfer-encoding: chunked", &chunked_inner),
        post(
            "transfer-encoding: chunked",
            &format!("0;x=\n{inner}\r\n\r\n{inner}"),
        ),
        post("transfer-encoding: chunked", &format!("-1\r\n{inner}")),
        post(
            "transfer-encoding: chunked",
            &format!("10000000000000000\r\n{inner}"),
        ),
        post("transfer-encoding: chunked", &format!("0x0\r\n\r\n{inner}")),
        post(
            "transfer-encoding: chunked",
            &format!("5\r\nabcdeX0\r\n\r\n{inner}"),
        ),
        post(
            "connection: transfer-encoding\r\ntransfer-encoding: chunked",
            &chunked_inner,
        ),
        post(
            &format!("connection: content-length\r\ncontent-length: {length}"),
            inner,
        ),
        post(
            &format!("connection: upgrade\r\nupgrade: h2c\r\ncontent-length: {length}"),
            inner,
        ),
        format!(
            "POST /web/outer HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n{chunked_inner}"
        ),
        format!("GET /web/outer HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{inner}"),
        format!(
            "GET /web/outer HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n{inner}"
        ),
        format!("CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\n\r\n{inner}"),
        format!("GET /web/a HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n{inner}"),
        format!("GET /web/a HTTP/1.1\r\nhost: localhost\r\n\r\n{inner}"),
    ]
}

#[test]
fn over_shared_backend_connections_each_request_carries_its_own_identity() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to {} --allow any", service.url()));
    let mut web = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let mut api = Call::of(&place, "api").knock(proxy.port).expect("let in");
    for _ in 0..10 {
        for (who, caller) in [("web", &mut web), ("api", &mut api)] {
            let request = format!("GET /{who}/plain HTTP/1.1\r\nhost: localhost\r\n\r\n");
            assert_eq!(caller.ask(&request).expect("an answer").status, 200);
        }
    }
    let connections = service.heard().iter().map(|heard| heard.connection).max();
    assert_eq!(
        connections,
        Some(1),
        "both used the one connection to the backend"
    );
    for attempt in smuggled() {
        let mut evil = Call::of(&place, "web").knock(proxy.port).expect("let in");
        evil.send(attempt.as_bytes()).expect("sent");
        let _ = evil.read_within(std::time::Duration::from_millis(40));
        let request = "GET /api/plain HTTP/1.1\r\nhost: localhost\r\n\r\n";
        assert_eq!(
            api.ask(request).expect("an answer").text(),
            "hello\n",
            "{attempt:?}"
        );
    }
    let (web, api) = (client_cert(&place, "web"), client_cert(&place, "api"));
    for heard in service.heard() {
        let path = heard.head.split(' ').nth(1).unwrap_or_default();
        let expected = if path.starts_with("/web/") { &web } else { &api };
        assert!(
            path.starts_with("/web/") || path.starts_with("/api/"),
            "{heard:#?}"
        );
        assert_eq!(&heard.value("client-cert"), expected, "{heard:#?}");
    }
}
