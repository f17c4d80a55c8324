//! Public keys: their algorithm by name, whether two are the same, and what they signed.

use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::{Decode, Encode};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use webpki::ALL_VERIFICATION_ALGS;

use super::{
    forms::{RsaParts, algorithm_name, inside},
    signature_algorithm::Signature,
};
use crate::{
    Fingerprint,
    asn1::{self, Value},
    oid::Oid,
};

/// A SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), as bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    spki: Vec<u8>,
}

/// The parts of a key.
pub(super) struct Parts<'a> {
    /// AlgorithmIdentifier with tag and length.
    pub(super) algorithm: Value<'a>,
    pub(super) kind: Oid,
    pub(super) bits: &'a [u8],
}

impl PublicKey {
    /// The exact bytes of `spki`.
    pub fn from_spki(spki: &SubjectPublicKeyInfoOwned) -> Self {
        Self {
            spki: spki.to_der().unwrap_or_default(),
        }
    }

    /// The exact bytes; what is none is unreadable, and pairs with nothing.
    pub(crate) fn from_der(spki: &[u8]) -> Self {
        Self { spki: spki.to_vec() }
    }

    /// The SubjectPublicKeyInfo in DER; its SHA-256 is what pins compare.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the SubjectPublicKeyInfo, by which a key is found in records and blocked.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.spki_der())
    }

    /// `P-256`, `RSA-2048`, `Ed25519`, another algorithm or curve by name, or its object identifier.
    pub fn algorithm(&self) -> String {
        match self.parts() {
            None => "unreadable".into(),
            Some(parts) if parts.kind == RSA_ENCRYPTION => format!("RSA-{}", self.rsa_bits().unwrap_or(0)),
            Some(parts) => algorithm_name(parts.algorithm).unwrap_or_else(|| "unreadable".into()),
        }
    }

    /// Whether the private half of this key made `signature` over `message` with `algorithm`.
    pub fn has_signed(&self, algorithm: &AlgorithmIdentifierOwned, message: &[u8], signature: &[u8]) -> bool {
        algorithm
            .to_der()
            .is_ok_and(|algorithm| self.made(&algorithm, message, signature) == Ok(true))
    }

    /// The same of an AlgorithmIdentifier in DER, or why it cannot be told: algorithm or key are not supported here.
    pub(crate) fn made(&self, algorithm: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, String> {
        let Some(parts) = self.parts() else {
            return Err("the public key of its issuer cannot be read".into());
        };
        let name = Signature::of(algorithm);
        if !name.is_known() {
            return Err(format!("signatures of {} are not supported", name.name()));
        }
        let own = inside(parts.algorithm.whole);
        let takes = |id: &[u8]| own == Some(id);
        if !ALL_VERIFICATION_ALGS
            .iter()
            .any(|known| takes(&known.public_key_alg_id()))
        {
            return Err(format!(
                "the issuer's key is {}, which is not supported",
                self.algorithm()
            ));
        }
        // The cryptographic library verifies with no other sizes, and says no of them.
        if parts.kind == RSA_ENCRYPTION && !(2048..=8192).contains(&self.rsa_bits().unwrap_or(0)) {
            return Err(format!(
                "the issuer's key is {}, and RSA-2048 to RSA-8192 are supported",
                self.algorithm()
            ));
        }
        Ok(ALL_VERIFICATION_ALGS.iter().any(|known| {
            inside(algorithm) == Some(known.signature_alg_id().as_ref())
                && takes(&known.public_key_alg_id())
                && known.verify_signature(parts.bits, message, signature).is_ok()
        }))
    }

    /// The octets of the key itself, without its algorithm.
    pub(crate) fn bits(&self) -> Option<&[u8]> {
        self.parts().map(|parts| parts.bits)
    }

    /// SHA-1-length key identifier from SHA-256 of the key's bits (RFC 7093 section 2 method 1).
    pub fn key_id(&self) -> Vec<u8> {
        let bits = self.parts().map(|parts| parts.bits).unwrap_or_default();
        Fingerprint::of(bits).0[..20].to_vec()
    }

    pub(crate) fn short(&self) -> String {
        format!(
            "{} {}",
            self.algorithm(),
            &Fingerprint::of(&self.spki).to_string()[..16]
        )
    }

    /// Compares algorithm and bits: RSA writers differ on whether the parameters are NULL or absent.
    pub(crate) fn same_key(&self, other: &Self) -> bool {
        match (self.parts(), other.parts()) {
            (Some(own), Some(theirs)) => own.kind == theirs.kind && own.bits == theirs.bits,
            _ => false,
        }
    }

    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let mut values = Value::only(&self.spki, asn1::SEQUENCE, "public key")
            .ok()?
            .values();
        let algorithm = values.expect(asn1::SEQUENCE, "algorithm").ok()?;
        let bits = values.expect(asn1::BIT_STRING, "public key").ok()?.bits()?;
        values.end("public key").ok()?;
        let kind = algorithm
            .values()
            .expect(asn1::OBJECT_IDENTIFIER, "algorithm")
            .ok()?;
        Some(Parts {
            algorithm,
            kind: Oid::from_octets(kind.content).ok()?,
            bits,
        })
    }

    pub(super) fn rsa_bits(&self) -> Option<usize> {
        let bytes = self.rsa_modulus()?;
        let first = bytes.first()?;
        Some(bytes.len() * 8 - first.leading_zeros() as usize)
    }

    pub(super) fn rsa_modulus(&self) -> Option<Vec<u8>> {
        let parts = self.parts().filter(|parts| parts.kind == RSA_ENCRYPTION)?;
        let parts = RsaParts::from_der(parts.bits).ok()?;
        Some(parts.modulus.as_bytes().to_vec())
    }
}
