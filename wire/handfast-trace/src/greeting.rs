//! ClientHellos of our own making, for servers that rustls would not greet: too old, or asked about one thing
//! alone. Nothing is negotiated with them; the answer is read by [`crate::decode()`], and the connection ends.

/// What to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The highest version that is offered.
    pub version: u16,
    /// Cipher suites by their IANA numbers, the preferred first.
    pub suites: Vec<u16>,
    /// The host for SNI (RFC 6066 section 3); none is sent without one.
    pub server_name: Option<String>,
    /// Application protocols, the preferred first (RFC 7301); none leaves the extension out.
    pub alpn: Vec<String>,
    /// Key exchange groups by number, the preferred first (RFC 8446 section 4.2.7).
    pub groups: Vec<u16>,
    /// Signature schemes by number, the preferred first (RFC 8446 section 4.2.3).
    pub schemes: Vec<u16>,
}

/// RSA key exchange and DHE with CBC, the suites of TLS 1.0 and 1.1, and the AEAD ones of TLS 1.2 with RSA key
/// exchange: all that rustls leaves out and that servers are still found with.
pub const OLD_SUITES: [u16; 21] = [
    0xc009, 0xc00a, 0xc013, 0xc014, 0xc023, 0xc024, 0xc027, 0xc028, 0x0033, 0x0039, 0x0067, 0x006b, 0x009e,
    0x009f, 0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d, 0x000a,
];
/// TLS 1.3 in all its suites.
pub const NEW_SUITES: [u16; 3] = [0x1301, 0x1302, 0x1303];
/// What rustls offers in TLS 1.2.
pub const USUAL_SUITES: [u16; 6] = [0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8];
/// Groups that servers know: X25519, the NIST curves, X448 and the finite fields.
pub const GROUPS: [u16; 8] = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100, 0x0101, 0x0102];
/// Everything from Ed25519 down to RSA with SHA-1.
pub const SCHEMES: [u16; 14] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
    0x0301,
];

impl Greeting {
    /// A client of old times: TLS 1.2 at most, every suite that we do not speak.
    pub fn old(server_name: Option<String>) -> Self {
        Self {
            version: 0x0303,
            suites: OLD_SUITES.to_vec(),
            server_name,
            alpn: Vec::new(),
            groups: GROUPS.to_vec(),
            schemes: SCHEMES.to_vec(),
        }
    }

    /// The hello in one record, with `random` in it. In TLS 1.3 no key share is sent: a server that could go on
    /// answers with the group that it wants (RFC 8446 section 4.1.4).
    pub fn to_bytes(&self, random: &[u8; 32]) -> Vec<u8> {
        let is_13 = self.version >= 0x0304;
        let mut body = self.version.min(0x0303).to_be_bytes().to_vec();
        body.extend_from_slice(random);
        body.push(0);
        body.extend(vector16(&numbers(&self.suites)));
        body.extend_from_slice(&[1, 0]);
        let mut extensions = Vec::new();
        let mut add = |number: u16, content: Vec<u8>| {
            extensions.extend_from_slice(&number.to_be_bytes());
            extensions.extend(vector16(&content));
        };
        if let Some(name) = &self.server_name {
            let entry = [vec![0], vector16(name.as_bytes())].concat();
            add(0, vector16(&entry));
        }
        add(10, vector16(&numbers(&self.groups)));
        add(11, vec![1, 0]);
        add(13, vector16(&numbers(&self.schemes)));
        if !self.alpn.is_empty() {
            let names: Vec<u8> = self
                .alpn
                .iter()
                .flat_map(|name| vector8(name.as_bytes()))
                .collect();
            add(16, vector16(&names));
        }
        if is_13 {
            add(43, vector8(&numbers(&[0x0304])));
            add(45, vec![1, 1]);
            add(51, vec![0, 0]);
        }
        add(0xff01, vec![0]);
        body.extend(vector16(&extensions));
        let mut message = vec![1, 0];
        message.extend(vector16(&body));
        let mut record = vec![22, 3, 1];
        record.extend(vector16(&message));
        record
    }
}

/// A random for a hello, from the cryptographic library.
pub fn random() -> [u8; 32] {
    let mut random = [0; 32];
    // If it fails the hello is still one: it keeps no secret, and whoever answers is read and left.
    let _ = aws_lc_rs::rand::fill(&mut random);
    random
}

fn numbers(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// What is too long for its length is cut: names and lists here are ours, or of a length that DNS allows.
fn vector16(content: &[u8]) -> Vec<u8> {
    let content = content.get(..0xffff).unwrap_or(content);
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), content].concat()
}

fn vector8(content: &[u8]) -> Vec<u8> {
    let content = content.get(..0xff).unwrap_or(content);
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    [&[length], content].concat()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Chunk, HANDSHAKE_ID_NEEDS, Secrets, Side, decode, handshake_id};

    #[test]
    fn what_is_offered_is_what_our_own_decoder_reads() {
        let greeting = Greeting {
            alpn: vec!["h2".into(), "http/1.1".into()],
            ..Greeting::old(Some("a.example".into()))
        };
        let chunk = Chunk {
            at: Duration::ZERO,
            from: Side::Client,
            bytes: greeting.to_bytes(&[7; 32]),
        };
        let messages = decode(&[chunk], &Secrets::default());
        let hello = messages[0].client_hello().expect("a ClientHello");
        assert_eq!(hello.server_name().as_deref(), Some("a.example"));
        let bytes = greeting.to_bytes(&[7; 32]);
        assert_eq!(handshake_id(&bytes[..HANDSHAKE_ID_NEEDS]), Some([7; 16]));
        assert_eq!(handshake_id(&bytes[..HANDSHAKE_ID_NEEDS - 1]), None);
        assert_eq!(handshake_id(b"GET / HTTP/1.1\r\nHost: a.example"), None);
        assert_eq!(hello.suites, greeting.suites);
        assert_eq!(hello.groups(), greeting.groups);
        assert_eq!(hello.schemes(), greeting.schemes);
        assert_eq!(hello.alpn(), greeting.alpn);
        assert_eq!(hello.versions(), [0x0303]);
        let newer = Greeting {
            version: 0x0304,
            ..greeting
        };
        let chunk = Chunk {
            at: Duration::ZERO,
            from: Side::Client,
            bytes: newer.to_bytes(&[7; 32]),
        };
        let messages = decode(&[chunk], &Secrets::default());
        let hello = messages[0].client_hello().expect("a ClientHello");
        assert_eq!(hello.versions(), [0x0304]);
        assert!(hello.key_shares().is_empty());
    }
}
