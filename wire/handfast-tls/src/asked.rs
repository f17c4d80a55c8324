//! What a server asks of its client.

/// What the server asked of us in its CertificateRequest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// DER names of the issuers that it says it accepts; none means that it does not say.
    pub issuers: Vec<Vec<u8>>,
    /// The signature schemes that it accepts, by number (RFC 8446 section 4.2.3).
    pub schemes: Vec<u16>,
    /// Whether a certificate was sent.
    pub sent: bool,
}
