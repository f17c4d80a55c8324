//! Headers between client and backend: first hop-by-hop removal, then every name that could be read as
//! ours, then ours. In that order, so that nothing a client sends can remove or forge what we add.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version,
    header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE},
    uri::PathAndQuery,
};

/// What is added to every request of one connection.
pub(crate) struct Ours {
    pub(crate) client_cert: HeaderValue,
    pub(crate) xfcc: Option<HeaderValue>,
    pub(crate) forwarded_for: HeaderValue,
}

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const XFCC: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Removed on every hop (RFC 9110 section 7.6.1), whatever `Connection` says.
const HOP_BY_HOP: [HeaderName; 6] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Why a request is not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unacceptable {
    /// CONNECT, or a target that is no path.
    Target,
    /// No Host, several, or one that contradicts the target.
    Host,
    /// Both a length and a transfer coding: two readers could find two ends (RFC 9112 section 6.3).
    Framing,
}

/// Turns a client's request into the backend's. Returns whether it asks for an upgrade.
pub(crate) fn to_backend<B>(request: &mut Request<B>, ours: &Ours) -> Result<bool, Unacceptable> {
    if request.method() == Method::CONNECT {
        return Err(Unacceptable::Target);
    }
    let host = host(request)?;
    let path = request
        .uri()
        .path_and_query()
        .cloned()
        .unwrap_or(PathAndQuery::from_static("/"));
    if !(path.as_str().starts_with('/') || path.as_str() == "*") {
        return Err(Unacceptable::Target);
    }
    *request.uri_mut() = Uri::from(path);
    let is_http1 = request.version() <= Version::HTTP_11;
    *request.version_mut() = Version::HTTP_11;

    let headers = request.headers_mut();
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return Err(Unacceptable::Framing);
    }
    let upgrade = if is_http1 { wanted_upgrade(headers) } else { None };
    strip_hop_by_hop(headers);
    // The door has answered it already, when it began to read the body.
    headers.remove(EXPECT);
    strip_identity(headers);

    headers.insert(HOST, host);
    headers.insert(CLIENT_CERT, ours.client_cert.clone());
    if let Some(xfcc) = &ours.xfcc {
        headers.insert(XFCC, xfcc.clone());
    }
    headers.insert(FORWARDED_FOR, ours.forwarded_for.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
    if let Some(protocol) = &upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
    Ok(upgrade.is_some())
}

/// Turns the backend's headers into the client's; an accepted upgrade keeps what carries it.
pub(crate) fn to_client(headers: &mut HeaderMap, switches: bool) {
    let upgrade = if switches {
        headers.get(UPGRADE).cloned()
    } else {
        None
    };
    strip_hop_by_hop(headers);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

/// Removes every header that a backend could take for the identity or address that we vouch for.
pub(crate) fn strip_identity(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_ours(name.as_str()))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

/// Whether a backend could read `name` (lower case already) as ours. CGI and WSGI fold `-` and `_`.
fn is_ours(name: &str) -> bool {
    // Most names are decided by their first letter, without a comparison.
    let Some(b'c' | b'x' | b's' | b'f') = name.bytes().next() else {
        return false;
    };
    let begins = |prefix: &str| {
        name.len() >= prefix.len()
            && name
                .bytes()
                .zip(prefix.bytes())
                .all(|(a, b)| a == b || (a == b'_' && b == b'-'))
    };
    const PREFIXES: [&str; 8] = [
        "client-cert",
        "x-forwarded-",
        "x-client-cert",
        "x-client-dn",
        "x-client-verify",
        "x-ssl-",
        "ssl-client-",
        "x-real-ip",
    ];
    PREFIXES.iter().any(|prefix| begins(prefix)) || (begins("forwarded") && name.len() == "forwarded".len())
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|token| token.trim().parse().ok())
            .collect();
        for name in named {
            // A body's length is not the connection's to take away.
            if name != CONTENT_LENGTH {
                headers.remove(name);
            }
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// The protocol of an upgrade that `Connection` really asks for, without a body (an early body would be
/// read by the backend as something else).
fn wanted_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let asked = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let asked = asked
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length.as_bytes() != b"0");
    if asked && !has_body {
        headers.get(UPGRADE).cloned()
    } else {
        None
    }
}

/// The one host that the request is for: the target's authority where it has one (RFC 9112 section 3.2.2).
fn host<B>(request: &Request<B>) -> Result<HeaderValue, Unacceptable> {
    let mut named = request.headers().get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return Err(Unacceptable::Host);
    }
    match request.uri().authority() {
        Some(authority) => {
            let agrees = first.is_none_or(|host| {
                host.as_bytes()
                    .eq_ignore_ascii_case(authority.as_str().as_bytes())
            });
            if !agrees || authority.as_str().contains('@') {
                return Err(Unacceptable::Host);
            }
            HeaderValue::from_str(authority.as_str()).map_err(|_| Unacceptable::Host)
        }
        None => match first {
            Some(host) if !host.is_empty() || request.version() < Version::HTTP_11 => Ok(host.clone()),
            None if request.version() < Version::HTTP_11 => Ok(HeaderValue::from_static("")),
            _ => Err(Unacceptable::Host),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Ours {
        Ours {
            client_cert: HeaderValue::from_static(":real:"),
            xfcc: Some(HeaderValue::from_static("Hash=real")),
            forwarded_for: HeaderValue::from_static("192.0.2.1"),
        }
    }

    fn sent(headers: &[(&str, &str)]) -> Result<(HeaderMap, bool), Unacceptable> {
        let mut request = Request::get("/a?b")
            .header("host", "acme.example")
            .body(())
            .expect("valid");
        for (name, value) in headers {
            request.headers_mut().append(
                name.parse::<HeaderName>().expect("name"),
                value.parse().expect("value"),
            );
        }
        let upgrade = to_backend(&mut request, &ours())?;
        assert_eq!(request.uri(), "/a?b");
        Ok((request.into_parts().0.headers, upgrade))
    }

    #[test]
    fn no_spelling_of_an_identity_header_reaches_the_backend() {
        let mut spellings = Vec::new();
        for base in [
            "client-cert",
            "client-cert-chain",
            "x-forwarded-client-cert",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-real-ip",
            "x-client-cert",
            "x-client-dn",
            "x-client-verify",
            "x-ssl-client-verify",
            "x-ssl-client-s-dn",
            "ssl-client-cert",
            "forwarded",
        ] {
            for mask in 0..1_u32 << base.matches('-').count() {
                let mut seen = 0;
                let name: String = base
                    .chars()
                    .map(|c| {
                        if c == '-' {
                            seen += 1;
                            if mask >> (seen - 1) & 1 == 1 { '_' } else { '-' }
                        } else {
                            c
                        }
                    })
                    .collect();
                spellings.push(name.to_uppercase());
                spellings.push(name);
            }
        }
        assert!(spellings.len() > 90);
        for name in &spellings {
            let (headers, _) = sent(&[(name, "forged"), (name, "twice")]).expect("accepted");
            assert!(
                headers
                    .values()
                    .all(|value| value != "forged" && value != "twice"),
                "{name}"
            );
            assert_eq!(headers["client-cert"], ":real:");
            assert_eq!(headers["x-forwarded-client-cert"], "Hash=real");
        }
    }

    #[test]
    fn connection_cannot_remove_what_we_add() {
        for name in [
            "client-cert",
            "X-Forwarded-Client-Cert",
            "host",
            "x-forwarded-for",
            "close, Client-Cert",
        ] {
            let (headers, _) = sent(&[("connection", name), ("x-kept", "yes")]).expect("accepted");
            assert_eq!(headers["client-cert"], ":real:");
            assert_eq!(headers["x-forwarded-client-cert"], "Hash=real");
            assert_eq!(headers["host"], "acme.example");
            assert_eq!(headers["x-kept"], "yes");
            assert!(!headers.contains_key("connection"));
        }
    }

    #[test]
    fn hop_by_hop_headers_stop_here_and_others_go_on() {
        let (headers, upgrade) = sent(&[
            ("connection", "keep-alive, x-mine"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("accept", "*/*"),
            ("cookie", "a=b"),
        ])
        .expect("accepted");
        for gone in ["connection", "x-mine", "keep-alive", "te", "upgrade"] {
            assert!(!headers.contains_key(gone), "{gone}");
        }
        assert!(!upgrade, "an upgrade that Connection does not ask for is none");
        assert_eq!(headers["accept"], "*/*");
        assert_eq!(headers["cookie"], "a=b");
    }

    #[test]
    fn an_upgrade_is_passed_on_only_without_a_body() {
        let ask = [("connection", "Upgrade"), ("upgrade", "websocket")];
        let (headers, upgrade) = sent(&ask).expect("accepted");
        assert!(upgrade);
        assert_eq!(headers["upgrade"], "websocket");
        let (headers, upgrade) = sent(&[ask[0], ask[1], ("content-length", "5")]).expect("accepted");
        assert!(!upgrade && !headers.contains_key("upgrade"));
    }

    #[test]
    fn two_ends_of_a_body_are_refused() {
        assert_eq!(
            sent(&[("transfer-encoding", "chunked"), ("content-length", "5")]).err(),
            Some(Unacceptable::Framing)
        );
    }

    #[test]
    fn the_host_must_be_one() {
        assert_eq!(sent(&[("host", "other.example")]).err(), Some(Unacceptable::Host));
        let mut request = Request::get("http://target.example/x")
            .header("host", "other.example")
            .body(())
            .expect("valid");
        assert_eq!(to_backend(&mut request, &ours()), Err(Unacceptable::Host));
        let mut request = Request::get("http://target.example/x").body(()).expect("valid");
        assert_eq!(to_backend(&mut request, &ours()), Ok(false));
        assert_eq!(request.headers()["host"], "target.example");
        let mut request = Request::get("/x").body(()).expect("valid");
        assert_eq!(to_backend(&mut request, &ours()), Err(Unacceptable::Host));
        let mut request = Request::connect("acme.example:443").body(()).expect("valid");
        assert_eq!(to_backend(&mut request, &ours()), Err(Unacceptable::Target));
    }
}
