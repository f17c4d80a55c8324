//! The bytes that a signature is over.

use der::{Decode, Reader, SliceReader, asn1::AnyRef};

/// The first element of the SEQUENCE `der` as it was received: what was signed in certificates, requests and lists
/// (RFC 5280 section 4.1.1.3, RFC 2986 section 4.2). Never written anew: programs that order a SET in their own way have
/// signed their own bytes.
pub fn signed_bytes(der: &[u8]) -> Option<&[u8]> {
    let outer = AnyRef::from_der(der).ok()?;
    SliceReader::new(outer.value()).ok()?.tlv_bytes().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_is_taken_with_its_header() {
        assert_eq!(
            signed_bytes(&[0x30, 5, 0x02, 1, 7, 0x05, 0]),
            Some(&[0x02, 1, 7][..])
        );
        assert_eq!(signed_bytes(&[0x30, 0]), None);
        assert_eq!(signed_bytes(&[0x30, 5, 0x02, 9, 7, 0x05, 0]), None);
        assert_eq!(signed_bytes(b""), None);
    }
}
