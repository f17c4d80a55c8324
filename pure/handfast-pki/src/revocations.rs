//! What the operator names for one CA: revocation lists and sets, and where each comes from. A certificate of that CA is
//! good only as long as one of them says so; what none says is unknown, and what is unknown is refused.
//!
//! Lists and sets are verified and asked by [`crate::revocation`]. Here they are kept by their place, so that a refusal can
//! name it, and a list of a CA that is not trusted by itself waits until that CA is shown: until then it is a candidate,
//! which says nothing and takes the place of nothing.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;

use crate::{
    Certificate, PublicKey, Refusal, Role,
    revocation::{
        Revocation, Stale,
        list::{CrlIndex, ListAnswer, ListError, UnverifiedList},
        set::RevocationSets,
    },
};

/// The lists and sets of one CA bundle, and what holds when they are overdue.
#[derive(Debug, Clone, Default)]
pub struct Revocations {
    sources: Vec<RevocationSource>,
    stale: Stale,
}

/// A place, and what it held.
#[derive(Debug, Clone)]
pub struct RevocationSource {
    /// The file or the URL, as people know it.
    pub name: Arc<str>,
    /// What was read.
    pub held: Held,
}

/// What a place held.
#[derive(Debug, Clone)]
pub enum Held {
    /// Revocation lists; none where nothing was fetched yet.
    Lists(Vec<Arc<SignedList>>),
    /// A file of sets.
    Sets(Arc<Revocation>),
}

/// A list, verified once: when it is read, or when its issuer is shown.
#[derive(Debug)]
pub struct SignedList {
    index: OnceLock<CrlIndex>,
    /// The list as it was received, until it is verified.
    unverified: Mutex<Vec<u8>>,
    /// The last key of a CA of the issuer's name that has not signed it, and what does not fit.
    refused: Mutex<Option<(PublicKey, String)>>,
    issuer: String,
    number: Option<String>,
    this_update: Timestamp,
    next_update: Timestamp,
}

impl SignedList {
    /// Reads a list that one of `issuers` has signed. One that names another CA waits for that: nobody is good by it before.
    /// What has ended is taken only where it is to be kept.
    ///
    /// # Errors
    ///
    /// Where it cannot be used: see [`ListError`].
    pub fn read(
        der: &[u8],
        issuers: &[Certificate],
        now: Timestamp,
        stale: Stale,
    ) -> Result<Self, ListError> {
        match CrlIndex::read_by([der], issuers, now, stale) {
            Ok(index) => Self::verified(index).ok_or_else(unreadable),
            Err(ListError::UnknownIssuer { issuer }) => {
                // What its issuer could not make good is not waited for.
                let list = UnverifiedList::read(der, now, stale)?;
                Ok(Self {
                    index: OnceLock::new(),
                    unverified: Mutex::new(der.to_vec()),
                    refused: Mutex::default(),
                    issuer,
                    number: list.number,
                    this_update: list.this_update,
                    next_update: list.next_update,
                })
            }
            Err(error) => Err(error),
        }
    }

    fn verified(index: CrlIndex) -> Option<Self> {
        let list = index.iter().next()?;
        Some(Self {
            issuer: crate::name::shown(list.issuer().subject()),
            number: list.number().map(str::to_owned),
            this_update: list.this_update(),
            next_update: list.next_update(),
            index: OnceLock::from(index),
            unverified: Mutex::default(),
            refused: Mutex::default(),
        })
    }

    /// The list, where `issuer` has signed it.
    fn of(&self, issuer: &Certificate, at: Timestamp) -> Option<&CrlIndex> {
        if self.index.get().is_none() {
            self.show(issuer, at);
        }
        self.index.get()
    }

    /// Verifies a candidate, where `issuer` is a CA of the name that it gives. That CA has been found below one that is
    /// trusted, or else it may say nothing here.
    pub fn show(&self, issuer: &Certificate, at: Timestamp) {
        if crate::name::shown(issuer.subject()) != self.issuer {
            return;
        }
        let mut der = self.unverified.lock().unwrap_or_else(PoisonError::into_inner);
        let key = issuer.public_key();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        // A key that has not signed it is not asked with every handshake.
        if self.is_verified() || refused.as_ref().is_some_and(|(other, _)| *other == key) {
            return;
        }
        // That it has ended meanwhile is judged with each answer.
        match CrlIndex::read_by(
            [&der[..]],
            std::slice::from_ref(issuer),
            at,
            Stale::DangerouslyKeep,
        ) {
            Ok(index) => {
                if self.index.set(index).is_ok() {
                    (*der, *refused) = (Vec::new(), None);
                }
            }
            Err(error) => *refused = Some((key, error.to_string())),
        }
    }

    /// Whether its issuer is known to have signed it. Before that nothing that it says counts, its number included.
    pub fn is_verified(&self) -> bool {
        self.index.get().is_some()
    }

    /// The certificate of the CA that has signed it, once that is known.
    pub fn signer(&self) -> Option<&Certificate> {
        Some(self.index.get()?.iter().next()?.issuer())
    }

    /// Why a candidate is of no use to the CA of its name that was seen.
    pub fn refused(&self) -> Option<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.as_ref().map(|(_, why)| why.clone())
    }

    /// Whether both name the same CA, which need not have signed them.
    pub fn names_the_ca_of(&self, other: &Self) -> bool {
        self.issuer == other.issuer
    }

    /// CRL number as hexadecimal digits; lists of version 1 have none.
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when the next one is promised.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// Whether it is of the same CA as `other`, and of no earlier state. Both must be verified for that.
    pub fn is_as_new_as(&self, other: &Self) -> bool {
        self.is_comparable(other) && !self.is_older_than(other)
    }

    fn is_comparable(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.is_verified() && other.is_verified()
    }

    /// Whether it is of an earlier state of the same CA than `other`, by the number where both have one, else by the time.
    /// Both must be verified for that: what anybody can write says nothing about age.
    pub fn is_older_than(&self, other: &Self) -> bool {
        let order = |number: &str| {
            (
                number.trim_start_matches('0').len(),
                number.trim_start_matches('0').to_owned(),
            )
        };
        self.is_comparable(other)
            && match (&self.number, &other.number) {
                (Some(own), Some(theirs)) => order(own) < order(theirs),
                _ => self.this_update < other.this_update,
            }
    }
}

fn unreadable() -> ListError {
    ListError::Malformed {
        detail: "it has no date for the next one, or cannot be read".into(),
    }
}

impl RevocationSource {
    /// The lists that it held; none where it held sets.
    pub fn lists(&self) -> &[Arc<SignedList>] {
        match &self.held {
            Held::Lists(lists) => lists,
            Held::Sets(_) => &[],
        }
    }

    /// When each thing that it held was made, and until when it is good.
    pub fn lives(&self) -> Vec<(Timestamp, Timestamp)> {
        match &self.held {
            Held::Lists(lists) => lists
                .iter()
                .map(|list| (list.this_update, list.next_update))
                .collect(),
            Held::Sets(sets) => {
                let sets = sets.sets.iter();
                sets.map(|set| (set.this_update(), set.next_update())).collect()
            }
        }
    }
}

impl Revocations {
    /// What `sources` held.
    pub fn new(sources: Vec<RevocationSource>, stale: Stale) -> Self {
        Self { sources, stale }
    }

    /// The sets of a file, to be held.
    pub fn held_sets(sets: RevocationSets, stale: Stale) -> Held {
        Held::Sets(Arc::new(Revocation {
            sets,
            lists: CrlIndex::default(),
            stale,
        }))
    }

    /// Where they come from.
    pub fn sources(&self) -> &[RevocationSource] {
        &self.sources
    }

    /// The sets that are about certificates of `issuer`.
    fn sets_of(&self, issuer: &Certificate) -> Option<&Revocation> {
        let key = issuer.public_key();
        self.sources.iter().find_map(|source| match &source.held {
            Held::Sets(sets) => sets.sets.of(&key).map(|_| &**sets),
            Held::Lists(_) => None,
        })
    }

    fn lists_of<'a>(
        &'a self,
        issuer: &'a Certificate,
        at: Timestamp,
    ) -> impl Iterator<Item = (&'a str, &'a CrlIndex)> {
        self.sources.iter().flat_map(move |source| {
            let lists = source.lists().iter();
            lists.filter_map(move |list| Some((&*source.name, list.of(issuer, at)?)))
        })
    }

    /// Why `certificate`, which `issuer` has signed, is refused; nothing where its issuer stands by it. What is overdue still
    /// says who was revoked.
    pub(crate) fn refusal(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        role: Role,
        at: Timestamp,
    ) -> Option<Refusal> {
        if let Some(sets) = self.sets_of(issuer) {
            return sets.refusal(certificate, issuer, role, at);
        }
        let key = issuer.public_key();
        let (mut is_good, mut overdue) = (false, None);
        for (name, lists) in self.lists_of(issuer, at) {
            match lists.answer(certificate, &key, at) {
                ListAnswer::Revoked => {
                    return Some(Refusal::Revoked {
                        role,
                        subject: certificate.called(),
                    });
                }
                ListAnswer::Good => is_good = true,
                ListAnswer::Stale if self.stale == Stale::DangerouslyKeep => is_good = true,
                ListAnswer::Stale => overdue = Some(name),
                ListAnswer::Missing => {}
            }
        }
        let why = match overdue {
            _ if is_good => return None,
            Some(name) => format!("its revocation list \"{name}\" has expired"),
            None => self
                .refused_of(issuer)
                .unwrap_or_else(|| format!("there is no revocation list of it in {}", self.named())),
        };
        Some(Refusal::RevocationUnknown {
            role,
            subject: certificate.called(),
            issuer: issuer.called(),
            why,
        })
    }

    /// Until when what [`Self::refusal`] says of `certificate` holds without another look.
    pub(crate) fn until(&self, issuer: &Certificate, at: Timestamp) -> Option<Timestamp> {
        if self.stale == Stale::DangerouslyKeep {
            return None;
        }
        let key = issuer.public_key();
        let set = self.sets_of(issuer).and_then(|sets| sets.sets.of(&key));
        let lists = self.lists_of(issuer, at).flat_map(|(_, lists)| lists.iter());
        let ends = lists.map(|list| list.next_update()).filter(|end| *end >= at);
        set.map(|set| set.next_update()).into_iter().chain(ends).min()
    }

    /// That there is a list in the name of `issuer`, and why it cannot be used.
    fn refused_of(&self, issuer: &Certificate) -> Option<String> {
        let name = crate::name::shown(issuer.subject());
        self.sources.iter().find_map(|source| {
            let lists = source.lists().iter().filter(|list| list.issuer == name);
            let why = lists.filter_map(|list| list.refused()).next()?;
            Some(format!("\"{}\" cannot be used: {why}", source.name))
        })
    }

    fn named(&self) -> String {
        let names = self.sources.iter().map(|source| format!("\"{}\"", source.name));
        names.collect::<Vec<_>>().join(", ")
    }
}
