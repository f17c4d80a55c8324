//! A backend of several targets, and one that is verified: who gets a request, who gets it again, and over which
//! connection.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener},
};

use crate::program::{
    Place,
    caller::Call,
    daemon::{Daemon, until},
    pki::{DOOR, cast},
    service::{Service, closed_port},
};

/// The proxy of these targets.
fn proxy_of(place: &Place, targets: &[&str]) -> Daemon {
    let to: String = targets.iter().map(|to| format!(" --to {to}")).collect();
    place.open(&format!("{DOOR}{to} --allow any"))
}

#[test]
fn several_targets_share_the_requests() {
    let place = Place::new();
    cast(&place);
    let services = [Service::hello(), Service::hello(), Service::hello()];
    let urls = services.each_ref().map(Service::url);
    let proxy = proxy_of(&place, &urls.each_ref().map(String::as_str));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    for _ in 0..60 {
        assert_eq!(caller.get().expect("an answer").status, 200);
    }
    let counts = services.each_ref().map(|service| service.heard().len());
    assert_eq!(counts.iter().sum::<usize>(), 60);
    assert!(counts.iter().all(|count| *count >= 5), "{counts:?}");
}

#[test]
fn a_target_that_refuses_is_left_out_and_used_again_when_it_is_back() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let port = closed_port();
    let proxy = proxy_of(&place, &[&service.url(), &format!("http://127.0.0.1:{port}")]);
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    // A body is no reason not to go on: nothing of it was sent.
    let post = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody";
    for _ in 0..20 {
        assert_eq!(caller.ask(post).expect("an answer").status, 200);
    }
    assert_eq!(service.heard().len(), 20);
    assert!(service.heard().iter().all(|heard| heard.body == b"body"));
    let told = until("an event about it", || proxy.events("target").into_iter().next());
    assert_eq!(told["in_use"], false);
    assert_eq!(told["code"], "HF-705");
    assert!(proxy.stderr().contains("is left out"), "{}", proxy.stderr());

    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is still free");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nback\n");
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    until("an answer of the other", || {
        let answer = caller.get().expect("an answer");
        assert_eq!(answer.status, 200);
        (answer.text() == "back\n").then_some(())
    });
    until("an event about it", || {
        proxy
            .events("target")
            .iter()
            .any(|event| event["in_use"] == true)
            .then_some(())
    });
}

/// A target that reads a request and says nothing: nobody knows what it did.
#[test]
fn what_may_have_arrived_is_sent_again_only_if_twice_is_as_good_as_once() {
    let place = Place::new();
    cast(&place);
    let deaf = Service::start(|_, stream| {
        let _ = stream.shutdown(Shutdown::Both);
    });
    let good = Service::hello();
    for (method, is_sent_again) in [
        ("GET", true),
        ("PUT", true),
        ("DELETE", true),
        ("POST", false),
        ("PATCH", false),
    ] {
        // With its own proxy each: what was learned of the targets shall not count.
        let proxy = proxy_of(&place, &[&deaf.url(), &good.url()]);
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        let (mut ok, mut broken) = (0, 0);
        let before = (deaf.heard().len(), good.heard().len());
        let mut rounds = 0;
        while deaf.heard().len() == before.0 {
            rounds += 1;
            assert!(rounds < 200, "chance has its limits");
            let request = format!("{method} /{rounds} HTTP/1.1\r\nhost: localhost\r\n\r\n");
            let answer = caller.ask(&request).expect("an answer");
            match answer.status {
                200 => ok += 1,
                502 => broken += 1,
                other => panic!("{method}: {other}"),
            }
        }
        let reached = good.heard().len() - before.1;
        if is_sent_again {
            assert_eq!((broken, reached), (0, rounds), "{method}");
        } else {
            assert_eq!((broken, reached), (1, rounds - 1), "{method}");
        }
        assert_eq!(ok + broken, rounds);
    }
}

#[test]
fn bytes_go_to_a_target_that_can_be_reached() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let (good, bad) = (
        format!("tcp://127.0.0.1:{}", service.port),
        format!("tcp://127.0.0.1:{}", closed_port()),
    );
    let proxy = proxy_of(&place, &[&bad, &good]);
    for _ in 0..10 {
        let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
        assert_eq!(caller.get().expect("an answer").text(), "hello\n");
    }
}

#[test]
fn targets_that_cannot_stand_in_for_each_other_are_refused() {
    let place = Place::new();
    cast(&place);
    for (to, why) in [
        ("--to http://a:1 --to tcp://b:2", "cannot stand in for each other"),
        ("--to http://a:1 --to http://a:1", "twice"),
    ] {
        let ran = place.run(&format!("{DOOR} {to} --allow any"));
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(ran.stderr.contains(why), "{ran:#?}");
    }
}

#[test]
fn a_reload_takes_open_connections_to_the_new_backend() {
    let place = Place::new();
    cast(&place);
    let (old, new) = (Service::hello(), Service::hello());
    let proxy = place.open_with(&old.url(), "");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    assert_eq!(caller.get().expect("an answer").status, 200);
    let text = place.read("handfast.toml").replace(&old.url(), &new.url());
    place.write("handfast.toml", text);
    assert_eq!(proxy.reload_after(0)["taken"], true);
    until("a request at the new one", || {
        assert_eq!(caller.get().expect("an answer").status, 200);
        (!new.heard().is_empty()).then_some(())
    });
    let before = old.heard().len();
    assert_eq!(caller.get().expect("an answer").status, 200);
    assert_eq!(old.heard().len(), before);
    drop(caller);
    assert_eq!(
        proxy.connection(1)["requests"],
        old.heard().len() + new.heard().len()
    );
}

/// The inner proxy is a service that asks for certificates; its log says who came, and how.
#[test]
fn connections_that_a_certificate_was_shown_on_are_not_used_for_the_next_one() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let inner = place.open(&format!("{DOOR} --to {} --allow any", service.url()));
    let copy = |from: &str| {
        for name in ["tls.crt", "tls.key"] {
            place.write(&format!("shown/{name}"), place.read(&format!("{from}/{name}")));
        }
    };
    std::fs::create_dir_all(place.path("shown")).expect("a folder");
    copy("web");
    let to = format!("https://localhost:{}", inner.port);
    let shown = "to-ca = \"server/ca.crt\"\nto-cert = \"shown/tls.crt\"\nto-key = \"shown/tls.key\"\nallow = [\"any\"]";
    let outer = place.open_with(&to, shown);
    let mut caller = Call::of(&place, "web").knock(outer.port).expect("accepted");
    for _ in 0..3 {
        assert_eq!(caller.get().expect("an answer").status, 200);
    }
    copy("api");
    until("the new certificate", || {
        let reloads = outer.events("reload");
        reloads.iter().any(|event| event["taken"] == true).then_some(())
    });
    // The old connection ends when nothing runs on it any more.
    let old = inner.connection(1);
    assert_eq!(old["identity"]["uris"][0], "spiffe://acme/web");
    assert_eq!((&old["alpn"], &old["requests"]), (&"h2".into(), &3.into()));
    assert_eq!(caller.get().expect("an answer").status, 200);
    assert_eq!(outer.stop().exit, 0);
    let new = inner.connection(2);
    assert_eq!(new["identity"]["uris"][0], "spiffe://acme/api");
    assert_eq!(new["requests"], 1);
}

#[test]
fn a_backend_without_its_files_leaves_the_last_good_state() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let inner = place.open(&format!("{DOOR} --to {} --allow any", service.url()));
    let shown =
        "to-ca = \"inner.crt\"\nto-cert = \"api/tls.crt\"\nto-key = \"api/tls.key\"\nallow = [\"any\"]";
    place.write("inner.crt", place.read("server/ca.crt"));
    let outer = place.open_with(&format!("https://localhost:{}", inner.port), shown);
    assert_eq!(Call::of(&place, "web").get(outer.port), Ok(200));
    place.write("inner.crt", "nothing\n");
    let event = outer.reload_after(0);
    assert_eq!(event["taken"], false, "{event}");
    assert_eq!(Call::of(&place, "web").get(outer.port), Ok(200));
}

#[test]
fn the_chain_of_the_client_goes_to_the_backend_on_request_alone() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let proxy = place.open_with(&service.url(), "");
    let forged = "GET / HTTP/1.1\r\nhost: localhost\r\nclient-cert-chain: :Zm9yZ2Vk:\r\n\r\n";
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    assert_eq!(caller.ask(forged).expect("an answer").status, 200);
    assert!(service.last().values("client-cert-chain").is_empty());
    let proxy = place.open_with(&service.url(), "client-cert-chain = true");
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    assert_eq!(caller.ask(forged).expect("an answer").status, 200);
    let heard = service.last();
    let chain = heard.value("client-cert-chain");
    let behind: Vec<&str> = chain.split(", ").collect();
    let certificates = |name: &str| -> Vec<String> {
        let text = place.read(name);
        let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        blocks
            .map(|block| {
                block
                    .split("-----END")
                    .next()
                    .unwrap_or_default()
                    .replace('\n', "")
            })
            .collect()
    };
    // The issuing CA, then the root that is trusted.
    let expected: Vec<String> = certificates("web/tls.crt")
        .into_iter()
        .skip(1)
        .chain(certificates("server/ca.crt"))
        .map(|base64| format!(":{base64}:"))
        .collect();
    assert_eq!(behind, expected);
    assert_ne!(heard.value("client-cert"), behind[0]);
}
