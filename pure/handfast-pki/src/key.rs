//! Private and public keys: reading, making, pairing, signing certificates.
//!
//! RSA of 2048 to 8192 bits, P-256, P-384, P-521, Ed25519 and ML-DSA. Private bytes live in one zeroizing buffer and are
//! never printed.

mod curves;
mod factors;
mod foreign;
mod forms;
mod ml_dsa;
mod public;
mod shared;
mod signature_algorithm;
mod strength;

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{
        self, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
        EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaKeyPair,
    },
};
use const_oid::db::{
    rfc5912::{
        ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_EC_PUBLIC_KEY, RSA_ENCRYPTION,
        SHA_256_WITH_RSA_ENCRYPTION,
    },
    rfc8410::ID_ED_25519,
};
use der::{Any, Encode};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::Serialize;
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use self::forms::{names_an_algorithm, pkcs8_algorithm, sec1_curve, wrap_pkcs8};
pub use self::ml_dsa::MlDsa;
pub(crate) use self::signature_algorithm::Signature;
pub use self::{public::PublicKey, shared::sharing_primes};
use crate::{Error, Result, Shown, pem};

/// The kinds of key that are made and used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// ECDSA on secp256r1, signing with SHA-256.
    P256,
    /// ECDSA on secp384r1, signing with SHA-384.
    P384,
    /// EdDSA (RFC 8410).
    Ed25519,
    /// RSA of 2048 bits, the least that is taken.
    Rsa2048,
    /// RSA of 3072 bits.
    Rsa3072,
    /// RSA of 4096 bits.
    Rsa4096,
    /// ML-DSA (FIPS 204, RFC 9881), which few programs take yet.
    #[serde(untagged)]
    MlDsa(MlDsa),
}

impl KeyKind {
    /// In the order of the help, the usual one first.
    pub const ALL: [Self; 9] = [
        Self::P256,
        Self::P384,
        Self::Ed25519,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::MlDsa(MlDsa::MlDsa44),
        Self::MlDsa(MlDsa::MlDsa65),
        Self::MlDsa(MlDsa::MlDsa87),
    ];

    /// That of `key`, when it is one that is made; of an RSA key of an unusual size the next larger one.
    pub fn of(key: &PublicKey) -> Option<Self> {
        Some(match key.algorithm().as_str() {
            "P-256" => Self::P256,
            "P-384" => Self::P384,
            "Ed25519" => Self::Ed25519,
            other if MlDsa::called(other).is_some() => Self::MlDsa(MlDsa::called(other)?),
            other => match other.strip_prefix("RSA-")?.parse().ok()? {
                0..=2048_u32 => Self::Rsa2048,
                2049..=3072 => Self::Rsa3072,
                _ => Self::Rsa4096,
            },
        })
    }

    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::MlDsa(set) => set.name(),
        }
    }
}

impl FromStr for KeyKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| Error::UnsupportedKey {
                found: text.to_owned(),
            })
    }
}

/// A private key that can sign, and its bytes as PKCS#8.
pub struct PrivateKey {
    pkcs8: Zeroizing<Vec<u8>>,
    pair: Pair,
    is_generated: bool,
}

enum Pair {
    Ecdsa(Box<EcdsaKeyPair>, Curve),
    Ed25519(Box<Ed25519KeyPair>),
    Rsa(Box<RsaKeyPair>),
    MlDsa(Box<PqdsaKeyPair>, MlDsa),
}

#[derive(Clone, Copy)]
enum Curve {
    P256,
    P384,
    P521,
}

impl PrivateKey {
    /// A new key. The randomness is the cryptographic library's own.
    pub fn generate(kind: KeyKind) -> Result<Self> {
        let failed = |_| Error::Crypto {
            what: "key generation",
        };
        let random = SystemRandom::new();
        let pkcs8 = match kind {
            KeyKind::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            KeyKind::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            // Version 1: OpenSSL up to 3.1 cannot read the form that carries the public half (RFC 5958).
            KeyKind::Ed25519 => Ed25519KeyPair::generate_pkcs8v1(&random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            KeyKind::Rsa2048 => generate_rsa(rsa::KeySize::Rsa2048)?,
            KeyKind::Rsa3072 => generate_rsa(rsa::KeySize::Rsa3072)?,
            KeyKind::Rsa4096 => generate_rsa(rsa::KeySize::Rsa4096)?,
            KeyKind::MlDsa(set) => set.generate()?,
        };
        let read = Self::from_der(&pkcs8)?;
        Ok(Self {
            is_generated: true,
            ..read
        })
    }

    /// Whether this process made it, so that nobody has to ask how good its primes are.
    pub fn is_generated(&self) -> bool {
        self.is_generated
    }

    /// Reads PKCS#8 (RFC 5958), SEC 1 (RFC 5915) or PKCS#1 (RFC 8017); weak and unknown keys are refused by name.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let malformed = |detail: Shown| Error::Malformed {
            what: "private key",
            detail,
        };
        let pkcs8 = match PrivateKeyDer::try_from(der).map_err(|error| malformed(error.into()))? {
            PrivateKeyDer::Pkcs8(_) => Zeroizing::new(der.to_vec()),
            PrivateKeyDer::Pkcs1(_) => {
                let null = Any::null().to_der().map_err(|error| malformed(error.into()))?;
                wrap_pkcs8(RSA_ENCRYPTION, &null, der).map_err(|error| malformed(error.into()))?
            }
            PrivateKeyDer::Sec1(_) => {
                let curve = sec1_curve(der).ok_or_else(|| malformed("the curve is not named".into()))?;
                wrap_pkcs8(
                    ID_EC_PUBLIC_KEY,
                    &curve.to_der().map_err(|error| malformed(error.into()))?,
                    der,
                )
                .map_err(|error| malformed(error.into()))?
            }
            _ => return Err(malformed("unknown form".into())),
        };
        let pair = read_pair(&pkcs8)?;
        Ok(Self {
            pkcs8,
            pair,
            is_generated: false,
        })
    }

    /// PKCS#8 bytes.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// For handing to TLS; a copy that the receiver owns.
    pub fn to_pki_type(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.to_vec()))
    }

    /// PKCS#8 as a PEM block.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::write("PRIVATE KEY", &self.pkcs8))
    }

    /// A new key of the same kind; of an RSA key of an unusual size the next larger one that is made.
    pub fn another(&self) -> Result<Self> {
        let kind = match &self.pair {
            Pair::Ecdsa(_, Curve::P256) => KeyKind::P256,
            Pair::Ecdsa(_, Curve::P384) => KeyKind::P384,
            // Not offered by name, since few programs take it; whoever has one gets one again.
            Pair::Ecdsa(_, Curve::P521) => {
                let made =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P521_SHA512_ASN1_SIGNING, &SystemRandom::new());
                let pkcs8 = made.map_err(|_| Error::Crypto {
                    what: "key generation",
                })?;
                return Ok(Self {
                    is_generated: true,
                    ..Self::from_der(pkcs8.as_ref())?
                });
            }
            Pair::Ed25519(_) => KeyKind::Ed25519,
            Pair::Rsa(pair) => match pair.public_modulus_len() * 8 {
                ..=2048 => KeyKind::Rsa2048,
                2049..=3072 => KeyKind::Rsa3072,
                _ => KeyKind::Rsa4096,
            },
            Pair::MlDsa(_, set) => KeyKind::MlDsa(*set),
        };
        Self::generate(kind)
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        let spki = match &self.pair {
            Pair::Ecdsa(pair, _) => {
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map(|der| der.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map(|der| der.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map(|der| der.as_ref().to_vec())
            }
            Pair::MlDsa(pair, _) => {
                AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map(|der| der.as_ref().to_vec())
            }
        };
        // A key that was read has a public half; an empty one pairs with nothing.
        PublicKey::from_der(&spki.unwrap_or_default())
    }

    /// The algorithm identifier of [`Self::sign`].
    pub fn signature_algorithm(&self) -> AlgorithmIdentifierOwned {
        let (oid, parameters) = match &self.pair {
            Pair::Ecdsa(_, Curve::P256) => (ECDSA_WITH_SHA_256, None),
            Pair::Ecdsa(_, Curve::P384) => (ECDSA_WITH_SHA_384, None),
            Pair::Ecdsa(_, Curve::P521) => (ECDSA_WITH_SHA_512, None),
            Pair::Ed25519(_) => (ID_ED_25519, None),
            Pair::Rsa(_) => (SHA_256_WITH_RSA_ENCRYPTION, Some(Any::null())),
            Pair::MlDsa(_, set) => (set.id(), None),
        };
        AlgorithmIdentifierOwned { oid, parameters }
    }

    /// Signs `message` as certificates and requests are signed (RFC 5758, 8017, 8410, 9881).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::Crypto { what: "signing" };
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair, _) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(failed),
            Pair::Ed25519(pair) => pair
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(failed),
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut out)
                    .map_err(failed)?;
                Ok(out)
            }
            Pair::MlDsa(pair, _) => {
                let mut out = vec![0; pair.algorithm().signature_len()];
                let length = pair.sign(message, &mut out).map_err(failed)?;
                out.truncate(length);
                Ok(out)
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PrivateKey({}, private half hidden)",
            self.public_key().algorithm()
        )
    }
}

fn read_pair(pkcs8: &[u8]) -> Result<Pair> {
    if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8) {
        return Ok(Pair::Ecdsa(Box::new(pair), Curve::P256));
    }
    if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8) {
        return Ok(Pair::Ecdsa(Box::new(pair), Curve::P384));
    }
    if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_ASN1_SIGNING, pkcs8) {
        return Ok(Pair::Ecdsa(Box::new(pair), Curve::P521));
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8) {
        return Ok(Pair::Ed25519(Box::new(pair)));
    }
    if let Some((pair, set)) = MlDsa::read(pkcs8) {
        return Ok(Pair::MlDsa(Box::new(pair), set));
    }
    match RsaKeyPair::from_pkcs8(pkcs8) {
        Ok(pair) => {
            let key = PrivateKey {
                pkcs8: Zeroizing::new(Vec::new()),
                pair: Pair::Rsa(Box::new(pair)),
                is_generated: false,
            };
            key.public_key().must_be_strong()?;
            Ok(key.pair)
        }
        Err(rejected) if rejected.to_string() == "TooSmall" => Err(Error::WeakKey {
            found: "RSA below 2048 bits".into(),
            expected: "RSA-2048",
        }),
        // Every SEQUENCE that begins with a number looks like a key.
        Err(_) if !names_an_algorithm(pkcs8) => Err(Error::Malformed {
            what: "private key",
            detail: "it names no algorithm".into(),
        }),
        Err(_) => Err(Error::UnsupportedKey {
            found: pkcs8_algorithm(pkcs8),
        }),
    }
}

fn generate_rsa(size: rsa::KeySize) -> Result<Vec<u8>> {
    use aws_lc_rs::encoding::Pkcs8V1Der;
    let failed = |_| Error::Crypto {
        what: "key generation",
    };
    let pair = rsa::KeyPair::generate(size).map_err(failed)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
    Ok(der.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_can_be_made_written_read_and_paired() {
        // RSA of 4096 bits takes a second or more.
        for kind in KeyKind::ALL.into_iter().filter(|kind| *kind != KeyKind::Rsa4096) {
            let key = PrivateKey::generate(kind).expect("made");
            let again = pem::private_key(key.to_pem().as_bytes()).expect("read");
            assert_eq!(key.public_key(), again.public_key(), "{kind:?}");
            assert_eq!(key.public_key().must_be_strong(), Ok(()), "{kind:?}");
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(KeyKind::of(&key.public_key()), Some(kind));
            let signature = key.sign(b"a message").expect("signed");
            let (public, algorithm) = (key.public_key(), key.signature_algorithm());
            assert!(
                public.has_signed(&algorithm, b"a message", &signature),
                "{kind:?}"
            );
            assert!(!public.has_signed(&algorithm, b"another", &signature), "{kind:?}");
            assert_eq!(public.signature_algorithm_in_file(), Some(algorithm), "{kind:?}");
        }
    }

    #[test]
    fn a_debug_print_hides_the_private_half() {
        let key = PrivateKey::generate(KeyKind::P256).expect("made");
        assert_eq!(format!("{key:?}"), "PrivateKey(P-256, private half hidden)");
    }
}
