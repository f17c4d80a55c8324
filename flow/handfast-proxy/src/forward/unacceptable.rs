//! Why a request is not forwarded, and what its client is answered.

use handfast_pki::{Code, code};
use handfast_values::AuthorityError;
use http::StatusCode;

/// The most fields in the head of a request, over every version of HTTP; what hyper's parser of HTTP/1.1 takes.
pub(crate) const MOST_FIELDS: usize = 100;

/// Why a request is not forwarded. The text is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unacceptable {
    /// CONNECT, or a target that is no path.
    #[error("expected a path or an http or https URL as the target, found CONNECT or another target")]
    Target,
    /// A path that two readers could read differently, where routes are decided by it.
    #[error("the path has no one reading")]
    Path,
    /// No Host, several, one that is no host, or one that contradicts the target.
    #[error("Host: {0}")]
    Host(WhyHost),
    /// Both a length and a transfer coding: two readers could find two ends (RFC 9112 section 6.3).
    #[error("expected one length or one transfer coding of the body, found several")]
    Framing,
    /// A transfer coding besides chunked (RFC 9112 section 6.1).
    #[error("expected the transfer coding \"chunked\" alone, found another")]
    Coding,
    /// More than [`MOST_FIELDS`].
    #[error("expected at most {MOST_FIELDS} fields, found more")]
    Fields,
}

/// What is wrong with the host of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WhyHost {
    #[error("expected one, found none")]
    None,
    #[error("expected one, found several")]
    Several,
    #[error("expected the same as in the target, found another")]
    Contradicts,
    /// Not one that every reader reads alike.
    #[error(transparent)]
    Read(#[from] AuthorityError),
}

impl Unacceptable {
    /// What the client is answered.
    pub(crate) fn answer(self) -> (StatusCode, Code) {
        let status = match self {
            Self::Target | Self::Path | Self::Host(_) | Self::Framing => StatusCode::BAD_REQUEST,
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::Fields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        };
        (status, code::BAD_REQUEST)
    }
}
