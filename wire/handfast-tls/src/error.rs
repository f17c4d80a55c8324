//! Why a handshake ended: which side refused, what was expected, what was found.

use std::{io, sync::Arc};

use handfast_pki::{Code, Purpose, Refusal, alert, code, text::printable};
use rustls::{AlertDescription, Error as TlsError, InvalidMessage, PeerIncompatible};

use crate::{admit::Admit, peer::Peer, witness::Witness};

/// A handshake that came to nothing, or a connection that TLS ended.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// We refused the peer's chain.
    #[error("{refusal}")]
    Refused {
        /// The reason, both values in it.
        refusal: Refusal,
        /// What the chain was to be used for: that of the peer's side.
        purpose: Purpose,
    },
    /// The chain is good, and its holder is not to be let in.
    #[error("\"{}\" is not admitted", .peer.identity().called())]
    NotAdmitted {
        /// Who it is.
        peer: Arc<Peer>,
    },
    /// The client asked for a name (SNI) that no host here has.
    #[error("no host here is called {}", .asked.as_ref().map_or("nothing (no SNI was sent)".to_owned(), |name| format!("\"{name}\"")))]
    UnknownHost {
        /// The name, safe to print.
        asked: Option<String>,
    },
    /// The peer refused us with an alert (RFC 8446 section 6.2).
    #[error("the peer refused with the alert {name} ({number})")]
    Alert {
        /// As RFC 8446 section 6 spells it.
        name: String,
        /// The AlertDescription.
        number: u8,
        /// What the alert, or what is not in common, means most often.
        code: Code,
    },
    /// No common version, suite, group, scheme or protocol.
    #[error("the peers have nothing in common: {detail}")]
    Incompatible {
        /// What happened, safe to print.
        detail: String,
        /// What the alert, or what is not in common, means most often.
        code: Code,
    },
    /// What came is not TLS.
    #[error("the peer does not speak TLS here: {detail}")]
    NotTls {
        /// What happened, safe to print.
        detail: String,
    },
    /// TLS, but against its rules.
    #[error("the peer broke the rules of TLS: {detail}")]
    Misbehaved {
        /// What happened, safe to print.
        detail: String,
    },
    /// The connection ended in mid-handshake.
    #[error("the connection ended in mid-handshake: {detail}")]
    CutShort {
        /// What happened, safe to print.
        detail: String,
    },
    /// Our own side cannot speak.
    #[error("TLS cannot be used: {detail}")]
    Unusable {
        /// What happened, safe to print.
        detail: String,
    },
}

impl HandshakeError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { refusal, purpose } => refusal.code(*purpose),
            Self::NotAdmitted { .. } => code::NOT_ALLOWED,
            Self::UnknownHost { .. } => code::WRONG_SNI,
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
    pub(crate) fn witnessed<A: Admit>(error: &io::Error, witness: &Witness<A>, theirs: Purpose) -> Self {
        match (&witness.refusal, witness.denied()) {
            (Some(refusal), _) => Self::Refused {
                refusal: refusal.clone(),
                purpose: theirs,
            },
            (None, Some(peer)) => Self::NotAdmitted { peer },
            (None, None) => Self::read(error, theirs),
        }
    }

    /// Why a client is refused whose handshake went on all the same, by what the callbacks saw.
    pub(crate) fn explained<A: Admit>(witness: &Witness<A>) -> Self {
        match (&witness.refusal, witness.denied()) {
            (None, Some(peer)) => Self::NotAdmitted { peer },
            (refusal, _) => Self::Refused {
                // Nobody was asked where no certificate was shown.
                refusal: refusal.clone().unwrap_or(Refusal::NoCertificate),
                purpose: Purpose::Client,
            },
        }
    }

    /// Reads `error` alone.
    pub(crate) fn read(error: &io::Error, theirs: Purpose) -> Self {
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

    fn alert(received: AlertDescription, theirs: Purpose) -> Self {
        Self::Alert {
            name: alert::name(received.into()),
            number: received.into(),
            code: alert::code(received.into(), theirs),
        }
    }
}

/// rustls's own error inside an I/O error.
fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}
