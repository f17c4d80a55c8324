//! A host that only observes: everybody is served, and the log says who would not be.

use std::fs;

use handfast_pki::Profile;
use handfast_testkit::forge::{Forge, uri};
use serde_json::Value;

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, configuration, until},
    pki::{Wanted, cast},
    schema,
    service::Service,
};

const OBSERVE: &str = "mode = \"observe\"";

/// The cast, a client whose certificate has expired, one that is revoked in `acme.crl`, and one of version 1.
fn place() -> Place {
    let place = Place::new();
    let (acme, _) = cast(&place);
    let client = Wanted::now(Profile::Client);
    acme.issue(
        &place,
        "old",
        &Wanted::expired(Profile::Client),
        &["uri:spiffe://acme/old"],
    );
    acme.issue(&place, "gone", &client, &["uri:spiffe://acme/gone"]);
    drop(acme);
    place
        .run("ca revoke gone/tls.crt --dir authority-acme --yes")
        .good();
    place.run("ca crl --dir authority-acme --out acme.crl").good();
    let root = Forge::ca("Old").root();
    let first = Forge {
        version: 1,
        extensions: Vec::new(),
        ..Forge::client("web", vec![uri("spiffe://acme/first")])
    };
    let first = first.by(&root);
    fs::create_dir_all(place.path("first")).expect("a folder");
    place.write("first/tls.crt", first.certificate.to_pem());
    place.write("first/tls.key", first.key.to_pem());
    place
}

fn connections(proxy: &Daemon, count: usize) -> Vec<Value> {
    let all = proxy.connections(count);
    all.iter()
        .for_each(|line| schema::assert_fits("access-log", line));
    all
}

#[test]
fn everybody_is_served_the_log_says_who_would_not_be_and_nobody_unproven_is_named_to_the_backend() {
    let (place, service) = (place(), Service::hello());
    let more = format!("{OBSERVE}\ncrl = [\"acme.crl\"]\nxfcc = true\nclient-cert-chain = true");
    let proxy = place.open_with(&service.url(), &more);
    let cases = [
        (Some("web"), None, true),
        (None, Some("HF-101"), false),
        (Some("stranger"), Some("HF-103"), false),
        (Some("old"), Some("HF-202"), false),
        (Some("gone"), Some("HF-205"), false),
        (Some("server"), Some("HF-201"), false),
        (Some("first"), Some("HF-207"), false),
        // Proven, and allowed by no rule: the backend may know who it is.
        (Some("api"), Some("HF-609"), true),
    ];
    for (number, (pair, code, is_named)) in cases.into_iter().enumerate() {
        let call = Call {
            pair,
            ..Call::of(&place, "web")
        };
        assert_eq!(call.get(proxy.port), Ok(200), "{pair:?}");
        let heard = service.last();
        for name in ["client-cert", "client-cert-chain", "x-forwarded-client-cert"] {
            assert_eq!(heard.values(name).len(), usize::from(is_named), "{pair:?} {name}");
        }
        let record = connections(&proxy, number + 1).pop().expect("a record");
        assert_eq!(record["verdict"], "allowed", "{record}");
        assert_eq!(record["would_reject"]["code"].as_str(), code, "{record}");
        assert_eq!(record.get("identity").is_some(), is_named, "{record}");
        assert_eq!(
            record["would_reject"].get("presented").is_some(),
            code.is_some() && pair.is_some(),
            "{record}"
        );
    }
    let old = &connections(&proxy, 4)[3]["would_reject"];
    assert_eq!(old["presented"]["called"], "uri:spiffe://acme/old", "{old}");
}

#[test]
fn the_start_and_check_are_loud_about_it() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let proxy = place.open_with(&service.url(), OBSERVE);
    let said = place.run("check handfast.toml").good();
    let started = until("the start", || {
        let said = proxy.stderr();
        said.contains("  reload: ").then_some(said)
    });
    for text in [started, said.stdout] {
        assert!(
            text.contains("only observes") && text.contains("[HF-726]"),
            "{text}"
        );
    }
    let quiet = place.open_with(&service.url(), "mode = \"enforce\"");
    until("the start", || {
        quiet.stderr().contains("  reload: ").then_some(())
    });
    assert!(!quiet.stderr().contains("HF-726"));
}

#[test]
fn a_request_that_a_route_would_reject_is_served_and_written_down() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let config = format!(
        r#"
[proxy]
workers = 1

[[clients]]
name = "acme"
ca = "server/ca.crt"

[[listener]]
listen = "127.0.0.1:0"

[[listener.host]]
default = true
mode = "observe"
cert = "server/tls.crt"
key = "server/tls.key"
clients = ["acme"]

[[listener.host.route]]
path = "/reports"
methods = ["GET"]
allow = ["uri:spiffe://acme/*"]
to = "{0}"

[[listener.host.route]]
path = "/"
allow = ["uri:spiffe://acme/web"]
to = "{0}"
"#,
        service.url()
    );
    place.write("handfast.toml", config);
    let proxy = place.open("proxy --config handfast.toml");
    let mut api = Call::of(&place, "api").knock(proxy.port).expect("accepted");
    for path in ["GET /reports/a", "GET /orders", "POST /reports/a"] {
        let request = format!("{path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(api.ask(&request).expect("an answer").status, 200, "{path}");
    }
    let found = until("both requests", || {
        let log = proxy.log().into_iter();
        let found: Vec<_> = log.filter(|line| line["event"] == "request").collect();
        (found.len() >= 2).then_some(found)
    });
    let told: Vec<_> = found
        .iter()
        .map(|line| (&line["method"], &line["path"], &line["would_reject"]["code"]))
        .collect();
    let (get, post, code) = ("GET".into(), "POST".into(), "HF-609".into());
    assert_eq!(
        told,
        [
            (&get, &"/orders".into(), &code),
            (&post, &"/reports/a".into(), &code)
        ],
        "the log has no other request: {found:#?}"
    );
    assert_eq!(
        found[0]["would_reject"]["presented"]["called"],
        "uri:spiffe://acme/api"
    );
    drop(api);
    assert!(proxy.connection(1).get("would_reject").is_none());
}

#[test]
fn in_earnest_again_the_proxy_cuts_who_would_be_rejected_and_nobody_else() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let proxy = place.open_with(&service.url(), OBSERVE);
    let mut stranger = Call::of(&place, "stranger").knock(proxy.port).expect("served");
    let mut api = Call::of(&place, "api").knock(proxy.port).expect("served");
    let mut web = Call::of(&place, "web").knock(proxy.port).expect("served");
    for caller in [&mut stranger, &mut api, &mut web] {
        assert_eq!(caller.get().expect("an answer").status, 200);
    }
    place.write("handfast.toml", configuration(&service.url(), ""));
    for code in ["HF-103", "HF-609"] {
        until(code, || proxy.log().into_iter().find(|line| line["code"] == code));
    }
    assert!(stranger.get().is_err() && api.get().is_err());
    assert_eq!(web.get().expect("an answer").status, 200);
    assert!(Call::of(&place, "stranger").get(proxy.port).is_err());
}

#[test]
fn what_is_no_tls_or_no_host_is_refused_by_a_host_that_observes_too() {
    let (place, service) = (Place::new(), Service::hello());
    cast(&place);
    let proxy = place.open_with(&service.url(), OBSERVE);
    let mut tcp = std::net::TcpStream::connect(("127.0.0.1", proxy.port)).expect("connected");
    std::io::Write::write_all(&mut tcp, b"GET / HTTP/1.1\r\n\r\n").expect("sent");
    assert_eq!(proxy.connection(1)["verdict"], "refused");
    assert!(service.heard().is_empty());
}
