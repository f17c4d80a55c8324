//! Realm: the CAs of an authority with their folder and records, and no key. Changes of CAs are made on it, and can go on
//! from one that is not recorded yet.

use std::path::{Path, PathBuf};

use handfast_pki::{Bounds, Certificate};
use jiff::Timestamp;

use crate::{
    below::Below,
    cas::{CaRole, CaState, KeptCa},
    change_error::ChangeError,
    error::Result,
    folder, further,
    further::Further,
    profiles::Profiles,
    records::{Event, JournalEntry, Store, StoreError},
    requester::Requester,
};

/// What a change of CAs works on.
pub(crate) struct Realm<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) store: &'a dyn Store,
    pub(crate) cas: Vec<KeptCa>,
    /// What new CAs may be.
    pub(crate) profiles: &'a Profiles,
    /// Who changes it.
    pub(crate) by: &'a Requester,
}

impl Realm<'_> {
    /// The same with other CAs, for making what will be below them.
    pub(crate) fn with_cas(&self, cas: Vec<KeptCa>) -> Self {
        Self { cas, ..*self }
    }

    /// The certificates in the file of `ca`, its own first.
    pub(crate) fn certificates_of(&self, ca: &KeptCa) -> Result<Vec<Certificate>> {
        Ok(folder::read_certificates(self.folder, &ca.certificate)?)
    }

    /// The roots that others trust, those first that sign.
    pub(crate) fn trusted(&self) -> Result<Vec<Certificate>> {
        let roots = self
            .cas
            .iter()
            .filter(|ca| ca.role == CaRole::Root && ca.state != CaState::Retired);
        let mut trusted = Vec::new();
        for root in roots {
            trusted.extend(self.certificates_of(root)?);
        }
        Ok(trusted)
    }

    /// Writes the roots that are trusted into one file; its path.
    pub(crate) fn write_bundle(&self) -> Result<PathBuf> {
        let path = self.folder.join(folder::BUNDLE);
        further::replace(&path, &self.trusted()?)?;
        Ok(path)
    }

    /// The CA that is called `name` and that `fits`.
    pub(crate) fn named(
        &self,
        name: &str,
        expected: &'static str,
        fits: impl Fn(&&KeptCa) -> bool,
    ) -> Result<&KeptCa, ChangeError> {
        let found = self.cas.iter().filter(&fits).find(|ca| ca.name == name);
        found.ok_or_else(|| ChangeError::NoSuchCa {
            name: handfast_pki::text::printable(name),
            expected,
            known: self.cas.iter().filter(&fits).map(|ca| ca.name.clone()).collect(),
        })
    }

    /// The root that signs new CAs.
    pub(crate) fn active_root(&self) -> Result<&KeptCa, ChangeError> {
        let is_root = |ca: &&KeptCa| ca.role == CaRole::Root && ca.state == CaState::Active;
        let found = self.cas.iter().find(is_root);
        found.ok_or_else(|| ChangeError::NoSuchCa {
            name: "root".into(),
            expected: "signs CAs",
            known: self.cas.iter().map(|ca| ca.name.clone()).collect(),
        })
    }

    /// What a new CA is made by, with these limits.
    pub(crate) fn below(&self, bounds: Option<Bounds>) -> Below<'_> {
        Below {
            bounds,
            more: None,
            profiles: self.profiles,
            by: self.by,
        }
    }

    /// Begins a change: no other process makes one meanwhile, and none has made one since these CAs were read.
    pub(crate) fn begin(&self) -> Result<Further<'_>> {
        let files = Further::begin(self.folder)?;
        self.must_be_current()?;
        Ok(files)
    }

    fn must_be_current(&self) -> Result<Vec<KeptCa>> {
        let from = self.store.cas()?;
        if !from.is_empty() && from != self.cas {
            return Err(StoreError::CasChanged.into());
        }
        Ok(from)
    }

    /// Records that the CAs are `to` now, with a line of the journal for each of `details`.
    pub(crate) fn change(
        &self,
        to: &[KeptCa],
        event: Event,
        details: &[String],
        now: Timestamp,
    ) -> Result<()> {
        let each = details.iter();
        let entries: Vec<JournalEntry> = each.map(|detail| entry(event, detail, self.by, now)).collect();
        let from = self.must_be_current()?;
        Ok(self.store.change_cas(&from, to, &entries)?)
    }
}

/// The line of the journal about a CA.
pub(crate) fn described(verb: &str, kept: &KeptCa, certificate: &Certificate) -> String {
    format!(
        "{verb} {} ({}), serial {}, fingerprint {}",
        kept.name,
        certificate.called(),
        certificate.serial(),
        certificate.fingerprint()
    )
}

/// A line of the journal about the CA itself, with the reason that was given for it.
pub(crate) fn entry(event: Event, detail: &str, by: &Requester, now: Timestamp) -> JournalEntry {
    JournalEntry {
        at: now,
        event,
        serial: None,
        requester: Some(by.to_string()),
        code: None,
        detail: by.explained(detail),
    }
}
