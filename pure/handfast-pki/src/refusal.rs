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

const UNDECIDED: &str = "ask a program that supports it: openssl verify -show_chain -CAfile CA.crt -untrusted CHAIN.crt CERT.crt; \
                         with Handfast, use P-256, P-384, P-521, Ed25519 or RSA of 2048 to 8192 bits";

/// Why a chain was refused, with what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The peer was asked and sent an empty list.
    #[error("no certificate was sent")]
    NoCertificate,
    /// The DER is broken.
    #[error("the certificate cannot be decoded: {detail}")]
    Malformed {
        /// What is wrong, safe to print.
        detail: String,
    },
    /// It can be decoded and breaks a rule of RFC 5280 section 4.
    #[error("{role}\"{subject}\" breaks the rules for certificates: {found}")]
    Irregular {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// No path leads to an anchor.
    #[error("\"{subject}\" was issued by \"{issuer}\", which is not among the trusted CAs: {trusted}")]
    UnknownIssuer {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// Its issuer, as RFC 4514 text.
        issuer: String,
        /// The trusted CAs, at most four by name.
        trusted: String,
    },
    /// The same for a certificate that is its own issuer.
    #[error("\"{subject}\" is signed by itself and not among the trusted CAs: {trusted}")]
    SelfSigned {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The trusted CAs, at most four by name.
        trusted: String,
    },
    /// `notAfter` has passed (RFC 5280 section 6.1.3 (a)(2)).
    #[error("{role}\"{subject}\" expired at {not_after}, it is {now}")]
    Expired {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The last second of its validity.
        not_after: Timestamp,
        /// When it was judged.
        now: Timestamp,
    },
    /// `notBefore` is to come; often a clock that is wrong.
    #[error("{role}\"{subject}\" is valid from {not_before}, it is {now}")]
    NotYetValid {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The first second of its validity.
        not_before: Timestamp,
        /// When it was judged.
        now: Timestamp,
    },
    /// The extended key usages of it, or of a CA above it, exclude the purpose.
    #[error("{role}\"{subject}\" may be used for {found}, expected {purpose}Auth")]
    WrongPurpose {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What it was to be used for.
        purpose: Purpose,
        /// What it has instead, safe to print.
        found: String,
    },
    /// The leaf may not sign handshakes, or may sign certificates.
    #[error("\"{subject}\" has key usage {found}, expected digitalSignature without keyCertSign")]
    WrongKeyUsage {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// Versions 1 and 2 have no extensions, so that nothing limits them.
    #[error("{role}\"{subject}\" is an X.509 version {version} certificate, expected version 3")]
    OldVersion {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The version as people count: 1 or 2.
        version: u8,
    },
    /// A CA certificate is no identity of a peer.
    #[error("\"{subject}\" is a CA certificate used as a leaf")]
    CaAsLeaf {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
    },
    /// It stands as an issuer and has no right to sign.
    #[error("{role}\"{subject}\" is not allowed to sign certificates: {found}")]
    NotACa {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// More CAs below it than `pathLenConstraint` allows (RFC 5280 section 4.2.1.9).
    #[error("{role}\"{subject}\" allows {allowed} CAs below it, the chain has {found}")]
    PathLength {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What `pathLenConstraint` says.
        allowed: u8,
        /// How many CAs stand below it.
        found: usize,
    },
    /// A CA may sign for other names only (RFC 5280 section 4.2.1.10).
    #[error("a name of \"{subject}\" lies outside what \"{issuer}\" may sign")]
    NameConstraints {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// Its issuer, as RFC 4514 text.
        issuer: String,
    },
    /// The operator binds the CA to other names ([`crate::TrustedCa`]).
    #[error("\"{subject}\" has the name \"{name}\", and its CA \"{ca}\" may vouch for {allowed} alone")]
    ForeignName {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The name with its type, safe to print.
        name: String,
        /// What people call the CA.
        ca: String,
        /// The names that it may vouch for, at most four.
        allowed: String,
    },
    /// An issuer of this name is known, with another key.
    #[error("the signature on {role}\"{subject}\" was not made by the key of \"{issuer}\"")]
    BadSignature {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// Its issuer, as RFC 4514 text.
        issuer: String,
    },
    /// Below the floor: a short RSA key, a known weak one, or SHA-1.
    #[error("{role}\"{subject}\" is too weak: {found}")]
    Weak {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// Neither yes nor no: the algorithm or the form is one that is not supported here. It says nothing of what others
    /// would say, and nobody is let in on it.
    #[error("{role}\"{subject}\" cannot be verified here: {because}")]
    CannotVerify {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What is not supported, safe to print.
        because: String,
    },
    /// RFC 5280 section 4.2 asks to refuse it.
    #[error("{role}\"{subject}\" has a critical extension that is not understood: {found}")]
    CriticalExtension {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// `requireExplicitPolicy` or its like (RFC 5280 section 4.2.1.11).
    #[error("{role}\"{subject}\" demands certificate policies, which are not looked at here")]
    PolicyDemanded {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
    },
    /// X509-SVID section 2 asks for exactly one URI.
    #[error(
        "\"{subject}\" has {found} URI names, a SPIFFE certificate has exactly one, of the form spiffe://DOMAIN/PATH"
    )]
    NotOneSpiffeId {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// How many URIs it has.
        found: usize,
    },
    /// It has no names at all; the common name is not taken for one (RFC 9525 section 2).
    #[error("\"{subject}\" has no subject alternative name, expected \"{asked}\"")]
    NoNames {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The host that was asked for.
        asked: String,
    },
    /// An address was asked for, and the certificate has names of other types.
    #[error("\"{subject}\" has no IP address among its names, expected \"{asked}\"; it has {found}")]
    NoIpName {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The host that was asked for.
        asked: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// It has names of the right type, and none is the one that was asked for (RFC 9525 section 6).
    #[error("\"{subject}\" is valid for {found}, expected \"{asked}\"")]
    NameMismatch {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// The host that was asked for.
        asked: String,
        /// What it has instead, safe to print.
        found: String,
    },
    /// It stands on a list of its issuer.
    #[error("{role}\"{subject}\" was revoked")]
    Revoked {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
    },
    /// Revocation is checked, and nobody can say whether the issuer stands by it.
    #[error("{role}\"{subject}\" cannot be shown to be good: its issuer is \"{issuer}\", and {why}")]
    RevocationUnknown {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// Its issuer, by [`crate::Certificate::called`].
        issuer: String,
        /// What is missing, safe to print.
        why: String,
    },
    /// The issuer says which serial numbers it has given, and this is none: its key has signed what its records do not
    /// know.
    #[error("{role}\"{subject}\" is none that \"{issuer}\" says it has issued: its serial number {found}")]
    NotIssued {
        /// Where in the path it stands.
        role: Role,
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// Its issuer, by [`crate::Certificate::called`].
        issuer: String,
        /// The serial number, and what is wrong with it.
        found: String,
    },
    /// Verification was given up at its budget, so that chains cannot be made to cost a lot.
    #[error("the chain of \"{subject}\" costs too much to verify: {detail}")]
    TooComplex {
        /// The certificate, by [`crate::Certificate::called`].
        subject: String,
        /// What is wrong, safe to print.
        detail: String,
    },
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
            Self::CannotVerify { .. } => code::CANNOT_VERIFY,
            Self::CriticalExtension { .. } | Self::PolicyDemanded { .. } => code::CRITICAL_EXTENSION,
            Self::NotOneSpiffeId { .. } => code::IDENTITY_MISMATCH,
            Self::NoNames { .. } => code::NO_NAMES,
            Self::NoIpName { .. } => code::NO_IP_NAME,
            Self::NameMismatch { .. } => code::NAME_MISMATCH,
            Self::Revoked { .. } => code::REVOKED,
            Self::RevocationUnknown { .. } => code::CRL_UNUSABLE,
            Self::NotIssued { .. } => code::NOT_ISSUED,
            Self::Malformed { .. } | Self::Irregular { .. } | Self::TooComplex { .. } => code::WRONG_FORMAT,
        }
    }

    /// Whether the key of the CA that is named did not make the signature.
    pub(crate) fn is_bad_signature(&self) -> bool {
        matches!(self, Self::BadSignature { .. })
    }

    /// Whether it is neither yes nor no.
    pub fn is_undecided(&self) -> bool {
        matches!(self, Self::CannotVerify { .. })
    }

    /// The first of `faults` that decides, else the first: what is wrong for certain outranks what cannot be told.
    pub fn first(faults: Vec<Self>) -> Option<Self> {
        let decided = faults.iter().position(|fault| !fault.is_undecided());
        faults.into_iter().nth(decided.unwrap_or(0))
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
            | Self::CannotVerify { role, .. }
            | Self::CriticalExtension { role, .. }
            | Self::Revoked { role, .. }
            | Self::RevocationUnknown { role, .. }
            | Self::NotIssued { role, .. }
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
            Self::CannotVerify { .. } => UNDECIDED,
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
            Self::RevocationUnknown { .. } => {
                "get a new list or set of every CA of the chain: handfast ca set --out FILE, handfast ca crl --out FILE"
            }
            Self::NotIssued { .. } => {
                "make a new set after issuing: handfast ca set --out FILE; if it is not that, the CA's key may be stolen"
            }
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
            Self::CriticalExtension { .. } => {
                "issue the CA certificate again without that extension, or with it not critical"
            }
            Self::PolicyDemanded { .. } => "issue the CA certificate again without requireExplicitPolicy",
            Self::Revoked { .. } => "issue from a CA that is not revoked, and trust that one",
            Self::Irregular { .. } => "issue the CA certificate again with the same key, and without that",
            _ => self.hint_for_leaf(),
        }
    }
}
