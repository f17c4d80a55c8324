//! Sign: the one road to a CA key.
//!
//! The key stands in a private field of this file, and [`once`] is the only caller of its `sign`. What
//! comes out is compared with what was planned and verified before anybody sees it.

use std::ops::Deref;

use handfast_pki::{
    Anchors, Certificate, PrivateKey, Profile, PublicKey, Purpose, Refusal,
    build::{self, Issuer},
    name::Name,
    verify,
};

use crate::{Desk, Error, Result, approve::Approved, plan::Planned};

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

    /// For writing the key file, nothing else.
    pub(crate) fn to_pem(&self) -> impl Deref<Target = String> + use<> {
        self.key.to_pem()
    }
}

/// A certificate with the right signature over the planned bytes; not stored yet.
pub(crate) struct Signed {
    pub(crate) certificate: Certificate,
    pub(crate) approved: Approved,
    pub(crate) serial: String,
    _private: (),
}

/// Signs what was planned, once.
pub(crate) fn once(planned: Planned, desk: Desk<'_>) -> Result<Signed> {
    let Planned {
        approved,
        serial,
        tbs,
        ..
    } = planned;
    let signature = desk.ca.key.sign(&tbs)?;
    let certificate = build::assemble(&tbs, &desk.ca.issuer.algorithm, &signature)?;
    if certificate.tbs_der() != tbs || !certificate.is_signed_by(&desk.ca.public_key) {
        return Err(Error::Altered { serial });
    }
    believed(&certificate, approved.received.profile, desk).map_err(|(refusal, purpose)| {
        Error::NotBelieved {
            serial: serial.clone(),
            code: refusal.code(purpose),
            refusal: Box::new(refusal),
        }
    })?;
    Ok(Signed {
        certificate,
        approved,
        serial,
        _private: (),
    })
}

/// A leaf must pass the same judgement as at every door.
fn believed(leaf: &Certificate, profile: Profile, desk: Desk<'_>) -> Result<(), (Refusal, Purpose)> {
    let purposes: &[Purpose] = match profile {
        Profile::Root | Profile::Intermediate => &[],
        Profile::Server => &[Purpose::Server],
        Profile::Client => &[Purpose::Client],
        Profile::Peer => &[Purpose::Server, Purpose::Client],
    };
    for &purpose in purposes {
        let Some((root, between)) = desk.ca.above.split_last() else {
            continue;
        };
        let unusable = |error: handfast_pki::AnchorError| {
            (
                Refusal::Malformed {
                    detail: error.to_string(),
                },
                purpose,
            )
        };
        let anchors = Anchors::new(vec![root.clone()], desk.now).map_err(unusable)?;
        let chain: Vec<_> = std::iter::once(leaf)
            .chain(between)
            .map(|certificate| certificate.der().clone())
            .collect();
        verify::verify(&chain, &anchors, purpose, desk.now).map_err(|refusal| (refusal, purpose))?;
    }
    Ok(())
}
