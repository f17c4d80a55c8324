//! Headers between client and backend: first hop-by-hop removal, then every name that could be read as
//! ours, then ours. In that order, so that nothing a client sends can remove or forge what we add.

use handfast_headers::Reserved;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING,
        UPGRADE,
    },
    uri::PathAndQuery,
};

use super::{
    host,
    unacceptable::{MOST_FIELDS, Unacceptable},
    websocket,
};

/// What is added to every request of one connection.
pub(crate) struct Ours {
    /// Nothing where the client has not proven who it is.
    pub(crate) client_cert: Option<HeaderValue>,
    pub(crate) client_cert_chain: Option<HeaderValue>,
    pub(crate) xfcc: Option<HeaderValue>,
    pub(crate) forwarded_for: HeaderValue,
}

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
const XFCC: HeaderName = HeaderName::from_static("x-forwarded-client-cert");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Removed on every hop (RFC 9110 section 7.6.1), whatever `Connection` says.
const HOP_BY_HOP: [HeaderName; 7] = [
    CONNECTION,
    KEEP_ALIVE,
    PROXY_CONNECTION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    HTTP2_SETTINGS,
];

/// Turns a client's request into the backend's. Returns whether it asks for an upgrade to WebSocket; one that does so by
/// CONNECT (RFC 8441) becomes a GET that asks for it (RFC 6455).
pub(crate) fn to_backend<B>(
    request: &mut Request<B>,
    ours: &Ours,
    reserved: &Reserved,
) -> Result<bool, Unacceptable> {
    let connects = websocket::asks(request);
    if connects {
        *request.method_mut() = Method::GET;
    }
    if request.headers().len() > MOST_FIELDS {
        return Err(Unacceptable::Fields);
    }
    let path = path(request)?;
    let host = host::of(request)?;
    let found = Found::of(request.headers(), reserved);
    *request.uri_mut() = Uri::from(path);
    // RFC 6455 section 4.1; of HTTP/1.0 an upgrade is ignored (RFC 9110 section 7.8).
    let may_switch = request.version() == Version::HTTP_11 && request.method() == Method::GET;
    *request.version_mut() = Version::HTTP_11;

    let headers = request.headers_mut();
    let mut upgrades = connects;
    // Transfer-Encoding and Upgrade are among them.
    if found.hop_by_hop {
        must_have_one_end(headers)?;
        upgrades |= may_switch && asks_for_websocket(headers);
        strip_hop_by_hop(headers);
    }
    if found.to_remove {
        // The proxy has answered it already, when it began to read the body.
        headers.remove(EXPECT);
        strip_reserved(headers, reserved);
    }
    join_cookies(headers);

    if let Some(host) = host {
        headers.insert(HOST, host);
    }
    if let Some(cert) = &ours.client_cert {
        headers.insert(CLIENT_CERT, cert.clone());
    }
    if let Some(chain) = &ours.client_cert_chain {
        headers.insert(CLIENT_CERT_CHAIN, chain.clone());
    }
    if let Some(xfcc) = &ours.xfcc {
        headers.insert(XFCC, xfcc.clone());
    }
    headers.insert(FORWARDED_FOR, ours.forwarded_for.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
    if upgrades {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }
    Ok(upgrades)
}

/// What one look at the names of a request finds. Most requests have none of it, and are not searched name by name.
struct Found {
    hop_by_hop: bool,
    /// Names that could be read as ours, or what was answered already.
    to_remove: bool,
}

impl Found {
    fn of(headers: &HeaderMap, reserved: &Reserved) -> Self {
        Self {
            hop_by_hop: has_hop_by_hop(headers),
            to_remove: headers
                .keys()
                .any(|name| *name == EXPECT || reserved.covers(name.as_str())),
        }
    }
}

/// The path that is asked for; `*` only for the server as a whole (RFC 9110 section 7.1).
fn path<B>(request: &Request<B>) -> Result<PathAndQuery, Unacceptable> {
    let scheme = request.uri().scheme_str();
    if request.method() == Method::CONNECT || !matches!(scheme, None | Some("https" | "http")) {
        return Err(Unacceptable::Target);
    }
    let path = request
        .uri()
        .path_and_query()
        .cloned()
        .unwrap_or(PathAndQuery::from_static("/"));
    match path.as_str() {
        "*" if request.method() == Method::OPTIONS => Ok(path),
        text if text.starts_with('/') => Ok(path),
        _ => Err(Unacceptable::Target),
    }
}

/// The body of a request has one end for every reader: its length, or chunks and nothing else.
fn must_have_one_end(headers: &HeaderMap) -> Result<(), Unacceptable> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else {
        return Ok(());
    };
    if headers.contains_key(CONTENT_LENGTH) || codings.next().is_some() {
        return Err(Unacceptable::Framing);
    }
    if coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") {
        Ok(())
    } else {
        Err(Unacceptable::Coding)
    }
}

/// HTTP/2 clients may send each cookie in a field of its own; HTTP/1.1 has one (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    let (Some(first), Some(_)) = (crumbs.next(), crumbs.next()) else {
        return;
    };
    let mut joined = first.as_bytes().to_vec();
    for crumb in headers.get_all(COOKIE).iter().skip(1) {
        joined.extend_from_slice(b"; ");
        joined.extend_from_slice(crumb.as_bytes());
    }
    // Values joined with characters of a value are a value.
    if let Ok(joined) = HeaderValue::from_bytes(&joined) {
        headers.insert(COOKIE, joined);
    }
}

/// Gives the body of an answer one end, as for requests: chunks win over a length (RFC 9112 section 6.3). `false` for a
/// coding that the client would never hear of.
pub(crate) fn answer_has_one_end(headers: &mut HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let is_good = match (codings.next(), codings.next()) {
        (None, _) => return true,
        (Some(coding), None) => coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    headers.remove(CONTENT_LENGTH);
    is_good
}

/// Turns the backend's headers into the client's; an accepted upgrade keeps what carries it.
pub(crate) fn to_client(headers: &mut HeaderMap, switches: bool) {
    strip_hop_by_hop(headers);
    if switches {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, WEBSOCKET);
    }
}

/// Whether the request is a call of gRPC, whose client sets the deadline (`grpc-timeout`).
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// Whether the backend's `101 Switching Protocols` switches to WebSocket, the one protocol that was asked for.
pub(crate) fn switches_to_websocket(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(UPGRADE).iter();
    match (protocols.next(), protocols.next()) {
        (Some(protocol), None) => protocol.as_bytes().eq_ignore_ascii_case(b"websocket"),
        _ => false,
    }
}

/// Removes every header that a backend could take for one that only we may set.
fn strip_reserved(headers: &mut HeaderMap, reserved: &Reserved) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| reserved.covers(name.as_str()))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

/// What must not stand behind a body: identities, and what frames or routes a message (RFC 9110 section 6.5.1).
pub(crate) fn clean_trailers(trailers: &mut HeaderMap, reserved: &Reserved) {
    strip_reserved(trailers, reserved);
    strip_hop_by_hop(trailers);
    for name in [CONTENT_LENGTH, HOST, COOKIE, EXPECT, TRAILER] {
        trailers.remove(name);
    }
}

fn has_hop_by_hop(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| HOP_BY_HOP.contains(name))
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    if !has_hop_by_hop(headers) {
        return;
    }
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|token| token.trim().parse().ok())
            .collect();
        for name in named {
            // Neither a body's length nor the host is the connection's to take away.
            if name != CONTENT_LENGTH && name != HOST {
                headers.remove(name);
            }
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Whether `Connection` asks for an upgrade to the single protocol `websocket`, without a body: an early body would be
/// read by the backend as something else. Any other protocol would let the client write to the backend past us.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
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
    asked && !has_body && switches_to_websocket(headers)
}

#[cfg(test)]
mod tests {
    use super::{super::unacceptable::WhyHost, *};

    fn ours() -> Ours {
        Ours {
            client_cert: Some(HeaderValue::from_static(":real:")),
            client_cert_chain: None,
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
        let upgrade = to_backend(&mut request, &ours(), &Reserved::default())?;
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
    fn only_get_of_http_1_1_is_an_upgrade() {
        for (method, version, is_one) in [
            (Method::GET, Version::HTTP_11, true),
            (Method::POST, Version::HTTP_11, false),
            (Method::HEAD, Version::HTTP_11, false),
            (Method::GET, Version::HTTP_10, false),
        ] {
            let mut request = Request::builder()
                .method(&method)
                .version(version)
                .uri("/")
                .header("host", "acme.example")
                .header("connection", "upgrade")
                .header("upgrade", "websocket")
                .body(())
                .expect("valid");
            let upgrade = to_backend(&mut request, &ours(), &Reserved::default()).expect("accepted");
            assert_eq!(upgrade, is_one, "{method} {version:?}");
            assert_eq!(request.headers().contains_key("upgrade"), is_one);
        }
    }

    #[test]
    fn only_the_single_token_websocket_is_an_upgrade() {
        for protocol in ["h2c", "websocket, h2c", "websocket/13", ""] {
            let (headers, upgrade) =
                sent(&[("connection", "upgrade"), ("upgrade", protocol)]).expect("accepted");
            assert!(!upgrade && !headers.contains_key("upgrade"), "{protocol}");
        }
        let twice = [
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("upgrade", "websocket"),
        ];
        assert!(!sent(&twice).expect("accepted").1);
    }

    #[test]
    fn of_a_length_beside_the_chunks_of_an_answer_nothing_is_left() {
        let answer = |fields: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(
                    name.parse::<HeaderName>().expect("name"),
                    value.parse().expect("value"),
                );
            }
            (
                answer_has_one_end(&mut headers),
                headers.contains_key(CONTENT_LENGTH),
            )
        };
        let (length, chunked) = (("content-length", "3"), ("transfer-encoding", "Chunked"));
        assert_eq!(answer(&[length]), (true, true));
        assert_eq!(answer(&[chunked]), (true, false));
        assert_eq!(answer(&[length, chunked]), (true, false));
        assert_eq!(answer(&[("transfer-encoding", "gzip, chunked")]), (false, false));
        assert_eq!(answer(&[chunked, chunked]), (false, false));
    }

    #[test]
    fn a_coding_besides_chunked_is_refused() {
        assert_eq!(
            sent(&[("transfer-encoding", "gzip, chunked")]).err(),
            Some(Unacceptable::Coding)
        );
        assert!(sent(&[("transfer-encoding", "chunked")]).is_ok());
        assert_eq!(
            sent(&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]).err(),
            Some(Unacceptable::Framing)
        );
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
        assert_eq!(
            sent(&[("host", "other.example")]).err(),
            Some(Unacceptable::Host(WhyHost::Several))
        );
        let mut request = Request::get("http://target.example/x")
            .header("host", "other.example")
            .body(())
            .expect("valid");
        assert_eq!(
            to_backend(&mut request, &ours(), &Reserved::default()),
            Err(Unacceptable::Host(WhyHost::Contradicts))
        );
        let mut request = Request::get("http://target.example/x").body(()).expect("valid");
        assert_eq!(
            to_backend(&mut request, &ours(), &Reserved::default()),
            Err(Unacceptable::Host(WhyHost::None)),
            "HTTP/1.1 says the host twice"
        );
        let mut request = Request::get("http://target.example/x").body(()).expect("valid");
        *request.version_mut() = Version::HTTP_2;
        assert_eq!(to_backend(&mut request, &ours(), &Reserved::default()), Ok(false));
        assert_eq!(request.headers()["host"], "target.example");
        let mut request = Request::get("/x").body(()).expect("valid");
        assert_eq!(
            to_backend(&mut request, &ours(), &Reserved::default()),
            Err(Unacceptable::Host(WhyHost::None))
        );
        let mut request = Request::connect("acme.example:443").body(()).expect("valid");
        assert_eq!(
            to_backend(&mut request, &ours(), &Reserved::default()),
            Err(Unacceptable::Target)
        );
    }
}
