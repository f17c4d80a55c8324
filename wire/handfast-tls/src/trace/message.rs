//! One message: its kind, and the fields that explain most failures. Readers here return nothing rather
//! than fail: a message that breaks off simply shows fewer fields.

use std::time::Duration;

use handfast_pki::{
    Certificate,
    text::{listed, printable},
};

use super::Side;
use crate::error::alert_name;

/// The kinds of message (RFC 8446 section 4, RFC 5246 section 7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    CertificateRequest,
    Certificate,
    CertificateStatus,
    CertificateVerify,
    ServerKeyExchange,
    ServerHelloDone,
    ClientKeyExchange,
    Finished,
    NewSessionTicket,
    KeyUpdate,
    ChangeCipherSpec,
    Alert(u8),
    /// TLS 1.2 after ChangeCipherSpec.
    EncryptedAlert,
    ApplicationData,
    Unknown(u8),
    /// The first bytes are not TLS.
    NotTls,
}

impl Kind {
    /// As the RFCs spell it.
    pub fn name(&self) -> String {
        match self {
            Self::Alert(number) => format!("Alert {}", alert_name(*number)),
            Self::EncryptedAlert => "Alert (encrypted)".into(),
            Self::ApplicationData => "application data".into(),
            Self::Unknown(number) => format!("unknown message {number}"),
            Self::NotTls => "not TLS".into(),
            other => format!("{other:?}"),
        }
    }
}

/// One message of the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Since the recording began; the time of the chunk that completed the message.
    pub at: Duration,
    pub from: Side,
    pub kind: Kind,
    /// Whether it was encrypted on the wire.
    pub encrypted: bool,
    /// Length in bytes, header included.
    pub bytes: usize,
    /// What it says, by name; values are safe to print.
    pub fields: Vec<(&'static str, String)>,
    /// The chain of a Certificate message, as far as it can be decoded.
    pub certificates: Vec<Certificate>,
}

/// What a ServerHello decided.
pub(super) struct Hello {
    pub(super) suite: u16,
    pub(super) is_13: bool,
}

/// The random of a HelloRetryRequest (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Kind and fields of the handshake message of type `number`.
pub(super) fn describe(number: u8, body: &[u8], is_13: bool) -> (Kind, Vec<(&'static str, String)>) {
    let kind = match number {
        1 => Kind::ClientHello,
        2 if body.get(2..34) == Some(&RETRY) => Kind::HelloRetryRequest,
        2 => Kind::ServerHello,
        4 => Kind::NewSessionTicket,
        8 => Kind::EncryptedExtensions,
        11 => Kind::Certificate,
        12 => Kind::ServerKeyExchange,
        13 => Kind::CertificateRequest,
        14 => Kind::ServerHelloDone,
        15 => Kind::CertificateVerify,
        16 => Kind::ClientKeyExchange,
        20 => Kind::Finished,
        22 => Kind::CertificateStatus,
        24 => Kind::KeyUpdate,
        other => Kind::Unknown(other),
    };
    let fields = match kind {
        Kind::ClientHello => client_hello(body),
        Kind::ServerHello | Kind::HelloRetryRequest => server_hello_fields(body),
        Kind::EncryptedExtensions => encrypted_extensions(body),
        Kind::Certificate => certificates(body, is_13),
        Kind::CertificateRequest => certificate_request(body, is_13),
        Kind::CertificateVerify => Bytes(body)
            .u16()
            .map(|scheme| ("scheme", scheme_name(scheme)))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    (kind, fields)
}

/// What the ServerHello (or retry request) in `body` chose.
pub(super) fn server_hello(kind: &Kind, body: &[u8]) -> Option<Hello> {
    if !matches!(kind, Kind::ServerHello | Kind::HelloRetryRequest) {
        return None;
    }
    let (suite, extensions) = server_hello_parts(body)?;
    let is_13 = extension(&extensions, 43).is_some_and(|body| body == [3, 4]);
    Some(Hello { suite, is_13 })
}

type Extensions<'a> = Vec<(u16, &'a [u8])>;

fn server_hello_parts(body: &[u8]) -> Option<(u16, Extensions<'_>)> {
    let mut bytes = Bytes(body);
    bytes.take(34)?;
    bytes.vector8()?;
    let suite = bytes.u16()?;
    bytes.take(1)?;
    Some((suite, extensions(bytes.vector16().unwrap_or_default())))
}

fn client_hello(body: &[u8]) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    let read = || {
        let mut bytes = Bytes(body);
        bytes.take(34)?;
        bytes.vector8()?;
        let suites = bytes.vector16()?.len() / 2;
        bytes.vector8()?;
        Some((suites, extensions(bytes.vector16().unwrap_or_default())))
    };
    let Some((suites, extensions)) = read() else {
        return fields;
    };
    // server_name: a list of one entry, its type, its name (RFC 6066 section 3).
    let name = extension(&extensions, 0).and_then(|body| Bytes(body.get(3..)?).vector16());
    fields.push((
        "SNI",
        name.map_or("none".into(), |name| printable(&String::from_utf8_lossy(name))),
    ));
    let versions = extension(&extensions, 43).and_then(|body| Bytes(body).vector8());
    fields.push((
        "versions",
        versions.map_or("TLS 1.2".into(), |list| {
            let names = list.chunks_exact(2).filter_map(|pair| version_name(pair));
            names.collect::<Vec<_>>().join(", ")
        }),
    ));
    if let Some(protocols) = extension(&extensions, 16).and_then(|body| Bytes(body).vector16()) {
        fields.push(("ALPN", protocol_names(protocols)));
    }
    fields.push(("suites", suites.to_string()));
    fields
}

fn server_hello_fields(body: &[u8]) -> Vec<(&'static str, String)> {
    let Some((suite, extensions)) = server_hello_parts(body) else {
        return Vec::new();
    };
    let version = extension(&extensions, 43)
        .and_then(version_name)
        .unwrap_or("TLS 1.2");
    let mut fields = vec![("version", version.to_owned()), ("suite", suite_name(suite))];
    if let Some(group) = extension(&extensions, 51).and_then(|body| Bytes(body).u16()) {
        fields.push(("group", group_name(group)));
    }
    fields
}

fn encrypted_extensions(body: &[u8]) -> Vec<(&'static str, String)> {
    let extensions = extensions(Bytes(body).vector16().unwrap_or_default());
    let protocols = extension(&extensions, 16).and_then(|body| Bytes(body).vector16());
    protocols
        .map(|protocols| ("ALPN", protocol_names(protocols)))
        .into_iter()
        .collect()
}

/// The chain in the body of a Certificate message; what cannot be decoded is left out.
pub(super) fn chain(body: &[u8], is_13: bool) -> Vec<Certificate> {
    let read = || {
        let mut bytes = Bytes(body);
        if is_13 {
            bytes.vector8()?;
        }
        let mut list = Bytes(bytes.vector24()?);
        let mut chain = Vec::new();
        while let Some(der) = list.vector24() {
            if is_13 {
                list.vector16()?;
            }
            chain.extend(Certificate::from_der(der).ok());
        }
        Some(chain)
    };
    read().unwrap_or_default()
}

fn certificates(body: &[u8], is_13: bool) -> Vec<(&'static str, String)> {
    let names: Vec<String> = chain(body, is_13).iter().map(Certificate::called).collect();
    vec![(
        "certificates",
        if names.is_empty() {
            "none".into()
        } else {
            format!("{} ({})", names.len(), listed(&names))
        },
    )]
}

fn certificate_request(body: &[u8], is_13: bool) -> Vec<(&'static str, String)> {
    let read = || {
        let mut bytes = Bytes(body);
        if is_13 {
            bytes.vector8()?;
            let extensions = extensions(bytes.vector16()?);
            return extension(&extensions, 47)
                .and_then(|body| Bytes(body).vector16())
                .or(Some(&[]));
        }
        bytes.vector8()?;
        bytes.vector16()?;
        bytes.vector16()
    };
    let mut list = Bytes(read().unwrap_or_default());
    let mut names = Vec::new();
    while let Some(name) = list.vector16() {
        names.push(handfast_pki::name::shown_der(name));
    }
    vec![(
        "accepted issuers",
        if names.is_empty() {
            "not said".into()
        } else {
            listed(&names)
        },
    )]
}

fn extensions(list: &[u8]) -> Extensions<'_> {
    let mut found = Vec::new();
    let mut bytes = Bytes(list);
    while let (Some(number), Some(body)) = (bytes.u16(), bytes.vector16()) {
        found.push((number, body));
    }
    found
}

fn extension<'a>(extensions: &Extensions<'a>, number: u16) -> Option<&'a [u8]> {
    extensions
        .iter()
        .find(|(known, _)| *known == number)
        .map(|(_, body)| *body)
}

fn protocol_names(list: &[u8]) -> String {
    let mut bytes = Bytes(list);
    let mut names = Vec::new();
    while let Some(name) = bytes.vector8() {
        names.push(printable(&String::from_utf8_lossy(name)));
    }
    names.join(", ")
}

fn version_name(pair: &[u8]) -> Option<&'static str> {
    match pair {
        [3, 4] => Some("TLS 1.3"),
        [3, 3] => Some("TLS 1.2"),
        [3, 2] => Some("TLS 1.1"),
        [3, 1] => Some("TLS 1.0"),
        _ => None,
    }
}

fn suite_name(suite: u16) -> String {
    match rustls::CipherSuite::from(suite).as_str() {
        Some(name) => name.replacen("TLS13_", "TLS_", 1),
        None => format!("{suite:#06x}"),
    }
}

fn group_name(group: u16) -> String {
    rustls::NamedGroup::from(group)
        .as_str()
        .map_or_else(|| format!("{group:#06x}"), str::to_owned)
}

/// The signature scheme `scheme` by its IANA name.
pub fn scheme_name(scheme: u16) -> String {
    rustls::SignatureScheme::from(scheme)
        .as_str()
        .map_or_else(|| format!("{scheme:#06x}"), str::to_owned)
}

/// Reads the vectors of the TLS presentation language (RFC 8446 section 3.4); nothing where they end early.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.take(1)?[0]);
        self.take(length)
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    fn vector24(&mut self) -> Option<&'a [u8]> {
        let length =
            self.take(3)
                .map(|bytes| u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]))? as usize;
        self.take(length)
    }
}
