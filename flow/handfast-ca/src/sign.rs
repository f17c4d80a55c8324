//! Sign: the one road to a CA key.
//!
//! [`once`] is the only caller of the key. What comes out is compared with what was planned and verified before
//! anybody sees it.

use handfast_pki::{Anchors, Certificate, Profile, Purpose, Refusal, build, verify};

use crate::{Desk, Error, Result, approve::Approved, plan::Planned};

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
    let signature = desk.ca.sign(&tbs)?;
    let certificate = build::assemble(&tbs, &desk.ca.issuer().algorithm, &signature)?;
    if certificate.tbs_der() != tbs || !certificate.is_signed_by(desk.ca.public_key()) {
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
        let Some((root, between)) = desk.ca.above().split_last() else {
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
