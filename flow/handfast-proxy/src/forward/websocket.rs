//! WebSocket over HTTP/2 (RFC 8441): one stream of a client's connection, and a connection of HTTP/1.1 to the backend.
//!
//! The client asks with CONNECT and `:protocol`; the backend is asked with `Upgrade`, as RFC 6455 has it, and with a key of
//! ours, whose answer we check in the place of the client.

use aws_lc_rs::{digest, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use hyper::ext::Protocol;

const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");
/// What makes the answer to a key (RFC 6455 section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether `request` asks for WebSocket as HTTP/2 does; any other protocol is none that we pass on.
pub(super) fn asks<B>(request: &Request<B>) -> bool {
    request.method() == Method::CONNECT
        && request
            .extensions()
            .get::<Protocol>()
            .is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"))
}

/// The answer that the backend has to give to a key of ours, which is put into `headers`. Nothing where the system has no
/// randomness.
pub(super) fn ask(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let mut nonce = [0; 16];
    rand::fill(&mut nonce).ok()?;
    let key = STANDARD.encode(nonce);
    let expected = HeaderValue::from_str(&answer_to(&key)).ok()?;
    headers.insert(KEY, HeaderValue::from_str(&key).ok()?);
    Some(expected)
}

fn answer_to(key: &str) -> String {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key.as_bytes());
    hash.update(GUID);
    STANDARD.encode(hash.finish())
}

/// Whether the backend has understood the key; what it says of it is not for the client, who has sent none.
pub(super) fn is_answered(headers: &mut HeaderMap, expected: &HeaderValue) -> bool {
    let mut answers = headers.get_all(ACCEPT).iter();
    let is_answered = answers.next() == Some(expected) && answers.next().is_none();
    headers.remove(ACCEPT);
    is_answered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_key_is_that_of_the_rfc() {
        // RFC 6455 section 1.3.
        assert_eq!(
            answer_to("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn only_the_answer_to_our_key_is_one() {
        let mut headers = HeaderMap::new();
        let expected = ask(&mut headers).expect("randomness");
        assert!(!is_answered(&mut headers, &expected), "nothing");
        headers.insert(ACCEPT, HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert!(!is_answered(&mut headers, &expected), "another");
        headers.append(ACCEPT, expected.clone());
        headers.append(ACCEPT, expected.clone());
        assert!(!is_answered(&mut headers, &expected), "twice");
        headers.insert(ACCEPT, expected.clone());
        assert!(is_answered(&mut headers, &expected));
        assert!(!headers.contains_key(ACCEPT));
        assert_ne!(ask(&mut HeaderMap::new()), Some(expected), "keys are used once");
    }
}
