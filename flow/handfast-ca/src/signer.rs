//! Signer: what makes signatures with a CA's key, wherever that is.
//!
//! In: the to-be-signed bytes of a certificate that is written down. Out: the signature. [`FileKey`] has the key in
//! memory, read from a file. A call may block for as long as a hardware token takes; a front with many callers makes it
//! on a thread of its own, which is why nothing here is async.

use handfast_pki::{PrivateKey, PublicKey};
use spki::AlgorithmIdentifierOwned;

use crate::{folder_error::FolderError, token_error::TokenError};

/// The bytes that will be signed: a certificate, linted and in the store, or a revocation list under a number that was
/// taken. Only the CA makes it, so nobody else gets a signature.
pub struct Tbs<'a>(&'a [u8]);

impl<'a> Tbs<'a> {
    pub(crate) fn written_down(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// TBSCertificate (RFC 5280 section 4.1), DER.
    pub fn as_bytes(&self) -> &[u8] {
        self.0
    }
}

/// Signs with the private key of one CA.
pub trait Signer: Send + Sync {
    /// What stands in the certificate as the algorithm of the signature.
    fn algorithm(&self) -> AlgorithmIdentifierOwned;
    /// The public half.
    fn public_key(&self) -> PublicKey;
    /// Whether the key can be used now; asked before anything is written down, so that a token that is away leaves no
    /// certificate that was planned and never signed.
    fn ready(&self) -> Result<(), SignerError> {
        Ok(())
    }
    /// The signature over exactly these bytes.
    fn sign(&self, tbs: &Tbs<'_>) -> Result<Vec<u8>, SignerError>;
}

/// Why there is no signature; nothing is handed out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The key refuses.
    #[error(transparent)]
    Key(#[from] handfast_pki::Error),
    /// The token that has the key.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The file of the key: missing, for others to read, encrypted.
    #[error(transparent)]
    File(#[from] FolderError),
    /// The key is out of reach for another reason, such as a service that is down.
    #[error("the CA's key cannot be used")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A key that was read from a file, or made for one.
pub struct FileKey(PrivateKey);

impl FileKey {
    pub fn new(key: PrivateKey) -> Self {
        Self(key)
    }
}

impl Signer for FileKey {
    fn algorithm(&self) -> AlgorithmIdentifierOwned {
        self.0.signature_algorithm()
    }

    fn public_key(&self) -> PublicKey {
        self.0.public_key()
    }

    fn sign(&self, tbs: &Tbs<'_>) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(tbs.as_bytes())?)
    }
}
