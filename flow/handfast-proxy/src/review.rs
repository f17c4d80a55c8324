//! After a reload: every open connection is judged again by the new state, and closed where that refuses it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use handfast_pki::Code;
use jiff::Timestamp;

use crate::{host::Standing, live::Live, pulse::GRACE, registry::Registry};

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

    /// Starts a review where a connection was last judged by an earlier state. Called after a reload, and once per tick, so
    /// that a handshake which began before a reload and ended after it is found, too.
    pub(crate) fn look(self: &Arc<Self>) {
        let state = self.live.state();
        if self.runs.load(Relaxed) {
            return;
        }
        let outdated = self.registry.judged_before(state.generation());
        if outdated.is_empty() {
            return;
        }
        let running = Running::begin(self.clone());
        tokio::spawn(async move {
            let (at, registry) = (Timestamp::now(), running.0.registry.clone());
            let judge = |standing: &Standing| state.judge_again(standing, at);
            let refused = judge_all(&registry, &outdated, state.generation(), judge).await;
            // Before the grace: another reload is not to wait for it.
            drop((running, outdated, state));
            if !refused.is_empty() {
                tokio::time::sleep(GRACE).await;
                registry.cut(&refused);
            }
        });
    }
}

/// A review that runs. However it ends, by a panic too, the next tick begins another where one is needed.
struct Running(Arc<Review>);

impl Running {
    fn begin(review: Arc<Review>) -> Self {
        review.runs.store(true, Relaxed);
        Self(review)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.runs.store(false, Relaxed);
    }
}

/// Judges each client of each host once, however many connections it has; says which connections are refused.
async fn judge_all(
    registry: &Registry,
    outdated: &[(u64, Standing)],
    generation: u64,
    judge: impl Fn(&Standing) -> Result<(), (Code, String)>,
) -> Vec<u64> {
    let mut refused = Vec::new();
    let mut verdicts: HashMap<(usize, usize), Option<(Code, String)>> = HashMap::new();
    for (id, standing) in outdated {
        // Both are kept alive by `outdated`, so that an address stands for one of them. Each remembered chain has an admission
        // of its own.
        let address = (
            Arc::as_ptr(&standing.admission) as usize,
            Arc::as_ptr(&standing.host) as usize,
        );
        let judged = verdicts.len();
        let verdict = match verdicts.entry(address) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                if judged % AT_ONCE == AT_ONCE - 1 {
                    tokio::task::yield_now().await;
                }
                new.insert(judge(standing).err())
            }
        };
        registry.judged(*id, generation, verdict.as_ref());
        if verdict.is_some() {
            refused.push(*id);
        }
    }
    refused
}
