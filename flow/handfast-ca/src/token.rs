//! Token: CA keys in hardware, by PKCS#11. The private half never leaves the token.
//!
//! A key is named by a `pkcs11:` URI (RFC 7512). One thread for each module talks to it, since sessions belong to one
//! thread; who asks waits no longer than the deadline of the URI. A session that was lost is opened once more, a PIN that
//! was refused is not tried again.

mod uri;
mod worker;

use handfast_pki::{KeyKind, PublicKey};
use spki::AlgorithmIdentifierOwned;

pub use self::uri::TokenUri;
use self::worker::What;
use crate::{
    signer::{Signer, SignerError, Tbs},
    token_error::TokenError,
};

/// A private key in a token, and the public key that belongs to it.
pub struct TokenKey {
    uri: TokenUri,
    public_key: PublicKey,
    algorithm: AlgorithmIdentifierOwned,
}

impl TokenKey {
    /// The key that `uri` names; the token is asked when it signs. `public_key` is that of the CA's certificate, by which
    /// every signature is verified.
    pub fn new(uri: TokenUri, public_key: PublicKey) -> Result<Self, TokenError> {
        let algorithm = public_key
            .signature_algorithm()
            .ok_or_else(|| TokenError::Refused {
                token: uri.called(),
                detail: format!(
                    "keys of the kind {} are not used with tokens",
                    public_key.algorithm()
                ),
            })?;
        Ok(Self {
            uri,
            public_key,
            algorithm,
        })
    }

    /// The key that `uri` names, found in its token.
    pub fn find(uri: TokenUri) -> Result<Self, TokenError> {
        let public_key = worker::ask(&uri, What::PublicKey)?.public_key(&uri)?;
        Self::new(uri, public_key)
    }

    /// A new key of `kind`, made within the token under the label of `uri`; it can never be taken out.
    pub fn generate(uri: TokenUri, kind: KeyKind) -> Result<Self, TokenError> {
        let public_key = worker::ask(&uri, What::Generate(kind))?.public_key(&uri)?;
        Self::new(uri, public_key)
    }
}

impl Signer for TokenKey {
    fn algorithm(&self) -> AlgorithmIdentifierOwned {
        self.algorithm.clone()
    }

    fn public_key(&self) -> PublicKey {
        self.public_key.clone()
    }

    fn ready(&self) -> Result<(), SignerError> {
        worker::ask(&self.uri, What::Ready)?;
        Ok(())
    }

    fn sign(&self, tbs: &Tbs<'_>) -> Result<Vec<u8>, SignerError> {
        let what = What::Sign {
            message: tbs.as_bytes().to_vec(),
            key: self.public_key.clone(),
        };
        let raw = worker::ask(&self.uri, what)?.signature(&self.uri)?;
        Ok(self.public_key.signature_from_token(&raw)?)
    }
}
