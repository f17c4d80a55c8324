//! What can be wrong with bytes, keys and wishes. Peers that are refused are in [`crate::verify`].
//!
//! What is said about contents is [`Shown`], and so never a part of them: they may be a private key.

use crate::{
    Shown,
    code::{self, Code},
};

/// With [`Error`] unless another one is named.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Something that was given to us is not what it should be; the operator or user is to blame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input holds other things than the one that was asked for.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What would have been right.
        expected: &'static str,
        /// What is there, in words of ours.
        found: Shown,
    },
    /// The bytes claim to be something and cannot be decoded as it.
    #[error("malformed {what}: {detail}")]
    Malformed {
        /// The kind of thing that it claims to be.
        what: &'static str,
        /// What is wrong, without a byte of the contents.
        detail: Shown,
    },
    /// A private key that needs a password first.
    #[error("the private key is encrypted")]
    Encrypted,
    /// An algorithm that we do not use; nothing is said against it.
    #[error(
        "{found} is not supported here, expected RSA-2048 to RSA-8192, P-256, P-384, P-521, Ed25519 or ML-DSA"
    )]
    UnsupportedKey {
        /// What is there, in words of ours.
        found: String,
    },
    /// A signature of a kind that we do not verify; nothing is said of the key.
    #[error(
        "a signature with {found} is not supported here, expected RSA or ECDSA with SHA-256, SHA-384 or SHA-512, Ed25519 or ML-DSA"
    )]
    UnsupportedSignature {
        /// What is there, in words of ours.
        found: String,
    },
    /// A key below the floor.
    #[error("key \"{found}\" is too weak, expected at least {expected}")]
    WeakKey {
        /// What is there, in words of ours.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// Key and certificate are not a pair; both public keys by SHA-256 of their SubjectPublicKeyInfo.
    #[error(
        "the private key (public half {key}) does not belong to the certificate (public key {certificate})"
    )]
    KeyMismatch {
        /// SHA-256 of the key's SubjectPublicKeyInfo, shortened.
        key: String,
        /// SHA-256 of the certificate's SubjectPublicKeyInfo, shortened.
        certificate: String,
    },
    /// The first certificate of a chain file is not the leaf.
    #[error("the chain does not begin with the leaf: \"{first}\" is a CA certificate")]
    ChainOrder {
        /// The certificate that comes first, by [`crate::Certificate::called`].
        first: String,
    },
    /// PKCS#10 self-signature (RFC 2986 section 3) does not verify.
    #[error("the request is not signed by the key that it carries")]
    RequestSignature,
    /// A name that cannot stand in a certificate.
    #[error("\"{found}\" is not {expected}")]
    BadName {
        /// What is there, in words of ours.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// A value that is none of its kind: a fingerprint, a network, a time, an identifier.
    #[error("\"{found}\" is not {expected}")]
    BadValue {
        /// What is there, in words of ours.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// A container or key that is locked or written in a way that is not read. It may be perfectly well.
    #[error("the {what} cannot be opened: {detail}")]
    NotOpened {
        /// The kind of thing that it is.
        what: &'static str,
        /// What keeps it closed, without a byte of the contents.
        detail: Shown,
        /// How it is written anew.
        way: &'static str,
    },
    /// A wrong password, or damaged bytes: the formats do not tell them apart.
    #[error("the password does not open the {what}, or it is damaged")]
    Password {
        /// The kind of thing that it claims to be.
        what: &'static str,
    },
    /// The cryptographic library refused.
    #[error("{what} failed in the cryptographic library")]
    Crypto {
        /// The kind of thing that it claims to be.
        what: &'static str,
    },
}

impl Error {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Unexpected { .. }
            | Self::Malformed { .. }
            | Self::NotOpened { .. }
            | Self::Password { .. } => code::WRONG_FORMAT,
            Self::Encrypted => code::KEY_ENCRYPTED,
            Self::UnsupportedKey { .. } | Self::UnsupportedSignature { .. } => code::CANNOT_VERIFY,
            Self::WeakKey { .. } => code::WEAK_KEY,
            Self::KeyMismatch { .. } => code::KEY_MISMATCH,
            Self::ChainOrder { .. } => code::CHAIN_ORDER,
            Self::RequestSignature => code::BAD_REQUEST_SIGNATURE,
            Self::BadName { .. } => code::BAD_NAME,
            Self::BadValue { .. } => code::CONFIG_INVALID,
            Self::Crypto { .. } => code::BUG,
        }
    }

    /// One command or change that mends it, where we know one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Encrypted => {
                Some("decrypt it first: openssl pkey -in tls.key -out plain.key && chmod 600 plain.key")
            }
            Self::Password { .. } => Some(
                "give the file with the right password; only its first line counts: --password-file FILE",
            ),
            Self::WeakKey { .. } => Some("make a new key: handfast issue ... --key p256"),
            Self::KeyMismatch { .. } => Some("use the key that was made together with this certificate"),
            Self::ChainOrder { .. } => Some("put the leaf first, then the intermediates, without the root"),
            Self::NotOpened { way, .. } => Some(way),
            Self::Unexpected { .. } => Some("see what a file holds: handfast inspect FILE"),
            _ => None,
        }
    }
}
