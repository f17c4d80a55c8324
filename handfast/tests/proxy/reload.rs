//! New certificate, new CA, new rules: taken over while connections stay open.

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::fs::symlink,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use handfast_pki::Profile;
use handfast_tls::client::Versions;

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, configuration, until},
    pki::{DOOR, Wanted, cast},
    service::Service,
};

fn replace(place: &Place, from: &str, to: &str) {
    fs::copy(place.path(from), place.path("staged")).expect("copied");
    fs::rename(place.path("staged"), place.path(to)).expect("replaced at once");
}

#[test]
fn a_new_certificate_is_taken_over_by_renaming_and_no_connection_is_dropped() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    ours.issue(
        &place,
        "renewed",
        &Wanted::now(Profile::Server),
        &["dns:localhost"],
    );
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web",
        service.url()
    ));
    let mut open = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_eq!(open.get().expect("an answer").status, 200);
    replace(&place, "renewed/tls.key", "server/tls.key");
    replace(&place, "renewed/tls.crt", "server/tls.crt");
    let taken = until("the new pair", || {
        proxy
            .events("reload")
            .into_iter()
            .find(|event| event["taken"] == true)
    });
    assert!(taken["code"].is_null(), "{taken}");
    let new = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_ne!(new.server, open.server, "the new certificate is served");
    assert_eq!(open.get().expect("the old connection lives").text(), "hello\n");
}

#[test]
fn half_of_a_new_pair_is_refused_and_the_whole_one_taken() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    ours.issue(
        &place,
        "renewed",
        &Wanted::now(Profile::Server),
        &["dns:localhost"],
    );
    let proxy = place.open_with(&service.url(), "");
    let old = Call::of(&place, "web").knock(proxy.port).expect("let in").server;
    replace(&place, "renewed/tls.crt", "server/tls.crt");
    let refused = proxy.reload_after(0);
    assert_eq!(
        (&refused["taken"], &refused["code"]),
        (&false.into(), &"HF-401".into())
    );
    assert_eq!(
        Call::of(&place, "web").knock(proxy.port).expect("let in").server,
        old
    );
    replace(&place, "renewed/tls.key", "server/tls.key");
    assert_eq!(proxy.reload_after(1)["taken"], true);
    assert_ne!(
        Call::of(&place, "web").knock(proxy.port).expect("let in").server,
        old
    );
}

#[test]
fn a_new_ca_lets_its_clients_in_and_the_old_ones_out() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut open = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_eq!(open.get().expect("an answer").status, 200);
    let call = |pair| Call {
        ca: "web/ca.crt",
        ..Call::of(&place, pair)
    };
    assert!(call("stranger").get(proxy.port).is_err());
    replace(&place, "stranger/ca.crt", "server/ca.crt");
    assert_eq!(proxy.reload_after(0)["taken"], true);
    assert_eq!(call("stranger").get(proxy.port), Ok(200));
    let refused = call("web").get(proxy.port).expect_err("its CA is gone");
    assert!(
        refused.contains("UnknownCA") || refused.contains("unknown_ca"),
        "{refused}"
    );
    until("the end of the open connection", || open.get().err());
    let cut = until("its record", || cut_with(&proxy, "HF-103"));
    assert_eq!(cut["verdict"], "allowed", "{cut}");
}

/// The record of a connection that was allowed, and then closed with `code`.
fn cut_with(proxy: &Daemon, code: &str) -> Option<serde_json::Value> {
    let records = proxy.events("connection").into_iter();
    records
        .into_iter()
        .find(|record| record["code"] == code && record["verdict"] == "allowed")
}

#[test]
fn new_rules_are_taken_over_from_the_configuration() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut open = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_eq!(open.get().expect("an answer").status, 200);
    assert!(Call::of(&place, "api").get(proxy.port).is_err());
    let api = configuration(&service.url(), "allow = [\"uri:spiffe://acme/api\"]");
    place.write("handfast.toml", api);
    assert_eq!(proxy.reload_after(0)["taken"], true);
    assert_eq!(Call::of(&place, "api").get(proxy.port), Ok(200));
    assert!(Call::of(&place, "web").get(proxy.port).is_err());
    let begun = Instant::now();
    until("the end of the open connection", || open.get().err());
    assert!(
        begun.elapsed() < Duration::from_millis(1500),
        "{:?}",
        begun.elapsed()
    );
    let cut = until("its record", || cut_with(&proxy, "HF-609"));
    assert!(
        cut["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("not allowed")),
        "{cut}"
    );
    // That of api before the change, and that of web after it.
    let denied = until("the record of the new call", || {
        let denied = proxy.events("connection").into_iter();
        denied.filter(|record| record["verdict"] == "denied").nth(1)
    });
    assert_eq!(denied["code"], "HF-609");
}

/// An HTTP/2 frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short frame");
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// The whole head of a GET on `stream`, its names from HPACK's static table (RFC 7541 appendix A).
fn get_over_http2(stream: u8, path: &str) -> Vec<u8> {
    let text = |name: u8, value: &str| {
        let length = u8::try_from(value.len()).expect("a short value");
        [&[name, length], value.as_bytes()].concat()
    };
    let head = [vec![0x82, 0x87], text(0x04, path), text(0x01, "localhost")].concat();
    frame(1, 0x05, stream, &head)
}

#[test]
fn a_client_that_passes_over_the_goaway_begins_no_request_once_its_rule_is_gone() {
    const GOAWAY: u8 = 7;
    let service = Service::start(|heard, stream| {
        if heard.head.contains(" /slow ") {
            std::thread::sleep(Duration::from_secs(2));
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n");
    });
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut open = Call::over_http2(&place, "web").knock(proxy.port).expect("let in");
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat();
    open.send(&[preface, get_over_http2(1, "/slow")].concat())
        .expect("sent");
    until("the first request", || (service.heard().len() == 1).then_some(()));
    let api = configuration(&service.url(), "allow = [\"uri:spiffe://acme/api\"]");
    place.write("handfast.toml", api);
    let mut heard = Vec::new();
    while !kinds(&heard).contains(&GOAWAY) {
        heard.extend(open.read().expect("frames"));
    }
    // It may come too late: what is not over soon is cut.
    let _ = open.send(&get_over_http2(3, "/"));
    while let Ok(more) = open.read() {
        if more.is_empty() {
            break;
        }
        heard.extend(more);
    }
    until("its record", || cut_with(&proxy, "HF-609"));
    assert_eq!(service.heard().len(), 1, "nothing of the second request arrived");
}

/// What passes on the first bytes of a client, its ClientHello, and holds the others back until it is told: its port, what
/// says that they were passed on, and what lets go.
fn holding(proxy: u16) -> (u16, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (passed, is_passed) = mpsc::channel();
    let (let_go, may_go) = mpsc::channel::<()>();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("the client");
        let mut server = TcpStream::connect(("127.0.0.1", proxy)).expect("the proxy");
        let (mut from_server, mut to_client) = (
            server.try_clone().expect("a handle"),
            client.try_clone().expect("a handle"),
        );
        thread::spawn(move || {
            let _ = io::copy(&mut from_server, &mut to_client);
            let _ = to_client.shutdown(Shutdown::Both);
        });
        let mut hello = [0; 16 << 10];
        let length = client.read(&mut hello).expect("a ClientHello");
        server.write_all(&hello[..length]).expect("passed on");
        let _ = passed.send(());
        let _ = may_go.recv();
        let _ = io::copy(&mut client, &mut server);
    });
    (port, is_passed, let_go)
}

/// What a client hears whose handshake was held until the rules were `allow`.
fn heard_after(allow: &str, versions: Versions) -> (Result<u16, String>, usize, Daemon) {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let (port, is_passed, let_go) = holding(proxy.port);
    let heard = thread::scope(|scope| {
        let call = Call {
            versions,
            ..Call::of(&place, "web")
        };
        let calling = scope.spawn(move || call.get(port));
        is_passed.recv().expect("a ClientHello");
        place.write(
            "handfast.toml",
            configuration(&service.url(), &format!("allow = [\"{allow}\"]")),
        );
        until("the new rules", || {
            let events = proxy.events("reload");
            events.into_iter().find(|event| event["taken"] == true)
        });
        let_go.send(()).expect("it waits");
        calling.join().expect("no panic")
    });
    (heard, service.heard().len(), proxy)
}

#[test]
fn a_handshake_that_lasts_longer_than_its_rule_ends_without_a_request() {
    for versions in [Versions::OnlyTls12, Versions::OnlyTls13] {
        let (heard, arrived, proxy) = heard_after("uri:spiffe://acme/api", versions);
        assert!(heard.is_err(), "{heard:?}");
        assert_eq!(arrived, 0, "nothing reached the service");
        let record = until("its record", || proxy.events("connection").into_iter().next());
        assert_eq!(record["code"], "HF-609", "{record}");
        assert_eq!(record["verdict"], "denied", "{record}");
        assert_eq!(record["identity"]["uris"][0], "spiffe://acme/web", "{record}");
    }
}

#[test]
fn a_handshake_that_lasts_longer_than_a_reload_goes_on_where_it_is_still_allowed() {
    for versions in [Versions::OnlyTls12, Versions::OnlyTls13] {
        let (heard, arrived, _proxy) = heard_after("uri:spiffe://acme/*", versions);
        assert_eq!(heard, Ok(200));
        assert_eq!(arrived, 1);
    }
}

/// The kinds of the frames that are whole in `bytes`.
fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, ..] = *bytes {
        let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
        let Some(rest) = bytes.get(9 + length..) else {
            break;
        };
        kinds.push(kind);
        bytes = rest;
    }
    kinds
}

#[test]
fn sighup_reloads_at_once_and_says_what_it_could_not_take() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut open = Call::of(&place, "web").knock(proxy.port).expect("let in");
    proxy.signal("HUP");
    let same = proxy.reload_after(0);
    assert_eq!((&same["taken"], &same["generation"]), (&true.into(), &2.into()));
    // Written in place and not renamed, so that a wake-up in the middle is possible; only the end counts.
    place.write("handfast.toml", "[proxy]\nallow = [\"any\"]\n");
    proxy.signal("HUP");
    let refused = proxy.reload_after(1);
    assert_eq!(
        (&refused["taken"], &refused["code"]),
        (&false.into(), &"HF-701".into())
    );
    assert!(
        proxy.stderr().contains("the last good state stays active"),
        "{}",
        proxy.stderr()
    );
    assert!(Call::of(&place, "api").get(proxy.port).is_err());
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    assert_eq!(open.get().expect("the old connection lives").status, 200);
}

/// As Kubernetes mounts secrets: the files never change, the link above them does.
#[test]
fn a_swapped_symlink_above_the_files_is_noticed() {
    let service = Service::hello();
    let place = Place::new();
    let (ours, _) = cast(&place);
    ours.issue(
        &place,
        "renewed",
        &Wanted::now(Profile::Server),
        &["dns:localhost"],
    );
    symlink("server", place.path("..data")).expect("a link");
    symlink("..data/tls.crt", place.path("tls.crt")).expect("a link");
    symlink("..data/tls.key", place.path("tls.key")).expect("a link");
    let proxy = place.open(&format!(
        "proxy --listen 127.0.0.1:0 --workers 1 --cert tls.crt --key tls.key --client-ca web/ca.crt --to {} --allow any",
        service.url()
    ));
    let old = Call::of(&place, "web").knock(proxy.port).expect("let in").server;
    symlink("renewed", place.path("..data_tmp")).expect("a link");
    fs::rename(place.path("..data_tmp"), place.path("..data")).expect("swapped at once");
    assert_eq!(proxy.reload_after(0)["taken"], true);
    assert_ne!(
        Call::of(&place, "web").knock(proxy.port).expect("let in").server,
        old
    );
}

/// What a shared folder does not tell by events is found by looking: within a second.
#[test]
fn a_change_is_acted_on_within_a_second() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut web = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    assert_eq!(web.get().expect("an answer").status, 200);
    let changed = configuration(&service.url(), "allow = [\"uri:spiffe://acme/api\"]");
    place.write("handfast.toml", changed);
    let begun = Instant::now();
    until("the cut", || cut_with(&proxy, "HF-609"));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn a_storm_of_reloads_drops_nobody() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    let mut open = Call::of(&place, "web").knock(proxy.port).expect("let in");
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        proxy.signal("HUP");
        assert_eq!(open.get().expect("an answer").status, 200);
        assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
        assert!(Call::of(&place, "api").get(proxy.port).is_err());
    }
    proxy.reload_after(1);
    assert!(proxy.events("reload").iter().all(|event| event["taken"] == true));
}

/// What is written down is not reloaded; a change of it must not look as if it had been taken over.
#[test]
fn what_a_reload_cannot_change_is_said() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    place.write(
        "handfast.toml",
        configuration(&service.url(), "log = \"requests\""),
    );
    let event = proxy.reload_after(0);
    assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
    assert_eq!(event["restart_for"], serde_json::json!(["log"]));
    until("a line about it", || {
        proxy.stderr().contains("restart to apply: log").then_some(())
    });
}
