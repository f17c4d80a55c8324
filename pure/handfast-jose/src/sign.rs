//! Signing tokens: ES256 alone.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use crate::base64url;

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The key is of another kind.
    #[error("expected a private key on the curve P-256")]
    Key,
    /// The system has no randomness.
    #[error("the system has no randomness")]
    Randomness,
}

/// A key that signs tokens.
pub struct Signer {
    key: EcdsaKeyPair,
    /// The first part of every token.
    header: String,
    jwk: Value,
}

impl Signer {
    /// Of a key on P-256 in PKCS#8 (RFC 5958).
    ///
    /// # Errors
    ///
    /// If it is another key.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SignerError> {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|_| SignerError::Key)?;
        let [4, point @ ..] = key.public_key().as_ref() else {
            return Err(SignerError::Key);
        };
        let (x, y) = point.split_at_checked(32).ok_or(SignerError::Key)?;
        let (x, y) = (base64url(x), base64url(y));
        // The members that count, in their order, are the text that is hashed (RFC 7638 section 3).
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let id = base64url(digest(&SHA256, text.as_bytes()).as_ref());
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": id }).to_string();
        let jwk =
            json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": id });
        Ok(Self {
            key,
            header: base64url(header.as_bytes()),
            jwk,
        })
    }

    /// The public key as a JWK, with its thumbprint (RFC 7638) as key ID.
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// A token that says `claims`.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn sign(&self, claims: &Value) -> Result<String, SignerError> {
        let signed = format!("{}.{}", self.header, base64url(claims.to_string().as_bytes()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| SignerError::Randomness)?;
        Ok(format!("{signed}.{}", base64url(signature.as_ref())))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("jwk", &self.jwk)
            .finish_non_exhaustive()
    }
}
