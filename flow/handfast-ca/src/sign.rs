//! Sign: the one road to a CA key.
//!
//! Whatever a CA signs goes through [`signature`], the only caller of the signer: certificates ([`once`]) and revocation
//! lists ([`list`]). What comes out is compared with what was planned and verified before anybody sees it.

use handfast_pki::{
    AnchorError, Anchors, Certificate, Profile, Purpose, Refusal, Request, Trust, build,
    crl::build::ListToSign, name::Name, ocsp, requesting, revocation::set, verify,
};

use crate::{
    approve::Approved,
    context::Context,
    error::{Error, Result},
    issuer::Issuer,
    plan::Planned,
    signer::{Signer, Tbs},
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
    let signature = signature(&tbs, issuer)?;
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

/// A revocation list with the right signature over `list`, DER; its number was taken.
pub(crate) fn list(list: ListToSign, number: u64, issuer: &Issuer) -> Result<Vec<u8>> {
    let tbs = list.as_bytes();
    let signature = signature(tbs, issuer)?;
    let algorithm = &issuer.names().algorithm;
    if !issuer.public_key().has_signed(algorithm, tbs, &signature) {
        return Err(Error::Altered {
            serial: format!("of the list number {number}"),
        });
    }
    Ok(list.assemble(algorithm, &signature)?)
}

/// A revocation set with the right signature over `tbs`, DER; its number was taken.
pub(crate) fn set(tbs: &[u8], number: u64, issuer: &Issuer) -> Result<Vec<u8>> {
    let signature = signature(tbs, issuer)?;
    let algorithm = &issuer.names().algorithm;
    if !issuer.public_key().has_signed(algorithm, tbs, &signature) {
        return Err(Error::Altered {
            serial: format!("of the set number {number}"),
        });
    }
    Ok(set::build::assemble(tbs, algorithm, &signature)?)
}

/// An answer of OCSP with the right signature over `tbs`, DER.
pub(crate) fn answer(tbs: &[u8], issuer: &Issuer) -> Result<Vec<u8>> {
    let signature = signature(tbs, issuer)?;
    let algorithm = &issuer.names().algorithm;
    if !issuer.public_key().has_signed(algorithm, tbs, &signature) {
        return Err(Error::Altered {
            serial: "of an OCSP answer".into(),
        });
    }
    Ok(ocsp::assemble(tbs, algorithm, &signature, &[])?)
}

/// The same by `key`, which the CA has certified for it with `certificate`; no CA's key is used.
pub(crate) fn answer_of_delegate(tbs: &[u8], key: &dyn Signer, certificate: &Certificate) -> Result<Vec<u8>> {
    let signature = key.sign(&Tbs::written_down(tbs))?;
    let algorithm = key.algorithm();
    if !certificate.public_key().has_signed(&algorithm, tbs, &signature) {
        return Err(Error::Altered {
            serial: "of an OCSP answer".into(),
        });
    }
    Ok(ocsp::assemble(tbs, &algorithm, &signature, &[certificate])?)
}

/// The request of a CA that is to be signed elsewhere, with the proof that its key is here.
pub(crate) fn request(signer: Box<dyn Signer>, subject: &Name) -> Result<Request> {
    let issuer = Issuer::of_new_root(signer, subject.clone(), Profile::Root.into());
    let tbs = requesting::to_be_signed(issuer.public_key(), subject, &[])?;
    let signature = signature(&tbs, &issuer)?;
    Ok(requesting::assemble(&tbs, &issuer.names().algorithm, &signature)?)
}

/// Whether the key of `issuer` is there and signs, tried with bytes that are neither a certificate nor a list.
pub(crate) fn is_able(issuer: &Issuer) -> Result<bool> {
    const PROOF: &[u8] = b"handfast: a proof that the key of a CA can be used\n";
    let signature = signature(PROOF, issuer)?;
    Ok(issuer
        .public_key()
        .has_signed(&issuer.names().algorithm, PROOF, &signature))
}

fn signature(tbs: &[u8], issuer: &Issuer) -> Result<Vec<u8>> {
    Ok(issuer.sign(&Tbs::written_down(tbs))?)
}

/// A leaf must pass the same judgement as at every proxy, for every purpose of its profile. The path above it is that of
/// every leaf of its issuer: its signatures are verified with the first one.
fn is_trusted(
    leaf: &Certificate,
    approved: &Approved<'_>,
    context: Context<'_>,
) -> Result<(), (Refusal, Purpose)> {
    let issuer = approved.issuer;
    for purpose in approved.profile.purposes() {
        if let Some(verified) = issuer.verified() {
            if let Some(fault) = verified.fault_of_sibling(leaf, purpose, context.now) {
                return Err((fault, purpose));
            }
            continue;
        }
        let Some((root, between)) = issuer.chain().split_last() else {
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
        let verified = verify::verify(&chain, &trust, purpose, context.now);
        issuer.has_verified(verified.map_err(|refusal| (refusal, purpose))?);
    }
    Ok(())
}
