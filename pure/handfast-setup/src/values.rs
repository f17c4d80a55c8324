//! What a user says about a side: files, addresses and names.

use std::{collections::BTreeMap, fmt};

use handfast_values::{Endpoint, Form};
use zeroize::Zeroizing;

use crate::{Error, Version};

/// Reads `HOST:PORT`, `[IPv6]:PORT`, or either behind `http://`.
pub fn endpoint(text: &str) -> Result<Endpoint, Error> {
    let rest = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    Ok(Endpoint::read(rest, &Form::CONNECT)?)
}

/// A text with a private key in it: wiped when it is dropped, and never shown by a debug print.
#[derive(Clone)]
pub struct Private(Zeroizing<String>);

impl Private {
    /// Takes the text over; the caller's copy, if there is one, is not wiped.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// For writing it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Private(hidden)")
    }
}

/// The values of one filling. Paths are absolute, so that it does not matter where a program is started.
#[derive(Debug, Clone)]
pub struct Values {
    /// Our certificate, leaf first, with its intermediates.
    pub cert: String,
    /// The private key of `cert`, PEM, not encrypted.
    pub key: String,
    /// The CA bundle that verifies peers.
    pub ca: String,
    /// Revocation lists in PEM of every CA in a chain.
    pub crl: Option<String>,
    /// Where a server listens.
    pub listen: Endpoint,
    /// Where a server hands requests on to, in the clear.
    pub upstream: Endpoint,
    /// The name of the server, as clients call it.
    pub host: String,
    /// The server that a client talks to.
    pub to: Endpoint,
    /// The most intermediates between a leaf and a trusted root.
    pub depth: u8,
    /// The folder that the files of the target stand in.
    pub out: String,
    /// Two more free ports, for software that is tried on one machine and needs them.
    pub spare: [u16; 2],
    /// The PEM of certificate and key, for programs that want both in one file.
    pub pair: Private,
    /// The version of the program that reads it; the newest one, where nothing is known.
    pub version: Option<Version>,
}

impl Values {
    /// Under the names that templates know.
    pub(crate) fn named(&self) -> BTreeMap<&'static str, minijinja::Value> {
        let text = |text: &str| minijinja::Value::from(text);
        BTreeMap::from([
            ("cert", text(&self.cert)),
            ("key", text(&self.key)),
            ("ca", text(&self.ca)),
            (
                "crl",
                self.crl.as_deref().map_or(minijinja::Value::from(()), text),
            ),
            ("listen", text(&self.listen.to_string())),
            ("listen_host", text(&self.listen.host)),
            ("listen_port", minijinja::Value::from(self.listen.port)),
            ("upstream", text(&self.upstream.to_string())),
            ("upstream_host", text(&self.upstream.host)),
            ("upstream_port", minijinja::Value::from(self.upstream.port)),
            ("host", text(&self.host)),
            ("to", text(&self.to.to_string())),
            ("to_host", text(&self.to.host)),
            ("to_port", minijinja::Value::from(self.to.port)),
            ("depth", minijinja::Value::from(self.depth)),
            ("out", text(&self.out)),
            ("spare", minijinja::Value::from(self.spare[0])),
            ("other_spare", minijinja::Value::from(self.spare[1])),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debug_print_hides_the_private_half() {
        let private = Private::new(Zeroizing::new("-----BEGIN PRIVATE KEY-----".into()));
        assert_eq!(format!("{private:?}"), "Private(hidden)");
    }

    #[test]
    fn addresses_are_read_with_and_without_a_scheme() {
        for (text, joined) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://backend:80/", "backend:80"),
            ("[::1]:443", "[::1]:443"),
        ] {
            assert_eq!(endpoint(text).expect("an address").to_string(), joined);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "8080",
            "a b:1",
            "host:0",
            "host:70000",
            "::1:443",
            "",
            "h;x:1",
            "https://a:1",
        ] {
            let Err(Error::Value(refused)) = endpoint(text) else {
                panic!("\"{text}\" is no address");
            };
            assert_eq!(refused.hint, Form::CONNECT.hint, "{refused}");
        }
    }
}
