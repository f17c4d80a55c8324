//! Create: a new authority, or one that is imported, in a new folder.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_pki::{Error as PkiError, PrivateKey, Profile, name, profile::ProfileName};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    authority::{Authority, ExistingAuthority, NewAuthority, must_be_a_chain},
    config,
    context::{self, Context},
    error::{Error, Result},
    folder::{self, Staged},
    issuer::Issuer,
    log_key,
    profiles::Profiles,
    publish,
    receive::{self, Submitted},
    record::Issued,
    records::{Event, JournalEntry, Store},
    requester::Requester,
    signer::FileKey,
    sqlite::Sqlite,
    walk,
};

impl Authority {
    /// Makes a root and an issuing CA under it, in a new folder.
    pub fn create(folder: &Path, new: &NewAuthority, now: Timestamp) -> Result<Self> {
        let staged = Staged::begin(folder)?;
        let log_key = Arc::new(log_key::create(&staged)?);
        let store = Sqlite::create(&staged.path(folder::DATABASE), log_key)?;
        let subject = name::distinguished(&format!("{} Root CA", new.name), Some(&new.name))?;
        let key = PrivateKey::generate(new.key)?;
        let pem = key.to_pem();
        let profile = ProfileName::from(Profile::Root);
        let received = receive::ca(profile.clone(), subject.clone(), &key);
        let root = Issuer::of_new_root(Box::new(FileKey::new(key)), subject, profile);
        let issued = issue_ca(received, &root, &store, now)?;
        let root = root.with_chain(vec![issued.certificate().clone()], [Profile::Intermediate.into()])?;
        staged.write_key(folder::ROOT_KEY, &pem)?;
        let signing = issuing_ca(new, &root, &store, now)?;
        let leftovers = settle(staged, store, &signing)?;
        Ok(Self::open(folder)?.with_leftovers(leftovers))
    }

    /// Imports an authority that exists already into a new folder. Its own files stay where they are.
    pub fn import(folder: &Path, existing: ExistingAuthority, now: Timestamp) -> Result<Self> {
        must_be_a_chain(&existing.chain)?;
        let pem = existing.key.to_pem();
        let imported = Issuer::new(
            Box::new(FileKey::new(existing.key)),
            existing.chain,
            [Profile::Intermediate.into()],
        )?;
        let staged = Staged::begin(folder)?;
        let log_key = Arc::new(log_key::create(&staged)?);
        let store = Sqlite::create(&staged.path(folder::DATABASE), log_key)?;
        let mut entries = Vec::new();
        for certificate in imported.chain() {
            if now > certificate.not_after() || now < certificate.not_before() {
                return Err(Error::IssuerNotValid {
                    issuer: certificate.called(),
                    not_before: certificate.not_before(),
                    not_after: certificate.not_after(),
                    now,
                });
            }
            let detail = format!(
                "{} with fingerprint {}",
                certificate.called(),
                certificate.fingerprint()
            );
            entries.push(JournalEntry {
                at: now,
                event: Event::Imported,
                serial: None,
                requester: Some(Requester::Owner.to_string()),
                code: None,
                detail,
            });
        }
        store.journal(&entries)?;
        let signing = match &existing.intermediate {
            Some(new) => issuing_ca(new, &imported, &store, now)?,
            None => Signing {
                issuer: imported,
                pem,
            },
        };
        let leftovers = settle(staged, store, &signing)?;
        Ok(Self::open(folder)?.with_leftovers(leftovers))
    }
}

/// The issuer that signs from now on, and its key for the folder.
struct Signing {
    issuer: Issuer,
    pem: Zeroizing<String>,
}

/// Makes the issuing CA under `parent`.
fn issuing_ca(new: &NewAuthority, parent: &Issuer, store: &Sqlite, now: Timestamp) -> Result<Signing> {
    let subject = name::distinguished(&format!("{} Issuing CA", new.name), Some(&new.name))?;
    let key = PrivateKey::generate(new.key)?;
    let pem = key.to_pem();
    let received = receive::ca(Profile::Intermediate.into(), subject, &key);
    let issued = issue_ca(received, parent, store, now)?;
    // While the parent's key is at hand: verifiers that check whole paths want its list, and the key may go away.
    if publish::may_sign_lists(parent) {
        publish::sign_list(parent, store, publish::ROOT_LIFETIME, &Requester::Owner, now)?;
    }
    let chain = std::iter::once(issued.certificate())
        .chain(parent.chain())
        .cloned()
        .collect();
    Ok(Signing {
        issuer: Issuer::new(Box::new(FileKey::new(key)), chain, [])?,
        pem,
    })
}

/// A root or an issuing CA walks the road of every certificate.
fn issue_ca(received: receive::Received, signing: &Issuer, store: &Sqlite, now: Timestamp) -> Result<Issued> {
    let context = Context {
        issuers: std::slice::from_ref(signing),
        profiles: &Profiles::built_in(),
        store,
        now,
        draw: context::random,
    };
    let submitted = Submitted {
        requester: Requester::Owner,
        received: Ok(received),
    };
    // There is exactly one answer to each request.
    let answers = walk(vec![submitted], context)?;
    answers.into_iter().next().expect("one request has one answer")
}

/// Writes what every authority has, and makes the folder appear; the leftovers that were removed beside it.
fn settle(mut staged: Staged, store: Sqlite, signing: &Signing) -> Result<Vec<PathBuf>> {
    // A CA key is never made without its certificate, and the last one is the root.
    let (root, below) = signing.issuer.chain().split_last().ok_or(PkiError::Unexpected {
        expected: "a CA certificate",
        found: "none".into(),
    })?;
    let root = std::slice::from_ref(root);
    staged.write_certificates(folder::ROOT_CERTIFICATE, root)?;
    staged.write_certificates(
        folder::ISSUING_CERTIFICATE,
        if below.is_empty() { root } else { below },
    )?;
    staged.write_key(folder::ISSUING_KEY, &signing.pem)?;
    staged.write_config(config::TEMPLATE)?;
    // Closed, the database is one file again, and can be moved.
    drop(store);
    let leftovers = std::mem::take(&mut staged.leftovers);
    staged.settle()?;
    Ok(leftovers)
}
