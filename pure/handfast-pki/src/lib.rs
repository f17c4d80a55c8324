//! Keys, certificates, requests, chains, names and identities.
//!
//! Everything here is a function of its arguments: bytes come in as slices, the time as a
//! [`jiff::Timestamp`], and what goes out is a value or an [`Error`] that keeps what was expected and
//! what was found. The one exception is key generation, whose randomness comes from the cryptographic
//! library because that library takes it from nowhere else.
//!
//! The proxy, the authority and the explanation all judge certificates by [`verify`], so that they can
//! never disagree.

#![warn(missing_docs)]

pub mod alert;
mod anchors;
mod asn1;
mod bounds;
pub mod build;
pub mod candidates;
pub mod certificate;
pub mod chain;
pub mod code;
pub mod conceal;
pub mod constraints;
pub mod crl;
pub mod error;
mod extended;
pub mod extensions;
mod faults;
mod fingerprint;
pub mod general;
pub mod hidden;
pub mod identity;
pub mod key;
pub mod link;
pub mod lint;
mod look;
mod may_sign;
pub mod name;
pub mod ocsp;
pub mod oid;
pub mod pattern;
pub mod pem;
pub mod profile;
mod purpose;
pub mod qualified;
mod refusal;
pub mod request;
pub mod requesting;
pub mod revocation;
mod revocations;
pub mod serial;
pub mod shown;
mod signed;
pub mod subject;
pub mod text;
pub mod time;
pub mod trust;
pub mod verify;
mod ways;

pub use anchors::{AnchorError, Anchors};
pub use bounds::{Bounds, BoundsError};
pub use certificate::Certificate;
pub use code::Code;
pub use error::{Error, Result};
pub use fingerprint::Fingerprint;
pub use identity::Identity;
pub use key::{KeyKind, MlDsa, PrivateKey, PublicKey};
pub use pattern::{NamePattern, Network};
pub use profile::Profile;
pub use purpose::Purpose;
pub use refusal::{Refusal, Role};
pub use request::Request;
pub use revocations::{Held, RevocationSource, Revocations, SignedList};
pub use shown::Shown;
pub use trust::{ClientUsage, Trust, TrustError, TrustedCa};
pub use verify::VerifiedChain;
