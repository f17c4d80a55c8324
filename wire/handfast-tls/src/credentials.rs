//! Our own certificate chain and key, checked against each other before anybody sees them.

use std::{fmt, sync::Arc};

use handfast_pki::{Certificate, Code, Error, PrivateKey, Purpose, Refusal, Role, code};
use jiff::Timestamp;
use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};

/// A chain, leaf first, and the private key of the leaf.
#[derive(Clone)]
pub struct Credentials {
    chain: Vec<Certificate>,
    certified: Arc<CertifiedKey>,
}

/// Why credentials cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// Key and chain do not belong together, or the chain is out of order.
    #[error(transparent)]
    Pair(#[from] Error),
    /// The leaf cannot do what it is to be used for.
    #[error(transparent)]
    Unfit(Refusal),
    /// The provider refuses the key.
    #[error("the key cannot be used for TLS: {detail}")]
    Unusable {
        /// What it says.
        detail: String,
    },
}

impl CredentialError {
    /// The stable code of this error.
    pub fn code(&self) -> Code {
        match self {
            Self::Pair(error) => error.code(),
            Self::Unfit(refusal) => refusal.code(Purpose::Server),
            Self::Unusable { .. } => code::NO_COMMON_SCHEME,
        }
    }

    /// One thing to do about it, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Pair(error) => error.hint(),
            Self::Unfit(refusal) => Some(refusal.hint()),
            Self::Unusable { .. } => None,
        }
    }
}

impl Credentials {
    /// Pairs `chain` with `key`: the key must be the leaf's, and the leaf must come first.
    pub fn new(chain: Vec<Certificate>, key: &PrivateKey) -> Result<Self, CredentialError> {
        let leaf = chain.first().ok_or(Error::Unexpected {
            expected: "a certificate",
            found: "an empty chain".into(),
        })?;
        if let Err(mismatch) = key.must_match(leaf) {
            let order = chain.iter().skip(1).any(|other| key.must_match(other).is_ok());
            return Err(if order {
                Error::ChainOrder { first: leaf.called() }
            } else {
                mismatch
            }
            .into());
        }
        let signing = aws_lc_rs::sign::any_supported_type(&key.to_pki_type()).map_err(|error| {
            CredentialError::Unusable {
                detail: error.to_string(),
            }
        })?;
        let ders = chain
            .iter()
            .map(|certificate| certificate.der().clone())
            .collect();
        Ok(Self {
            certified: Arc::new(CertifiedKey::new(ders, signing)),
            chain,
        })
    }

    /// Refuses a leaf that no peer would take for `purpose` at `at`: expired, early, version 1, a CA, or made
    /// for something else. Whether the peer knows its issuer is the peer's to say.
    pub fn must_fit(&self, purpose: Purpose, at: Timestamp) -> Result<(), CredentialError> {
        let leaf = self.leaf();
        let subject = leaf.called();
        let unfit = |refusal| Err(CredentialError::Unfit(refusal));
        if leaf.version() != 3 {
            return unfit(Refusal::OldVersion {
                role: Role::Leaf,
                subject,
                version: leaf.version(),
            });
        }
        if leaf.is_ca() {
            return unfit(Refusal::CaAsLeaf { subject });
        }
        if at > leaf.not_after() {
            return unfit(Refusal::Expired {
                role: Role::Leaf,
                subject,
                not_after: leaf.not_after(),
                now: at,
            });
        }
        if at < leaf.not_before() {
            return unfit(Refusal::NotYetValid {
                role: Role::Leaf,
                subject,
                not_before: leaf.not_before(),
                now: at,
            });
        }
        let wanted = match purpose {
            Purpose::Client => "clientAuth",
            Purpose::Server => "serverAuth",
        };
        match leaf.extended_key_usage_names() {
            Some(usages) if !usages.iter().any(|usage| usage == wanted) => unfit(Refusal::WrongPurpose {
                role: Role::Leaf,
                subject,
                purpose,
                found: usages.join(", "),
            }),
            _ => Ok(()),
        }
    }

    /// Our own certificate.
    pub fn leaf(&self) -> &Certificate {
        // `new` refuses an empty chain.
        &self.chain[0]
    }

    /// As it is sent: leaf first, then intermediates.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.leaf().called())
    }
}
