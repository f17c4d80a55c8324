//! After a reload: every open connection is judged again by the new state, and closed where that refuses it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use handfast_pki::Code;
use handfast_tls::Peer;
use jiff::Timestamp;

use crate::{live::Live, registry::Registry};

/// The reviews of one worker.
pub(crate) struct Review {
    registry: Arc<Registry>,
    live: Arc<Live>,
    runs: AtomicBool,
}

/// Chains that are judged before others get their turn on the worker's thread.
const AT_ONCE: usize = 8;

impl Review {
    pub(crate) fn new(registry: Arc<Registry>, live: Arc<Live>) -> Arc<Self> {
        Arc::new(Self {
            registry,
            live,
            runs: AtomicBool::new(false),
        })
    }

    /// Starts a review where a connection was last judged by an earlier state. Called once per tick, so that a handshake
    /// which began before a reload and ended after it is found, too.
    pub(crate) fn look(self: &Arc<Self>) {
        let state = self.live.state();
        if self.runs.load(Relaxed) {
            return;
        }
        let outdated = self.registry.judged_before(state.generation());
        if outdated.is_empty() {
            return;
        }
        self.runs.store(true, Relaxed);
        let review = self.clone();
        tokio::spawn(async move {
            let at = Timestamp::now();
            let judge = |peer: &Peer| state.judge_again(peer, at);
            judge_all(&review.registry, &outdated, state.generation(), judge).await;
            review.runs.store(false, Relaxed);
        });
    }
}

/// Judges each chain once, however many connections it has.
async fn judge_all(
    registry: &Registry,
    outdated: &[(u64, Arc<Peer>)],
    generation: u64,
    judge: impl Fn(&Peer) -> Result<(), (Code, String)>,
) {
    let mut verdicts: HashMap<usize, Option<(Code, String)>> = HashMap::new();
    for (id, peer) in outdated {
        // The peers are kept alive by `outdated`, so that an address stands for one of them.
        let address = Arc::as_ptr(peer) as usize;
        let judged = verdicts.len();
        let verdict = match verdicts.entry(address) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                if judged % AT_ONCE == AT_ONCE - 1 {
                    tokio::task::yield_now().await;
                }
                new.insert(judge(peer).err())
            }
        };
        registry.judged(*id, generation, verdict.as_ref());
    }
}
