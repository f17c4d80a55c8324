//! Unrecorded: certificates of ours that are shown and that the records do not have.

use handfast_pki::Certificate;

/// A certificate of ours that was shown and that the records do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// The issuer's key identifier, hexadecimal digits.
    pub issuer: String,
    pub certificate: Certificate,
}
