//! Serial numbers (RFC 5280 section 4.1.2.2): those that we give, and those that we meet, which are positive by the rule
//! and not always in fact.
//!
//! Ours have 20 octets and one of two layouts, told apart by the highest bits of the first octet:
//!
//! ```text
//! 001 | 109 random bits | index of 48 bits     a certificate of an issuer that counts what it issues
//! 01  | 158 random bits                        roots, imported CAs, and all of the first version
//! ```
//!
//! The unpredictable part stands in front, as a CA needs it (64 bits at least). The index makes a revocation a bit in a
//! set of small numbers. Its price: how many certificates lie between two of them can be read from the two.

use crate::text::hex;

/// A serial number as we give it: positive, 20 octets, never shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial([u8; 20]);

/// The highest index that a serial number can carry.
pub const HIGHEST_INDEX: u64 = (1 << 48) - 1;

/// Octets of a serial number that carry the index, at its end.
const INDEX_OCTETS: usize = 6;

impl Serial {
    /// The layout without an index: the two highest bits of twenty random octets are fixed to `01`.
    pub fn from_random(mut octets: [u8; 20]) -> Self {
        octets[0] = octets[0] & 0x3f | 0x40;
        Self(octets)
    }

    /// The layout with an index: the three highest bits are `001`, 109 bits of `random` follow, then the index.
    /// Nothing where the index is above [`HIGHEST_INDEX`].
    pub fn indexed(random: [u8; 14], index: u64) -> Option<Self> {
        if index > HIGHEST_INDEX {
            return None;
        }
        let mut octets = [0; 20];
        let (front, back) = octets.split_at_mut(random.len());
        front.copy_from_slice(&random);
        front[0] = front[0] & 0x1f | 0x20;
        back.copy_from_slice(&index.to_be_bytes()[8 - INDEX_OCTETS..]);
        Some(Self(octets))
    }

    /// The twenty octets, as they stand in the certificate.
    pub fn octets(&self) -> &[u8; 20] {
        &self.0
    }
}

impl std::fmt::Display for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// The index in a serial number of the layout that has one; `octets` are those of the certificate. Whether an issuer of
/// ours gave the number is for its signature to say: other CAs have numbers that look like this.
pub fn index(octets: &[u8]) -> Option<u64> {
    let octets: &[u8; 20] = octets.try_into().ok()?;
    let (front, back) = octets.split_at(octets.len() - INDEX_OCTETS);
    if front[0] >> 5 != 0b001 {
        return None;
    }
    Some(back.iter().fold(0, |index, octet| index << 8 | u64::from(*octet)))
}

/// Certificates whose indexes differ in so many low bits alone are on the same part of a revocation list.
const SHARD_BITS: u32 = 16;

/// The part of the revocation list of its issuer on which a serial number would stand: one for 65,536 certificates in the
/// order of their issuance. `None` for one without an index.
pub fn shard(octets: &[u8]) -> Option<u64> {
    index(octets).map(shard_of)
}

/// The same by the index.
pub fn shard_of(index: u64) -> u64 {
    index >> SHARD_BITS
}

/// Two's complement octets as hexadecimal digits; below zero with a sign, so that no two numbers look the same.
pub fn shown(octets: &[u8]) -> String {
    if octets.first().is_none_or(|first| first & 0x80 == 0) {
        return hex(octets);
    }
    let mut carry = true;
    let mut magnitude: Vec<u8> = octets.iter().map(|octet| !octet).collect();
    for octet in magnitude.iter_mut().rev() {
        (*octet, carry) = octet.overflowing_add(u8::from(carry));
    }
    format!("-{}", hex(&magnitude))
}

/// Whether it is below zero; Go refuses such a certificate since 1.23, and others read another number.
pub fn is_negative(octets: &[u8]) -> bool {
    octets.first().is_some_and(|first| first & 0x80 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_comes_back_from_the_layout_that_has_one_and_from_no_other() {
        for asked in [0, 1, 255, 256, 65_536, HIGHEST_INDEX] {
            for random in [[0; 14], [0xff; 14]] {
                let serial = Serial::indexed(random, asked).expect("the index fits");
                assert_eq!(index(serial.octets()), Some(asked));
                assert_eq!(serial.octets()[0] >> 5, 0b001);
                assert!(!is_negative(serial.octets()));
            }
        }
        assert_eq!(Serial::indexed([0; 14], HIGHEST_INDEX + 1), None);
        for random in [[0; 20], [0xff; 20]] {
            assert_eq!(index(Serial::from_random(random).octets()), None);
        }
        for foreign in [&[][..], &[0x20; 19], &[0x20; 21]] {
            assert_eq!(index(foreign), None);
        }
    }

    #[test]
    fn a_number_below_zero_has_a_sign_and_is_not_that_of_its_octets() {
        for (octets, expected) in [
            (&[0xbc, 0xdf][..], "-4321"),
            (&[0x00, 0xbc, 0xdf], "00bcdf"),
            (&[0xff], "-01"),
            (&[0x80], "-80"),
            (&[0x80, 0x00], "-8000"),
            (&[0x00], "00"),
            (&[0x7f], "7f"),
        ] {
            assert_eq!(shown(octets), expected);
            assert_eq!(is_negative(octets), expected.starts_with('-'));
        }
    }
}
