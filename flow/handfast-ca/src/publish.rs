//! Publish: the revocation lists (CRL, RFC 5280 section 5) of every issuer of the authority.
//!
//! A list's number is taken from the records before it is signed, so that of two processes that make one at the same
//! time the slower signs nothing that counts. Entries stay until a list beyond the expiry of their certificate has named
//! them (section 3.3).
//!
//! A list of the issuing CA does not say which CAs the root has revoked, and verifiers that check every certificate of a
//! path (nginx, HAProxy, OpenSSL with `crl_check_all`) want both. The root's key may be away; its last list is kept in
//! the records and handed out for as long as it is fresh.

mod ages;
mod answers;
pub(crate) mod delegates;
pub(crate) mod kept;
pub(crate) mod sets;
mod shards;

use std::collections::BTreeSet;

use handfast_pki::{
    Certificate, Fingerprint,
    crl::{
        RevocationList,
        build::{self, Draft, ListToSign, Plan},
        lint,
    },
    pem,
    revocation::age::Age,
    text::hex,
};
use jiff::{SignedDuration, Timestamp};

use self::kept::ListRecords;
pub use self::{
    ages::Published,
    answers::{OcspAnswer, OcspAnswers},
    delegates::OcspSigner,
    sets::{SignedSet, SignedSets},
    shards::{SignedShard, SignedShards},
};
use crate::{
    approve,
    authority::Authority,
    error::{Error, Result},
    issuer::Issuer,
    made, must_be_reconciled,
    records::{Event, IssuerIds, JournalEntry, KeptList, Reason, StoreError},
    requester::Requester,
    sign,
};

/// How long a list of a root is good: as long as its key may stay away.
pub(crate) const ROOT_LIFETIME: SignedDuration = SignedDuration::from_hours(24 * 366);

/// One list for each CA of the path, the one that signs leaves first.
#[derive(Debug, Clone)]
pub struct RevocationLists {
    lists: Vec<SignedList>,
    missing: Vec<MissingList>,
}

/// A list and what it is about.
#[derive(Debug, Clone)]
pub struct SignedList {
    /// The subject of the CA that signed it.
    pub issuer: String,
    /// How many certificates it names.
    pub entries: usize,
    /// How many of them were revoked later than the list was made, by a clock that was ahead; they are in it with its time.
    pub ahead: usize,
    pub list: KeptList,
}

/// A CA of the path whose list cannot be handed out: its key is not here.
#[derive(Debug, Clone)]
pub struct MissingList {
    /// Its subject.
    pub issuer: String,
    pub why: &'static str,
}

impl SignedList {
    /// How much of its life is used up.
    pub fn age(&self, now: Timestamp) -> Age {
        Age::of(self.list.this_update, self.list.next_update, now)
    }
}

impl RevocationLists {
    /// Every list that there is.
    pub fn lists(&self) -> &[SignedList] {
        &self.lists
    }

    /// What verifiers that check every certificate of a path will miss.
    pub fn missing(&self) -> &[MissingList] {
        &self.missing
    }

    /// All of them as PEM blocks in one file, as nginx, HAProxy and OpenSSL read it, in parts.
    pub fn to_pem(&self) -> impl Iterator<Item = String> {
        self.lists
            .iter()
            .flat_map(|signed| pem::write_parts("X509 CRL", &signed.list.der))
    }
}

impl Authority {
    /// Signs a new list of every issuing CA, good for `lifetime`, and adds those of the CAs above: a new one where the
    /// root's key is in the folder, else the last one that is kept and still true.
    pub fn publish(
        &self,
        lifetime: SignedDuration,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<RevocationLists> {
        approve::publication(requester)?;
        self.must_be_able_to_publish()?;
        let mut lists = Vec::new();
        let mut missing = Vec::new();
        for issuer in self.issuers() {
            lists.push(sign_list(
                issuer,
                ListRecords::of(self.store()),
                lifetime,
                requester,
                now,
            )?);
        }
        for above in &self.above() {
            match self.list_above(above, requester, now)? {
                Ok(list) => lists.push(list),
                Err(why) => missing.push(MissingList {
                    issuer: above.called(),
                    why,
                }),
            }
        }
        Ok(RevocationLists { lists, missing })
    }

    /// Whether every issuing CA can sign: of several lists none is signed where one cannot be.
    fn must_be_able_to_publish(&self) -> Result<()> {
        must_be_reconciled(self.store())?;
        self.issuers().iter().try_for_each(|issuer| Ok(issuer.ready()?))
    }

    fn list_above(
        &self,
        ca: &Certificate,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<Result<SignedList, &'static str>> {
        if let Some(issuer) = root_issuer(self, ca)? {
            return sign_list(
                &issuer,
                ListRecords::of(self.store()),
                ROOT_LIFETIME,
                requester,
                now,
            )
            .map(Ok);
        }
        let ids = IssuerIds::of(ca);
        // That of an issuing CA is not kept.
        let last = self.store().last_list(&ids.key)?.list;
        let Some(list) = last.filter(|list| !list.der.is_empty()) else {
            return Ok(Err("its key is not here, and no list of it is kept"));
        };
        let named: BTreeSet<String> = RevocationList::from_der(&list.der)?.revoked.into_iter().collect();
        let mut newer = 0;
        self.store().revoked(&ids, Some(now), &mut |revoked| {
            newer += usize::from(!named.contains(&revoked.serial));
            Ok(())
        })?;
        Ok(if now > list.next_update {
            Err("its key is not here, and its last list has expired")
        } else if newer > 0 {
            Err(
                "its key is not here, and it has revoked a CA since its last list: ca crl --root-at DIR makes a new one",
            )
        } else {
            Ok(SignedList {
                issuer: ca.called(),
                entries: named.len(),
                ahead: 0,
                list,
            })
        })
    }
}

/// `ca` with its key, where it is a root and the key is here.
fn root_issuer(authority: &Authority, ca: &Certificate) -> Result<Option<Issuer>> {
    let Some(key) = authority.key_of_root(&ca.public_key()) else {
        return Ok(None);
    };
    let signer = made::kept(authority.folder(), &key, &ca.public_key())?;
    Issuer::new(signer, vec![ca.clone()], []).map(Some)
}

/// How often a list is tried again that another process was faster with: each time one of them gets its number.
const TRIES: usize = 100;

/// Signs a list of `issuer`, good for `lifetime` and never beyond the issuer itself, and keeps it in the records.
pub(crate) fn sign_list(
    issuer: &Issuer,
    records: ListRecords<'_>,
    lifetime: SignedDuration,
    requester: &Requester,
    now: Timestamp,
) -> Result<SignedList> {
    retried(|| try_list(issuer, records, lifetime, requester, now))
}

/// `attempt`, again and again while another process takes the number.
fn retried<T>(attempt: impl Fn() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        match attempt() {
            Err(Error::Store(StoreError::ListOvertaken { .. })) => {}
            done => return done,
        }
    }
    attempt()
}

/// From when until when a list, a set or an answer is good.
struct Span {
    this_update: Timestamp,
    next_update: Timestamp,
}

/// From now on for `lifetime`, in whole seconds, and never beyond the issuer itself.
fn span(issuer: &Issuer, lifetime: SignedDuration, now: Timestamp) -> Span {
    let this_update = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let expires = issuer
        .certificate()
        .map_or(Timestamp::MAX, Certificate::not_after);
    let next_update = this_update.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    Span {
        this_update,
        next_update: next_update.min(expires),
    }
}

fn try_list(
    issuer: &Issuer,
    records: ListRecords<'_>,
    lifetime: SignedDuration,
    requester: &Requester,
    now: Timestamp,
) -> Result<SignedList> {
    if !may_sign_lists(issuer) {
        return Err(Error::NotACa {
            subject: issuer.certificate().map(Certificate::called).unwrap_or_default(),
            detail: "its key usage leaves cRLSign out, so that its revocation lists count nowhere",
        });
    }
    // Before a number is taken.
    records.all().try_for_each(must_be_reconciled)?;
    issuer.ready()?;
    let id = issuer.id();
    let last = records.last_lists(&id)?;
    let number = 1 + last.iter().map(|last| last.number).max().unwrap_or_default();
    let name = issuer.certificate().map(Certificate::called).unwrap_or_default();
    let entry = |event, detail| line(event, detail, requester, now);
    let numbered = format!("list number {number} of {name}");
    records.take(&id, &last, number, &entry(Event::Numbered, numbered))?;
    let Span {
        this_update,
        next_update,
    } = span(issuer, lifetime, now);
    let plan = Plan {
        issuer: issuer.names(),
        number,
        this_update,
        next_update,
        point: None,
    };
    let mut draft = Draft::new(&plan)?;
    let is_root = issuer.certificate().is_some_and(Certificate::is_self_issued);
    let filled = records.fill(&mut draft, issuer, &last, this_update)?;
    let count = filled.entries;
    let list = KeptList {
        number,
        this_update: plan.this_update,
        next_update: plan.next_update,
        der: sign::list(checked(draft)?, number, issuer)?,
    };
    let digest = Fingerprint::of(&list.der);
    let listed = format!("list number {number} of {name} with {count} entries and SHA-256 {digest}");
    // Only the last list of a CA whose key goes away is asked for again; the others are made anew at any time.
    let der = if is_root { list.der.clone() } else { Vec::new() };
    records.keep(&id, &KeptList { der, ..list }, &entry(Event::Listed, listed))?;
    Ok(SignedList {
        issuer: name,
        entries: count,
        ahead: filled.ahead,
        list,
    })
}

/// A line of the journal about what is published.
fn line(event: Event, detail: String, requester: &Requester, now: Timestamp) -> JournalEntry {
    JournalEntry {
        at: now,
        event,
        serial: None,
        requester: Some(requester.to_string()),
        code: None,
        detail: requester.explained(&detail),
    }
}

/// The list, read as a stranger would before it is signed.
fn checked(draft: Draft<'_>) -> Result<ListToSign> {
    let list = draft.finish()?;
    match lint::check(list.as_bytes()) {
        Ok(()) => Ok(list),
        Err(problem) => Err(Error::Lint {
            problems: vec![problem.to_owned()],
        }),
    }
}

/// Whether verifiers will take lists of this issuer (RFC 5280 section 6.3.3 (f)).
pub(crate) fn may_sign_lists(issuer: &Issuer) -> bool {
    let usage = issuer.certificate().and_then(Certificate::key_usage);
    usage.is_none_or(|usage| usage.crl_sign())
}

/// Whether something was revoked later than what says so is made; lists know whole seconds.
fn is_ahead(at: Timestamp, this_update: Timestamp) -> bool {
    at.as_second() > this_update.as_second()
}

impl IssuerIds {
    /// By which the records name the CA of `certificate`.
    pub(crate) fn of(certificate: &Certificate) -> Self {
        let key = certificate.public_key().key_id();
        let written = certificate.subject_key_id().unwrap_or_else(|| key.clone());
        Self {
            key: hex(&key),
            written: hex(&written),
        }
    }
}

impl Reason {
    fn in_lists(self) -> build::CrlReason {
        use build::CrlReason as R;
        match self {
            Self::Unspecified => R::Unspecified,
            Self::KeyCompromise => R::KeyCompromise,
            Self::CaCompromise => R::CaCompromise,
            Self::AffiliationChanged => R::AffiliationChanged,
            Self::Superseded => R::Superseded,
            Self::CessationOfOperation => R::CessationOfOperation,
            Self::PrivilegeWithdrawn => R::PrivilegeWithdrawn,
            Self::AaCompromise => R::AaCompromise,
        }
    }
}
