//! Which keys a profile certifies.

use std::{fmt, str::FromStr};

use crate::{Error, PublicKey, Result, text::printable};

/// One kind of key: `p256`, `ed25519`, or `rsa3072` for RSA of at least so many bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRule {
    /// The name of an algorithm as [`PublicKey::algorithm`] writes it, in lower case and without hyphens; `rsa` for RSA.
    algorithm: &'static str,
    /// For RSA.
    least_bits: usize,
}

/// Every algorithm but RSA.
const ALGORITHMS: [&str; 7] = ["p256", "p384", "p521", "ed25519", "mldsa44", "mldsa65", "mldsa87"];

impl KeyRule {
    /// Whether `key` is of this kind.
    pub fn allows(&self, key: &PublicKey) -> bool {
        let algorithm = key.algorithm().to_ascii_lowercase().replace('-', "");
        match algorithm
            .strip_prefix("rsa")
            .and_then(|bits| bits.parse::<usize>().ok())
        {
            Some(bits) => self.algorithm == "rsa" && bits >= self.least_bits,
            None => algorithm == self.algorithm,
        }
    }
}

impl FromStr for KeyRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::BadValue {
            found: printable(text),
            expected: "a kind of key: p256, p384, p521, ed25519, mldsa44, mldsa65, mldsa87, or rsa2048 to rsa8192 for RSA of at least so many bits",
        };
        if let Some(bits) = text.strip_prefix("rsa") {
            let least_bits = bits.parse().map_err(|_| bad())?;
            return (2048..=8192)
                .contains(&least_bits)
                .then_some(Self {
                    algorithm: "rsa",
                    least_bits,
                })
                .ok_or_else(bad);
        }
        let algorithm = ALGORITHMS.into_iter().find(|known| *known == text);
        Ok(Self {
            algorithm: algorithm.ok_or_else(bad)?,
            least_bits: 0,
        })
    }
}

impl fmt::Display for KeyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.algorithm)?;
        if self.algorithm == "rsa" {
            write!(f, "{}", self.least_bits)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyKind, PrivateKey};

    #[test]
    fn a_rule_takes_its_own_kind_of_key_and_rsa_from_its_size_upwards() {
        let key = |kind| PrivateKey::generate(kind).expect("a key").public_key();
        let (p256, ed25519, rsa) = (key(KeyKind::P256), key(KeyKind::Ed25519), key(KeyKind::Rsa2048));
        let rule = |text: &str| text.parse::<KeyRule>().expect(text);
        assert!(rule("p256").allows(&p256) && !rule("p384").allows(&p256));
        assert!(rule("ed25519").allows(&ed25519) && !rule("p256").allows(&ed25519));
        assert!(rule("rsa2048").allows(&rsa) && !rule("rsa3072").allows(&rsa));
        assert!(!rule("rsa2048").allows(&p256) && !rule("p256").allows(&rsa));
        for text in ["p256", "rsa3072"] {
            assert_eq!(rule(text).to_string(), text);
        }
        for bad in ["", "rsa", "rsa1024", "rsa9000", "P256", "dsa"] {
            assert!(bad.parse::<KeyRule>().is_err(), "{bad}");
        }
    }
}
