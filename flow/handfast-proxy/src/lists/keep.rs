//! Looks after the lists that are used: fetches them in time, warns when they grow old, and asks for a reload when one has
//! come or has ended.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use handfast_audit::{Alarm, Event, Sink};
use handfast_credentials::load;
use handfast_pki::{
    Certificate, Code, RevocationSource, SignedList, code,
    revocation::{Stale, age::Age},
};
use jiff::Timestamp;

use super::{
    fetch::{fetch, keep, runtime},
    keys::KeyCare,
    older,
};
use crate::live::{Live, State};

/// How often the lists are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// The first pause after a fetch that failed, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));
/// Looks after the lists of a proxy until it is dropped.
pub(crate) struct Keeper {
    /// The thread ends when this is gone. Nobody waits for it: it may be in the middle of a fetch, which is cut off with the
    /// program.
    _end: Sender<()>,
}

impl Keeper {
    /// Starts with the lists that are missing; `reload` is asked for whenever a list has come or has ended.
    pub(crate) fn start(live: Arc<Live>, sink: Arc<dyn Sink>, reload: impl Fn() + Send + 'static) -> Self {
        let (end, ended) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            let mut keys = KeyCare::new(live.clone(), sink.clone());
            let mut care = Care {
                live,
                sink,
                tries: HashMap::new(),
                told: HashSet::new(),
                ended: HashSet::new(),
                refused: HashSet::new(),
            };
            loop {
                let has_changed = [care.look(), keys.look()];
                if has_changed.contains(&true) {
                    reload();
                }
                if !matches!(ended.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        });
        Self { _end: end }
    }
}

/// What is known of a URL that is fetched.
struct Try {
    again: Instant,
    /// Nothing after one that brought something.
    pause: Option<Duration>,
}

/// Which list of which source: its name, and when it was made and ends.
type Known = (Arc<str>, Timestamp, Timestamp);

struct Care {
    live: Arc<Live>,
    sink: Arc<dyn Sink>,
    tries: HashMap<String, Try>,
    told: HashSet<(Known, u8)>,
    ended: HashSet<Known>,
    refused: HashSet<Known>,
}

impl Care {
    /// Says whether something has changed that a reload takes over.
    fn look(&mut self) -> bool {
        let now = Timestamp::now();
        let state = self.live.state();
        let sources: Vec<RevocationSource> = state.lists().cloned().collect();
        let mut has_changed = false;
        let signers = signers(&state, &sources);
        for (url, kept) in self.live.urls() {
            let held = sources.iter().find(|source| *source.name == *url);
            let lists = held.map_or(&[][..], RevocationSource::lists);
            // A candidate that its CA has not signed is no list, and must not be there at the next start.
            let (refused, usable): (Vec<_>, Vec<_>) =
                lists.iter().cloned().partition(|list| list.refused().is_some());
            let told = refused
                .iter()
                .filter(|list| self.tell_refused(&url, list))
                .count();
            if told > 0 && !usable.iter().any(|list| list.is_verified()) {
                let _ = std::fs::remove_file(&kept);
            }
            let is_due = |list: &Arc<SignedList>| age(list.this_update(), list.next_update(), now).is_some();
            if usable.is_empty() || !refused.is_empty() || usable.iter().any(is_due) {
                has_changed |= self.fetch(&url, kept, &usable, &signers);
            }
        }
        for source in &sources {
            for list in source.lists() {
                self.tell_refused(&source.name, list);
            }
            for (made, ends) in source.lives() {
                has_changed |= self.warn(&source.name, (made, ends), now);
            }
        }
        has_changed
    }

    /// Fetches `url` where it is time to, and says whether something newer came than what is `held`.
    fn fetch(&mut self, url: &str, kept: PathBuf, held: &[Arc<SignedList>], signers: &[Certificate]) -> bool {
        if self
            .tries
            .get(url)
            .is_some_and(|tried| Instant::now() < tried.again)
        {
            return false;
        }
        let fetched = runtime().and_then(|runtime| runtime.block_on(fetch(url)));
        let fetched =
            fetched.and_then(|bytes| newer(&bytes, held, signers).map(|is_newer| (bytes, is_newer)));
        let failed = match fetched {
            Ok((bytes, true)) => match keep(&kept, &bytes) {
                Ok(()) => {
                    // Not at once again, whatever becomes of it: it may be a candidate that its CA has not signed.
                    let again = Instant::now() + PAUSES.0;
                    self.tries.insert(url.to_owned(), Try { again, pause: None });
                    return true;
                }
                Err(why) => Some(why),
            },
            Ok((_, false)) => None,
            Err(why) => Some(why),
        };
        let before = self.tries.get(url).and_then(|tried| Some(tried.pause? * 2));
        let pause = before.unwrap_or(PAUSES.0).min(PAUSES.1);
        if let (Some(why), None) = (&failed, before) {
            self.alarm(
                code::CRL_UNUSABLE,
                format!("the revocation list \"{url}\" cannot be fetched: {why}"),
            );
        }
        let again = Instant::now() + pause;
        let pause = Some(pause);
        self.tries.insert(url.to_owned(), Try { again, pause });
        false
    }

    /// Warns once for each step, and says once that a list has ended.
    fn warn(&mut self, name: &Arc<str>, (made, ends): (Timestamp, Timestamp), now: Timestamp) -> bool {
        let Some(step) = age(made, ends, now) else {
            return false;
        };
        let known: Known = (name.clone(), made, ends);
        // One that is fetched is replaced at half of its life, if all goes well.
        let is_due = step > 50 || !name.contains("://");
        if is_due && self.told.insert((known.clone(), step)) {
            let reason = match step {
                100 => format!("the revocation list \"{name}\" ended at {ends}"),
                _ => format!(
                    "{step} % of the life of the revocation list \"{name}\" are over, it ends at {ends}"
                ),
            };
            self.alarm(code::CRL_UNUSABLE, reason);
        }
        step == 100 && self.ended.insert(known)
    }

    /// Says once that a list is there and not used, and whether it was now.
    fn tell_refused(&mut self, name: &str, list: &SignedList) -> bool {
        let known = (name.into(), list.this_update(), list.next_update());
        let Some(why) = list.refused() else {
            return false;
        };
        let is_new = self.refused.insert(known);
        if is_new {
            let reason = format!("the revocation list \"{name}\" is not used: {why}");
            self.alarm(code::CRL_UNUSABLE, reason);
        }
        is_new
    }

    fn alarm(&self, code: Code, reason: String) {
        let time = Timestamp::now();
        self.sink.take(Event::Alarm(Alarm { time, code, reason }));
    }
}

/// The step that something has reached which was made and ends at these times: 50, 75, 90 or 100 % of its life.
fn age(made: Timestamp, ends: Timestamp, now: Timestamp) -> Option<u8> {
    Age::of(made, ends, now).warning()
}

/// The CAs that may have signed lists: those that are trusted, and those below them that were shown and have signed one.
fn signers(state: &State, sources: &[RevocationSource]) -> Vec<Certificate> {
    let trusted = state.cas().flat_map(|ca| ca.anchors().certificates()).cloned();
    let shown = sources.iter().flat_map(RevocationSource::lists);
    let shown = shown.filter_map(|list| list.signer()).cloned();
    let mut all: Vec<Certificate> = Vec::new();
    for one in trusted.chain(shown) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// Whether `bytes` hold something newer than `held`; what is older, ended or unreadable, or is not signed by the CA that it
/// names, is no list to keep. One of a CA that is not known yet is a candidate.
fn newer(bytes: &[u8], held: &[Arc<SignedList>], signers: &[Certificate]) -> Result<bool, String> {
    let now = Timestamp::now();
    let lists =
        load::signed_lists_of(bytes, signers, now, Stale::Refuse).map_err(|problem| problem.message)?;
    let lists: Vec<_> = lists.into_iter().map(Arc::new).collect();
    if let Some(over) = lists.iter().find(|list| list.next_update() < now) {
        return Err(format!("what it answers with ended at {}", over.next_update()));
    }
    if older(&lists, held).is_some() {
        return Err("what it answers with is older than what is here".to_owned());
    }
    let is_new = |list: &Arc<SignedList>| held.iter().all(|old| old.this_update() != list.this_update());
    Ok(lists.iter().any(is_new))
}
