//! Bytes through the proxy, and the client's half in front of it.

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
    service::{closed_port, listen},
};

/// Reads to the end, then answers with the same, backwards.
fn backwards() -> u16 {
    listen(|_, mut stream| {
        let mut all = Vec::new();
        if stream.read_to_end(&mut all).is_ok() {
            all.reverse();
            let _ = stream.write_all(&all);
        }
    })
}

fn tunnel(place: &Place, port: u16, more: &str) -> Daemon {
    place.open(&format!(
        "tunnel --listen 127.0.0.1:0 --to localhost:{port} --cert web/tls.crt --key web/tls.key --ca web/ca.crt {more}"
    ))
}

/// Everything that comes back over plain TCP, or how it broke off.
fn said_back(port: u16, said: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    // What is refused may be closed before it is written.
    let _ = stream
        .write_all(said)
        .and_then(|()| stream.shutdown(Shutdown::Write));
    let mut all = Vec::new();
    stream.read_to_end(&mut all)?;
    Ok(all)
}

#[test]
fn each_way_of_a_byte_tunnel_ends_by_itself() {
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to tcp://127.0.0.1:{} --allow uri:spiffe://acme/web",
        backwards()
    ));
    let said: Vec<u8> = (0..300_000_u32).map(|index| (index % 253) as u8).collect();
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    caller.send(&said).expect("sent");
    caller.finish_sending();
    let mut heard = caller.read_to_end().expect("to its end");
    heard.reverse();
    assert!(heard == said);
    let record = proxy.connection(1);
    assert_eq!(
        (&record["verdict"], &record["requests"]),
        (&"allowed".into(), &0.into())
    );
    assert_eq!(
        (record["bytes_in"].as_u64(), record["bytes_out"].as_u64()),
        (Some(300_000), Some(300_000)),
        "{record}"
    );
    assert!(record["code"].is_null(), "{record}");
    assert!(
        Call::of(&place, "api")
            .knock(proxy.port)
            .and_then(|mut api| { api.read().map_err(|error| error.to_string()) })
            .is_err()
    );
}

#[test]
fn a_service_that_ends_first_still_hears_the_client() {
    let (heard, hears) = std::sync::mpsc::channel();
    let heard = std::sync::Mutex::new(heard);
    let port = listen(move |_, mut stream| {
        let _ = stream.write_all(b"goodbye");
        let _ = stream.shutdown(Shutdown::Write);
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = heard.lock().expect("no panic while locked").send(all);
    });
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!("{DOOR} --to tcp://127.0.0.1:{port} --allow any"));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("let in");
    assert_eq!(caller.read_to_end().expect("to its end"), b"goodbye");
    for _ in 0..10 {
        caller.send(b"and more ").expect("sent");
    }
    caller.finish_sending();
    let all = hears.recv_timeout(Duration::from_secs(20)).expect("heard");
    assert_eq!(all, b"and more ".repeat(10));
}

#[test]
fn tunnel_and_proxy_carry_plain_bytes_end_to_end() {
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to tcp://127.0.0.1:{} --allow uri:spiffe://acme/web",
        backwards()
    ));
    for expect in [
        "",
        "--expect uri:spiffe://acme/proxy",
        "--expect dns:localhost --expect uri:spiffe://acme/x",
    ] {
        let tunnel = tunnel(&place, proxy.port, expect);
        assert_eq!(said_back(tunnel.port, b"abc").expect("carried"), b"cba");
        let record = tunnel.connection(1);
        assert_eq!(record["verdict"], "allowed", "{record}");
        let identity = record["identity"].to_string();
        assert!(identity.contains("spiffe://acme/proxy"), "{record}");
    }
    assert_eq!(proxy.connections(3).len(), 3);
}

#[test]
fn a_server_that_is_not_the_expected_one_gets_nothing() {
    let place = Place::new();
    cast(&place);
    let (heard, hears) = std::sync::mpsc::channel();
    let heard = std::sync::Mutex::new(heard);
    let backend = listen(move |_, mut stream| {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = heard.lock().expect("no panic while locked").send(all);
    });
    let proxy = place.open(&format!("{DOOR} --to tcp://127.0.0.1:{backend} --allow any"));
    let tunnel = tunnel(&place, proxy.port, "--expect uri:spiffe://acme/database");
    let back = said_back(tunnel.port, b"secret").unwrap_or_default();
    assert!(back.is_empty(), "{back:?}");
    let record = tunnel.connection(1);
    assert_ne!(record["verdict"], "allowed", "{record}");
    assert!(
        ["HF-609", "HF-306"].iter().any(|code| record["code"] == **code),
        "{record}"
    );
    let carried = hears.recv_timeout(Duration::from_millis(500)).unwrap_or_default();
    assert!(carried.is_empty(), "{carried:?}");
    assert_eq!(proxy.connection(1)["bytes_in"], 0);
}

#[test]
fn the_tunnel_says_why_nothing_is_carried() {
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to tcp://127.0.0.1:{} --allow uri:spiffe://acme/api",
        backwards()
    ));
    let tunnel_to = |port, ca: &str, to: &str| {
        place.open(&format!(
            "tunnel --listen 127.0.0.1:0 --to {to}:{port} --cert web/tls.crt --key web/tls.key --ca {ca}"
        ))
    };
    for (port, ca, to, code) in [
        (proxy.port, "stranger/ca.crt", "localhost", "HF-301"),
        (proxy.port, "web/ca.crt", "ip6-localhost.localhost", "HF-303"),
        (closed_port(), "web/ca.crt", "localhost", "HF-705"),
    ] {
        if to.contains('.') && std::net::ToSocketAddrs::to_socket_addrs(&(to, 1)).is_err() {
            // This machine knows no other name of its own.
            continue;
        }
        let tunnel = tunnel_to(port, ca, to);
        let back = said_back(tunnel.port, b"abc").unwrap_or_default();
        assert!(back.is_empty(), "{back:?}");
        let record = tunnel.connection(1);
        assert_eq!(record["code"], code, "{record}");
    }
}

/// In TLS 1.3 the server judges its client after the client may speak, and a program behind the tunnel
/// speaks at once.
#[test]
fn a_refusal_is_heard_also_by_a_tunnel_that_is_writing() {
    let place = Place::new();
    cast(&place);
    let proxy = place.open(&format!(
        "{DOOR} --to tcp://127.0.0.1:{} --allow uri:spiffe://acme/api",
        backwards()
    ));
    let tunnel = tunnel(&place, proxy.port, "");
    let mut codes = std::collections::BTreeMap::new();
    for count in 1..=30 {
        let back = said_back(tunnel.port, b"abc").unwrap_or_default();
        assert!(back.is_empty(), "{back:?}");
        let record = tunnel.connection(count);
        *codes.entry(record["code"].to_string()).or_insert(0) += 1;
    }
    let only: std::collections::BTreeMap<_, _> = [("\"HF-609\"".to_owned(), 30)].into();
    assert_eq!(codes, only);
}
