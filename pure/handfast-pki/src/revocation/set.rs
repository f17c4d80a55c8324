//! The revocation set: everything that one CA says about its certificates, in a few bits for each that it took back.
//!
//! Our serial numbers end with an index that the CA counts ([`crate::serial`]), so what is revoked is a set of small
//! numbers, kept as a Roaring bitmap: exact, a few bytes for each, and a look-up that allocates nothing. The CA says
//! which indexes it has given, too. A certificate with its signature and an index that it never gave was made with a
//! stolen key.
//!
//! ```text
//! RevocationSets ::= SEQUENCE OF RevocationSet            -- the file
//! RevocationSet ::= SEQUENCE {
//!     toBeSigned     ToBeSigned,
//!     algorithm      AlgorithmIdentifier,
//!     signature      BIT STRING }
//! ToBeSigned ::= SEQUENCE {
//!     version        INTEGER (1),
//!     layout         INTEGER (1),                         -- of serial numbers with an index
//!     algorithm      AlgorithmIdentifier,                 -- the same as above
//!     issuerKey      OCTET STRING (SIZE (32)),            -- SHA-256 of its SubjectPublicKeyInfo
//!     certificates   SEQUENCE SIZE (1..2) OF Certificate, -- of the issuer, then of the signer where it is another
//!     number         INTEGER,
//!     thisUpdate     GeneralizedTime,
//!     nextUpdate     GeneralizedTime,
//!     firstIndex     INTEGER,                             -- the first that may still be valid
//!     nextIndex      INTEGER,                             -- the first that was not given yet
//!     revoked        OCTET STRING,                        -- Roaring, the portable format of 64 bits
//!     others         Others }                             -- serial numbers without an index
//! Others ::= SEQUENCE {
//!     complete       BOOLEAN,                             -- whether every one is listed
//!     issued         SEQUENCE OF INTEGER,
//!     revoked        SEQUENCE OF INTEGER }
//! ```
//!
//! A set is signed by the key that it is about, or by a signer whom that key has certified for it. So it needs no
//! certificate of others to be believed, and a set of a key that is in no trusted chain says nothing about anybody.

pub mod build;
mod indexes;
mod read;

use self::indexes::Indexes;
use super::{age::Age, serials::Serials};
use crate::{
    Certificate, Code, Fingerprint, PublicKey, Shown, code,
    serial::{self, HIGHEST_INDEX},
};
use jiff::Timestamp;

/// The version of the format that is written and read.
const VERSION: u8 = 1;

/// The layout of serial numbers that [`serial::index`] reads.
const LAYOUT: u8 = 1;

/// Extended key usage of a signer of revocation sets: `2.25.112140089313475983610253197070746303745`.
pub const SET_SIGNING: [u8; 20] = [
    0x69, 0x81, 0xa8, 0xdd, 0xb2, 0xd1, 0xbc, 0x8d, 0xc2, 0xaf, 0xf9, 0x96, 0xbf, 0x90, 0xd1, 0xd4, 0xdd,
    0xa2, 0xfa, 0x01,
];

/// What a set says about one serial number of its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Given by the issuer and not revoked.
    Good,
    /// Taken back.
    Revoked,
    /// Its index is below all that may still be valid.
    Past,
    /// Its index is above all that were given when the set was made: newer than the set, or forged.
    Beyond,
    /// It has no index, and is not among the others that the issuer has given.
    NotIssued,
    /// It would be good, and the set says so no longer: `nextUpdate` has passed.
    Stale,
}

impl Answer {
    /// Everything but [`Self::Good`] is a no.
    pub fn is_good(self) -> bool {
        self == Self::Good
    }
}

/// What one issuer says about its certificates; its signature was verified.
#[derive(Debug, Clone)]
pub struct RevocationSet {
    issuer: Certificate,
    key: Fingerprint,
    /// That of the issuer, which is compared at every look-up.
    public_key: PublicKey,
    number: u64,
    this_update: Timestamp,
    next_update: Timestamp,
    first_index: u64,
    next_index: u64,
    revoked: Indexes,
    others: Others,
}

/// What is known about serial numbers without an index: of older programs, and of CAs that were imported.
#[derive(Debug, Clone, Default)]
struct Others {
    /// Whether a serial number that is not known was never given.
    is_complete: bool,
    issued: Serials,
    revoked: Serials,
}

impl RevocationSet {
    /// The answer about the serial number `octets` (two's complement, as it stands in the certificate), at `now`.
    /// Nothing is allocated.
    pub fn answer(&self, octets: &[u8], now: Timestamp) -> Answer {
        match self.last_word(octets) {
            Answer::Good if self.is_stale(now) => Answer::Stale,
            answer => answer,
        }
    }

    /// The same for those who have decided to keep to a stale set.
    pub fn last_word(&self, octets: &[u8]) -> Answer {
        let others = &self.others;
        match serial::index(octets) {
            _ if others.revoked.contains(octets) => Answer::Revoked,
            _ if others.issued.contains(octets) => Answer::Good,
            Some(index) if self.revoked.contains(index) => Answer::Revoked,
            Some(index) if self.indexes().contains(&index) => Answer::Good,
            // Numbers of an imported CA may look like ours.
            _ if !others.is_complete => Answer::Good,
            Some(index) if index < self.first_index => Answer::Past,
            Some(_) => Answer::Beyond,
            None => Answer::NotIssued,
        }
    }

    /// The certificate of the CA, as the set carries it. Whether it is trusted is for a chain to say.
    pub fn issuer(&self) -> &Certificate {
        &self.issuer
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the CA.
    pub fn key(&self) -> Fingerprint {
        self.key
    }

    /// Grows with every set of an issuer.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when the next one is promised.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// Whether `nextUpdate` has passed.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now > self.next_update
    }

    /// How much of its life is used up.
    pub fn age(&self, now: Timestamp) -> Age {
        Age::of(self.this_update, self.next_update, now)
    }

    /// The first index that may still be valid, and the first that was not given yet.
    pub fn indexes(&self) -> std::ops::Range<u64> {
        self.first_index..self.next_index
    }

    /// How many certificates are revoked.
    pub fn revoked(&self) -> u64 {
        self.revoked.len() + self.others.revoked.len() as u64
    }

    /// Every revoked index, in order; behind them those that came with [`Self::advance`].
    pub fn revoked_indexes(&self) -> impl Iterator<Item = u64> {
        self.revoked.iter()
    }

    /// Takes in what the CA has said since, over a connection that proves who it is: `revoked` indexes, and that all
    /// below `next_index` are given. Nothing is taken back: an index stays revoked and given.
    pub fn advance(&mut self, revoked: impl IntoIterator<Item = u64>, next_index: u64) {
        self.next_index = self.next_index.max(next_index.min(HIGHEST_INDEX + 1));
        self.revoked.extend(revoked);
    }
}

/// The sets of one file, at most one for each issuer.
#[derive(Debug, Clone, Default)]
pub struct RevocationSets(Vec<RevocationSet>);

impl RevocationSets {
    /// That of the CA with this key.
    pub fn of(&self, key: &PublicKey) -> Option<&RevocationSet> {
        self.0.iter().find(|set| set.public_key == *key)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &RevocationSet> {
        self.0.iter()
    }

    /// The same, to be advanced.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut RevocationSet> {
        self.0.iter_mut()
    }

    /// Refuses to stand in the place of `before` where a set of it is missing here or has a higher number: records that
    /// were restored, or somebody who shows an old file.
    ///
    /// # Errors
    ///
    /// [`SetError::Older`] and [`SetError::Missing`].
    pub fn must_follow(&self, before: &Self) -> Result<(), SetError> {
        for old in before.iter() {
            let issuer = old.issuer.called();
            match self.iter().find(|new| new.key == old.key) {
                None => return Err(SetError::Missing { issuer }),
                Some(new) if new.number < old.number => {
                    return Err(SetError::Older {
                        issuer,
                        found: new.number,
                        expected: old.number,
                    });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Why a file of revocation sets is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// It is none, or it was damaged.
    #[error("malformed revocation set: {detail}")]
    Malformed {
        /// What is wrong, without a byte of the contents.
        detail: Shown,
    },
    /// A program that knows more has written it.
    #[error("the revocation set has {what} {found}, expected {expected}")]
    TooNew {
        /// `version` or `layout`.
        what: &'static str,
        /// What it has.
        found: u64,
        /// What is known here.
        expected: u8,
    },
    /// The key that it is about has not signed it, and has certified nobody who has.
    #[error("the revocation set of \"{issuer}\" is not signed by it: {detail}")]
    NotSigned {
        /// The CA, by [`Certificate::called`].
        issuer: String,
        /// What does not fit, safe to print.
        detail: String,
    },
    /// The clock of the one who made it is ahead, or ours is behind.
    #[error("the revocation set of \"{issuer}\" is from {this_update}, it is {now}")]
    FromTheFuture {
        /// The CA, by [`Certificate::called`].
        issuer: String,
        /// When it says that it was made.
        this_update: Timestamp,
        /// When it was read.
        now: Timestamp,
    },
    /// Two sets of one issuer in a file.
    #[error("the file has two revocation sets of \"{issuer}\"")]
    Twice {
        /// The CA, by [`Certificate::called`].
        issuer: String,
    },
    /// The file that was read before had a newer one.
    #[error("the revocation set of \"{issuer}\" has the number {found}, expected at least {expected}")]
    Older {
        /// The CA, by [`Certificate::called`].
        issuer: String,
        /// Its number.
        found: u64,
        /// The number of the one that was there before.
        expected: u64,
    },
    /// The file that was read before had one.
    #[error("the revocation set of \"{issuer}\" is not in the file any more")]
    Missing {
        /// The CA, by [`Certificate::called`].
        issuer: String,
    },
}

impl SetError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed { .. } | Self::TooNew { .. } => code::WRONG_FORMAT,
            _ => code::CRL_UNUSABLE,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::FromTheFuture { .. } => "check the clocks of both sides",
            Self::TooNew { .. } => "use a release of Handfast that is as new as that of the CA",
            Self::Older { .. } | Self::Missing { .. } => {
                "make it with the records that hold every revocation: handfast ca set --out FILE"
            }
            _ => "make a new one: handfast ca set --out FILE",
        }
    }
}
