//! The name of a certificate that nobody else's has: the digest of its bytes.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::{
    Error, Result,
    text::{hex, printable, unhex},
};

/// SHA-256 of a certificate's DER bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of `der`.
    pub fn of(der: &[u8]) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    /// 64 hexadecimal digits in either case, with or without colons, as `openssl x509 -fingerprint` prints them.
    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::BadValue {
            found: printable(text),
            expected: "a SHA-256 fingerprint of 64 hexadecimal digits",
        };
        let octets = unhex(&text.replace(':', "")).ok_or_else(bad)?;
        octets.try_into().map(Self).map_err(|_| bad())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
