//! Opening: the CAs of a folder as its records name them, each with its certificates and what signs for it.

use std::path::Path;

use handfast_pki::{Certificate, Error as PkiError, Profile, Shown, profile::ProfileName};

use crate::{
    cas::{CaRole, CaState, KeptCa, OCSP_SIGNER},
    error::{Error, FolderError, Result},
    folder,
    issuer::Issuer,
    made,
    records::{Query, Store, StoreError},
};

/// The CAs of the records, or those that every folder of older programs has. Records that name no CA and have no certificate,
/// not even its own, are lost ones.
pub(crate) fn kept(store: &dyn Store) -> Result<Vec<KeptCa>> {
    let cas = store.cas()?;
    if !cas.is_empty() {
        return Ok(cas);
    }
    let any = Query {
        limit: Some(1),
        ..Query::default()
    };
    if store.find(&any)?.rows.is_empty() {
        let detail = "it has no certificate, not even that of the CA";
        return Err(StoreError::NotItsRecords { detail }.into());
    }
    Ok(of_old_folder())
}

/// What a folder has whose records name no CAs.
pub(crate) fn of_old_folder() -> Vec<KeptCa> {
    let one = |name: &str, role, certificate: &str, key: &str| KeptCa {
        name: name.into(),
        role,
        state: CaState::Active,
        certificate: certificate.into(),
        root: folder::ROOT_CERTIFICATE.into(),
        key: key.into(),
        profiles: Vec::new(),
        bounds: Vec::new(),
        since: jiff::Timestamp::UNIX_EPOCH,
    };
    vec![
        one("root", CaRole::Root, folder::ROOT_CERTIFICATE, folder::ROOT_KEY),
        one(
            "issuing",
            CaRole::Issuing,
            folder::ISSUING_CERTIFICATE,
            folder::ISSUING_KEY,
        ),
    ]
}

/// Every CA of the folder that signs, those first that are asked first; `leaves` are signed by those that have no list of
/// their own. One that is leaving signs lists alone, and is left out where its key is not here any more.
pub(crate) fn issuers(folder: &Path, cas: &[KeptCa], leaves: &[ProfileName]) -> Result<Vec<Issuer>> {
    let signing = cas
        .iter()
        .filter(|ca| match ca.state {
            CaState::Active => true,
            CaState::Leaving => made::is_here(folder, &ca.key),
            CaState::Waiting | CaState::Retired => false,
        })
        .filter(|ca| ca.role == CaRole::Issuing);
    signing.map(|ca| issuer(folder, ca, leaves)).collect()
}

fn issuer(folder: &Path, ca: &KeptCa, leaves: &[ProfileName]) -> Result<Issuer> {
    let damaged = |error: Error| folder::not_an_authority(folder, error);
    let chain = chain(folder, ca)?;
    let public_key = chain
        .first()
        .map(Certificate::public_key)
        .ok_or(PkiError::Unexpected {
            expected: "a CA certificate",
            found: "none".into(),
        })?;
    let signer = made::kept(folder, &ca.key, &public_key)?;
    must_be_a_chain(&chain).map_err(damaged)?;
    let profiles = profiles(ca, leaves)?;
    let issuer = Issuer::new(signer, chain, profiles).map_err(damaged)?;
    Ok(issuer.bounded(ca.limits()))
}

/// The certificate of `ca`, those between, and its root.
pub(crate) fn chain(folder: &Path, ca: &KeptCa) -> Result<Vec<Certificate>, FolderError> {
    let mut chain = folder::read_certificates(folder, &ca.certificate)?;
    let root = folder::read_certificates(folder, &ca.root)?;
    if chain != root {
        chain.extend(root);
    }
    Ok(chain)
}

/// What `ca` signs now: its own list, or all `leaves`.
fn profiles(ca: &KeptCa, leaves: &[ProfileName]) -> Result<Vec<ProfileName>> {
    if ca.state != CaState::Active {
        return Ok(Vec::new());
    }
    let mut own = match ca.profiles.as_slice() {
        [] => leaves.to_vec(),
        named => named.iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
    };
    own.push(ocsp_signer());
    Ok(own)
}

/// The profile of certificates of those who sign answers of OCSP for a CA; commands make them and nobody asks for one.
pub(crate) fn ocsp_signer() -> ProfileName {
    OCSP_SIGNER.parse().expect("lower-case letters and a hyphen")
}

/// What a root signs.
pub(crate) fn of_roots() -> [ProfileName; 2] {
    [Profile::Intermediate.into(), cross_signed()]
}

/// The profile of certificates by which one root vouches for another; it has no rules but those of each such certificate.
pub(crate) fn cross_signed() -> ProfileName {
    "cross-signed".parse().expect("lower-case letters and a hyphen")
}

/// Each certificate must be a CA and signed by the next, the last by itself.
pub(crate) fn must_be_a_chain(chain: &[Certificate]) -> Result<()> {
    for (index, certificate) in chain.iter().enumerate() {
        let not_a_ca = |detail| Error::NotACa {
            subject: certificate.called(),
            detail,
        };
        if certificate.version() != 3 {
            return Err(not_a_ca(
                "it is of X.509 version 1, which cannot say that it is a CA",
            ));
        }
        if !certificate.is_ca() {
            return Err(not_a_ca("it does not say that it is a CA (basicConstraints)"));
        }
        if certificate
            .key_usage()
            .is_some_and(|usage| !usage.key_cert_sign())
        {
            return Err(not_a_ca("its key usage leaves keyCertSign out"));
        }
        certificate.public_key().must_be_worth_certifying()?;
        let issuer = chain.get(index + 1).unwrap_or(certificate);
        let signed = certificate.signature_by(&issuer.public_key());
        if signed != Ok(true) {
            let found = Shown::filled(
                "{}, whose signature ({}) is not one of {} that we can verify",
                &[
                    &Shown::names(&[certificate.called()]),
                    &Shown::names(&[certificate.signature_algorithm()]),
                    &Shown::names(&[issuer.called()]),
                ],
            );
            return Err(PkiError::Unexpected {
                expected: "a chain of CA certificates up to a self-signed root",
                found,
            }
            .into());
        }
    }
    Ok(())
}
