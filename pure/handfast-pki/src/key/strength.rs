//! Strength: whether a public key is worth believing.

use aws_lc_rs::signature;
use const_oid::db::{
    rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION},
    rfc8410::ID_ED_25519,
};
use der::Decode;

use super::{PublicKey, forms::RsaParts};
use crate::{Error, Result};

impl PublicKey {
    /// Refuses keys that nobody should certify: RSA outside 2048 to 8192 bits or with a small or even
    /// exponent, unknown curves, points that are not on their curve, other algorithms.
    pub fn must_be_strong(&self) -> Result<()> {
        let algorithm = self.algorithm();
        let unsupported = || Error::UnsupportedKey {
            found: algorithm.clone(),
        };
        let spki = self.decoded().ok_or_else(unsupported)?;
        let bits = spki.subject_public_key.as_bytes().unwrap_or_default();
        match spki.algorithm.oid {
            RSA_ENCRYPTION => {
                let weak = |found: String, expected| Err(Error::WeakKey { found, expected });
                match self.rsa_bits() {
                    None => return Err(unsupported()),
                    Some(..2048) => return weak(algorithm, "RSA-2048"),
                    Some(8193..) => return Err(unsupported()),
                    Some(_) => {}
                }
                let parts = RsaParts::from_der(bits).map_err(|_| unsupported())?;
                let exponent = parts.exponent.as_bytes();
                if exponent.len() < 3
                    || exponent.len() > 8
                    || exponent.last().is_none_or(|byte| byte % 2 == 0)
                {
                    return weak(
                        format!("{algorithm} with a bad public exponent"),
                        "the exponent 65537",
                    );
                }
                if parts.modulus.as_bytes().last().is_none_or(|byte| byte % 2 == 0) {
                    return weak(
                        format!("{algorithm} with an even modulus"),
                        "a product of two primes",
                    );
                }
                signature::ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, bits)
                    .map(drop)
                    .map_err(|_| unsupported())
            }
            ID_EC_PUBLIC_KEY if algorithm == "P-256" => {
                signature::ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, bits)
                    .map(drop)
                    .map_err(|_| unsupported())
            }
            ID_EC_PUBLIC_KEY if algorithm == "P-384" => {
                signature::ParsedPublicKey::new(&signature::ECDSA_P384_SHA384_ASN1, bits)
                    .map(drop)
                    .map_err(|_| unsupported())
            }
            ID_ED_25519 if bits.len() == 32 => Ok(()),
            _ => Err(unsupported()),
        }
    }
}

#[cfg(test)]
mod tests {
    use der::{Any, Encode};
    use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

    use super::*;

    #[test]
    fn weak_and_odd_rsa_keys_are_refused_by_name() {
        let spki = |modulus: &[u8], exponent: &[u8]| {
            let parts = RsaParts {
                modulus: der::asn1::UintRef::new(modulus).expect("uint"),
                exponent: der::asn1::UintRef::new(exponent).expect("uint"),
            };
            let algorithm = AlgorithmIdentifierOwned {
                oid: RSA_ENCRYPTION,
                parameters: Some(Any::null()),
            };
            let subject_public_key =
                der::asn1::BitString::from_bytes(&parts.to_der().expect("der")).expect("bits");
            PublicKey::from_spki(&SubjectPublicKeyInfoOwned {
                algorithm,
                subject_public_key,
            })
        };
        let odd = |bytes: usize| vec![0xff; bytes];
        assert!(matches!(
            spki(&odd(128), &[1, 0, 1]).must_be_strong(),
            Err(Error::WeakKey { .. })
        ));
        assert!(matches!(
            spki(&odd(256), &[1]).must_be_strong(),
            Err(Error::WeakKey { .. })
        ));
        assert!(matches!(
            spki(&odd(256), &[1, 0, 2]).must_be_strong(),
            Err(Error::WeakKey { .. })
        ));
        let mut even = odd(256);
        even[255] = 0xfe;
        assert!(matches!(
            spki(&even, &[1, 0, 1]).must_be_strong(),
            Err(Error::WeakKey { .. })
        ));
        assert!(matches!(
            spki(&odd(2048), &[1, 0, 1]).must_be_strong(),
            Err(Error::UnsupportedKey { .. })
        ));
        assert_eq!(spki(&odd(256), &[1, 0, 1]).must_be_strong(), Ok(()));
    }
}
