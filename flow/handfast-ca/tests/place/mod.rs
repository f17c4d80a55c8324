//! A folder with a CA in it, a clock that the test sets, and a store that something happens around.

#![allow(dead_code, reason = "each test file uses another part of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use handfast_ca::{
    Applicant, AuditLog, Authority, Begun, CertRequest, Finished, Issued, IssuerHead, IssuerIds,
    JournalEntry, JournalLine, JournalQuery, KeptCa, KeptList, ListState, NewAuthority, Page, Plan, Query,
    Revocation, RevokedSerial, Row, Shown, Store, StoreError, TakenBack, Totals, Waiting,
};
use handfast_pki::{
    Anchors, Certificate, Fingerprint, KeyKind, PrivateKey, Profile, Purpose, Trust, name::AltName,
    verify::verify,
};
use jiff::{SignedDuration, Timestamp};

/// A folder for one test, removed afterwards.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("handfast-ca-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).expect("a scratch folder");
        Self(path)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a time")
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub(crate) fn new_authority() -> NewAuthority {
    NewAuthority {
        name: "Acme".into(),
        key: KeyKind::P256.into(),
        bounds: None,
    }
}

pub(crate) fn authority(place: &Path) -> Authority {
    Authority::create(place, &new_authority(), now()).expect("an authority")
}

pub(crate) fn request(profile: Profile, dns: &str) -> CertRequest {
    let key = PrivateKey::generate(KeyKind::P256).expect("a key");
    CertRequest {
        profile: profile.into(),
        applicant: Applicant::holding(&key),
        names: vec![AltName::dns(dns).expect("a name")],
        common_name: None,
        lifetime: None,
        roles: Vec::new(),
    }
}

/// Whether what was issued leads to `root`, by what verifies certificates everywhere.
pub(crate) fn is_trusted(issued: &Issued, root: &Certificate, purpose: Purpose, at: Timestamp) -> bool {
    let chain: Vec<_> = issued
        .chain()
        .iter()
        .map(|certificate| certificate.der().clone())
        .collect();
    verify(
        &chain,
        &Trust::from(Anchors::new(vec![root.clone()], at).expect("anchors")),
        purpose,
        at,
    )
    .is_ok()
}

/// A step of a [`Store`], and whether it is over.
pub(crate) type Step = (&'static str, bool);

/// `inner`, with `happens` called before and after `begin` and `finish`; an error of it is one of the step.
pub(crate) fn around(
    inner: Box<dyn Store>,
    happens: impl Fn(Step) -> Result<(), StoreError> + Send + Sync + 'static,
) -> Box<dyn Store> {
    Box::new(Around { inner, happens })
}

struct Around<F> {
    inner: Box<dyn Store>,
    happens: F,
}

impl<F: Fn(Step) -> Result<(), StoreError> + Send + Sync> Store for Around<F> {
    fn begin(&self, plans: &[Plan]) -> Result<Vec<Begun>, StoreError> {
        (self.happens)(("begin", false))?;
        let begun = self.inner.begin(plans)?;
        (self.happens)(("begin", true))?;
        Ok(begun)
    }
    fn finish(&self, done: &[Finished]) -> Result<(), StoreError> {
        (self.happens)(("finish", false))?;
        self.inner.finish(done)?;
        (self.happens)(("finish", true))
    }
    fn revoke(&self, revocations: &[Revocation]) -> Result<Vec<TakenBack>, StoreError> {
        self.inner.revoke(revocations)
    }
    fn is_blocked(&self, key: Fingerprint) -> Result<bool, StoreError> {
        self.inner.is_blocked(key)
    }
    fn revoked(
        &self,
        issuer: &IssuerIds,
        since: Option<Timestamp>,
        each: &mut dyn FnMut(RevokedSerial) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.inner.revoked(issuer, since, each)
    }
    fn indexes(&self, issuer: &str, at: Timestamp) -> Result<std::ops::Range<u64>, StoreError> {
        self.inner.indexes(issuer, at)
    }
    fn uncounted(
        &self,
        issuer: &IssuerIds,
        at: Timestamp,
        each: &mut dyn FnMut(&str) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.inner.uncounted(issuer, at, each)
    }
    fn last_list(&self, issuer: &str) -> Result<ListState, StoreError> {
        self.inner.last_list(issuer)
    }
    fn take_list_number(
        &self,
        issuer: &str,
        last: u64,
        next: u64,
        entry: &JournalEntry,
    ) -> Result<u64, StoreError> {
        self.inner.take_list_number(issuer, last, next, entry)
    }
    fn keep_list(&self, issuer: &str, list: &KeptList, entry: &JournalEntry) -> Result<(), StoreError> {
        self.inner.keep_list(issuer, list, entry)
    }
    fn lines(&self, query: &JournalQuery) -> Result<Vec<JournalLine>, StoreError> {
        self.inner.lines(query)
    }
    fn journal(&self, entries: &[JournalEntry]) -> Result<(), StoreError> {
        self.inner.journal(entries)
    }
    fn find(&self, query: &Query) -> Result<Page, StoreError> {
        self.inner.find(query)
    }
    fn waiting(&self) -> &dyn Waiting {
        self.inner.waiting()
    }
    fn cas(&self) -> Result<Vec<KeptCa>, StoreError> {
        self.inner.cas()
    }
    fn change_cas(&self, from: &[KeptCa], to: &[KeptCa], entries: &[JournalEntry]) -> Result<(), StoreError> {
        self.inner.change_cas(from, to, entries)
    }
    fn gap(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.gap()
    }
    fn reconcile(&self, shown: &Shown, now: Timestamp, entry: &JournalEntry) -> Result<(), StoreError> {
        self.inner.reconcile(shown, now, entry)
    }
    fn count(&self) -> Result<u64, StoreError> {
        self.inner.count()
    }
    fn answered(&self, requester: &str, key: &str) -> Result<Option<(Fingerprint, Row)>, StoreError> {
        self.inner.answered(requester, key)
    }
    fn totals(&self, now: Timestamp) -> Result<Totals, StoreError> {
        self.inner.totals(now)
    }
    fn heads(&self) -> Result<Vec<IssuerHead>, StoreError> {
        self.inner.heads()
    }
    fn log(&self) -> &dyn AuditLog {
        self.inner.log()
    }
}
