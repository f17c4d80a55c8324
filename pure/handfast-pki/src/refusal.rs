//! Why a chain is not believed: a fact with both values, its code, and one thing to do.

use jiff::Timestamp;

use crate::{Code, Purpose, code};

/// Why a chain was refused, with what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("no certificate was sent")]
    NoCertificate,
    #[error("the certificate cannot be decoded: {detail}")]
    Malformed { detail: String },
    #[error("\"{subject}\" was issued by \"{issuer}\", which is not among the trusted CAs: {trusted}")]
    UnknownIssuer {
        subject: String,
        issuer: String,
        trusted: String,
    },
    #[error("\"{subject}\" is signed by itself and not among the trusted CAs: {trusted}")]
    SelfSigned { subject: String, trusted: String },
    #[error("\"{subject}\" expired at {not_after}, it is {now}")]
    Expired {
        subject: String,
        not_after: Timestamp,
        now: Timestamp,
    },
    #[error("\"{subject}\" is valid from {not_before}, it is {now}")]
    NotYetValid {
        subject: String,
        not_before: Timestamp,
        now: Timestamp,
    },
    #[error("\"{subject}\" may be used for {found}, expected {purpose}Auth")]
    WrongPurpose {
        subject: String,
        purpose: Purpose,
        found: String,
    },
    #[error("\"{subject}\" has key usage {found}, expected digitalSignature without keyCertSign")]
    WrongKeyUsage { subject: String, found: String },
    #[error("\"{subject}\" is an X.509 version {version} certificate, expected version 3")]
    OldVersion { subject: String, version: u8 },
    #[error("\"{subject}\" is a CA certificate used as a leaf")]
    CaAsLeaf { subject: String },
    #[error("a certificate in the chain of \"{subject}\" is not a CA")]
    NotACa { subject: String },
    #[error("the chain of \"{subject}\" is longer than a CA in it allows")]
    PathLength { subject: String },
    #[error("a name of \"{subject}\" lies outside what a CA in its chain may sign")]
    NameConstraints { subject: String },
    #[error("the signature on \"{subject}\" was not made by the key of \"{issuer}\"")]
    BadSignature { subject: String, issuer: String },
    #[error("\"{subject}\" is too weak: {found}")]
    Weak { subject: String, found: String },
    #[error("\"{subject}\" has a critical extension that is not understood")]
    CriticalExtension { subject: String },
    #[error(
        "\"{subject}\" has {found} URI names, a SPIFFE certificate has exactly one, of the form spiffe://DOMAIN/PATH"
    )]
    NotOneSpiffeId { subject: String, found: usize },
    #[error("\"{subject}\" has no subject alternative name, expected \"{asked}\"")]
    NoNames { subject: String, asked: String },
    #[error("\"{subject}\" has no IP address among its names, expected \"{asked}\"; it has {found}")]
    NoIpName {
        subject: String,
        asked: String,
        found: String,
    },
    #[error("\"{subject}\" is valid for {found}, expected \"{asked}\"")]
    NameMismatch {
        subject: String,
        asked: String,
        found: String,
    },
    #[error("\"{subject}\" was revoked")]
    Revoked { subject: String },
    #[error("the chain of \"{subject}\" costs too much to verify: {detail}")]
    TooComplex { subject: String, detail: String },
}

impl Refusal {
    /// The stable code. [`Purpose::Server`] chains of unknown CAs are the client's finding, `HF-301`.
    pub fn code(&self, purpose: Purpose) -> Code {
        match self {
            Self::NoCertificate => code::NO_CERTIFICATE,
            Self::UnknownIssuer { .. } if purpose == Purpose::Server => code::SERVER_UNTRUSTED,
            Self::UnknownIssuer { .. } => code::UNKNOWN_ISSUER,
            Self::SelfSigned { .. } | Self::CaAsLeaf { .. } => code::CA_AS_LEAF,
            Self::Expired { .. } => code::EXPIRED,
            Self::NotYetValid { .. } => code::NOT_YET_VALID,
            Self::WrongPurpose { .. } | Self::WrongKeyUsage { .. } => code::WRONG_PURPOSE,
            Self::OldVersion { .. } => code::VERSION_1,
            Self::NotACa { .. } => code::NOT_A_CA,
            Self::PathLength { .. } => code::PATH_LENGTH,
            Self::NameConstraints { .. } => code::NAME_CONSTRAINTS,
            Self::BadSignature { .. } => code::BAD_SIGNATURE,
            Self::Weak { .. } => code::WEAK_KEY,
            Self::CriticalExtension { .. } => code::CRITICAL_EXTENSION,
            Self::NotOneSpiffeId { .. } => code::IDENTITY_MISMATCH,
            Self::NoNames { .. } => code::NO_NAMES,
            Self::NoIpName { .. } => code::NO_IP_NAME,
            Self::NameMismatch { .. } => code::NAME_MISMATCH,
            Self::Revoked { .. } => code::REVOKED,
            Self::Malformed { .. } | Self::TooComplex { .. } => code::WRONG_FORMAT,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoCertificate => "give the client its certificate and key: --cert tls.crt --key tls.key",
            Self::UnknownIssuer { .. } => {
                "add the issuing CA to the trusted file, or send the missing intermediate after the leaf"
            }
            Self::SelfSigned { .. } | Self::CaAsLeaf { .. } => {
                "make a CA and a leaf: handfast init, then handfast issue"
            }
            Self::Expired { .. } => "issue a new one: handfast issue, and reload the process that uses it",
            Self::NotYetValid { .. } => "check the clocks of both sides",
            Self::WrongPurpose { .. } => "issue it for this purpose: handfast issue client, server or peer",
            Self::WrongKeyUsage { .. } => "issue it with key usage digitalSignature: handfast issue does",
            Self::OldVersion { .. } | Self::NoNames { .. } => {
                "sign its request again with names: handfast sign REQUEST.csr server --dns NAME --out FILE"
            }
            Self::BadSignature { .. } => {
                "trust both CA certificates while a CA key changes, and never reuse a CA's name"
            }
            Self::Weak { .. } => "make a new key: P-256, or RSA of 2048 bits and SHA-256",
            Self::NoIpName { .. } => "issue it with the address: handfast issue server --ip ADDRESS",
            Self::NameMismatch { .. } => {
                "use one of its names, or issue it for this one: handfast issue server --dns NAME"
            }
            Self::NotOneSpiffeId { .. } => "issue it with one --uri spiffe://...",
            Self::NotACa { .. } | Self::PathLength { .. } => "issue from a CA that is allowed to",
            Self::NameConstraints { .. } => "ask a CA that may sign this name",
            Self::CriticalExtension { .. } => {
                "issue it without the private extension, or mark that non-critical"
            }
            Self::Revoked { .. } => "make a new key and certificate, and find out why this one was revoked",
            Self::Malformed { .. } | Self::TooComplex { .. } => "see what is in it: handfast inspect FILE",
        }
    }
}
