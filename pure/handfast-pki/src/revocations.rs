//! What the operator names for one CA: revocation lists and sets, and where each comes from. A certificate of that CA is
//! good only as long as one of them says so; what none says is unknown, and what is unknown is refused.
//!
//! Lists and sets are verified and asked by [`crate::revocation`]. Here they are kept by their place, so that a refusal can
//! name it, and a list of a CA that is not trusted by itself waits until that CA is shown.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;

use crate::{
    Certificate, Refusal, Role,
    crl::RevocationList,
    revocation::{
        Revocation, Stale,
        list::{CrlIndex, ListAnswer, ListError},
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
                let list = Self::waiting(der, issuer)?;
                // What its issuer could not make good any more is not waited for.
                if now > list.next_update && stale == Stale::Refuse {
                    return Err(ListError::Expired {
                        issuer: list.issuer,
                        next_update: list.next_update,
                        now,
                    });
                }
                Ok(list)
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
        })
    }

    fn waiting(der: &[u8], issuer: String) -> Result<Self, ListError> {
        let list = RevocationList::from_der(der).map_err(|_| unreadable())?;
        Ok(Self {
            index: OnceLock::new(),
            unverified: Mutex::new(der.to_vec()),
            issuer,
            number: list.number,
            this_update: list.this_update,
            next_update: list.next_update.ok_or_else(unreadable)?,
        })
    }

    /// The list, where `issuer` has signed it.
    fn of(&self, issuer: &Certificate, at: Timestamp) -> Option<&CrlIndex> {
        if self.index.get().is_none() {
            let mut der = self.unverified.lock().unwrap_or_else(PoisonError::into_inner);
            // That it has ended meanwhile is judged with each answer.
            let issuer = std::slice::from_ref(issuer);
            let index = CrlIndex::read_by([&der[..]], issuer, at, Stale::DangerouslyKeep).ok()?;
            if self.index.set(index).is_ok() {
                *der = Vec::new();
            }
        }
        self.index.get()
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

    /// Whether it is of the same CA as `other`, and of no earlier state.
    pub fn is_as_new_as(&self, other: &Self) -> bool {
        self.issuer == other.issuer && !self.is_older_than(other)
    }

    /// Whether it is of an earlier state of the same CA than `other`, by the number where both have one, else by the time.
    pub fn is_older_than(&self, other: &Self) -> bool {
        let order = |number: &str| {
            (
                number.trim_start_matches('0').len(),
                number.trim_start_matches('0').to_owned(),
            )
        };
        self.issuer == other.issuer
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
            let lists = match &source.held {
                Held::Lists(lists) => lists.as_slice(),
                Held::Sets(_) => &[],
            };
            lists
                .iter()
                .filter_map(move |list| Some((&*source.name, list.of(issuer, at)?)))
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
            None => format!("there is no revocation list of it in {}", self.named()),
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

    fn named(&self) -> String {
        let names = self.sources.iter().map(|source| format!("\"{}\"", source.name));
        names.collect::<Vec<_>>().join(", ")
    }
}
