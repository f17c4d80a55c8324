//! Host and port as a request names them: in Host, in `:authority`, in the target of CONNECT.
//!
//! Here a client writes, and what it writes decides who is asked. So there is one reading or none: what is valid by a
//! grammar and still read differently by two programs (RFC 3986 section 7.4) is refused.

use std::net::{Ipv4Addr, Ipv6Addr};

/// `HOST` or `HOST:PORT` that every reader reads alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority<'a> {
    /// A name, one dot at its end included, or an address, without brackets.
    pub host: &'a str,
    /// Never 0.
    pub port: Option<u16>,
}

/// Why a text is no host that every reader reads alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// Also where only a port is there.
    #[error("the host is missing")]
    NoHost,
    /// A user, a path, a blank, an encoding, a letter beyond ASCII.
    #[error(
        "expected a host of letters, digits, \"-\", \"_\" and \".\", or an address, found another sign in it"
    )]
    Sign,
    /// RFC 1035 section 2.3.4.
    #[error("expected labels of 1 to 63 characters, 253 for the whole name")]
    Label,
    /// Resolvers read `127.1`, `0x7f.0.0.1` and `2130706433` as addresses, and others as names.
    #[error("the host ends in a number and is no IPv4 address of four decimal numbers")]
    Number,
    /// Also one with a zone, which means something to one machine alone.
    #[error("expected an IPv6 address in brackets")]
    Address,
    /// Empty, 0, too large, with a sign or with a leading zero.
    #[error("expected a port from 1 to 65535 without a sign or a leading zero")]
    Port,
}

impl<'a> Authority<'a> {
    /// Reads `text`, which holds nothing else.
    ///
    /// # Errors
    ///
    /// What of it two readers could read differently.
    pub fn read(text: &'a str) -> Result<Self, AuthorityError> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']').ok_or(AuthorityError::Address)?;
                address.parse::<Ipv6Addr>().map_err(|_| AuthorityError::Address)?;
                (address, port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (host, port) = text.split_at(end);
                must_be_a_host(host)?;
                (host, port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(
                port_of(digits)
                    .filter(|port| *port > 0)
                    .ok_or(AuthorityError::Port)?,
            ),
            None if port.is_empty() => None,
            None => return Err(AuthorityError::Port),
        };
        Ok(Self { host, port })
    }
}

fn must_be_a_host(host: &str) -> Result<(), AuthorityError> {
    if host.is_empty() {
        return Err(AuthorityError::NoHost);
    }
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !host.bytes().all(is_known) {
        return Err(AuthorityError::Sign);
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() > 253 || !name.split('.').all(|label| (1..=63).contains(&label.len())) {
        return Err(AuthorityError::Label);
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if is_number(last) && host.parse::<Ipv4Addr>().is_err() {
        return Err(AuthorityError::Number);
    }
    Ok(())
}

/// Whether some reader takes the label for a number: decimal, octal or hexadecimal.
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// A port in its one form: decimal digits, without a sign and without a leading zero, which some take for octal.
pub(crate) fn port_of(digits: &str) -> Option<u16> {
    let is_plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_and_without_a_port_are_read() {
        for (text, host, port) in [
            ("localhost", "localhost", None),
            ("LOCALHOST:1", "LOCALHOST", Some(1)),
            ("acme.example:8443", "acme.example", Some(8443)),
            ("acme.example.", "acme.example.", None),
            ("acme.example.:443", "acme.example.", Some(443)),
            ("127.0.0.1", "127.0.0.1", None),
            ("127.0.0.1:65535", "127.0.0.1", Some(65535)),
            ("[::1]", "::1", None),
            ("[2001:db8::1]:443", "2001:db8::1", Some(443)),
            ("[::ffff:127.0.0.1]:443", "::ffff:127.0.0.1", Some(443)),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
            ("my_service", "my_service", None),
            ("1.acme.example", "1.acme.example", None),
            ("0x7f.example", "0x7f.example", None),
        ] {
            assert_eq!(Authority::read(text), Ok(Authority { host, port }), "{text}");
        }
        let longest = [
            &*"a".repeat(63),
            &"b".repeat(63),
            &"c".repeat(63),
            &"d".repeat(61),
        ]
        .join(".");
        assert!(Authority::read(&longest).is_ok());
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused_and_named() {
        use AuthorityError::*;
        let (label, name) = ("a".repeat(64), "a.".repeat(127) + "a");
        for (text, why) in [
            ("", NoHost),
            (":80", NoHost),
            ("::1", NoHost),
            (" ", Sign),
            (" a:1", Sign),
            ("a :1", Sign),
            ("a\tb", Sign),
            ("evil@a:1", Sign),
            ("user:pass@a:1", Port),
            ("a/b:1", Sign),
            ("a?b", Sign),
            ("a#b", Sign),
            ("a\\b", Sign),
            ("a%2fb", Sign),
            ("a,b", Sign),
            ("a;b", Sign),
            ("a'b", Sign),
            ("a\"b", Sign),
            ("<a>", Sign),
            ("a(b", Sign),
            ("a=b", Sign),
            ("a&b", Sign),
            ("a+b", Sign),
            ("a$b", Sign),
            ("a!b", Sign),
            ("a*b", Sign),
            ("a~b", Sign),
            ("b\u{fc}cher.example", Sign),
            ("\u{ff41}.example", Sign),
            (".", Label),
            ("..", Label),
            ("a..b", Label),
            (".a", Label),
            ("a..", Label),
            (&*label, Label),
            (&*name, Label),
            ("1234", Number),
            ("2130706433:80", Number),
            ("127.1", Number),
            ("127.0.0.1.", Number),
            ("127.0.0.01", Number),
            ("0177.0.0.1", Number),
            ("0x7f.0.0.0x1", Number),
            ("0x7f000001", Number),
            ("acme.0X", Number),
            ("256.0.0.1", Number),
            ("1.2.3.4.5", Number),
            ("[]", Address),
            ("[::1", Address),
            ("[127.0.0.1]:1", Address),
            ("[localhost]", Address),
            ("[fe80::1%1]:1", Address),
            ("[::1]evil", Port),
            ("[::1]1", Port),
            ("a:", Port),
            ("[::1]:", Port),
            ("a:0", Port),
            ("a:00", Port),
            ("a:0443", Port),
            ("a:018444", Port),
            ("a:65536", Port),
            ("a:99999999999999999999", Port),
            ("a:-1", Port),
            ("a:+1", Port),
            ("a: 1", Port),
            ("a:1 ", Port),
            ("a:1/", Port),
            ("a:1:2", Port),
            ("a:http", Port),
            ("a:\u{661}", Port),
            ("a:\u{ff11}", Port),
        ] {
            assert_eq!(Authority::read(text), Err(why), "{text}");
        }
    }
}
