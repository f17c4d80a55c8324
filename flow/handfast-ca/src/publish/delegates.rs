//! Delegates: short-lived signers of OCSP answers (RFC 6960 section 4.2.2.2), so that the key of a CA can stay away.
//!
//! Each has a key of its own and a certificate of the CA that it answers for, both in the folder `ca`, as `ocsp-NAME-N`. What
//! has expired is removed when the next one is made.

use std::{fs, path::Path};

use handfast_credentials::staging::flush_folder_of;
use handfast_pki::{Certificate, KeyKind, PrivateKey, name, ocsp, profile::ProfileRules};
use jiff::{SignedDuration, Timestamp};

use crate::{
    authority::Authority,
    below::Below,
    cas::CaRole,
    change_error::ChangeError,
    create::issue_ca,
    error::{FolderError, Result},
    folder,
    further::Further,
    issuer::Issuer,
    made, opening,
    profiles::OfferedProfile,
    receive,
    requester::RequesterKind,
    signer::Signer,
};

/// A signer of OCSP answers in the folder of the authority.
pub(crate) struct Delegate {
    pub(crate) certificate: Certificate,
    pub(crate) signer: Box<dyn Signer>,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct OcspSigner {
    /// The CA that it answers for, by the name that commands use.
    pub ca: String,
    pub certificate: Certificate,
    /// The files within the folder of the authority.
    pub certificate_file: String,
    pub key_file: String,
}

impl Authority {
    /// Makes a signer of OCSP answers for the issuing CA `name`, or for the first that signs: a new key of the kind of the
    /// CA's, and a certificate that is good for `lifetime` (7 days where it is not said, 30 at most). Answers are signed with
    /// it from now on.
    ///
    /// # Errors
    ///
    /// Where there is no such CA, and what stops any issuance.
    pub fn make_ocsp_signer(
        &self,
        name: Option<&str>,
        lifetime: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<OcspSigner> {
        let realm = self.realm();
        let (ca, issuer) = self.issuer_called(name)?;
        let kind = KeyKind::of(issuer.public_key()).unwrap_or(KeyKind::P256);
        let key = PrivateKey::generate(kind)?;
        let mut files = Further::begin(self.folder())?;
        let base = free_name(self.folder(), &ca);
        let (certificate_file, key_file) = (Further::named(&base, "crt"), Further::named(&base, "key"));
        files.key(&key_file, &key)?;
        let subject = name::distinguished(&format!("{} OCSP", called(issuer)), None)?;
        let profile = opening::ocsp_signer();
        let received = receive::ca(profile.clone(), subject, key.public_key(), key.is_generated());
        let received = received.lasting(lifetime);
        let below = Below {
            more: Some(OfferedProfile::new(
                ProfileRules::ocsp_signer(profile),
                vec![RequesterKind::Owner],
            )),
            ..realm.below(None)
        };
        let issued = issue_ca(received, issuer, &below, self.store(), now)?;
        let certificate = issued.certificate().clone();
        files.certificates(&certificate_file, std::slice::from_ref(&certificate))?;
        files.keep();
        remove_expired(self.folder(), now)?;
        Ok(OcspSigner {
            ca,
            certificate,
            certificate_file,
            key_file,
        })
    }

    fn issuer_called(&self, name: Option<&str>) -> Result<(String, &Issuer)> {
        let signs = |issuer: &&Issuer| issuer.signs(&opening::ocsp_signer());
        let found = self
            .cas()
            .iter()
            .filter(|ca| ca.role == CaRole::Issuing)
            .find_map(|ca| {
                if name.is_some_and(|name| name != ca.name) {
                    return None;
                }
                let own = self.certificate_of(&ca.name)?;
                let mut signing = self.issuers().iter().filter(signs);
                let issuer = signing.find(|issuer| issuer.certificate() == Some(&own))?;
                Some((ca.name.clone(), issuer))
            });
        found.ok_or_else(|| {
            ChangeError::NoSuchCa {
                name: handfast_pki::text::printable(name.unwrap_or("issuing")),
                expected: "signs",
                known: self.cas().iter().map(|ca| ca.name.clone()).collect(),
            }
            .into()
        })
    }

    /// The signer for `ca` that is valid the longest and not revoked; none where there is none.
    pub(crate) fn delegate_of(&self, ca: &Certificate, now: Timestamp) -> Result<Option<Delegate>> {
        let mut best: Option<(String, Certificate)> = None;
        for base in bases(self.folder()) {
            let Ok(own) = folder::read_certificates(self.folder(), &Further::named(&base, "crt")) else {
                continue;
            };
            let Some(own) = own.into_iter().next() else {
                continue;
            };
            let key = Further::named(&base, "key");
            if !made::is_here(self.folder(), &key) || ocsp::may_answer_for(&own, ca, now).is_err() {
                continue;
            }
            let row = self.find_serial(&own.serial())?;
            let is_good = row.is_some_and(|row| row.revoked.is_none());
            let is_better = best
                .as_ref()
                .is_none_or(|(_, other)| other.not_after() < own.not_after());
            if is_good && is_better {
                best = Some((key, own));
            }
        }
        best.map(|(key, certificate)| {
            let signer = made::kept(self.folder(), &key, &certificate.public_key())?;
            Ok(Delegate { certificate, signer })
        })
        .transpose()
    }
}

/// The common name of the CA, or its whole subject.
fn called(issuer: &Issuer) -> String {
    let subject = &issuer.names().subject;
    name::common_name(subject).unwrap_or_else(|| issuer.called())
}

pub(crate) const PREFIX: &str = "ocsp-";

/// The CA that a signer of this name answers for.
pub(crate) fn ca_of(base: &str) -> Option<&str> {
    let (ca, _) = base.strip_prefix(PREFIX)?.rsplit_once('-')?;
    Some(ca)
}

/// The names of the signers in the folder, without their ends.
pub(crate) fn bases(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("ca")).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut found: Vec<String> = names
        .filter(|name| name.starts_with(PREFIX))
        .filter_map(|name| name.strip_suffix(".crt").map(str::to_owned))
        .collect();
    found.sort();
    found
}

fn free_name(folder: &Path, ca: &str) -> String {
    let is_free = |base: &String| {
        ["crt", "key"]
            .iter()
            .all(|end| !folder.join(Further::named(base, end)).exists())
    };
    let mut names = (1_u32..).map(|number| format!("{PREFIX}{ca}-{number}"));
    names.find(is_free).unwrap_or_default()
}

/// The files of signers that have expired.
fn remove_expired(folder: &Path, now: Timestamp) -> Result<()> {
    for base in bases(folder) {
        let file = Further::named(&base, "crt");
        let own = folder::read_certificates(folder, &file);
        if !own.is_ok_and(|own| own.iter().all(|own| own.not_after() < now)) {
            continue;
        }
        // The key first: without it the certificate is of no use to anybody.
        for end in ["key", "crt"] {
            let path = folder.join(Further::named(&base, end));
            let removed = fs::remove_file(&path).and_then(|()| flush_folder_of(&path));
            removed.map_err(|source| FolderError::File { path, source })?;
        }
    }
    Ok(())
}
