//! Revocation lists (CRL, RFC 5280 section 5) for those who ask often: each is verified once, when it is read, and then
//! indexed by the key of its issuer, its distribution point and serial number.
//!
//! In: lists in DER, the certificates whose keys may have signed them, the time. Out: an answer for each certificate. A
//! list whose signature, dates or extensions are not right is refused with everything that was read with it: a list that is
//! silently left out would let in whom it names.

mod read;

pub(crate) use self::read::UnverifiedList;

use jiff::Timestamp;

use super::{age::Age, serials::Serials};
use crate::{Certificate, Code, PublicKey, Shown, code, extensions::CrlPoints, general::GeneralName};

/// What the lists say about one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListAnswer {
    /// On no list, and one that is fresh would name it.
    Good,
    /// Named by a list.
    Revoked,
    /// No list of its issuer is about it.
    Missing,
    /// The list that is about it has expired.
    Stale,
}

/// Lists that were verified.
#[derive(Debug, Clone, Default)]
pub struct CrlIndex(Vec<VerifiedList>);

/// One list whose signature was verified.
#[derive(Debug, Clone)]
pub struct VerifiedList {
    issuer: Certificate,
    key: PublicKey,
    scope: Scope,
    number: Option<String>,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: Serials,
}

/// Which certificates of its issuer a list is about (issuing distribution point, RFC 5280 section 5.2.5).
#[derive(Debug, Clone, Default)]
struct Scope {
    /// Those that name one of these points; all, where it has none.
    points: Option<Vec<GeneralName>>,
    /// Only certificates that are no CA.
    users: bool,
    /// Only certificates of CAs.
    cas: bool,
}

impl CrlIndex {
    /// What the lists of `issuer` say about `certificate`, which it has signed, at `now`.
    pub fn answer(&self, certificate: &Certificate, issuer: &PublicKey, now: Timestamp) -> ListAnswer {
        let mut answer = ListAnswer::Missing;
        for list in self.0.iter().filter(|list| list.key == *issuer) {
            if !list.scope.covers(certificate) {
                continue;
            }
            if list.revoked.contains(certificate.serial_octets()) {
                return ListAnswer::Revoked;
            }
            if now <= list.next_update {
                answer = ListAnswer::Good;
            } else if answer == ListAnswer::Missing {
                answer = ListAnswer::Stale;
            }
        }
        answer
    }

    /// All lists.
    pub fn iter(&self) -> impl Iterator<Item = &VerifiedList> {
        self.0.iter()
    }
}

impl VerifiedList {
    /// The CA that signed it.
    pub fn issuer(&self) -> &Certificate {
        &self.issuer
    }

    /// CRL number as hexadecimal digits; lists of version 1 have none.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// When it was issued.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when the next one is promised.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// How much of its life is used up.
    pub fn age(&self, now: Timestamp) -> Age {
        Age::of(self.this_update, self.next_update, now)
    }

    /// How many certificates it names.
    pub fn revoked(&self) -> usize {
        self.revoked.len()
    }

    /// Whether it is about a part of the certificates of its issuer.
    pub fn is_partial(&self) -> bool {
        self.scope.points.is_some() || self.scope.users || self.scope.cas
    }
}

impl Scope {
    fn covers(&self, certificate: &Certificate) -> bool {
        let kind = match (self.users, self.cas) {
            (false, false) => true,
            (users, cas) if certificate.is_ca() => cas && !users,
            (users, cas) => users && !cas,
        };
        kind && self.points.as_ref().is_none_or(|points| {
            let named = certificate.extension::<CrlPoints>();
            named.is_some_and(|named| named.0.iter().any(|name| points.contains(name)))
        })
    }
}

/// Why revocation lists are not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It is none, or it was damaged.
    #[error("malformed revocation list: {detail}")]
    Malformed {
        /// What is wrong, without a byte of the contents.
        detail: Shown,
    },
    /// No certificate of the CA that it names is there to verify it with.
    #[error("the revocation list of \"{issuer}\" cannot be verified: there is no certificate of that CA")]
    UnknownIssuer {
        /// As RFC 4514 text.
        issuer: String,
    },
    /// The CA that it names has not signed it, or may not.
    #[error("the revocation list of \"{issuer}\" is not signed by it: {detail}")]
    NotSigned {
        /// As RFC 4514 text.
        issuer: String,
        /// What does not fit, safe to print.
        detail: String,
    },
    /// It says something that is not understood and must be (RFC 5280 section 5.2), or is of a kind that is not used.
    #[error("the revocation list of \"{issuer}\" is not used: {detail}")]
    Unsupported {
        /// As RFC 4514 text.
        issuer: String,
        /// What it has, safe to print.
        detail: String,
    },
    /// Its next one was due.
    #[error("the revocation list of \"{issuer}\" expired at {next_update}, it is {now}")]
    Expired {
        /// As RFC 4514 text.
        issuer: String,
        /// Until when it was good.
        next_update: Timestamp,
        /// When it was read.
        now: Timestamp,
    },
    /// The clock of the one who made it is ahead, or ours is behind.
    #[error("the revocation list of \"{issuer}\" is from {this_update}, it is {now}")]
    FromTheFuture {
        /// As RFC 4514 text.
        issuer: String,
        /// When it says that it was made.
        this_update: Timestamp,
        /// When it was read.
        now: Timestamp,
    },
}

impl ListError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } => code::WRONG_FORMAT,
            _ => code::CRL_UNUSABLE,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "see what a file holds: handfast inspect FILE",
            Self::UnknownIssuer { .. } => "put the certificate of that CA into the same file",
            Self::FromTheFuture { .. } => "check the clocks of both sides",
            Self::Unsupported { .. } => "use a full list of the CA",
            _ => "get a new list from the CA: handfast ca crl --out FILE",
        }
    }
}
