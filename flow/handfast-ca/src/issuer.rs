//! Issuer: a CA with what signs for it, its certificates up to the root, and the profiles that it signs.

use std::{collections::BTreeSet, sync::OnceLock};

use handfast_pki::{
    Bounds, Certificate, PublicKey,
    build::{self, Issuer as Names},
    constraints,
    name::{AltName, Name},
    profile::ProfileName,
    verify::VerifiedChain,
};

use crate::{
    error::Result,
    signer::{Signer, SignerError, Tbs},
};

/// One CA that signs. An authority can have several, each for profiles of its own.
pub struct Issuer {
    signer: Box<dyn Signer>,
    public_key: PublicKey,
    names: Names,
    chain: Vec<Certificate>,
    profiles: BTreeSet<ProfileName>,
    counts: bool,
    verified: OnceLock<VerifiedChain>,
    bounds: Option<Bounds>,
}

impl Issuer {
    /// The issuer of the first certificate of `chain`, whose key `signer` has; the last one is the root.
    pub fn new(
        signer: Box<dyn Signer>,
        chain: Vec<Certificate>,
        profiles: impl IntoIterator<Item = ProfileName>,
    ) -> Result<Self> {
        let own = chain.first().ok_or(handfast_pki::Error::Unexpected {
            expected: "a CA certificate",
            found: "none".into(),
        })?;
        let public_key = signer.public_key();
        public_key.must_match(own)?;
        let key_id = own.subject_key_id().unwrap_or_else(|| own.public_key().key_id());
        Ok(Self {
            names: Names {
                subject: own.subject().clone(),
                key_id,
                algorithm: signer.algorithm(),
            },
            signer,
            public_key,
            chain,
            profiles: profiles.into_iter().collect(),
            counts: false,
            verified: OnceLock::new(),
            bounds: None,
        })
    }

    /// The same issuer, whose serial numbers carry an index from now on: the records know all that it has issued.
    pub(crate) fn counting(self) -> Self {
        Self { counts: true, ..self }
    }

    /// Whether the serial numbers of leaves carry an index.
    pub(crate) fn counts(&self) -> bool {
        self.counts
    }

    /// The issuer of a root that does not exist yet: itself.
    pub(crate) fn of_new_root(signer: Box<dyn Signer>, subject: Name, profile: ProfileName) -> Self {
        let public_key = signer.public_key();
        Self {
            names: Names {
                subject,
                key_id: public_key.key_id(),
                algorithm: signer.algorithm(),
            },
            signer,
            public_key,
            chain: Vec::new(),
            profiles: BTreeSet::from([profile]),
            counts: false,
            verified: OnceLock::new(),
            bounds: None,
        }
    }

    /// The same issuer with another chain and other profiles: a root that exists now.
    pub(crate) fn with_chain(
        self,
        chain: Vec<Certificate>,
        profiles: impl IntoIterator<Item = ProfileName>,
    ) -> Result<Self> {
        Self::new(self.signer, chain, profiles)
    }

    /// The same issuer, which signs for these names alone.
    pub fn bounded(self, bounds: Option<Bounds>) -> Self {
        Self { bounds, ..self }
    }

    /// Who of the chain may not speak for `name`, and for what it may.
    pub(crate) fn outside(&self, name: &AltName) -> Option<(String, String)> {
        if let Some(bounds) = self.bounds.as_ref().filter(|bounds| !bounds.holds(name)) {
            return Some((self.called(), bounds.to_string()));
        }
        let above = self.chain.iter().find(|ca| !constraints::permits(ca, name))?;
        let permitted = constraints::permitted(above).unwrap_or_default();
        Some((above.called(), permitted.join(", ")))
    }

    /// Who of the chain is bound to names, and to which.
    pub(crate) fn limits(&self) -> Option<(String, String)> {
        if let Some(bounds) = &self.bounds {
            return Some((self.called(), bounds.to_string()));
        }
        let mut limited = self
            .chain
            .iter()
            .filter_map(|ca| constraints::permitted(ca).map(|permitted| (ca.called(), permitted.join(", "))));
        limited.next()
    }

    /// By its subject.
    pub(crate) fn called(&self) -> String {
        handfast_pki::name::shown(&self.names.subject)
    }

    /// Whether certificates of this profile are signed here.
    pub(crate) fn signs(&self, profile: &ProfileName) -> bool {
        self.profiles.contains(profile)
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Name, key identifier and algorithm, as they stand in what it signs.
    pub(crate) fn names(&self) -> &build::Issuer {
        &self.names
    }

    /// The CA's own certificate; a root that is being made has none.
    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// Its own certificate, then its issuers, the root last.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// Its name in the records, which a certificate renewed with the same key keeps.
    pub(crate) fn id(&self) -> String {
        handfast_pki::text::hex(&self.public_key.key_id())
    }

    /// The chain of a leaf of this issuer that was verified as a whole, once for all: the path above leaves is good. None
    /// of an issuer below name constraints, where it depends on the leaf.
    pub(crate) fn verified(&self) -> Option<&VerifiedChain> {
        self.verified.get()
    }

    /// The chain of one of its leaves was verified just now.
    pub(crate) fn has_verified(&self, chain: VerifiedChain) {
        if !self.chain.iter().any(constraints::has_any) {
            // Another thread may have been faster.
            let _ = self.verified.set(chain);
        }
    }

    /// Whether its key can be used now.
    pub(crate) fn ready(&self) -> Result<(), SignerError> {
        self.signer.ready()
    }

    /// Hands the bytes to the key; `sign.rs` alone calls this.
    pub(crate) fn sign(&self, tbs: &Tbs<'_>) -> Result<Vec<u8>, SignerError> {
        self.signer.sign(tbs)
    }
}
