//! Unrecorded: certificates of ours that are shown and that the records do not have.

use handfast_pki::Certificate;

use crate::records::Revocation;

/// A certificate of ours that was shown and that the records do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// The issuer's key identifier, hexadecimal digits.
    pub issuer: String,
    pub certificate: Certificate,
}

/// What was shown of the time that the records do not know.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Certificates of ours that the records do not have.
    pub certificates: Vec<Unrecorded>,
    /// The key identifiers of issuers, with the highest number of their lists that was seen.
    pub lists: Vec<(String, u64)>,
    /// What these lists revoke and the records have as valid, or have now that it was shown.
    pub revocations: Vec<Revocation>,
}
