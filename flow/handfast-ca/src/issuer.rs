//! Issuer: a CA's key, and the certificates from its own up to the root.

use std::ops::Deref;

use handfast_pki::{Certificate, PrivateKey, PublicKey, build::Issuer, name::Name};

use crate::Result;

/// A CA's key, and the CA certificates from its own up to the root; none for a root that is being made.
pub(crate) struct CaKey {
    key: PrivateKey,
    public_key: PublicKey,
    issuer: Issuer,
    above: Vec<Certificate>,
}

impl CaKey {
    /// The key of the first of `above`; the last is the root.
    pub(crate) fn new(key: PrivateKey, above: Vec<Certificate>) -> Result<Self> {
        let own = above.first().ok_or(handfast_pki::Error::Unexpected {
            expected: "a CA certificate",
            found: "none".into(),
        })?;
        key.must_match(own)?;
        let issuer = Issuer::new(own, &key);
        Ok(Self {
            public_key: key.public_key(),
            key,
            issuer,
            above,
        })
    }

    /// The key of a root that does not exist yet.
    pub(crate) fn of_new_root(key: PrivateKey, subject: Name) -> Self {
        let issuer = Issuer::itself(subject, &key);
        Self {
            public_key: key.public_key(),
            key,
            issuer,
            above: Vec::new(),
        }
    }

    /// The same key, now that its root exists.
    pub(crate) fn with_root(self, root: Certificate) -> Result<Self> {
        Self::new(self.key, vec![root])
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The CA's own certificate.
    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        self.above.first()
    }

    /// Its own certificate, then its issuers, the root last.
    pub(crate) fn above(&self) -> &[Certificate] {
        &self.above
    }

    /// Signs; only [`crate::sign`] calls it.
    pub(crate) fn sign(&self, tbs: &[u8]) -> Result<Vec<u8>> {
        Ok(self.key.sign(tbs)?)
    }

    /// For writing the key file, nothing else.
    pub(crate) fn to_pem(&self) -> impl Deref<Target = String> + use<> {
        self.key.to_pem()
    }
}
