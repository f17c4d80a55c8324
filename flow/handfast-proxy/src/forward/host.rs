//! The one host that a request is for.

use http::{HeaderValue, Request, Version, header::HOST};

use super::unacceptable::Unacceptable;

/// The target's authority where it has one (RFC 9112 section 3.2.2), else Host. A request of HTTP/1.1 has exactly one
/// Host (section 3.2), also with an authority, and both agree. `None` where Host says it already.
pub(super) fn of<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Unacceptable> {
    let mut named = request.headers().get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() || (first.is_none() && request.version() == Version::HTTP_11) {
        return Err(Unacceptable::Host);
    }
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    if let (Some(authority), Some(host)) = (authority, first)
        && !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())
    {
        return Err(Unacceptable::Host);
    }
    match (authority.map(str::as_bytes), first.map(HeaderValue::as_bytes)) {
        (None, Some(host)) if is_host(host) => Ok(None),
        (Some(authority), _) if is_host(authority) => {
            let host = HeaderValue::from_bytes(authority).map_err(|_| Unacceptable::Host)?;
            Ok(Some(host))
        }
        (None, None) if request.version() < Version::HTTP_11 => Ok(Some(HeaderValue::from_static(""))),
        _ => Err(Unacceptable::Host),
    }
}

/// Whether `text` is a host with an optional port (RFC 3986 section 3.2, without user information). Percent-encoding
/// and sub-delimiters, which the grammar allows, name no host that two readers understand alike.
fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.strip_prefix(b"[") {
        Some(rest) => {
            let Some(end) = rest.iter().position(|byte| *byte == b']') else {
                return false;
            };
            let address = std::str::from_utf8(&rest[..end]).unwrap_or("");
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            (None, &rest[end + 1..])
        }
        None => {
            let end = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
            (Some(&text[..end]), &text[end..])
        }
    };
    // A name has no empty label but the last, and at most 253 characters (RFC 1035 section 2.3.4).
    let is_name = |host: &[u8]| {
        let labels = host.strip_suffix(b".").unwrap_or(host);
        labels.len() <= 253
            && labels.split(|byte| *byte == b'.').all(|label| !label.is_empty())
            && host
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte))
    };
    host.is_none_or(is_name) && is_port(port)
}

/// Nothing, or a colon and at most a number that fits.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] | [b':'] => true,
        [b':', digits @ ..] => {
            digits.iter().all(u8::is_ascii_digit)
                && std::str::from_utf8(digits).is_ok_and(|digits| digits.parse::<u16>().is_ok())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_a_port_are_hosts() {
        for good in [
            "localhost",
            "acme.example",
            "acme.example:8443",
            "acme.example.",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]",
            "[2001:db8::1]:443",
            "xn--bcher-kva.example",
            "my_service",
            "a:",
            "1234",
        ] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_no_host() {
        for bad in [
            "",
            " ",
            ".",
            "..",
            "a..b",
            ".a",
            "localhost, evil",
            "evil@localhost",
            "localhost/admin",
            "localhost evil",
            "localhost:evil",
            "[::1",
            "[::1]evil",
            "[]",
            "::1",
            "a:1:2",
            "a:65536",
            "a:-1",
            "a?b",
            "a#b",
            "a\\b",
            "a%2fb",
            "a\tb",
            "a\"b",
            "<a>",
            "a;b",
            "b\u{fc}cher.example",
            ":80",
            "a,b",
            "a'b",
            "a(b",
            "a=b",
            "a&b",
            "a+b",
            "a$b",
            "a!b",
            "a*b",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
    }
}
