//! Sign: the one road to a CA key.
//!
//! [`once`] is the only caller of the signer. What comes out is compared with what was planned and verified before
//! anybody sees it.

use handfast_pki::{AnchorError, Anchors, Certificate, Purpose, Refusal, Trust, build, verify};

use crate::{
    approve::Approved,
    context::Context,
    error::{Error, Result},
    plan::Planned,
    signer::Tbs,
};

/// A certificate with the right signature over the planned bytes; not stored yet.
pub(crate) struct Signed<'a> {
    pub(crate) certificate: Certificate,
    pub(crate) approved: Approved<'a>,
    pub(crate) serial: String,
    _private: (),
}

/// Signs what was planned, once.
pub(crate) fn once<'a>(planned: Planned<'a>, context: Context<'a>) -> Result<Signed<'a>> {
    let Planned {
        approved,
        serial,
        tbs,
        ..
    } = planned;
    let issuer = approved.issuer;
    let signature = issuer.sign(&Tbs::written_down(&tbs))?;
    let certificate = build::assemble(&tbs, &issuer.names().algorithm, &signature)?;
    if certificate.tbs_der() != tbs || !certificate.is_signed_by(issuer.public_key()) {
        return Err(Error::Altered { serial });
    }
    is_trusted(&certificate, &approved, context).map_err(|(refusal, purpose)| Error::NotTrusted {
        serial: serial.clone(),
        code: refusal.code(purpose),
        refusal: Box::new(refusal),
    })?;
    Ok(Signed {
        certificate,
        approved,
        serial,
        _private: (),
    })
}

/// A leaf must pass the same judgement as at every proxy, for every purpose of its profile.
fn is_trusted(
    leaf: &Certificate,
    approved: &Approved<'_>,
    context: Context<'_>,
) -> Result<(), (Refusal, Purpose)> {
    for purpose in approved.profile.purposes() {
        let Some((root, between)) = approved.issuer.chain().split_last() else {
            continue;
        };
        let unusable = |error: AnchorError| {
            let detail = error.to_string();
            (Refusal::Malformed { detail }, purpose)
        };
        let trust = Trust::from(Anchors::new(vec![root.clone()], context.now).map_err(unusable)?);
        let chain: Vec<_> = std::iter::once(leaf)
            .chain(between)
            .map(|certificate| certificate.der().clone())
            .collect();
        verify::verify(&chain, &trust, purpose, context.now).map_err(|refusal| (refusal, purpose))?;
    }
    Ok(())
}
