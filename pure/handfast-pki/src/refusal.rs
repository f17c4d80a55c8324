//! Why a chain is not trusted: the certificate at fault, a fact with both values, its code, and one thing to do.

use std::fmt;

use jiff::Timestamp;

use crate::{Code, Purpose, code};

/// Which certificate of a path a refusal is about; the advice differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The certificate of the peer itself.
    Leaf,
    /// A CA certificate between the leaf and the trusted one.
    Issuer,
    /// A CA certificate out of the file of trusted CAs.
    Anchor,
}

/// As it stands before the name of the certificate: nothing for a leaf.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "",
            Self::Issuer => "the CA ",
            Self::Anchor => "the trusted CA ",
        })
    }
}

/// Why a chain was refused, with what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("no certificate was sent")]
    NoCertificate,
    #[error("the certificate cannot be decoded: {detail}")]
    Malformed { detail: String },
    #[error("{role}\"{subject}\" breaks the rules for certificates: {found}")]
    Irregular {
        role: Role,
        subject: String,
        found: String,
    },
    #[error("\"{subject}\" was issued by \"{issuer}\", which is not among the trusted CAs: {trusted}")]
    UnknownIssuer {
        subject: String,
        issuer: String,
        trusted: String,
    },
    #[error("\"{subject}\" is signed by itself and not among the trusted CAs: {trusted}")]
    SelfSigned { subject: String, trusted: String },
    #[error("{role}\"{subject}\" expired at {not_after}, it is {now}")]
    Expired {
        role: Role,
        subject: String,
        not_after: Timestamp,
        now: Timestamp,
    },
    #[error("{role}\"{subject}\" is valid from {not_before}, it is {now}")]
    NotYetValid {
        role: Role,
        subject: String,
        not_before: Timestamp,
        now: Timestamp,
    },
    #[error("{role}\"{subject}\" may be used for {found}, expected {purpose}Auth")]
    WrongPurpose {
        role: Role,
        subject: String,
        purpose: Purpose,
        found: String,
    },
    #[error("\"{subject}\" has key usage {found}, expected digitalSignature without keyCertSign")]
    WrongKeyUsage { subject: String, found: String },
    #[error("{role}\"{subject}\" is an X.509 version {version} certificate, expected version 3")]
    OldVersion {
        role: Role,
        subject: String,
        version: u8,
    },
    #[error("\"{subject}\" is a CA certificate used as a leaf")]
    CaAsLeaf { subject: String },
    #[error("{role}\"{subject}\" is not allowed to sign certificates: {found}")]
    NotACa {
        role: Role,
        subject: String,
        found: String,
    },
    #[error("{role}\"{subject}\" allows {allowed} CAs below it, the chain has {found}")]
    PathLength {
        role: Role,
        subject: String,
        allowed: u8,
        found: usize,
    },
    #[error("a name of \"{subject}\" lies outside what \"{issuer}\" may sign")]
    NameConstraints { subject: String, issuer: String },
    #[error("\"{subject}\" has the name \"{name}\", and its CA \"{ca}\" may vouch for {allowed} alone")]
    ForeignName {
        subject: String,
        name: String,
        ca: String,
        allowed: String,
    },
    #[error("the signature on {role}\"{subject}\" was not made by the key of \"{issuer}\"")]
    BadSignature {
        role: Role,
        subject: String,
        issuer: String,
    },
    #[error("{role}\"{subject}\" is too weak: {found}")]
    Weak {
        role: Role,
        subject: String,
        found: String,
    },
    #[error("{role}\"{subject}\" has a key that is not supported here: {found}")]
    UnsupportedKey {
        role: Role,
        subject: String,
        found: String,
    },
    #[error("{role}\"{subject}\" has a critical extension that is not understood: {found}")]
    CriticalExtension {
        role: Role,
        subject: String,
        found: String,
    },
    #[error("{role}\"{subject}\" demands certificate policies, which are not looked at here")]
    PolicyDemanded { role: Role, subject: String },
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
            Self::ForeignName { .. } => code::FOREIGN_NAME,
            Self::BadSignature { .. } => code::BAD_SIGNATURE,
            Self::Weak { .. } => code::WEAK_KEY,
            Self::UnsupportedKey { .. } => code::NO_COMMON_SCHEME,
            Self::CriticalExtension { .. } | Self::PolicyDemanded { .. } => code::CRITICAL_EXTENSION,
            Self::NotOneSpiffeId { .. } => code::IDENTITY_MISMATCH,
            Self::NoNames { .. } => code::NO_NAMES,
            Self::NoIpName { .. } => code::NO_IP_NAME,
            Self::NameMismatch { .. } => code::NAME_MISMATCH,
            Self::Revoked { .. } => code::REVOKED,
            Self::Malformed { .. } | Self::Irregular { .. } | Self::TooComplex { .. } => code::WRONG_FORMAT,
        }
    }

    /// Which certificate of the path it is about; a refusal of the whole chain is told of its leaf.
    pub fn role(&self) -> Role {
        match self {
            Self::Expired { role, .. }
            | Self::NotYetValid { role, .. }
            | Self::Irregular { role, .. }
            | Self::WrongPurpose { role, .. }
            | Self::OldVersion { role, .. }
            | Self::NotACa { role, .. }
            | Self::PathLength { role, .. }
            | Self::BadSignature { role, .. }
            | Self::Weak { role, .. }
            | Self::UnsupportedKey { role, .. }
            | Self::CriticalExtension { role, .. }
            | Self::PolicyDemanded { role, .. } => *role,
            _ => Role::Leaf,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> &'static str {
        match self.role() {
            Role::Leaf => self.hint_for_leaf(),
            Role::Issuer | Role::Anchor => self.hint_for_ca(),
        }
    }

    fn hint_for_leaf(&self) -> &'static str {
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
            Self::UnsupportedKey { .. } => "make a key that is: P-256, P-384, Ed25519 or RSA",
            Self::NoIpName { .. } => "issue it with the address: handfast issue server --ip ADDRESS",
            Self::NameMismatch { .. } => {
                "use one of its names, or issue it for this one: handfast issue server --dns NAME"
            }
            Self::NotOneSpiffeId { .. } => "issue it with one --uri spiffe://...",
            Self::NotACa { .. } | Self::PathLength { .. } => "issue from a CA that is allowed to",
            Self::NameConstraints { .. } => "ask a CA that may sign this name",
            Self::ForeignName { .. } => {
                "issue it without that name, or add the name to those that this CA may vouch for"
            }
            Self::CriticalExtension { .. } => {
                "issue it without the private extension, or mark that non-critical"
            }
            Self::PolicyDemanded { .. } => "issue it without requireExplicitPolicy",
            Self::Revoked { .. } => "make a new key and certificate, and find out why this one was revoked",
            Self::Irregular { .. } => "issue it again: handfast issue keeps the rules",
            Self::Malformed { .. } | Self::TooComplex { .. } => "see what is in it: handfast inspect FILE",
        }
    }

    /// The leaf is good: to issue it again from the same CA would change nothing.
    fn hint_for_ca(&self) -> &'static str {
        match self {
            Self::Expired { .. } => {
                "put the CA's new certificate in its place, in the chain that is sent and in the trusted file"
            }
            Self::NotYetValid { .. } => "check the clocks of both sides",
            Self::WrongPurpose { .. } => {
                "issue the CA certificate again with the same key, and without extended key usage or with this one"
            }
            Self::OldVersion { .. } | Self::NotACa { .. } => {
                "issue the CA certificate again with the same key, CA:TRUE and keyCertSign"
            }
            Self::PathLength { .. } => {
                "issue from a CA further up, or issue that CA certificate again with a larger path length"
            }
            Self::BadSignature { .. } => {
                "trust both CA certificates while a CA key changes, and never reuse a CA's name"
            }
            Self::Weak { .. } => {
                "make a new CA with a P-256 key and SHA-256, and issue from that; the leaf alone is not the fault"
            }
            Self::UnsupportedKey { .. } => "make a new CA with a P-256, P-384, Ed25519 or RSA key",
            Self::CriticalExtension { .. } => {
                "issue the CA certificate again without that extension, or with it not critical"
            }
            Self::PolicyDemanded { .. } => "issue the CA certificate again without requireExplicitPolicy",
            Self::Irregular { .. } => "issue the CA certificate again with the same key, and without that",
            _ => self.hint_for_leaf(),
        }
    }
}
