//! The files beside those of the CAs that sign: the key of the audit log, signers of OCSP answers, certificates of CAs that
//! are retired and those by which roots vouch for each other, and the key of a CA that waits for its certificate.

use std::{collections::BTreeMap, fs};

use handfast_audit::tree::{Checkpoint, LogKey, VerifierKey};
use handfast_finding::shell::shell;
use handfast_pki::{Certificate, code};

use super::{Level, Look};
use crate::{
    cas::{CaState, KeptCa},
    folder,
    further::Further,
    log_key, made,
    publish::delegates,
    realm::Realm,
    records::{Event, JournalQuery, Store},
};

impl Look<'_> {
    /// Both halves of the key of the audit log, and the public halves of those that it had before.
    pub(super) fn log(&mut self, store: &dyn Store) {
        if let Ok(key) = log_key::of(self.folder) {
            self.head(store, key.verifier());
        }
        let key = folder::read_key(self.folder, folder::AUDIT_KEY);
        let key = key.map_err(Into::into).and_then(|key| Ok(LogKey::new(key)?));
        match key {
            Err(error) => self.problem(self.folder.join(folder::AUDIT_KEY).display(), &error),
            Ok(key) => {
                self.public_half(folder::AUDIT_PUBLIC, key.verifier());
                self.former_keys(store, key.verifier());
            }
        }
    }

    /// The signed head of the log, without which nothing is added to it and nothing is issued.
    fn head(&mut self, store: &dyn Store, verifier: &VerifierKey) {
        let opened = store
            .log()
            .head()
            .and_then(|note| Ok(Checkpoint::open(&note, verifier)?));
        if let Err(error) = opened {
            self.problem(self.folder.join(folder::DATABASE).display(), &error.into());
        }
    }

    /// `name` has to hold `expected`; where it does not, it can be written anew.
    fn public_half(&mut self, name: &str, expected: &VerifierKey) {
        let path = self.folder.join(name);
        let found = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let (code, detail) = match found {
            Ok(text) if text.parse().ok().as_ref() == Some(expected) => return,
            Ok(_) => (
                code::WRONG_FORMAT,
                "it is not the public half of the key that has signed the audit log, which cannot be verified with it",
            ),
            Err(_) => (
                code::UNREADABLE,
                "it cannot be read, and what the audit log proves cannot be verified without it",
            ),
        };
        let path = path.display().to_string();
        let line = shell(expected.to_string());
        self.add(Level::Problem, code, &path, detail).hint =
            Some(format!("write it anew: printf '%s\\n' {line} > {}", shell(&path)));
    }

    /// What the journal says of earlier keys; their heads cannot be verified without them.
    fn former_keys(&mut self, store: &dyn Store, own: &VerifierKey) {
        let restored = store.lines(&JournalQuery {
            event: Some(Event::Restored),
            ..JournalQuery::default()
        });
        let lines = match restored {
            Ok(lines) => lines,
            Err(error) => return self.problem(folder::DATABASE, &error.into()),
        };
        let mut seen: Vec<VerifierKey> = Vec::new();
        for former in lines.iter().filter_map(|line| log_key::former_in(&line.detail)) {
            if former != *own && !seen.contains(&former) {
                self.public_half(&log_key::former_name(&former), &former);
                seen.push(former);
            }
        }
    }

    /// The key of a CA whose certificate was asked for: the certificate that comes is of no use without it.
    pub(super) fn waiting_key(&mut self, ca: &KeptCa) {
        if let Err(error) = made::public_half(self.folder, &ca.key) {
            self.problem(&ca.name, &error);
        }
    }

    /// Signers of OCSP answers: a damaged one is not used, and the CA signs by itself without a word.
    pub(super) fn ocsp_signers(&mut self) {
        let mut last: BTreeMap<String, Certificate> = BTreeMap::new();
        for base in delegates::bases(self.folder) {
            let Some(ca) = delegates::ca_of(&base) else {
                continue;
            };
            let hint = format!(
                "make another, then remove both files of this one: handfast ca issuer ocsp-signer --issuer {ca}"
            );
            let file = Further::named(&base, "crt");
            let tried = folder::read_certificates(self.folder, &file)
                .map_err(Into::into)
                .and_then(|own| {
                    if let Some(own) = own.first() {
                        made::kept(self.folder, &Further::named(&base, "key"), &own.public_key())?.ready()?;
                    }
                    Ok(own)
                });
            match tried {
                Err(error) => {
                    self.problem(&file, &error);
                    if let Some(found) = self.found.last_mut() {
                        found.hint = Some(hint);
                    }
                }
                Ok(own) => {
                    let Some(own) = own.into_iter().next() else {
                        continue;
                    };
                    let is_later = last.get(ca).is_none_or(|last| last.not_after() < own.not_after());
                    if is_later {
                        last.insert(ca.to_owned(), own);
                    }
                }
            }
        }
        let now = self.now;
        for (ca, own) in last.iter().filter(|(_, own)| own.not_after() < now) {
            let detail = format!("its signer of OCSP answers expired at {}", own.not_after());
            self.add(Level::Warning, code::EXPIRED, ca, detail).hint =
                Some(format!("handfast ca issuer ocsp-signer --issuer {ca}"));
        }
    }

    /// Certificates that no CA signs with any more, or that roots have signed for each other: each is signed by a CA whose
    /// certificate is here as well, and is what the records have.
    pub(super) fn further_certificates(&mut self, realm: &Realm<'_>) {
        let at_work = realm.cas.iter().filter(|ca| ca.state != CaState::Retired);
        let at_work: Vec<&str> = at_work
            .flat_map(|ca| [ca.certificate.as_str(), ca.root.as_str()])
            .collect();
        let mut all: Vec<(String, Vec<Certificate>)> = Vec::new();
        for name in certificate_files(self.folder) {
            match folder::read_certificates(self.folder, &name) {
                Ok(found) => all.push((name, found)),
                // Those at work were named with their CA, and signers with their keys.
                Err(_) if at_work.contains(&name.as_str()) || is_signer(&name) => {}
                Err(error) => self.problem(&name, &error.into()),
            }
        }
        let keys: Vec<_> = all
            .iter()
            .flat_map(|(_, found)| found)
            .map(Certificate::public_key)
            .collect();
        for (name, found) in &all {
            let is_signed = |own: &Certificate| keys.iter().any(|key| own.is_signed_by(key));
            if !at_work.contains(&name.as_str()) && !found.iter().all(is_signed) {
                let detail = "no CA of this directory has signed what it holds";
                self.add(Level::Problem, code::WRONG_FORMAT, name, detail).hint =
                    Some("put it back out of a backup: handfast ca restore FILE --dir DIR".into());
            }
        }
    }
}

/// Whether it is the certificate of a signer of OCSP answers.
fn is_signer(name: &str) -> bool {
    name.strip_prefix("ca/")
        .is_some_and(|name| name.starts_with(delegates::PREFIX))
}

/// The files of certificates by the names that we give them.
fn certificate_files(folder: &std::path::Path) -> Vec<String> {
    let own = [folder::ROOT_CERTIFICATE, folder::ISSUING_CERTIFICATE].map(str::to_owned);
    let own = own.into_iter().filter(|name| folder.join(name).exists());
    let entries = fs::read_dir(folder.join("ca")).into_iter().flatten().flatten();
    let made = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".crt"))
        .map(|name| format!("ca/{name}"));
    let mut found: Vec<String> = own.chain(made).collect();
    found.sort();
    found
}
