//! Offline: the root in a folder of its own, which can be kept away, and what is signed with it there.
//!
//! The folder has the root's certificate and key and records of its own: no certificate without a record, there as well.
//! Its lists of revoked CAs go on where those of the authority have ended.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_credentials::staging::flush_folder_of;
use handfast_pki::{Bounds, Certificate, Fingerprint, Profile, Request, name, text::hex};
use jiff::Timestamp;

use crate::{
    cas::{CaRole, CaState, KeptCa},
    change_error::ChangeError,
    config,
    create::issue_ca,
    error::{Error, FolderError, Result},
    folder::{self, Staged},
    issuer::Issuer,
    log_key, opening,
    realm::{self, Realm},
    receive,
    records::{Event, Query, Store},
    requester::Requester,
    sign,
    signer::FileKey,
    sqlite::Sqlite,
};

/// A root that was taken away.
#[derive(Debug, Clone)]
pub struct ExportedRoot {
    /// The folder that has it now.
    pub folder: PathBuf,
    pub certificate: Certificate,
    /// The file that was removed.
    pub removed: PathBuf,
}

/// What was signed with a root in a folder of its own.
#[derive(Debug, Clone)]
pub struct SignedElsewhere {
    pub certificate: Certificate,
    pub root: Certificate,
    /// Who, when, what, and hashes of all of it, for the file that is kept beside.
    pub transcript: String,
}

impl Realm<'_> {
    pub(crate) fn export_root(&self, to: &Path, now: Timestamp) -> Result<ExportedRoot> {
        let root = self.active_root()?;
        let key_file = self.folder.join(&root.key);
        if root.is_in_a_token() {
            return Err(ChangeError::InToken {
                name: root.name.clone(),
            }
            .into());
        }
        // Says where it is, when it is not here.
        let signer = self.root_signer(root, None)?;
        // All that is revoked until now is on the list that stays here.
        self.sign_list_of(&signer, now)?;
        let issuer = signer.issuer;
        let own = self.certificates_of(root)?;
        let key = folder::read_key(self.folder, &root.key)?;
        let staged = Staged::begin(to)?;
        staged.write_certificates(folder::ROOT_CERTIFICATE, &own)?;
        staged.write_key(folder::ROOT_KEY, &folder::text_of(self.folder, &key)?)?;
        let detail = format!("{} ({}) to {}", root.name, issuer.called(), to.display());
        // What CAs may be is known there as well.
        match fs::read_to_string(self.folder.join(folder::CONFIG)) {
            Ok(text) => staged.write_config(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                let path = self.folder.join(folder::CONFIG);
                return Err(FolderError::File { path, source }.into());
            }
        }
        for ca in self
            .cas
            .iter()
            .filter(|ca| ca.role == CaRole::Issuing && ca.state != CaState::Waiting)
        {
            staged.write_certificates(&signed_name(&ca.name), &self.certificates_of(ca)?)?;
        }
        self.write_records(root, &issuer, &staged, &detail, now)?;
        staged.settle()?;
        self.must_sign(to, &own)?;
        self.store
            .journal(&[realm::entry(Event::RootExported, &detail, self.by, now)])?;
        let removed = fs::remove_file(&key_file).and_then(|()| flush_folder_of(&key_file));
        removed.map_err(|source| FolderError::File {
            path: key_file.clone(),
            source,
        })?;
        Ok(ExportedRoot {
            folder: to.to_owned(),
            certificate: own.into_iter().next().ok_or(ChangeError::BadCopy {
                folder: to.display().to_string(),
            })?,
            removed: key_file,
        })
    }

    /// Records of the new folder, whose lists go on with the next number.
    fn write_records(
        &self,
        root: &KeptCa,
        issuer: &Issuer,
        staged: &Staged,
        detail: &str,
        now: Timestamp,
    ) -> Result<()> {
        // The log of these records is one of its own, with a key of its own.
        let log_key = Arc::new(log_key::create(staged)?);
        let store = Sqlite::create(&staged.path(folder::DATABASE), log_key)?;
        let there = KeptCa {
            certificate: folder::ROOT_CERTIFICATE.into(),
            root: folder::ROOT_CERTIFICATE.into(),
            key: folder::ROOT_KEY.into(),
            ..root.clone()
        };
        store.change_cas(
            &[],
            &[there],
            &[realm::entry(Event::RootExported, detail, self.by, now)],
        )?;
        let last = self.store.last_list(&issuer.id())?;
        let taken = format!("list number {} of {}", last.number, issuer.called());
        store.take_over_lists(
            &issuer.id(),
            &last,
            &realm::entry(Event::Adopted, &taken, self.by, now),
        )?;
        Ok(())
    }

    /// What was written is read again, and has to sign as the root does.
    fn must_sign(&self, copy: &Path, own: &[Certificate]) -> Result<()> {
        let key = folder::read_key(copy, folder::ROOT_KEY)?;
        let certificates = folder::read_certificates(copy, folder::ROOT_CERTIFICATE)?;
        let issuer = Issuer::new(Box::new(FileKey::new(key)), certificates.clone(), [])?;
        if certificates != own || !sign::is_able(&issuer)? {
            return Err(ChangeError::BadCopy {
                folder: copy.display().to_string(),
            }
            .into());
        }
        Ok(())
    }
}

/// The file of the certificate of a CA that the root has signed, in the root's own folder: its name is taken there.
pub(crate) fn signed_name(ca: &str) -> String {
    format!("{SIGNED}{ca}.crt")
}

const SIGNED: &str = "signed-";

/// A new CA has a name that no other one has, neither the root nor one that it has signed for another key.
fn must_have_a_name_of_its_own(request: &Request, root: &Certificate, realm: &Realm<'_>) -> Result<()> {
    let taken = |of| ChangeError::NameTaken {
        subject: name::shown(request.subject()),
        of,
    };
    if request.subject() == root.subject() {
        return Err(taken("the root").into());
    }
    let is_taken = |ca: &Certificate| {
        ca.is_ca() && ca.subject() == request.subject() && ca.public_key() != *request.public_key()
    };
    let failed = |source| FolderError::File {
        path: realm.folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(realm.folder).map_err(failed)? {
        let file = entry.map_err(failed)?.file_name();
        let Some(file) = file.to_str().filter(|file| file.starts_with(SIGNED)) else {
            continue;
        };
        if folder::read_certificates(realm.folder, file)?
            .first()
            .is_some_and(is_taken)
        {
            return Err(taken("another CA").into());
        }
    }
    let mut query = Query::default();
    loop {
        let page = realm.store.find(&query)?;
        for der in page.rows.iter().filter_map(|row| row.der.as_deref()) {
            if is_taken(&Certificate::from_der(der)?) {
                return Err(taken("another CA").into());
            }
        }
        if page.next.is_none() {
            return Ok(());
        }
        query.after = page.next;
    }
}

/// Signs the request of an issuing CA with the root in `folder`, and records it there.
///
/// # Errors
///
/// A folder without a root's key, a request that proves no key or has no subject, and what stops any issuance.
pub fn sign_with_root(
    folder: &Path,
    request: &Request,
    by: &Requester,
    now: Timestamp,
) -> Result<SignedElsewhere> {
    let database = folder.join(folder::DATABASE);
    if !database.is_file() {
        let detail = format_args!("\"{}\" is missing", folder::DATABASE);
        return Err(folder::not_an_authority(folder, detail).into());
    }
    let store = Sqlite::open(&database, log_key::of(folder)?)?;
    let cas = opening::kept(&store)?;
    let profiles = config::read(folder).map_err(|problems| Error::Config { problems })?;
    let realm = Realm {
        folder,
        store: &store,
        cas,
        profiles: &profiles,
        by,
    };
    let root = realm.active_root()?.clone();
    let issuer = realm.root_signer(&root, None)?.issuer;
    if let Some(own) = issuer.certificate() {
        must_have_a_name_of_its_own(request, own, &realm)?;
    }
    let received = receive::certified(
        Profile::Intermediate.into(),
        request.subject().clone(),
        request.public_key().clone(),
    );
    let below = realm.below(root.limits().as_ref().map(Bounds::below));
    let issued = issue_ca(received, &issuer, &below, &store, now)?;
    let own = issuer.certificate().cloned().ok_or(ChangeError::BadCopy {
        folder: folder.display().to_string(),
    })?;
    Ok(SignedElsewhere {
        transcript: transcript(issued.certificate(), &own, request, now),
        certificate: issued.certificate().clone(),
        root: own,
    })
}

fn transcript(made: &Certificate, root: &Certificate, request: &Request, now: Timestamp) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let uid = fs::metadata("/proc/self")
        .map(|own| own.uid().to_string())
        .unwrap_or_default();
    let user = std::env::var("USER").unwrap_or_default();
    let lines = [
        ("what", "an issuing CA was signed with a root".to_owned()),
        ("when", now.to_string()),
        (
            "who",
            handfast_pki::text::printable(&format!("uid {uid} {user} on {}", host.trim())),
        ),
        ("root", root.called()),
        ("root SHA-256", root.fingerprint().to_string()),
        ("request SHA-256", Fingerprint::of(request.der()).to_string()),
        ("subject", name::shown(made.subject())),
        ("key SHA-256", made.public_key().fingerprint().to_string()),
        ("key identifier", hex(&made.public_key().key_id())),
        ("serial", made.serial()),
        ("valid from", made.not_before().to_string()),
        ("valid until", made.not_after().to_string()),
        (
            "path length",
            made.path_length()
                .map_or("any".into(), |length| length.to_string()),
        ),
        (
            "names",
            handfast_pki::constraints::permitted(made).map_or("any".into(), |names| names.join(", ")),
        ),
        ("certificate SHA-256", made.fingerprint().to_string()),
    ];
    lines.map(|(what, value)| format!("{what}: {value}\n")).concat()
}
