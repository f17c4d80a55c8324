//! Why a handshake ended: which side refused, what was expected, what was found.

use std::{io, sync::Arc};

use handfast_pki::{Code, Purpose, Refusal, code, text::printable};
use rustls::{AlertDescription, Error as TlsError, InvalidMessage, PeerIncompatible};

use crate::{peer::Peer, witness::Witness};

/// A handshake that came to nothing, or a connection that TLS ended.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// We refused the peer's chain.
    #[error("{refusal}")]
    Refused { refusal: Refusal, purpose: Purpose },
    /// The chain is good, and its holder is not to be let in.
    #[error("\"{}\" is not admitted", .peer.identity().called())]
    NotAdmitted { peer: Arc<Peer> },
    /// The peer refused us with an alert (RFC 8446 section 6.2).
    #[error("the peer refused with the alert {name} ({number})")]
    Alert { name: String, number: u8, code: Code },
    /// No common version, suite, group, scheme or protocol.
    #[error("the peers have nothing in common: {detail}")]
    Incompatible { detail: String, code: Code },
    /// What came is not TLS.
    #[error("the peer does not speak TLS here: {detail}")]
    NotTls { detail: String },
    /// TLS, but against its rules.
    #[error("the peer broke the rules of TLS: {detail}")]
    Misbehaved { detail: String },
    /// The connection ended in mid-handshake.
    #[error("the connection ended in mid-handshake: {detail}")]
    CutShort { detail: String },
    /// Our own side cannot speak.
    #[error("TLS cannot be used: {detail}")]
    Unusable { detail: String },
}

impl HandshakeError {
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { refusal, purpose } => refusal.code(*purpose),
            Self::NotAdmitted { .. } => code::NOT_ALLOWED,
            Self::Alert { code, .. } | Self::Incompatible { code, .. } => *code,
            Self::NotTls { .. } => code::NOT_TLS,
            Self::Misbehaved { .. } => code::VAGUE_ALERT,
            Self::CutShort { .. } => code::CUT_SHORT,
            Self::Unusable { .. } => code::BUG,
        }
    }

    /// The alert in `error` of a stream that was already established, for the late verdict of TLS 1.3.
    pub fn late_alert(error: &io::Error) -> Option<Self> {
        match tls_error(error)? {
            TlsError::AlertReceived(alert) => Some(Self::alert(*alert, Purpose::Server)),
            _ => None,
        }
    }

    /// Reads `error` together with what the callbacks saw; `theirs` is what the peer is to us.
    pub(crate) fn read(error: &io::Error, witness: Witness, theirs: Purpose) -> Self {
        if let Some(refusal) = witness.refusal {
            return Self::Refused {
                refusal,
                purpose: theirs,
            };
        }
        if let (true, Some(peer)) = (witness.turned_away, witness.peer) {
            return Self::NotAdmitted { peer };
        }
        let Some(tls) = tls_error(error) else {
            return Self::CutShort {
                detail: printable(&error.to_string()),
            };
        };
        let detail = printable(&tls.to_string());
        match tls {
            TlsError::NoCertificatesPresented => Self::Refused {
                refusal: Refusal::NoCertificate,
                purpose: theirs,
            },
            TlsError::PeerIncompatible(PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon)
            | TlsError::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon) => {
                Self::Incompatible {
                    detail,
                    code: code::NO_COMMON_SCHEME,
                }
            }
            TlsError::PeerIncompatible(
                PeerIncompatible::NoCipherSuitesInCommon
                | PeerIncompatible::NoKxGroupsInCommon
                | PeerIncompatible::NamedGroupsExtensionRequired
                | PeerIncompatible::NoEcPointFormatsInCommon,
            ) => Self::Incompatible {
                detail,
                code: code::NO_COMMON_CIPHER,
            },
            TlsError::PeerIncompatible(_) => Self::Incompatible {
                detail,
                code: code::NO_COMMON_VERSION,
            },
            TlsError::NoApplicationProtocol => Self::Incompatible {
                detail,
                code: code::NO_COMMON_ALPN,
            },
            TlsError::AlertReceived(alert) => Self::alert(*alert, theirs),
            TlsError::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::NotTls { detail },
            _ => Self::Misbehaved { detail },
        }
    }

    fn alert(alert: AlertDescription, theirs: Purpose) -> Self {
        Self::Alert {
            name: alert_name(alert.into()),
            number: alert.into(),
            code: alert_code(alert.into(), theirs),
        }
    }
}

/// rustls's own error inside an I/O error.
fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// The alert `number` by its name in RFC 8446 section 6.
pub fn alert_name(number: u8) -> String {
    let name = match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => return format!("number {number}"),
    };
    name.to_owned()
}

/// What an alert most likely means; an alert alone proves nothing, so vague ones get the vague code.
/// `theirs` is what the sender is to us: a server that refuses a client, or the reverse.
pub fn alert_code(number: u8, theirs: Purpose) -> Code {
    match (number, theirs) {
        (116, _) => code::NO_CERTIFICATE,
        (48, Purpose::Server) => code::UNKNOWN_ISSUER,
        (48, Purpose::Client) => code::SERVER_UNTRUSTED,
        (43, _) => code::WRONG_PURPOSE,
        (44, _) => code::REVOKED,
        (45, _) => code::EXPIRED,
        (49, _) => code::NOT_ALLOWED,
        (51, _) => code::BAD_SIGNATURE,
        (70, _) => code::NO_COMMON_VERSION,
        (112, _) => code::WRONG_SNI,
        (120, _) => code::NO_COMMON_ALPN,
        _ => code::VAGUE_ALERT,
    }
}
