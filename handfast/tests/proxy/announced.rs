//! The PROXY protocol: required of the load balancers that are named, refused of others, and told to a backend of bytes.

use std::{io::Read, sync::mpsc};

use crate::program::{
    Place,
    caller::Call,
    pki::{DOOR, cast},
    service::{Service, listen},
};

/// A header of version 2 for 192.0.2.7:4711.
const HEADER: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x01\x12\x67\x20\xfb";

#[test]
fn a_named_balancer_says_who_the_client_is_and_backend_and_log_hear_it() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    let proxy = place.open(&format!(
        "{DOOR} --to {} --allow uri:spiffe://acme/web --proxy-protocol 127.0.0.0/8",
        service.url()
    ));
    let call = Call {
        before: HEADER,
        ..Call::of(&place, "web")
    };
    assert_eq!(call.get(proxy.port), Ok(200));
    assert_eq!(service.last().value("x-forwarded-for"), "192.0.2.7");
    assert_eq!(proxy.connection(1)["peer"], "192.0.2.7:4711");
    // Without a header, or with one of version 1, nothing is accepted from there.
    assert!(Call::of(&place, "web").get(proxy.port).is_err());
    let first = Call {
        before: b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 8443\r\n",
        ..Call::of(&place, "web")
    };
    assert!(first.get(proxy.port).is_err());
    for record in &proxy.connections(3)[1..] {
        assert_eq!(
            (&record["code"], &record["verdict"]),
            (&"HF-724".into(), &"refused".into())
        );
        assert!(
            record["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains("127.0.0.1")),
            "{record}"
        );
    }
    assert_eq!(service.heard().len(), 1);
}

#[test]
fn from_others_a_header_is_refused() {
    let place = Place::new();
    cast(&place);
    let service = Service::hello();
    for setting in ["", "proxy-protocol = [\"10.0.0.0/8\"]"] {
        let proxy = place.open_with(&service.url(), setting);
        let call = Call {
            before: HEADER,
            ..Call::of(&place, "web")
        };
        assert!(call.get(proxy.port).is_err());
        assert_eq!(Call::of(&place, "web").get(proxy.port), Ok(200));
        let refused = &proxy.connections(2)[0];
        assert_eq!(refused["verdict"], "refused", "{refused}");
        assert!(
            refused["peer"]
                .as_str()
                .is_some_and(|peer| peer.starts_with("127.0.0.1:"))
        );
    }
    assert!(
        service
            .heard()
            .iter()
            .all(|heard| heard.value("x-forwarded-for") == "127.0.0.1")
    );
}

#[test]
fn a_backend_of_bytes_is_told_who_comes_before_the_first_byte() {
    let place = Place::new();
    cast(&place);
    let (sender, heard) = mpsc::channel();
    let port = listen(move |_, mut stream| {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    let proxy = place.open(&format!(
        "{DOOR} --to tcp://127.0.0.1:{port} --allow uri:spiffe://acme/web --to-proxy-protocol"
    ));
    let mut caller = Call::of(&place, "web").knock(proxy.port).expect("accepted");
    caller.send(b"hello").expect("sent");
    caller.finish_sending();
    let bytes = heard.recv().expect("bytes");
    assert_eq!(&bytes[..14], b"\r\n\r\n\0\r\nQUIT\n\x21\x11");
    let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    assert_eq!(&bytes[16..24], [127, 0, 0, 1, 127, 0, 0, 1]);
    assert_eq!(&bytes[26..28], proxy.port.to_be_bytes());
    assert_eq!(&bytes[16 + length..], b"hello");
    let header = String::from_utf8_lossy(&bytes[..16 + length]).into_owned();
    assert!(header.contains("TLSv1.3"), "{header}");
}
