//! Where something listens or is reached: `HOST:PORT`, `[IPv6]:PORT`, with a scheme before it, or `unix:PATH`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use crate::{ValueError, authority::port_of};

/// A host and a TCP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an IP address as it was written, without brackets.
    pub host: String,
    /// 0 only where a [`Form`] allows it, and then the system chooses.
    pub port: u16,
}

/// What an endpoint may leave out. [`Form::CONNECT`] is the strictest.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// What errors call it: `address`, `backend`.
    pub what: &'static str,
    /// The port where none is written; without one it has to be written.
    pub default_port: Option<u16>,
    /// For listeners: no host stands for all IPv4 addresses, and port 0 lets the system choose.
    pub is_listener: bool,
    /// How to write it, for errors.
    pub hint: &'static str,
}

impl Form {
    /// `HOST:PORT` of a peer.
    pub const CONNECT: Self = Self {
        what: "address",
        default_port: None,
        is_listener: false,
        hint: "write HOST:PORT, such as localhost:8443 or [::1]:8443",
    };
    /// `ADDRESS:PORT` of a listener, `:PORT` for all IPv4 addresses; with port 0 the system chooses.
    pub const LISTEN: Self = Self {
        is_listener: true,
        hint: "write ADDRESS:PORT, such as 127.0.0.1:8443, [::1]:8443 or :8443",
        ..Self::CONNECT
    };

    /// The same with `port` where none is written.
    #[must_use]
    pub const fn or_port(self, port: u16) -> Self {
        Self {
            default_port: Some(port),
            ..self
        }
    }

    /// The same under another name in errors, with another hint.
    #[must_use]
    pub const fn called(self, what: &'static str, hint: &'static str) -> Self {
        Self { what, hint, ..self }
    }
}

impl Endpoint {
    /// The number of a port in its one form: decimal digits without a leading zero, from 1.
    pub fn port(digits: &str) -> Option<u16> {
        port_of(digits).filter(|port| *port > 0)
    }

    /// Reads `text`, which holds nothing else, as `form` says.
    ///
    /// # Errors
    ///
    /// If host or port is missing, no host name or address, or no port; if text follows; for an IPv6 address without
    /// brackets, whose end could be a port; and for names that are not ASCII, which have to be written as A-labels (RFC
    /// 5890).
    pub fn read(text: &str, form: &Form) -> Result<Self, ValueError> {
        Self::within(text, text, form)
    }

    /// Reads `rest`, which is all of `text` but its scheme.
    fn within(text: &str, rest: &str, form: &Form) -> Result<Self, ValueError> {
        let refused = |why: String| ValueError::new(form.what, text, why, form.hint);
        let (host, port) = split(rest).map_err(refused)?;
        let host = match host {
            Written::Bracketed(host) => address(host).map_err(refused)?,
            Written::Plain("") if form.is_listener => "0.0.0.0".to_owned(),
            Written::Plain(host) => name(host).map_err(refused)?,
        };
        let port = match port {
            None => form
                .default_port
                .ok_or_else(|| refused("the port is missing".into()))?,
            Some(digits) => number(digits, form.is_listener).map_err(refused)?,
        };
        Ok(Self { host, port })
    }

    /// Whether the host is an IP address, and which.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// As it is written: an IPv6 address in brackets.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self {
            host: address.ip().to_string(),
            port: address.port(),
        }
    }
}

/// A scheme that an address may begin with, and its port.
#[derive(Debug, Clone, Copy)]
pub struct Scheme {
    /// In lower case, without `://`.
    pub name: &'static str,
    /// The port where none is written; without one it has to be written.
    pub default_port: Option<u16>,
}

/// An address with a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `SCHEME://HOST:PORT`.
    Tcp {
        /// The name of the [`Scheme`].
        scheme: &'static str,
        /// Where.
        endpoint: Endpoint,
    },
    /// `unix:PATH`: a socket in the file system.
    Unix(PathBuf),
}

impl Place {
    /// Reads one of `schemes` with `://HOST[:PORT]`, or `unix:PATH`. One `/` at the end is nothing; a path, a query or a
    /// user is an error.
    ///
    /// # Errors
    ///
    /// As [`Endpoint::read`], and for another scheme, or none.
    pub fn read(text: &str, schemes: &[Scheme], form: &Form) -> Result<Self, ValueError> {
        let refused = |why: String| ValueError::new(form.what, text, why, form.hint);
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err(refused("the path is missing".into())),
                path => Ok(Self::Unix(path.into())),
            };
        }
        let Some((name, rest)) = text.split_once("://") else {
            return Err(refused("the scheme is missing".into()));
        };
        let scheme = schemes.iter().find(|scheme| scheme.name == name);
        let scheme = scheme.ok_or_else(|| refused(format!("unknown scheme \"{name}\"")))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let form = Form {
            default_port: scheme.default_port,
            ..*form
        };
        Ok(Self::Tcp {
            scheme: scheme.name,
            endpoint: Endpoint::within(text, rest, &form)?,
        })
    }
}

/// A host as it was written.
enum Written<'a> {
    Bracketed(&'a str),
    Plain(&'a str),
}

/// Host and port, neither of them looked at.
fn split(text: &str) -> Result<(Written<'_>, Option<&str>), String> {
    if let Some(sign) = text
        .chars()
        .find(|c| matches!(c, '/' | '?' | '#' | '@' | '\\') || c.is_whitespace())
    {
        return Err(format!(
            "expected only host and port, found \"{}\"",
            sign.escape_debug()
        ));
    }
    if let Some(inside) = text.strip_prefix('[') {
        let (host, after) = inside
            .split_once(']')
            .ok_or_else(|| "the bracket is not closed".to_owned())?;
        return match (after, after.strip_prefix(':')) {
            ("", _) => Ok((Written::Bracketed(host), None)),
            (_, Some(port)) => Ok((Written::Bracketed(host), Some(port))),
            (after, None) => Err(format!("expected a port behind the bracket, found \"{after}\"")),
        };
    }
    match text.rsplit_once(':') {
        None => Ok((Written::Plain(text), None)),
        Some((host, _)) if host.contains(':') => Err(format!(
            "more than one colon; an IPv6 address stands in brackets: {}",
            bracketed(text, host)
        )),
        Some((host, port)) => Ok((Written::Plain(host), Some(port))),
    }
}

/// How somebody who wrote `text` may have meant it.
fn bracketed(text: &str, host: &str) -> String {
    match (host.parse::<Ipv6Addr>(), text.parse::<Ipv6Addr>()) {
        (Ok(_), _) => format!("[{host}]{}", &text[host.len()..]),
        (_, Ok(_)) => format!("[{text}]"),
        _ => "[::1]:8443".to_owned(),
    }
}

/// An IPv6 address, with the number of an interface where it has one (RFC 4007 section 11).
fn address(text: &str) -> Result<String, String> {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let is_zone = !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_digit());
    if address.parse::<Ipv6Addr>().is_err() || !is_zone {
        return Err(format!("expected an IPv6 address in brackets, found \"{text}\""));
    }
    Ok(text.to_owned())
}

/// A host name or an IPv4 address. `_` is no letter of host names (RFC 952), and of those of containers it is.
fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the host is missing".into());
    }
    if !text.is_ascii() {
        return Err(format!(
            "\"{text}\" is not ASCII; write the form that begins with \"xn--\""
        ));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match text.chars().find(|c| !u8::try_from(*c).is_ok_and(is_name)) {
        None => Ok(text.to_owned()),
        Some(sign) => Err(format!("\"{}\" is in no host name", sign.escape_debug())),
    }
}

fn number(digits: &str, may_be_zero: bool) -> Result<u16, String> {
    let range = if may_be_zero { "0 to 65535" } else { "1 to 65535" };
    match port_of(digits) {
        Some(port) if port > 0 || may_be_zero => Ok(port),
        _ if digits.is_empty() => Err("the port is missing".into()),
        _ => Err(format!("expected a port from {range}, found \"{digits}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(host: &str, port: u16) -> Endpoint {
        Endpoint {
            host: host.into(),
            port,
        }
    }

    fn complaint(text: &str, form: &Form) -> String {
        let error = Endpoint::read(text, form).expect_err(text);
        assert_eq!((error.what, error.hint), (form.what, form.hint), "{text}");
        assert_eq!(error.found, text);
        error.why
    }

    #[test]
    fn host_and_port_are_read_and_written_as_they_were() {
        for (text, host, port) in [
            ("localhost:8443", "localhost", 8443),
            ("127.0.0.1:1", "127.0.0.1", 1),
            ("a-b.example_1.com:65535", "a-b.example_1.com", 65535),
            ("xn--bcher-kva.example:443", "xn--bcher-kva.example", 443),
            ("[::1]:8443", "::1", 8443),
            ("[2001:db8::1]:443", "2001:db8::1", 443),
            ("[fe80::1%2]:443", "fe80::1%2", 443),
        ] {
            for form in [Form::CONNECT, Form::LISTEN] {
                let read = Endpoint::read(text, &form).expect(text);
                assert_eq!(read, endpoint(host, port), "{text}");
                assert_eq!(read.to_string(), text);
            }
        }
    }

    #[test]
    fn an_ipv6_address_needs_its_brackets_and_nothing_else_has_some() {
        for (text, why) in [
            (
                "::1:8443",
                "more than one colon; an IPv6 address stands in brackets: [::1]:8443",
            ),
            (
                "2001:db8::1",
                "more than one colon; an IPv6 address stands in brackets: [2001:db8::1]",
            ),
            (
                "a:b:1",
                "more than one colon; an IPv6 address stands in brackets: [::1]:8443",
            ),
            ("[::1:8443", "the bracket is not closed"),
            (
                "[localhost]:1",
                "expected an IPv6 address in brackets, found \"localhost\"",
            ),
            (
                "[127.0.0.1]:1",
                "expected an IPv6 address in brackets, found \"127.0.0.1\"",
            ),
            ("[]:1", "expected an IPv6 address in brackets, found \"\""),
            (
                "[fe80::1%eth0]:1",
                "expected an IPv6 address in brackets, found \"fe80::1%eth0\"",
            ),
            ("[::1]8443", "expected a port behind the bracket, found \"8443\""),
        ] {
            assert_eq!(complaint(text, &Form::CONNECT), why, "{text}");
        }
    }

    #[test]
    fn a_port_is_a_number_from_1_to_65535() {
        for (text, found) in [
            ("a:0", "0"),
            ("a:65536", "65536"),
            ("a:99999999999999999999", "99999999999999999999"),
            ("a:-1", "-1"),
            ("a:+1", "+1"),
            ("a:http", "http"),
            ("a:0443", "0443"),
            ("a:00", "00"),
            ("[::1]:0", "0"),
        ] {
            let why = format!("expected a port from 1 to 65535, found \"{found}\"");
            assert_eq!(complaint(text, &Form::CONNECT), why, "{text}");
        }
        assert_eq!(
            Endpoint::read("a:65535", &Form::CONNECT),
            Ok(endpoint("a", 65535))
        );
    }

    #[test]
    fn only_a_listener_has_port_0_and_no_host() {
        assert_eq!(Endpoint::read("a:0", &Form::LISTEN), Ok(endpoint("a", 0)));
        assert_eq!(
            Endpoint::read(":8443", &Form::LISTEN),
            Ok(endpoint("0.0.0.0", 8443))
        );
        assert_eq!(complaint(":8443", &Form::CONNECT), "the host is missing");
        assert_eq!(
            complaint("a:65536", &Form::LISTEN),
            "expected a port from 0 to 65535, found \"65536\""
        );
    }

    #[test]
    fn a_missing_port_is_the_default_one_where_there_is_one() {
        let form = Form::CONNECT.or_port(443);
        assert_eq!(Endpoint::read("a", &form), Ok(endpoint("a", 443)));
        assert_eq!(Endpoint::read("[::1]", &form), Ok(endpoint("::1", 443)));
        for form in [Form::CONNECT, Form::LISTEN] {
            assert_eq!(complaint("a", &form), "the port is missing");
            assert_eq!(complaint("[::1]", &form), "the port is missing");
        }
        assert_eq!(complaint("a:", &form), "the port is missing");
        assert_eq!(complaint("", &form), "the host is missing");
    }

    #[test]
    fn nothing_stands_beside_host_and_port() {
        for (text, sign) in [
            ("a:1/", "/"),
            ("a:1/path", "/"),
            ("a:1?q", "?"),
            ("a:1#f", "#"),
            ("me@a:1", "@"),
            ("a:1 ", " "),
            (" a:1", " "),
            ("a\\b:1", "\\\\"),
        ] {
            let why = format!("expected only host and port, found \"{sign}\"");
            assert_eq!(complaint(text, &Form::CONNECT), why, "{text}");
        }
        assert_eq!(complaint("a$b:1", &Form::CONNECT), "\"$\" is in no host name");
    }

    #[test]
    fn a_name_that_is_not_ascii_is_refused_and_its_a_label_is_not() {
        assert_eq!(
            complaint("bücher.example:443", &Form::CONNECT),
            "\"bücher.example\" is not ASCII; write the form that begins with \"xn--\""
        );
        assert!(Endpoint::read("xn--bcher-kva.example:443", &Form::CONNECT).is_ok());
    }

    const SCHEMES: &[Scheme] = &[
        Scheme {
            name: "https",
            default_port: Some(443),
        },
        Scheme {
            name: "tcp",
            default_port: None,
        },
    ];

    #[test]
    fn a_place_has_a_known_scheme_and_its_port() {
        let read = |text: &str| Place::read(text, SCHEMES, &Form::CONNECT);
        let tcp = |scheme, host: &str, port| {
            Ok(Place::Tcp {
                scheme,
                endpoint: endpoint(host, port),
            })
        };
        assert_eq!(read("https://a"), tcp("https", "a", 443));
        assert_eq!(read("https://a/"), tcp("https", "a", 443));
        assert_eq!(read("https://[::1]:8443"), tcp("https", "::1", 8443));
        assert_eq!(read("tcp://a:1"), tcp("tcp", "a", 1));
        assert_eq!(read("unix:/run/a.sock"), Ok(Place::Unix("/run/a.sock".into())));
        for (text, why) in [
            ("tcp://a", "the port is missing"),
            ("a:1", "the scheme is missing"),
            ("ftp://a", "unknown scheme \"ftp\""),
            ("HTTPS://a", "unknown scheme \"HTTPS\""),
            ("https://a/path", "expected only host and port, found \"/\""),
            ("https://me@a", "expected only host and port, found \"@\""),
            ("https://", "the host is missing"),
            ("unix:", "the path is missing"),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!((error.found.as_str(), error.why.as_str()), (text, why));
        }
    }
}
