//! Strength: whether a public key is worth believing.

use aws_lc_rs::signature;
use const_oid::db::{
    rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION},
    rfc8410::ID_ED_25519,
};
use der::Decode;

use webpki::ALL_VERIFICATION_ALGS;

use super::{
    MlDsa, PublicKey, factors,
    forms::{RsaParts, inside},
};
use crate::{Error, Result, asn1};

impl PublicKey {
    /// Refuses keys that nobody should trust: RSA below 2048 bits, with a small or even exponent, with a factor below 168,
    /// or with the pattern of CVE-2017-15361 (ROCA). And those that are not supported here, which is no fault of theirs:
    /// RSA above 8192 bits, other curves, points that are not on their curve, other algorithms.
    ///
    /// This costs microseconds and is asked at each handshake; [`Self::must_be_worth_certifying`] asks more.
    pub fn must_be_strong(&self) -> Result<()> {
        let algorithm = self.algorithm();
        let unsupported = || Error::UnsupportedKey {
            found: algorithm.clone(),
        };
        let parts = self.parts().ok_or_else(unsupported)?;
        if parts.kind == RSA_ENCRYPTION {
            self.rsa_must_be_strong(parts.bits, &algorithm)?;
        }
        let known: &'static dyn signature::VerificationAlgorithm = match algorithm.as_str() {
            _ if parts.kind == RSA_ENCRYPTION => &signature::RSA_PKCS1_2048_8192_SHA256,
            _ if parts.kind == ID_ED_25519 && has_small_order(parts.bits) => {
                return Err(Error::WeakKey {
                    found: "Ed25519 with a point of small order".into(),
                    expected: "a point of the curve that was multiplied by a secret",
                });
            }
            _ if parts.kind == ID_ED_25519 && parts.bits.len() == 32 => return Ok(()),
            name if MlDsa::called(name).is_some() => {
                MlDsa::called(name).ok_or_else(unsupported)?.verification()
            }
            _ if parts.kind != ID_EC_PUBLIC_KEY => return Err(unsupported()),
            "P-256" => &signature::ECDSA_P256_SHA256_ASN1,
            "P-384" => &signature::ECDSA_P384_SHA384_ASN1,
            "P-521" => &signature::ECDSA_P521_SHA512_ASN1,
            "P-192" => {
                return Err(Error::WeakKey {
                    found: algorithm,
                    expected: "P-256",
                });
            }
            _ => return Err(unsupported()),
        };
        match signature::ParsedPublicKey::new(known, parts.bits) {
            Ok(_) => Ok(()),
            // It has another size than its parameter set says, or the cryptographic library takes no such RSA key.
            Err(_) if parts.kind != ID_EC_PUBLIC_KEY => Err(unsupported()),
            Err(_) => Err(Error::WeakKey {
                found: format!("{algorithm} with a point that is not on the curve"),
                expected: "a point of the curve",
            }),
        }
    }

    /// Refuses also RSA keys whose primes a short search finds: a factor of up to about 30 bits, or two primes
    /// that are close to each other.
    ///
    /// The search takes about two seconds for RSA-4096 and is for keys that are about to be certified. Lists of
    /// keys that became known (Debian's of 2008) are not looked into.
    pub fn must_be_worth_certifying(&self) -> Result<()> {
        self.must_be_strong()?;
        match self
            .rsa_modulus()
            .and_then(|modulus| factors::flaw_after_a_search(&modulus))
        {
            None => Ok(()),
            Some(flaw) => Err(factorable(&self.algorithm(), &flaw)),
        }
    }

    /// Refuses a key that is written in another way than is usual: with a compressed point, without the NULL of RSA. Who
    /// compares keys by their bytes would take it for another one.
    pub fn must_be_written_as_usual(&self) -> Result<()> {
        let is_usual = self.parts().is_some_and(|parts| {
            let is_known = ALL_VERIFICATION_ALGS
                .iter()
                .any(|known| inside(parts.algorithm.whole) == Some(known.public_key_alg_id().as_ref()));
            let bits = asn1::wrap(asn1::BIT_STRING, &[&[0], parts.bits].concat());
            let again = asn1::wrap(asn1::SEQUENCE, &[parts.algorithm.whole, &bits].concat());
            // RFC 5480 section 2.2: 4 is an uncompressed point.
            let is_whole = parts.kind != ID_EC_PUBLIC_KEY || parts.bits.first() == Some(&4);
            is_known && is_whole && again == self.spki_der()
        });
        if is_usual {
            return Ok(());
        }
        Err(Error::Unexpected {
            expected: "a key as it is usually written (RFC 3279, 5480, 8410, 9881), a point uncompressed",
            found: "another writing of it".into(),
        })
    }

    fn rsa_must_be_strong(&self, bits: &[u8], algorithm: &str) -> Result<()> {
        let unsupported = || Error::UnsupportedKey {
            found: algorithm.to_owned(),
        };
        let weak = |found: String, expected| Err(Error::WeakKey { found, expected });
        match self.rsa_bits() {
            None => return Err(unsupported()),
            Some(..2048) => return weak(algorithm.to_owned(), "RSA-2048"),
            Some(8193..) => return Err(unsupported()),
            Some(_) => {}
        }
        let parts = RsaParts::from_der(bits).map_err(|_| unsupported())?;
        let exponent = parts.exponent.as_bytes();
        if exponent.len() < 3 || exponent.len() > 8 || exponent.last().is_none_or(|byte| byte % 2 == 0) {
            return weak(
                format!("{algorithm} with a bad public exponent"),
                "the exponent 65537",
            );
        }
        let modulus = parts.modulus.as_bytes();
        if modulus.last().is_none_or(|byte| byte % 2 == 0) {
            return weak(
                format!("{algorithm} with an even modulus"),
                "a product of two primes",
            );
        }
        match factors::flaw_at_a_glance(modulus) {
            None => Ok(()),
            Some(flaw) => Err(factorable(algorithm, &flaw)),
        }
    }
}

/// The points of order 1, 2, 4 and 8, in every writing: nobody needs a secret to sign for one (RFC 8032 section 5.1.7
/// with the remarks of section 8.9). The sign of x does not count.
fn has_small_order(bits: &[u8]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let Ok(mut y) = <[u8; 32]>::try_from(bits) else {
        return false;
    };
    y[31] &= 0x7f;
    let inner_is = |octet: u8| y[1..31].iter().all(|found| *found == octet);
    let is_zero_or_one = y[0] <= 1 && inner_is(0) && y[31] == 0;
    // p - 1, and p and p + 1, which are 0 and 1 again; p is 2^255 - 19.
    let is_about_p = (0xec..=0xee).contains(&y[0]) && inner_is(0xff) && y[31] == 0x7f;
    is_zero_or_one || is_about_p || ORDER_8.contains(&y)
}

fn factorable(algorithm: &str, flaw: &str) -> Error {
    Error::WeakKey {
        found: format!("{algorithm} with {flaw}"),
        expected: "a product of two random primes",
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
        let key = crate::PrivateKey::generate(crate::KeyKind::Rsa2048).expect("a key");
        assert_eq!(key.public_key().must_be_strong(), Ok(()));
    }
}
