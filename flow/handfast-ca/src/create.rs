//! Create: a new authority, or one that is imported, in a new folder.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_pki::{Bounds, Error as PkiError, PrivateKey, Profile, name, profile::ProfileName};
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    authority::{Authority, ExistingAuthority, NewAuthority},
    below::Below,
    cas::{CaRole, KeptCa},
    config,
    context::{self, Context},
    error::{Error, Result},
    folder::{self, Staged},
    issuer::Issuer,
    log_key,
    made::{self, KeyChoice, MadeKey},
    opening::{self, must_be_a_chain},
    profiles::Profiles,
    publish,
    realm::{self, described},
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
        Self::create_for(&Requester::Owner, folder, new, None, now)
    }

    /// The same for `by`, with keys that are encrypted with `phrase` from the beginning, where there is one.
    pub fn create_for(
        by: &Requester,
        folder: &Path,
        new: &NewAuthority,
        phrase: Option<&str>,
        now: Timestamp,
    ) -> Result<Self> {
        let staged = Staged::begin_locked(folder, phrase)?;
        let log_key = Arc::new(log_key::create(&staged)?);
        let store = Sqlite::create(&staged.path(folder::DATABASE), log_key)?;
        let subject = name::distinguished(&format!("{} Root CA", new.name), Some(&new.name))?;
        let choice = new.key.of_root();
        let (key, pem) = fresh(&choice)?;
        let profile = ProfileName::from(Profile::Root);
        let received = receive::ca(profile.clone(), subject.clone(), key.public_key, key.is_generated);
        let root = Issuer::of_new_root(key.signer, subject, profile);
        let profiles = Profiles::built_in();
        let below = first(&profiles, new.bounds.clone(), by);
        let issued = issue_ca(received, &root, &below, &store, now)?;
        let root = root.with_chain(vec![issued.certificate().clone()], [Profile::Intermediate.into()])?;
        if let Some(pem) = pem {
            staged.write_key(folder::ROOT_KEY, &pem)?;
        }
        let mut signing = issuing_ca(new, &root, &store, by, now)?;
        signing.root_key = choice.kept(folder::ROOT_KEY.into());
        let leftovers = settle(staged, store, &signing, by, now)?;
        Ok(Self::open(folder)?.with_leftovers(leftovers))
    }

    /// Imports an authority that exists already into a new folder. Its own files stay where they are.
    pub fn import(folder: &Path, existing: ExistingAuthority, now: Timestamp) -> Result<Self> {
        Self::import_for(&Requester::Owner, folder, existing, now)
    }

    /// The same for `by`.
    pub fn import_for(
        by: &Requester,
        folder: &Path,
        existing: ExistingAuthority,
        now: Timestamp,
    ) -> Result<Self> {
        must_be_a_chain(&existing.chain)?;
        if let Some(new) = &existing.intermediate {
            below_others(new)?;
        }
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
                    role: None,
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
                requester: Some(by.to_string()),
                code: None,
                detail,
            });
        }
        store.journal(&entries)?;
        let signing = match &existing.intermediate {
            Some(new) => issuing_ca(new, &imported, &store, by, now)?,
            None => Signing {
                issuer: imported,
                pem: Some(pem),
                key: folder::ISSUING_KEY.into(),
                root_key: folder::ROOT_KEY.into(),
                bounds: None,
            },
        };
        let leftovers = settle(staged, store, &signing, by, now)?;
        Ok(Self::open(folder)?.with_leftovers(leftovers))
    }
}

/// The limits of a CA below one that is imported must be such as verifiers judge there.
fn below_others(new: &NewAuthority) -> Result<()> {
    match &new.bounds {
        Some(bounds) if bounds.needs_the_top() => Err(Error::UnfitBounds {
            bounds: bounds.to_string(),
            detail: "limits of URIs and e-mail addresses have to stand in the root, and this one is imported",
        }),
        _ => Ok(()),
    }
}

/// The issuer that signs from now on, and its key for the folder.
struct Signing {
    issuer: Issuer,
    /// Nothing where it is in a token.
    pem: Option<Zeroizing<String>>,
    /// What the records say of it, and of the root's.
    key: String,
    root_key: String,
    bounds: Option<Bounds>,
}

/// A key for a folder that is being filled, with its text for a file.
fn fresh(choice: &KeyChoice) -> Result<(MadeKey, Option<Zeroizing<String>>)> {
    match choice {
        KeyChoice::File(kind) => {
            let key = PrivateKey::generate(*kind)?;
            let pem = key.to_pem();
            Ok((MadeKey::of_file(key), Some(pem)))
        }
        KeyChoice::Token(uri, kind) => Ok((made::in_token(uri, *kind)?, None)),
    }
}

/// Makes the issuing CA under `parent`.
fn issuing_ca(
    new: &NewAuthority,
    parent: &Issuer,
    store: &Sqlite,
    by: &Requester,
    now: Timestamp,
) -> Result<Signing> {
    let subject = name::distinguished(&format!("{} Issuing CA", new.name), Some(&new.name))?;
    let (key, pem) = fresh(&new.key)?;
    let profile = Profile::Intermediate.into();
    let received = receive::ca(profile, subject, key.public_key, key.is_generated);
    let profiles = Profiles::built_in();
    let below = first(&profiles, new.bounds.as_ref().map(Bounds::below), by);
    let issued = issue_ca(received, parent, &below, store, now)?;
    // While the parent's key is at hand: verifiers that check whole paths want its list, and the key may go away.
    if publish::may_sign_lists(parent) {
        publish::sign_list(
            parent,
            publish::kept::ListRecords::of(store),
            publish::ROOT_LIFETIME,
            by,
            now,
        )?;
    }
    let chain = std::iter::once(issued.certificate())
        .chain(parent.chain())
        .cloned()
        .collect();
    Ok(Signing {
        issuer: Issuer::new(key.signer, chain, [])?,
        pem,
        key: new.key.kept(folder::ISSUING_KEY.into()),
        root_key: folder::ROOT_KEY.into(),
        bounds: new.bounds.clone(),
    })
}

/// What the first CAs of an authority are made by, before it has a file of profiles.
fn first<'a>(profiles: &'a Profiles, bounds: Option<Bounds>, by: &'a Requester) -> Below<'a> {
    Below {
        bounds,
        more: None,
        profiles,
        by,
    }
}

/// A root or an issuing CA walks the road of every certificate.
pub(crate) fn issue_ca(
    received: receive::Received,
    signing: &Issuer,
    below: &Below<'_>,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Issued> {
    let mut profiles = below.profiles.clone().bounded(below.bounds.as_ref());
    if let Some(more) = &below.more {
        profiles.insert(more.clone());
    }
    let context = Context {
        issuers: std::slice::from_ref(signing),
        profiles: &profiles,
        store,
        now,
        draw: context::random,
    };
    let submitted = Submitted {
        requester: below.by.clone(),
        received: Ok(received),
    };
    // There is exactly one answer to each request.
    let answers = walk(vec![submitted], context)?;
    answers.into_iter().next().expect("one request has one answer")
}

/// Writes what every authority has, and makes the folder appear; the leftovers that were removed beside it.
fn settle(
    mut staged: Staged,
    store: Sqlite,
    signing: &Signing,
    by: &Requester,
    now: Timestamp,
) -> Result<Vec<PathBuf>> {
    let bounds = signing.bounds.as_ref().map_or(&[][..], Bounds::patterns);
    let cas: Vec<KeptCa> = opening::of_old_folder()
        .into_iter()
        .map(|ca| KeptCa {
            bounds: bounds.to_vec(),
            since: now,
            key: match ca.role {
                CaRole::Root => signing.root_key.clone(),
                CaRole::Issuing => signing.key.clone(),
            },
            ..ca
        })
        .collect();
    // A CA key is never made without its certificate, and the last one is the root.
    let (root, below) = signing.issuer.chain().split_last().ok_or(PkiError::Unexpected {
        expected: "a CA certificate",
        found: "none".into(),
    })?;
    let lines: Vec<JournalEntry> = cas
        .iter()
        .map(|ca| {
            let own = match ca.role {
                CaRole::Root => root,
                CaRole::Issuing => signing.issuer.certificate().unwrap_or(root),
            };
            realm::entry(Event::CaAdded, &described("began with", ca, own), by, now)
        })
        .collect();
    store.change_cas(&[], &cas, &lines)?;
    let root = std::slice::from_ref(root);
    staged.write_certificates(folder::ROOT_CERTIFICATE, root)?;
    staged.write_certificates(
        folder::ISSUING_CERTIFICATE,
        if below.is_empty() { root } else { below },
    )?;
    if let Some(pem) = &signing.pem {
        staged.write_key(folder::ISSUING_KEY, pem)?;
    }
    staged.write_config(config::TEMPLATE)?;
    // Closed, the database is one file again, and can be moved.
    drop(store);
    let leftovers = std::mem::take(&mut staged.leftovers);
    staged.settle()?;
    Ok(leftovers)
}
