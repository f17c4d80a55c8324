//! The keys of a JWK Set (RFC 7517), each with the algorithms that it may be used with.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};

use crate::from_base64url;

/// The algorithms that are known (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// By its name in a header; nothing for others, `none` and those with a shared secret among them.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ES256" => Self::Es256,
            "RS256" => Self::Rs256,
            "PS256" => Self::Ps256,
            // RFC 9864 names the curve.
            "EdDSA" | "Ed25519" => Self::EdDsa,
            _ => return None,
        })
    }
}

/// Why a JWK Set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// It is no JSON object with a list `keys`, or a member of a key has another type.
    #[error("expected a JWK Set, an object with a list \"keys\"")]
    NoSet,
    /// It is larger than any set of public keys.
    #[error("expected at most {MOST_BYTES} bytes and {MOST_KEYS} keys, found more")]
    Large,
    /// It holds what only the issuer of tokens may have.
    #[error("expected public keys, found a private one")]
    Private,
    /// No key of it verifies a signature of an algorithm that is known.
    #[error("expected a key for ES256, RS256, PS256 or EdDSA, found none")]
    Unusable,
}

const MOST_BYTES: usize = 1 << 20;
const MOST_KEYS: usize = 100;

/// Public keys that verify tokens.
#[derive(Debug, Clone, Default)]
pub struct Keys(Vec<Key>);

#[derive(Debug, Clone)]
pub(crate) struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    public: Public,
}

#[derive(Debug, Clone)]
enum Public {
    /// An uncompressed point (SEC 1 section 2.3.3).
    P256(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ed25519(Vec<u8>),
}

impl Keys {
    /// Reads a JWK Set. Keys of kinds that are not known, or for encryption, are passed over (RFC 7517 section 5).
    ///
    /// # Errors
    ///
    /// If it is none, holds a private key, or no key that can be used.
    pub fn read(bytes: &[u8]) -> Result<Self, KeysError> {
        if bytes.len() > MOST_BYTES {
            return Err(KeysError::Large);
        }
        let set: Value = serde_json::from_slice(bytes).map_err(|_| KeysError::NoSet)?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeysError::NoSet)?;
        if keys.len() > MOST_KEYS {
            return Err(KeysError::Large);
        }
        let mut usable = Vec::new();
        for key in keys {
            let key = key.as_object().ok_or(KeysError::NoSet)?;
            if key.contains_key("d") {
                return Err(KeysError::Private);
            }
            usable.extend(Key::of(key));
        }
        if usable.is_empty() {
            return Err(KeysError::Unusable);
        }
        Ok(Self(usable))
    }

    /// Whether there are none: then no token is good.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that a token may be signed by which names `algorithm` and, where it does, the key.
    pub(crate) fn fitting(&self, algorithm: Algorithm, id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| {
            let is_named = match (&key.id, id) {
                (Some(own), Some(asked)) => own == asked,
                _ => true,
            };
            is_named && key.algorithms.contains(&algorithm)
        })
    }
}

impl Key {
    /// The key, if it verifies signatures of an algorithm that is known.
    fn of(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let number = |name: &str| text(name).and_then(from_base64url);
        if key.contains_key("use") && text("use") != Some("sig") {
            return None;
        }
        if let Some(operations) = key.get("key_ops") {
            let operations = operations.as_array()?;
            operations.iter().find(|operation| *operation == "verify")?;
        }
        let (public, possible) = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => (
                Public::P256(point(&number("x")?, &number("y")?)?),
                vec![Algorithm::Es256],
            ),
            ("OKP", Some("Ed25519")) => {
                let x = number("x").filter(|x| x.len() == 32)?;
                (Public::Ed25519(x), vec![Algorithm::EdDsa])
            }
            ("RSA", _) => {
                let (n, e) = (number("n")?, number("e")?);
                (Public::Rsa { n, e }, vec![Algorithm::Rs256, Algorithm::Ps256])
            }
            _ => return None,
        };
        let algorithms = match key.get("alg") {
            None => possible,
            Some(named) => {
                let named = Algorithm::named(named.as_str()?)?;
                possible.into_iter().filter(|one| *one == named).collect()
            }
        };
        (!algorithms.is_empty()).then(|| Self {
            id: text("kid").map(str::to_owned),
            algorithms,
            public,
        })
    }

    /// Whether `signature` is one of this key under `message`.
    pub(crate) fn has_signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (&self.public, algorithm) {
            (Public::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Public::Ed25519(key), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            (Public::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (Public::Rsa { n, e }, Algorithm::Ps256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PSS_2048_8192_SHA256, message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

fn point(x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    (x.len() == 32 && y.len() == 32).then(|| [&[4], x, y].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_refused_that_is_none_or_holds_what_must_be_secret() {
        let point = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
        assert!(Keys::read(format!("{{\"keys\":[{{{point}}}]}}").as_bytes()).is_ok());
        for (text, why) in [
            (String::new(), KeysError::NoSet),
            ("[]".into(), KeysError::NoSet),
            ("{\"keys\":{}}".into(), KeysError::NoSet),
            ("{\"keys\":[1]}".into(), KeysError::NoSet),
            ("{\"keys\":[]}".into(), KeysError::Unusable),
            (
                format!("{{\"keys\":[{{{point},\"d\":\"AA\"}}]}}"),
                KeysError::Private,
            ),
            (
                format!("{{\"keys\":[{{{point},\"use\":\"enc\"}}]}}"),
                KeysError::Unusable,
            ),
            (
                format!("{{\"keys\":[{{{point},\"alg\":\"HS256\"}}]}}"),
                KeysError::Unusable,
            ),
            (
                format!("{{\"keys\":[{{{point},\"alg\":\"RS256\"}}]}}"),
                KeysError::Unusable,
            ),
            (
                format!("{{\"keys\":[{{{point},\"key_ops\":[\"sign\"]}}]}}"),
                KeysError::Unusable,
            ),
            (
                "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}".into(),
                KeysError::Unusable,
            ),
            (" ".repeat(MOST_BYTES + 1), KeysError::Large),
        ] {
            assert_eq!(
                Keys::read(text.as_bytes()).map(|keys| keys.0.len()),
                Err(why),
                "{text:.200}"
            );
        }
    }
}
