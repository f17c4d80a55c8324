//! What can go wrong: a [`handfast_finding::Problem`] of the operator before the proxy opens or reloads, an [`Ended`]
//! connection afterwards.

use std::{net::IpAddr, sync::Arc};

use handfast_audit::Verdict;
use handfast_pki::{Code, code};
use handfast_policy::Denial;
use handfast_tls::{HandshakeError, Peer};

/// How a connection ended other than well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error(transparent)]
    Refused(#[from] HandshakeError),
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Denied while the handshake could still answer with an alert.
    #[error("{denial}")]
    TurnedAway { peer: Arc<Peer>, denial: Denial },
    /// Proven, and the handshake ended badly nevertheless.
    #[error("{error}")]
    BrokenOff { peer: Arc<Peer>, error: HandshakeError },
    /// Allowed by a state that is no longer the one that counts.
    #[error("{reason}")]
    Withdrawn {
        peer: Option<Arc<Peer>>,
        code: Code,
        reason: String,
    },
    /// A load balancer that has to say whose connection it is, and did not.
    #[error("\"{peer}\" must begin with a PROXY v2 header, found {found}")]
    Unannounced { peer: IpAddr, found: NoHeader },
    /// A local program that a tunnel does not carry for.
    #[error("{reason}")]
    NotCarried {
        verdict: Verdict,
        code: Code,
        reason: String,
    },
    /// Allowed, and broken off afterwards.
    #[error("{reason}")]
    Broken { code: Code, reason: String },
}

/// What stands in the place of a PROXY v2 header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoHeader {
    #[error("bytes that begin no PROXY v2 header")]
    Other,
    #[error("a PROXY header of version {0}")]
    Version(u8),
    #[error("a PROXY v2 header of {0} bytes, more than are read")]
    Long(usize),
    #[error("a PROXY v2 header whose addresses cannot be read")]
    Addresses,
    #[error("the end of the connection in a PROXY v2 header")]
    End,
}

/// The words of an error without the link to the manual of a library, which explains it to who writes a program with it.
fn without_link(mut words: String) -> String {
    if let Some(end) = words.find(": https://docs.rs/") {
        words.truncate(end);
    }
    words
}

impl Ended {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Refused(error) | Self::BrokenOff { error, .. } => error.code(),
            Self::Denied(denial) | Self::TurnedAway { denial, .. } => denial.code(),
            Self::Unannounced { .. } => code::NO_PROXY_HEADER,
            Self::Withdrawn { code, .. } | Self::NotCarried { code, .. } | Self::Broken { code, .. } => *code,
        }
    }

    /// Everything that the operator should read, in one line.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Denied(denial) | Self::TurnedAway { denial, .. } => match denial.because() {
                Some(because) => format!("{denial}; {because}"),
                None => denial.to_string(),
            },
            other => without_link(other.to_string()),
        }
    }

    /// What the record says of this ending.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Refused(error) | Self::BrokenOff { error, .. } => match error {
                HandshakeError::CutShort { .. } => Verdict::Broken,
                _ => Verdict::Refused,
            },
            Self::Unannounced { .. } => Verdict::Refused,
            Self::NotCarried { verdict, .. } => *verdict,
            Self::Denied(_) | Self::TurnedAway { .. } | Self::Withdrawn { .. } => Verdict::Denied,
            Self::Broken { .. } => Verdict::Allowed,
        }
    }

    /// The backend could not be reached.
    pub(crate) fn unreachable(backend: &dyn std::fmt::Display, error: &std::io::Error) -> Self {
        let reason = match error.kind() {
            std::io::ErrorKind::TimedOut => format!("the backend {backend} did not answer in time"),
            _ => format!("the backend {backend} cannot be reached: {error}"),
        };
        Self::Broken {
            code: code::BACKEND_UNREACHABLE,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_no_link_to_the_manual_of_a_library() {
        let said = "peer closed connection without sending TLS close_notify";
        for reason in [
            said.to_owned(),
            format!("{said}: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html"),
        ] {
            let ended = Ended::Broken {
                code: code::PEER_BROKE,
                reason,
            };
            assert_eq!(ended.reason(), said);
        }
        let of_a_backend = "the backend https://acme.example cannot be reached: refused";
        assert_eq!(without_link(of_a_backend.to_owned()), of_a_backend);
    }
}
