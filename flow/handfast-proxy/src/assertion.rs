//! Signed assertions about clients for backends: a JSON Web Token, ES256, for half a minute.
//!
//! The key is read from a file or made at the start, and its public half stands at the admin port. After a change of the file
//! the key before it stays there, until the next.

use std::{path::Path, sync::Arc, time::Duration};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_jose::{Signer, SignerError, base64url};
use handfast_pki::{Identity, KeyKind, PrivateKey, code};
use serde_json::{Value, json};

use crate::backend::AssertionSource;

/// Seconds that an assertion is good for.
const LIFETIME: i64 = 30;
/// For how long one is used again on its connection: a signature for each request would be slow.
pub(crate) const KEPT: Duration = Duration::from_secs(15);

/// The key that signs, and those that are published.
pub(crate) struct Assertions {
    signer: Arc<Signer>,
    /// The key of the file; nothing where it was made.
    pkcs8: Option<Vec<u8>>,
    before: Option<Arc<Signer>>,
}

impl Assertions {
    /// The key of the file `key`, or one that is made. What served `before` stays as it is, if it is the same.
    pub(crate) fn load(key: Option<&Path>, before: Option<&Arc<Self>>) -> Result<Arc<Self>, Problem> {
        let private = key.map(load::private_key).transpose()?;
        let public = |private: &PrivateKey| private.pkcs8().to_vec();
        let pkcs8 = private.as_ref().map(public);
        if let Some(before) = before.filter(|before| before.pkcs8 == pkcs8) {
            return Ok(before.clone());
        }
        let private = match private {
            Some(private) => private,
            None => {
                PrivateKey::generate(KeyKind::P256).map_err(|error| Problem::new(error.code(), &error))?
            }
        };
        let unusable = |error: SignerError| {
            let shown = key.map(|key| key.display().to_string()).unwrap_or_default();
            Problem::new(code::WRONG_FORMAT, format_args!("\"{shown}\": {error}")).help(
                "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out assertion.key",
            )
        };
        Ok(Arc::new(Self {
            signer: Arc::new(Signer::from_pkcs8(private.pkcs8()).map_err(unusable)?),
            pkcs8,
            before: before.map(|before| before.signer.clone()),
        }))
    }

    /// The public keys, as a JWK Set (RFC 7517).
    pub(crate) fn jwks(&self) -> Value {
        let keys = [Some(&self.signer), self.before.as_ref()];
        let keys: Vec<&Value> = keys.into_iter().flatten().map(|signer| signer.jwk()).collect();
        json!({ "keys": keys })
    }

    /// Says to the backend of `source`, at the second `now` of the Unix era, who the client is.
    pub(crate) fn about(
        &self,
        client: &Identity,
        source: &AssertionSource,
        now: i64,
    ) -> Result<String, SignerError> {
        self.signer.sign(&json!({
            "sub": client.called(),
            "aud": source.audience,
            "iat": now,
            "exp": now.saturating_add(LIFETIME),
            "cnf": { "x5t#S256": base64url(&client.fingerprint.0) },
        }))
    }
}
