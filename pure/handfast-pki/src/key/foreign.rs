//! Keys and signatures in the forms that hardware tokens give them (PKCS#11), made those of X.509.

use const_oid::db::{
    rfc5912::{
        ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_EC_PUBLIC_KEY, RSA_ENCRYPTION,
        SHA_256_WITH_RSA_ENCRYPTION,
    },
    rfc8410::ID_ED_25519,
};
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{BitString, OctetStringRef, UintRef},
};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::{KeyKind, MlDsa, PublicKey, forms::RsaParts};
use crate::{Error, Result};

/// ECDSA-Sig-Value (RFC 3279 section 2.2.3).
#[derive(Sequence)]
struct EcdsaSignature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

impl PublicKey {
    /// The key of a point on a curve: CKA_EC_PARAMS, which is the curve's identifier, and CKA_EC_POINT, which is an OCTET
    /// STRING of the point or, in some tokens, the point itself.
    pub fn from_curve(curve: &[u8], point: &[u8]) -> Result<Self> {
        // A bare point begins with the tag of an OCTET STRING, and could by chance be read as one that is too short.
        let is_point = |octets: &&[u8]| octets.first() == Some(&4) && matches!(octets.len(), 65 | 97);
        let wrapped = <&OctetStringRef>::from_der(point)
            .map(OctetStringRef::as_bytes)
            .ok();
        let point = wrapped.filter(is_point).unwrap_or(point);
        let algorithm = AlgorithmIdentifierOwned {
            oid: ID_EC_PUBLIC_KEY,
            parameters: Some(Any::from_der(curve).map_err(malformed)?),
        };
        Self::of(algorithm, point)
    }

    /// The RSA key of a modulus and a public exponent, both without sign.
    pub fn from_modulus(modulus: &[u8], exponent: &[u8]) -> Result<Self> {
        let parts = RsaParts {
            modulus: UintRef::new(modulus).map_err(malformed)?,
            exponent: UintRef::new(exponent).map_err(malformed)?,
        };
        let algorithm = AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        };
        Self::of(algorithm, &parts.to_der().map_err(malformed)?)
    }

    fn of(algorithm: AlgorithmIdentifierOwned, bits: &[u8]) -> Result<Self> {
        let spki = SubjectPublicKeyInfoOwned {
            algorithm,
            subject_public_key: BitString::from_bytes(bits).map_err(malformed)?,
        };
        let key = Self::from_spki(&spki);
        key.must_be_strong()?;
        Ok(key)
    }

    /// The algorithm with which its private half signs certificates where that is in a token; none for kinds that are not
    /// used so.
    pub fn signature_algorithm(&self) -> Option<AlgorithmIdentifierOwned> {
        let (oid, parameters) = match KeyKind::of(self)? {
            KeyKind::P256 => (ECDSA_WITH_SHA_256, None),
            KeyKind::P384 => (ECDSA_WITH_SHA_384, None),
            KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
                (SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null()))
            }
            KeyKind::Ed25519 | KeyKind::MlDsa(_) => return None,
        };
        Some(AlgorithmIdentifierOwned { oid, parameters })
    }

    /// The algorithm with which its private half signs certificates where that is in a file ([`super::PrivateKey`]); none
    /// for kinds that are not used so.
    pub fn signature_algorithm_in_file(&self) -> Option<AlgorithmIdentifierOwned> {
        let (oid, parameters) = match self.algorithm().as_str() {
            "P-521" => (ECDSA_WITH_SHA_512, None),
            "Ed25519" => (ID_ED_25519, None),
            name if MlDsa::called(name).is_some() => (MlDsa::called(name)?.id(), None),
            name if name.starts_with("RSA-") => (SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            _ => return self.signature_algorithm(),
        };
        Some(AlgorithmIdentifierOwned { oid, parameters })
    }

    /// A signature of its private half as it stands in certificates: that of ECDSA is two numbers of the same length in a
    /// token.
    pub fn signature_from_token(&self, raw: &[u8]) -> Result<Vec<u8>> {
        match KeyKind::of(self) {
            Some(KeyKind::P256 | KeyKind::P384) if raw.len().is_multiple_of(2) => {
                let (r, s) = raw.split_at(raw.len() / 2);
                let signature = EcdsaSignature {
                    r: UintRef::new(r).map_err(malformed)?,
                    s: UintRef::new(s).map_err(malformed)?,
                };
                signature.to_der().map_err(malformed)
            }
            Some(KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096) => Ok(raw.to_vec()),
            _ => Err(Error::Unexpected {
                expected: "a signature of the key's kind",
                found: "another".into(),
            }),
        }
    }
}

fn malformed(error: der::Error) -> Error {
    Error::Malformed {
        what: "key or signature of a token",
        detail: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;

    #[test]
    fn a_key_in_the_form_of_a_token_is_the_one_that_it_was() {
        for (kind, oid) in [
            (KeyKind::P256, "06082a8648ce3d030107"),
            (KeyKind::P384, "06052b81040022"),
        ] {
            let key = PrivateKey::generate(kind).expect("a key").public_key();
            let spki = SubjectPublicKeyInfoOwned::from_der(key.spki_der()).expect("a key");
            let point = spki.subject_public_key.raw_bytes();
            let wrapped = OctetStringRef::new(point).expect("octets").to_der().expect("DER");
            let curve = crate::text::unhex(oid).expect("octets");
            for form in [point, &wrapped] {
                assert_eq!(
                    PublicKey::from_curve(&curve, form).expect("a key"),
                    key,
                    "{kind:?}"
                );
            }
        }
        let key = PrivateKey::generate(KeyKind::Rsa2048)
            .expect("a key")
            .public_key();
        let spki = SubjectPublicKeyInfoOwned::from_der(key.spki_der()).expect("a key");
        let parts = RsaParts::from_der(spki.subject_public_key.raw_bytes()).expect("numbers");
        let again = PublicKey::from_modulus(parts.modulus.as_bytes(), parts.exponent.as_bytes());
        assert_eq!(again.expect("a key"), key);
        assert!(PublicKey::from_curve(&[6, 1], &[4, 1, 1]).is_err());
    }

    #[test]
    fn a_signature_of_two_numbers_verifies_as_one_value() {
        for kind in [KeyKind::P256, KeyKind::P384] {
            let key = PrivateKey::generate(kind).expect("a key");
            let public = key.public_key();
            let half = if kind == KeyKind::P256 { 32 } else { 48 };
            // Numbers with a zero in front are shorter in DER.
            for round in 0..300_u32 {
                let message = round.to_be_bytes();
                let made = key.sign(&message).expect("signed");
                let parts = EcdsaSignature::from_der(&made).expect("two numbers");
                let padded = |number: UintRef<'_>| {
                    let octets = number.as_bytes();
                    [vec![0; half - octets.len()], octets.to_vec()].concat()
                };
                let raw = [padded(parts.r), padded(parts.s)].concat();
                let signature = public.signature_from_token(&raw).expect("a signature");
                let algorithm = public.signature_algorithm().expect("an algorithm");
                assert!(public.has_signed(&algorithm, &message, &signature), "{kind:?}");
            }
        }
    }
}
