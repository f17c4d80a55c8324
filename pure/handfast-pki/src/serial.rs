//! Serial numbers (RFC 5280 section 4.1.2.2): positive by the rule, and not always in fact.

use crate::text::hex;

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
