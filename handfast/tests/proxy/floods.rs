//! A client that asks for much and waits for nothing is cut, and the log says who it was and why.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::program::{Place, caller::Call, pki::cast, service::Service};

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .expect("a short payload")
        .to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Streams that are reset as soon as they are asked for (CVE-2023-44487): `count` of them, on one connection.
fn reset_at_once(count: u32) -> Vec<u8> {
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const SETTINGS: u8 = 4;
    const END_OF_STREAM_AND_HEADERS: u8 = 5;
    const CANCEL: [u8; 4] = [0, 0, 0, 8];
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    // GET, https, the path "/", and the authority as a literal of nine octets (RFC 7541).
    let mut head = vec![0x82, 0x87, 0x84, 0x41, 9];
    head.extend(b"localhost");
    for number in 0..count {
        let stream = 2 * number + 1;
        bytes.extend(frame(HEADERS, END_OF_STREAM_AND_HEADERS, stream, &head));
        bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL));
    }
    bytes
}

#[test]
fn a_flood_of_requests_that_are_taken_back_is_cut_and_named() {
    let service = Service::hello();
    let place = Place::new();
    cast(&place);
    let proxy = place.open_with(&service.url(), "");
    for (count, code) in [(3, None), (20_000, Some("HF-721"))] {
        let seen = proxy.events("connection").len();
        let (runtime, mut stream) = Call::over_http2(&place, "web")
            .knock(proxy.port)
            .expect("accepted")
            .into_parts();
        runtime.block_on(async {
            // The proxy may have ended it before all is sent.
            let _ = stream.write_all(&reset_at_once(count)).await;
            let _ = stream.flush().await;
            if code.is_none() {
                let _ = stream.shutdown().await;
            }
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        });
        let record = proxy.connection(seen + 1);
        assert_eq!(record["code"].as_str(), code, "{record:#}");
        assert_eq!(
            record["identity"]["called"], "uri:spiffe://acme/web",
            "{record:#}"
        );
    }
}
