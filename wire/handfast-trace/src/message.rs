//! One message: its kind, and what it says. Readers here return nothing rather than fail: a message that
//! breaks off simply says less.

use std::time::Duration;

use handfast_pki::{Certificate, alert, name, text::listed, time::shown};

use super::{
    Field, Side,
    bytes::{Bytes, numbers},
    hello::{self, ClientHello, Extension, ServerHello, joined, number},
    names::{certificate_type_name, extension_name, group_name, scheme_name},
};

/// The kinds of message (RFC 8446 section 4, RFC 5246 section 7.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// RFC 5246 section 7.4.1.1; the server wants to begin anew.
    HelloRequest,
    /// RFC 8446 section 4.1.2.
    ClientHello,
    /// RFC 8446 section 4.1.3.
    ServerHello,
    /// RFC 8446 section 4.1.4; a ServerHello with a random of its own.
    HelloRetryRequest,
    /// RFC 8446 section 4.3.1.
    EncryptedExtensions,
    /// RFC 8446 section 4.3.2, RFC 5246 section 7.4.4.
    CertificateRequest,
    /// RFC 8446 section 4.4.2, RFC 5246 section 7.4.2.
    Certificate,
    /// RFC 8879.
    CompressedCertificate,
    /// RFC 6066 section 8: OCSP stapling in TLS 1.2.
    CertificateStatus,
    /// RFC 8446 section 4.4.3, RFC 5246 section 7.4.8.
    CertificateVerify,
    /// RFC 5246 section 7.4.3.
    ServerKeyExchange,
    /// RFC 5246 section 7.4.5.
    ServerHelloDone,
    /// RFC 5246 section 7.4.7.
    ClientKeyExchange,
    /// RFC 8446 section 4.5.
    EndOfEarlyData,
    /// RFC 8446 section 4.4.4, RFC 5246 section 7.4.9.
    Finished,
    /// RFC 8446 section 4.6.1, RFC 5077 section 3.3.
    NewSessionTicket,
    /// RFC 8446 section 4.6.3.
    KeyUpdate,
    /// RFC 5246 section 7.1; filler in TLS 1.3 (RFC 8446 appendix D.4).
    ChangeCipherSpec,
    /// RFC 8446 section 6, with its AlertDescription.
    Alert(u8),
    /// TLS 1.2 after ChangeCipherSpec, where the key is not known.
    EncryptedAlert,
    /// The same for a handshake message after Finished: a renegotiation.
    EncryptedHandshake,
    /// What the connection is for; only its length is kept.
    ApplicationData,
    /// A handshake message with this HandshakeType, which is not known here.
    Unknown(u8),
    /// The bytes are not TLS.
    NotTls,
}

impl Kind {
    /// As the RFCs spell it.
    pub fn name(&self) -> String {
        match self {
            Self::Alert(number) => format!("Alert {}", alert::name(*number)),
            Self::EncryptedAlert => "Alert (encrypted)".into(),
            Self::EncryptedHandshake => "handshake (encrypted)".into(),
            Self::ApplicationData => "application data".into(),
            Self::Unknown(number) => format!("unknown message {number}"),
            Self::NotTls => "not TLS".into(),
            other => format!("{other:?}"),
        }
    }

    /// Whether it is a step of the handshake, and not an alert, filler or data.
    pub fn is_step(&self) -> bool {
        !matches!(
            self,
            Self::Alert(_)
                | Self::EncryptedAlert
                | Self::ApplicationData
                | Self::ChangeCipherSpec
                | Self::NotTls
        )
    }
}

/// One message of the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Since the recording began; the time of the chunk that completed the message.
    pub at: Duration,
    /// Who sent it.
    pub from: Side,
    /// Which message it is.
    pub kind: Kind,
    /// Whether it was encrypted on the wire.
    pub encrypted: bool,
    /// Length in bytes, header included.
    pub bytes: usize,
    /// What it says, as far as it could be decoded.
    pub said: Said,
    /// The message as it was sent, decrypted and with its header; of application data nothing is kept.
    pub raw: Vec<u8>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing that explains anything, or nothing that could be read.
    Nothing,
    /// What is offered.
    ClientHello(Box<ClientHello>),
    /// What was chosen.
    ServerHello(Box<ServerHello>),
    /// The server's answers to extensions, in TLS 1.3.
    EncryptedExtensions(Vec<Extension>),
    /// What is asked of the client.
    CertificateRequest(CertificateRequest),
    /// The chain, in the order in which it was sent.
    Certificates(Vec<Presented>),
    /// The scheme of a CertificateVerify; none before TLS 1.2.
    Signature(Option<u16>),
    /// What a ServerKeyExchange of ECDHE proposes.
    KeyExchange {
        /// The named group by number; none for DHE with a group of its own.
        group: Option<u16>,
        /// How it is signed; none before TLS 1.2, or where nothing is signed.
        scheme: Option<u16>,
    },
    /// What a NewSessionTicket promises.
    Ticket {
        /// How long it may be used.
        lifetime: Duration,
    },
    /// Whether the other side is asked to change its key, too.
    KeyUpdate {
        /// `update_requested` (RFC 8446 section 4.6.3).
        asks: bool,
    },
    /// The level of an alert; the description is its kind.
    Alert {
        /// Whether the level is fatal; a warning ends nothing in TLS 1.2.
        fatal: bool,
    },
    /// The first bytes of what is not TLS, safe to print.
    Start(String),
}

/// A certificate as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// As it was sent.
    pub der: Vec<u8>,
    /// Nothing where it cannot be decoded.
    pub certificate: Option<Certificate>,
}

/// What a server asks of its client (RFC 8446 section 4.3.2, RFC 5246 section 7.4.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateRequest {
    /// DER names of the accepted issuers; none means that it does not say.
    pub issuers: Vec<Vec<u8>>,
    /// The accepted signature schemes by number, the preferred first.
    pub schemes: Vec<u16>,
    /// The kinds of certificate, in TLS 1.2.
    pub types: Vec<u8>,
    /// Whether it came after the handshake (RFC 8446 section 4.6.2).
    pub is_late: bool,
}

impl Message {
    /// The chain of a Certificate message, as far as it can be decoded.
    pub fn certificates(&self) -> Vec<Certificate> {
        match &self.said {
            Said::Certificates(chain) => chain
                .iter()
                .filter_map(|presented| presented.certificate.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The ClientHello, if this is one.
    pub fn client_hello(&self) -> Option<&ClientHello> {
        match &self.said {
            Said::ClientHello(hello) => Some(hello),
            _ => None,
        }
    }

    /// The ServerHello or HelloRetryRequest, if this is one.
    pub fn server_hello(&self) -> Option<&ServerHello> {
        match &self.said {
            Said::ServerHello(hello) => Some(hello),
            _ => None,
        }
    }

    /// Whether it is an alert that ends the connection with a reason.
    pub fn is_refusal(&self) -> bool {
        // The level means nothing in TLS 1.3 (RFC 8446 section 6), and a warning ends nothing in TLS 1.2.
        matches!(self.kind, Kind::Alert(number) if number != 0) && self.said != (Said::Alert { fatal: false })
    }

    /// What explains most failures.
    pub fn fields(&self) -> Vec<Field> {
        match &self.said {
            Said::Nothing => Vec::new(),
            Said::ClientHello(hello) => hello.fields(),
            Said::ServerHello(hello) => hello.fields(),
            Said::EncryptedExtensions(extensions) => encrypted_extensions(extensions),
            Said::CertificateRequest(request) => vec![("accepted issuers", issuers(request))],
            Said::Certificates(chain) => vec![("certificates", called(chain))],
            Said::Signature(scheme) => scheme
                .map(|scheme| ("scheme", scheme_name(scheme)))
                .into_iter()
                .collect(),
            Said::KeyExchange { group, scheme } => {
                let group = group.map(|group| ("group", group_name(group)));
                let scheme = scheme.map(|scheme| ("scheme", scheme_name(scheme)));
                group.into_iter().chain(scheme).collect()
            }
            Said::Ticket { lifetime } => vec![("lifetime", format!("{lifetime:?}"))],
            Said::KeyUpdate { asks } => {
                vec![("asks for the same", if *asks { "yes" } else { "no" }.into())]
            }
            Said::Alert { fatal } => match self.kind {
                Kind::Alert(number) => vec![
                    ("number", number.to_string()),
                    ("level", if *fatal { "fatal" } else { "warning" }.into()),
                ],
                _ => Vec::new(),
            },
            Said::Start(text) => vec![("starts with", text.clone())],
        }
    }

    /// What is worth reading beside [`Message::fields`] when those do not explain it.
    pub fn details(&self) -> Vec<Field> {
        match &self.said {
            Said::ClientHello(hello) => hello.details(),
            Said::ServerHello(hello) => hello.details(),
            Said::EncryptedExtensions(extensions) => {
                let names = extensions
                    .iter()
                    .map(|extension| extension_name(extension.number));
                vec![("extensions", joined(names))]
            }
            Said::CertificateRequest(request) => {
                let mut fields = vec![(
                    "signature schemes",
                    joined(request.schemes.iter().map(|scheme| scheme_name(*scheme))),
                )];
                if !request.types.is_empty() {
                    let types = request.types.iter().map(|kind| certificate_type_name(*kind));
                    fields.push(("certificate types", joined(types)));
                }
                fields
            }
            Said::Certificates(chain) => chain.iter().flat_map(certificate_details).collect(),
            _ => Vec::new(),
        }
    }
}

fn encrypted_extensions(extensions: &[Extension]) -> Vec<Field> {
    let alpn = extensions
        .iter()
        .find(|extension| extension.number == number::ALPN)
        .map(|extension| ("ALPN", hello::protocols(&extension.body).join(", ")));
    let early = extensions
        .iter()
        .find(|extension| extension.number == number::EARLY_DATA)
        .map(|_| ("early data", "accepted".to_owned()));
    alpn.into_iter().chain(early).collect()
}

fn issuers(request: &CertificateRequest) -> String {
    let names: Vec<String> = request.issuers.iter().map(|der| name::shown_der(der)).collect();
    if names.is_empty() {
        "not said".into()
    } else {
        listed(&names)
    }
}

fn called(chain: &[Presented]) -> String {
    let names: Vec<String> = chain
        .iter()
        .map(|presented| match &presented.certificate {
            Some(certificate) => certificate.called(),
            None => format!("unreadable, {} bytes", presented.der.len()),
        })
        .collect();
    if names.is_empty() {
        "none".into()
    } else {
        format!("{} ({})", names.len(), listed(&names))
    }
}

fn certificate_details(presented: &Presented) -> Vec<Field> {
    let Some(certificate) = &presented.certificate else {
        return vec![(
            "certificate",
            format!("unreadable, {} bytes", presented.der.len()),
        )];
    };
    vec![
        ("certificate", certificate.called()),
        ("issuer", name::shown(certificate.issuer())),
        ("serial", certificate.serial()),
        (
            "valid",
            format!(
                "{} to {}",
                shown(certificate.not_before()),
                shown(certificate.not_after())
            ),
        ),
        ("key", certificate.public_key().algorithm().to_string()),
        ("SHA-256", certificate.fingerprint().to_string()),
    ]
}

/// Kind and content of the handshake message of type `number`. `is_13` is what the ServerHello decided, and
/// `is_over` whether the sender has finished its handshake.
pub(super) fn read(number: u8, body: &[u8], is_13: bool, is_over: bool) -> (Kind, Said) {
    let said = |said: Option<Said>| said.unwrap_or(Said::Nothing);
    match number {
        0 => (Kind::HelloRequest, Said::Nothing),
        1 => (
            Kind::ClientHello,
            said(ClientHello::read(body).map(|hello| Said::ClientHello(Box::new(hello)))),
        ),
        2 => {
            let hello = ServerHello::read(body);
            let kind = if hello.as_ref().is_some_and(ServerHello::is_retry) {
                Kind::HelloRetryRequest
            } else {
                Kind::ServerHello
            };
            (kind, said(hello.map(|hello| Said::ServerHello(Box::new(hello)))))
        }
        4 => (Kind::NewSessionTicket, said(ticket(body))),
        5 => (Kind::EndOfEarlyData, Said::Nothing),
        8 => {
            let list = Bytes(body).vector16().unwrap_or_default();
            (
                Kind::EncryptedExtensions,
                Said::EncryptedExtensions(hello::extensions(list)),
            )
        }
        11 => (Kind::Certificate, said(chain(body, is_13))),
        12 => (Kind::ServerKeyExchange, key_exchange(body)),
        13 => (
            Kind::CertificateRequest,
            said(request(body, is_13, is_over).map(Said::CertificateRequest)),
        ),
        14 => (Kind::ServerHelloDone, Said::Nothing),
        15 => (Kind::CertificateVerify, Said::Signature(Bytes(body).u16())),
        16 => (Kind::ClientKeyExchange, Said::Nothing),
        20 => (Kind::Finished, Said::Nothing),
        22 => (Kind::CertificateStatus, Said::Nothing),
        24 => (
            Kind::KeyUpdate,
            Said::KeyUpdate {
                asks: body.first() == Some(&1),
            },
        ),
        25 => (Kind::CompressedCertificate, Said::Nothing),
        other => (Kind::Unknown(other), Said::Nothing),
    }
}

fn ticket(body: &[u8]) -> Option<Said> {
    // In both versions the lifetime in seconds comes first.
    let lifetime = Duration::from_secs(u64::from(Bytes(body).u32()?));
    Some(Said::Ticket { lifetime })
}

fn chain(body: &[u8], is_13: bool) -> Option<Said> {
    let mut bytes = Bytes(body);
    if is_13 {
        bytes.vector8()?;
    }
    let mut list = Bytes(bytes.vector24()?);
    let mut chain = Vec::new();
    while let Some(der) = list.vector24() {
        chain.push(Presented {
            der: der.to_vec(),
            certificate: Certificate::from_der(der).ok(),
        });
        if is_13 && list.vector16().is_none() {
            break;
        }
    }
    Some(Said::Certificates(chain))
}

/// A named curve (type 3), the server's point, and the scheme of its signature (RFC 8422 section 5.4).
fn key_exchange(body: &[u8]) -> Said {
    let mut bytes = Bytes(body);
    let group = bytes
        .u8()
        .filter(|curve_type| *curve_type == 3)
        .and_then(|_| bytes.u16());
    let scheme = group.and_then(|_| bytes.vector8()).and_then(|_| bytes.u16());
    Said::KeyExchange { group, scheme }
}

fn request(body: &[u8], is_13: bool, is_late: bool) -> Option<CertificateRequest> {
    let mut bytes = Bytes(body);
    if !is_13 {
        return Some(CertificateRequest {
            types: bytes.vector8()?.to_vec(),
            schemes: numbers(bytes.vector16()?),
            issuers: hello::authorities(bytes.vector16()?),
            is_late,
        });
    }
    bytes.vector8()?;
    let extensions = hello::extensions(bytes.vector16()?);
    let list = |number: u16| {
        let extension = extensions.iter().find(|extension| extension.number == number);
        extension
            .and_then(|extension| Bytes(&extension.body).vector16())
            .unwrap_or_default()
    };
    Some(CertificateRequest {
        issuers: hello::authorities(list(number::AUTHORITIES)),
        schemes: numbers(list(number::SCHEMES)),
        types: Vec::new(),
        is_late,
    })
}
