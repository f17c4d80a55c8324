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
    Code, Held, RevocationSource, SignedList, code,
    revocation::{Stale, age::Age},
};
use jiff::Timestamp;

use super::{
    fetch::{fetch, keep, runtime},
    keys::KeyCare,
    older,
};
use crate::live::Live;

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
    pause: Duration,
}

/// Which list of which source: its name, and when it was made and ends.
type Known = (Arc<str>, Timestamp, Timestamp);

struct Care {
    live: Arc<Live>,
    sink: Arc<dyn Sink>,
    tries: HashMap<String, Try>,
    told: HashSet<(Known, u8)>,
    ended: HashSet<Known>,
}

impl Care {
    /// Says whether something has changed that a reload takes over.
    fn look(&mut self) -> bool {
        let now = Timestamp::now();
        let state = self.live.state();
        let sources: Vec<RevocationSource> = state.lists().cloned().collect();
        let mut has_changed = false;
        for (url, kept) in self.live.urls() {
            let held = sources.iter().find(|source| *source.name == *url);
            let lists = match held.map(|source| &source.held) {
                Some(Held::Lists(lists)) => lists.as_slice(),
                _ => &[],
            };
            let is_due = |list: &Arc<SignedList>| age(list.this_update(), list.next_update(), now).is_some();
            if lists.is_empty() || lists.iter().any(is_due) {
                has_changed |= self.fetch(&url, kept, lists);
            }
        }
        for source in &sources {
            for (made, ends) in source.lives() {
                has_changed |= self.warn(&source.name, (made, ends), now);
            }
        }
        has_changed
    }

    /// Fetches `url` where it is time to, and says whether something newer came than what is `held`.
    fn fetch(&mut self, url: &str, kept: PathBuf, held: &[Arc<SignedList>]) -> bool {
        if self
            .tries
            .get(url)
            .is_some_and(|tried| Instant::now() < tried.again)
        {
            return false;
        }
        let fetched = runtime().and_then(|runtime| runtime.block_on(fetch(url)));
        let fetched = fetched.and_then(|bytes| newer(&bytes, held).map(|is_newer| (bytes, is_newer)));
        let failed = match fetched {
            Ok((bytes, true)) => match keep(&kept, &bytes) {
                Ok(()) => {
                    self.tries.remove(url);
                    return true;
                }
                Err(why) => Some(why),
            },
            Ok((_, false)) => None,
            Err(why) => Some(why),
        };
        let before = self.tries.get(url).map(|tried| tried.pause * 2);
        let pause = before.unwrap_or(PAUSES.0).min(PAUSES.1);
        if let (Some(why), None) = (&failed, before) {
            self.alarm(
                code::CRL_UNUSABLE,
                format!("the revocation list \"{url}\" cannot be fetched: {why}"),
            );
        }
        let again = Instant::now() + pause;
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

    fn alarm(&self, code: Code, reason: String) {
        let time = Timestamp::now();
        self.sink.take(Event::Alarm(Alarm { time, code, reason }));
    }
}

/// The step that something has reached which was made and ends at these times: 50, 75, 90 or 100 % of its life.
fn age(made: Timestamp, ends: Timestamp, now: Timestamp) -> Option<u8> {
    Age::of(made, ends, now).warning()
}

/// Whether `bytes` hold something newer than `held`; what is older, ended or unreadable is no list to keep.
fn newer(bytes: &[u8], held: &[Arc<SignedList>]) -> Result<bool, String> {
    let lists = load::signed_lists_of(bytes, &[], Timestamp::now(), Stale::Refuse)
        .map_err(|problem| problem.message)?;
    let lists: Vec<_> = lists.into_iter().map(Arc::new).collect();
    let now = Timestamp::now();
    if let Some(over) = lists.iter().find(|list| list.next_update() < now) {
        return Err(format!("what it answers with ended at {}", over.next_update()));
    }
    if older(&lists, held).is_some() {
        return Err("what it answers with is older than what is here".to_owned());
    }
    let is_new = |list: &Arc<SignedList>| held.iter().all(|old| old.this_update() != list.this_update());
    Ok(lists.iter().any(is_new))
}
