//! Keys of issuers of access tokens, fetched like revocation lists: kept on disk, and looked at every five minutes.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use handfast_audit::{Alarm, Event, Sink};
use handfast_jose::Keys;
use handfast_pki::code;
use jiff::Timestamp;

use super::fetch::{fetch, keep, runtime};
use crate::live::Live;

/// How often keys are fetched. Their issuer publishes a new one some time before it signs with it.
const OFTEN: Duration = Duration::from_secs(300);
/// The first pause after a fetch that failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Looks after the keys that are fetched. While a URL does not answer, the last keys stay in use, and an alarm says so.
pub(super) struct KeyCare {
    live: Arc<Live>,
    sink: Arc<dyn Sink>,
    tries: HashMap<String, Try>,
}

struct Try {
    again: Instant,
    /// Nothing after one that went well.
    pause: Option<Duration>,
}

impl KeyCare {
    pub(super) fn new(live: Arc<Live>, sink: Arc<dyn Sink>) -> Self {
        Self {
            live,
            sink,
            tries: HashMap::new(),
        }
    }

    /// Fetches what is due, and says whether other keys have come.
    pub(super) fn look(&mut self) -> bool {
        let due = |url: &String| {
            self.tries
                .get(url)
                .is_none_or(|tried| Instant::now() >= tried.again)
        };
        let mut urls: Vec<(String, PathBuf)> = self.live.key_urls();
        urls.sort();
        urls.dedup();
        urls.retain(|(url, _)| due(url));
        let mut has_changed = false;
        for (url, kept) in urls {
            let fetched = fetched(&url, &kept);
            let before = self.tries.get(&url).and_then(|tried| tried.pause);
            let pause = match &fetched {
                Ok(is_new) => {
                    has_changed |= is_new;
                    None
                }
                Err(why) => {
                    if before.is_none() {
                        self.alarm(format!("the keys of \"{url}\" cannot be fetched: {why}"));
                    }
                    Some(before.map_or(PAUSE, |before| (before * 2).min(OFTEN)))
                }
            };
            let again = Instant::now() + pause.unwrap_or(OFTEN);
            self.tries.insert(url, Try { again, pause });
        }
        has_changed
    }

    fn alarm(&self, reason: String) {
        self.sink.take(Event::Alarm(Alarm {
            time: Timestamp::now(),
            code: code::JWKS_UNUSABLE,
            reason,
        }));
    }
}

/// Keeps what `url` answers with, if it is other keys than before.
fn fetched(url: &str, kept: &Path) -> Result<bool, String> {
    let bytes = runtime()?.block_on(fetch(url))?;
    Keys::read(&bytes).map_err(|error| error.to_string())?;
    if fs::read(kept).is_ok_and(|before| before == bytes) {
        return Ok(false);
    }
    keep(kept, &bytes).map(|()| true)
}
