//! Revocation lists: read from files, fetched from URLs in the background, kept on disk, and looked after.
//!
//! What a list says is judged by `handfast-pki`; here it is brought up to date. A URL is fetched anew at half of its list's
//! life, and what was fetched lies in a file, so that the next start has it at once. What is not current is said early,
//! and when a list ends everything is loaded anew, so that open connections are judged by what is left.

mod fetch;
mod keep;
mod keys;

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Certificate, Held, RevocationSource, Revocations, SignedList, code, revocation::Stale};
use jiff::Timestamp;

pub(crate) use self::keep::Keeper;
use crate::sources::{ClientCas, ListPlace};

/// Lists that were read, by their file. A list of a million entries is not read anew because a rule has changed.
#[derive(Default)]
pub(crate) struct Lists {
    known: Mutex<HashMap<PathBuf, (Version, Found)>>,
    /// Whether one that has ended is read all the same: whom it refuses is then for each decision.
    with_ended: bool,
}

type Found = Vec<Arc<SignedList>>;

/// What tells that a file is another than before.
#[derive(PartialEq, Eq)]
struct Version {
    length: u64,
    inode: u64,
    changed: (i64, i64),
}

impl Version {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            length: metadata.len(),
            inode: metadata.ino(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

impl Lists {
    /// Those of a proxy that has been running since they were current.
    pub(crate) fn with_ended() -> Self {
        Self {
            with_ended: true,
            ..Self::default()
        }
    }

    /// The lists and sets of `clients`, where it names any, verified by its `cas`; what it had `before` is not replaced by
    /// something older. A file that cannot be used is a problem, a URL that was not fetched yet is none: then nobody can be
    /// shown to be good by it.
    pub(crate) fn of(
        &self,
        clients: &ClientCas,
        cas: &[Certificate],
        before: Option<&Revocations>,
        now: Timestamp,
    ) -> Result<Option<Revocations>, Problem> {
        if clients.lists.is_empty() {
            return Ok(None);
        }
        // The CAs that were shown in chains to `cas`, and have signed what is used: their next lists are verified at once.
        let signers: Vec<&Certificate> = before
            .into_iter()
            .flat_map(Revocations::sources)
            .flat_map(|source| source.lists().iter().filter_map(|list| list.signer()))
            .collect();
        let mut sources = Vec::new();
        for place in &clients.lists {
            let held = match place {
                ListPlace::File(path) => Held::Lists(self.read(path, cas, now, clients.stale)?),
                ListPlace::Url { kept, .. } => {
                    Held::Lists(self.read(kept, cas, now, clients.stale).unwrap_or_default())
                }
                ListPlace::Set(path) => {
                    Revocations::held_sets(load::revocation_sets(path, now)?, clients.stale)
                }
            };
            let mut source = RevocationSource {
                name: place.to_string().into(),
                held,
            };
            for list in source.lists() {
                signers.iter().for_each(|signer| list.show(signer, now));
            }
            let known = before.into_iter().flat_map(Revocations::sources);
            for old in known.filter(|old| old.name == source.name) {
                must_not_be_older(&source, old)?;
                if let Held::Lists(lists) = &mut source.held {
                    stay_beside_candidates(lists, old.lists());
                }
            }
            sources.push(source);
        }
        Ok(Some(Revocations::new(sources, clients.stale)))
    }

    fn read(&self, path: &Path, cas: &[Certificate], now: Timestamp, stale: Stale) -> Result<Found, Problem> {
        let version = Version::of(path);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(now), Some((then, lists))) = (&version, known.get(path))
            && now == then
        {
            return Ok(lists.clone());
        }
        let at_load = if self.with_ended {
            Stale::DangerouslyKeep
        } else {
            stale
        };
        let lists = load::signed_lists(path, cas, now, at_load)?;
        let lists: Found = lists.into_iter().map(Arc::new).collect();
        if let Some(version) = version {
            known.insert(path.to_owned(), (version, lists.clone()));
        }
        Ok(lists)
    }
}

/// How many candidates of before stay.
const CANDIDATES: usize = 4;

/// A candidate replaces nothing: what was there `before` of the CA that it names stays until one is verified.
fn stay_beside_candidates(lists: &mut Found, before: &[Arc<SignedList>]) {
    let candidates: Found = lists.iter().filter(|list| !list.is_verified()).cloned().collect();
    let stays = |old: &&Arc<SignedList>| {
        let is_there = lists
            .iter()
            .any(|list| Arc::ptr_eq(list, old) || list.is_as_new_as(old));
        !is_there && old.refused().is_none() && candidates.iter().any(|one| one.names_the_ca_of(old))
    };
    let (verified, waiting): (Found, Found) = before
        .iter()
        .filter(stays)
        .cloned()
        .partition(|old| old.is_verified());
    lists.extend(verified.into_iter().chain(waiting.into_iter().take(CANDIDATES)));
}

/// What was revoked since an older list would be good again.
fn must_not_be_older(new: &RevocationSource, old: &RevocationSource) -> Result<(), Problem> {
    let help = "give the newest one of the CA, or restart with this one";
    match (&new.held, &old.held) {
        (Held::Sets(new), Held::Sets(old)) => new
            .sets
            .must_follow(&old.sets)
            .map_err(|error| Problem::new(error.code(), &error).help(help)),
        (Held::Lists(lists), Held::Lists(before)) => match older(lists, before) {
            None => Ok(()),
            Some((list, old)) => {
                let message = format!(
                    "the revocation list \"{}\" is {}, and the one before is {}",
                    new.name,
                    told(list),
                    told(old)
                );
                Err(Problem::new(code::CRL_UNUSABLE, message).help(help))
            }
        },
        _ => Ok(()),
    }
}

/// Number and time: lists of one moment are told apart by the former.
fn told(list: &SignedList) -> String {
    let made = list.this_update();
    match list.number() {
        Some(number) => format!("number {number} (hexadecimal) from {made}"),
        None => format!("from {made}"),
    }
}

/// A verified list that stands in the place of a newer one of the same CA, with that.
pub(super) fn older<'a>(
    lists: &'a [Arc<SignedList>],
    before: &'a [Arc<SignedList>],
) -> Option<(&'a SignedList, &'a SignedList)> {
    before.iter().find_map(|old| {
        let list = lists.iter().find(|list| list.is_older_than(old))?;
        // The parts of one list have numbers of their own, so that one is as new as it was is enough.
        let is_there = lists.iter().any(|list| list.is_as_new_as(old));
        (!is_there).then_some((&**list, &**old))
    })
}
