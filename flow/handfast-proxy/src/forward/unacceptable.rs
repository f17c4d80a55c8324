//! Why a request is not forwarded, and what its client is answered.

use handfast_pki::{Code, code};
use http::StatusCode;

/// The most fields in the head of a request, over every version of HTTP; what hyper's parser of HTTP/1.1 takes.
pub(crate) const MOST_FIELDS: usize = 100;

/// Why a request is not forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unacceptable {
    /// CONNECT, or a target that is no path.
    Target,
    /// A path that two readers could read differently, where routes are decided by it.
    Path,
    /// No Host, several, one that is no host, or one that contradicts the target.
    Host,
    /// Both a length and a transfer coding: two readers could find two ends (RFC 9112 section 6.3).
    Framing,
    /// A transfer coding besides chunked (RFC 9112 section 6.1).
    Coding,
    /// More than [`MOST_FIELDS`].
    Fields,
}

impl Unacceptable {
    /// What the client is answered.
    pub(crate) fn answer(self) -> (StatusCode, Code) {
        let status = match self {
            Self::Target | Self::Path | Self::Host | Self::Framing => StatusCode::BAD_REQUEST,
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::Fields => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        };
        (status, code::BAD_REQUEST)
    }
}
