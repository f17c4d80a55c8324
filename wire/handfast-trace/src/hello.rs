//! The two hellos: what a client offers, what a server chooses (RFC 8446 sections 4.1.2 and 4.1.3, RFC 5246
//! sections 7.4.1.2 and 7.4.1.3).

use handfast_pki::text::{hex, printable};

use super::{
    Field,
    bytes::{Bytes, numbers},
    names::{extension_name, group_name, is_grease, scheme_name, suite_name, version_name},
};

/// The extension numbers that are read here.
pub(super) mod number {
    pub(in super::super) const SERVER_NAME: u16 = 0;
    pub(in super::super) const GROUPS: u16 = 10;
    pub(in super::super) const SCHEMES: u16 = 13;
    pub(in super::super) const ALPN: u16 = 16;
    pub(in super::super) const TICKET: u16 = 35;
    pub(in super::super) const PRE_SHARED_KEY: u16 = 41;
    pub(in super::super) const EARLY_DATA: u16 = 42;
    pub(in super::super) const VERSIONS: u16 = 43;
    pub(in super::super) const AUTHORITIES: u16 = 47;
    pub(in super::super) const POST_HANDSHAKE_AUTH: u16 = 49;
    pub(in super::super) const KEY_SHARE: u16 = 51;
}

/// One extension, its body as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The ExtensionType (RFC 8446 section 4.2).
    pub number: u16,
    /// Without number and length.
    pub body: Vec<u8>,
}

/// The extensions of a list without its length.
pub(super) fn extensions(list: &[u8]) -> Vec<Extension> {
    let mut found = Vec::new();
    let mut bytes = Bytes(list);
    while let (Some(number), Some(body)) = (bytes.u16(), bytes.vector16()) {
        found.push(Extension {
            number,
            body: body.to_vec(),
        });
    }
    found
}

fn body(extensions: &[Extension], number: u16) -> Option<&[u8]> {
    extensions
        .iter()
        .find(|extension| extension.number == number)
        .map(|extension| extension.body.as_slice())
}

/// The names of a ProtocolNameList (RFC 7301 section 3.1).
pub(super) fn protocols(list: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut bytes = Bytes(Bytes(list).vector16().unwrap_or_default());
    while let Some(name) = bytes.vector8() {
        names.push(printable(&String::from_utf8_lossy(name)));
    }
    names
}

/// The DER names of a DistinguishedName list without its length (RFC 8446 section 4.2.4).
pub(super) fn authorities(list: &[u8]) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut bytes = Bytes(list);
    while let Some(name) = bytes.vector16() {
        names.push(name.to_vec());
    }
    names
}

/// What a client offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientHello {
    /// The version field, which stays at TLS 1.2 where TLS 1.3 is offered.
    pub legacy_version: u16,
    /// The first half names the connection in records of both sides.
    pub random: [u8; 32],
    /// Length of the session id, in bytes.
    pub session_id: usize,
    /// Cipher suites by number, the preferred first, GREASE (RFC 8701) included.
    pub suites: Vec<u16>,
    /// In the order in which they were sent.
    pub extensions: Vec<Extension>,
}

impl ClientHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(body);
        let legacy_version = bytes.u16()?;
        let random = bytes.take(32)?.try_into().ok()?;
        let session_id = bytes.vector8()?.len();
        let suites = numbers(bytes.vector16()?);
        bytes.vector8()?;
        Some(Self {
            legacy_version,
            random,
            session_id,
            suites,
            extensions: extensions(bytes.vector16().unwrap_or_default()),
        })
    }

    /// The host in SNI (RFC 6066 section 3), safe to print.
    pub fn server_name(&self) -> Option<String> {
        let mut list = Bytes(Bytes(self.extension(number::SERVER_NAME)?).vector16()?);
        list.u8()?;
        list.vector16()
            .map(|name| printable(&String::from_utf8_lossy(name)))
    }

    /// Every version that is offered, the preferred first, without GREASE.
    pub fn versions(&self) -> Vec<u16> {
        let list = self
            .extension(number::VERSIONS)
            .and_then(|body| Bytes(body).vector8());
        match list {
            Some(list) => without_grease(numbers(list)),
            None => vec![self.legacy_version],
        }
    }

    /// The supported groups, the preferred first, without GREASE; none where the extension is missing.
    pub fn groups(&self) -> Vec<u16> {
        self.numbers(number::GROUPS)
    }

    /// The signature schemes, the preferred first, without GREASE; none where the extension is missing.
    pub fn schemes(&self) -> Vec<u16> {
        self.numbers(number::SCHEMES)
    }

    /// The application protocols (RFC 7301), the preferred first, safe to print.
    pub fn alpn(&self) -> Vec<String> {
        self.extension(number::ALPN).map(protocols).unwrap_or_default()
    }

    /// The groups that a key share was sent for, with its length in bytes.
    pub fn key_shares(&self) -> Vec<(u16, usize)> {
        let list = self
            .extension(number::KEY_SHARE)
            .and_then(|body| Bytes(body).vector16());
        let mut bytes = Bytes(list.unwrap_or_default());
        let mut shares = Vec::new();
        while let (Some(group), Some(share)) = (bytes.u16(), bytes.vector16()) {
            if !is_grease(group) {
                shares.push((group, share.len()));
            }
        }
        shares
    }

    /// Whether it could answer a request for its certificate after the handshake (RFC 8446 section 4.2.6).
    pub fn offers_post_handshake_auth(&self) -> bool {
        self.extension(number::POST_HANDSHAKE_AUTH).is_some()
    }

    /// Whether it asks to go on with an earlier session.
    pub fn offers_resumption(&self) -> bool {
        let ticket = self
            .extension(number::TICKET)
            .is_some_and(|ticket| !ticket.is_empty());
        let is_13 = self.versions().contains(&0x0304);
        // In TLS 1.3 the session id is filler (RFC 8446 appendix D.4).
        ticket || self.extension(number::PRE_SHARED_KEY).is_some() || (!is_13 && self.session_id > 0)
    }

    /// The body of an extension.
    pub fn extension(&self, number: u16) -> Option<&[u8]> {
        body(&self.extensions, number)
    }

    fn numbers(&self, number: u16) -> Vec<u16> {
        let list = self.extension(number).and_then(|body| Bytes(body).vector16());
        without_grease(numbers(list.unwrap_or_default()))
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let named = |numbers: Vec<u16>, name: fn(u16) -> String| joined(numbers.into_iter().map(name));
        let mut fields = vec![
            ("SNI", self.server_name().unwrap_or_else(|| "none".into())),
            ("versions", named(self.versions(), version_name)),
        ];
        let alpn = self.alpn();
        if !alpn.is_empty() {
            fields.push(("ALPN", alpn.join(", ")));
        }
        fields.push(("suites", without_grease(self.suites.clone()).len().to_string()));
        fields
    }

    pub(super) fn details(&self) -> Vec<Field> {
        let named = |numbers: Vec<u16>, name: fn(u16) -> String| joined(numbers.into_iter().map(name));
        let mut fields = vec![
            ("random", hex(&self.random)),
            ("session id", format!("{} bytes", self.session_id)),
            ("all suites", named(self.suites.clone(), suite_name)),
        ];
        let mut list = |name, value: String| {
            if !value.is_empty() {
                fields.push((name, value));
            }
        };
        list("groups", named(self.groups(), group_name));
        list(
            "key shares",
            joined(
                self.key_shares()
                    .into_iter()
                    .map(|(group, length)| format!("{} ({length} bytes)", group_name(group))),
            ),
        );
        list("signature schemes", named(self.schemes(), scheme_name));
        list("extensions", listed(&self.extensions));
        fields
    }
}

/// What a server chose; a HelloRetryRequest has the same form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerHello {
    /// The version field, which stays at TLS 1.2 where TLS 1.3 is chosen.
    pub legacy_version: u16,
    /// In a HelloRetryRequest, a constant (RFC 8446 section 4.1.3).
    pub random: [u8; 32],
    /// The cipher suite that was chosen, by number.
    pub suite: u16,
    /// In the order in which they were sent; most are encrypted in TLS 1.3 and not among these.
    pub extensions: Vec<Extension>,
}

/// The random of a HelloRetryRequest (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

impl ServerHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(body);
        let legacy_version = bytes.u16()?;
        let random = bytes.take(32)?.try_into().ok()?;
        bytes.vector8()?;
        let suite = bytes.u16()?;
        bytes.u8()?;
        Some(Self {
            legacy_version,
            random,
            suite,
            extensions: extensions(bytes.vector16().unwrap_or_default()),
        })
    }

    /// Whether it asks for another ClientHello.
    pub fn is_retry(&self) -> bool {
        self.random == RETRY
    }

    /// The version that was chosen.
    pub fn version(&self) -> u16 {
        body(&self.extensions, number::VERSIONS)
            .and_then(|body| Bytes(body).u16())
            .unwrap_or(self.legacy_version)
    }

    /// The group of the server's key share, or the one that it asks a share for.
    pub fn group(&self) -> Option<u16> {
        body(&self.extensions, number::KEY_SHARE).and_then(|body| Bytes(body).u16())
    }

    /// The protocol that was chosen, in TLS 1.2; one, if the server keeps to RFC 7301.
    pub fn alpn(&self) -> Vec<String> {
        body(&self.extensions, number::ALPN)
            .map(protocols)
            .unwrap_or_default()
    }

    /// Whether an earlier session goes on, in TLS 1.3.
    pub fn is_resumption(&self) -> bool {
        body(&self.extensions, number::PRE_SHARED_KEY).is_some()
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let mut fields = vec![
            ("version", version_name(self.version())),
            ("suite", suite_name(self.suite)),
        ];
        if let Some(group) = self.group() {
            fields.push(("group", group_name(group)));
        }
        let alpn = self.alpn();
        if !alpn.is_empty() {
            fields.push(("ALPN", alpn.join(", ")));
        }
        if self.is_resumption() {
            fields.push(("resumed", "an earlier session goes on".into()));
        }
        fields
    }

    pub(super) fn details(&self) -> Vec<Field> {
        vec![
            ("random", hex(&self.random)),
            ("extensions", listed(&self.extensions)),
        ]
    }
}

fn listed(extensions: &[Extension]) -> String {
    joined(
        extensions
            .iter()
            .map(|extension| extension_name(extension.number)),
    )
}

pub(super) fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn without_grease(mut numbers: Vec<u16>) -> Vec<u16> {
    numbers.retain(|number| !is_grease(*number));
    numbers
}
