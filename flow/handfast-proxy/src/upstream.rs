//! The backends as one worker uses them: which target is next, which is left out for a while, and the connections that wait.
//!
//! A target is chosen by least requests of two choices. One that refuses or fails is left out, and tried again by one
//! request after a time that doubles; where all are left out, all are tried. Only the worker's thread uses this, so no
//! lock is waited for. A reload keeps what is the same, by the identity of the backend, and retires the rest.

mod health;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
};

use arc_swap::ArcSwap;
use handfast_audit::{Event, Sink, Target as TargetEvent};
use handfast_pki::code;
use jiff::Timestamp;

use self::health::Health;
use crate::{
    backend::{Backend, Target},
    forward::{pool::Pools, slots::BackendSlots, streams::Streams},
    live::State,
};

/// All backends of one worker.
pub(crate) struct Upstreams {
    all: ArcSwap<Vec<Arc<Upstream>>>,
    /// The generation of trust that they were made of.
    generation: AtomicU64,
    workers: usize,
    sink: Arc<dyn Sink>,
}

/// A backend of one worker.
pub(crate) struct Upstream {
    pub(crate) backend: Arc<Backend>,
    ways: Box<[Way]>,
    /// Where the backend has a limit of its own.
    pub(crate) slots: Option<Arc<BackendSlots>>,
    /// No longer a part of the state that serves: nothing new is begun on it.
    retired: AtomicBool,
    /// What the choices are made of; nobody is hurt who guesses them.
    random: AtomicU64,
    sink: Arc<dyn Sink>,
}

/// One target of a backend, as one worker knows it.
pub(crate) struct Way {
    pub(crate) pools: Pools,
    pub(crate) streams: Streams,
    in_use: AtomicU32,
    health: Health,
}

/// Targets that a request has been sent to, one bit for each; a backend has at most
/// [`crate::backend::MOST_TARGETS`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tried(u64);

impl Tried {
    fn has(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }
}

impl Upstreams {
    pub(crate) fn new(state: &State, workers: usize, sink: Arc<dyn Sink>) -> Arc<Self> {
        let upstreams = Self {
            all: ArcSwap::default(),
            generation: AtomicU64::new(0),
            workers,
            sink,
        };
        upstreams.follow(state);
        Arc::new(upstreams)
    }

    /// Takes over the backends of `state`, where they are not those that serve already.
    pub(crate) fn follow(&self, state: &State) {
        if self.generation.swap(state.generation(), Relaxed) == state.generation() {
            return;
        }
        let before = self.all.load();
        let kept = |backend: &Arc<Backend>| {
            let known = before.iter().find(|known| {
                known.backend.name == backend.name && known.backend.identity == backend.identity
            });
            known
                .cloned()
                .unwrap_or_else(|| Upstream::new(backend.clone(), self.workers, self.sink.clone()))
        };
        let now: Vec<_> = state.backends().iter().map(kept).collect();
        for old in before
            .iter()
            .filter(|old| !now.iter().any(|new| Arc::ptr_eq(old, new)))
        {
            old.retire();
        }
        drop(before);
        self.all.store(Arc::new(now));
    }

    /// The backend called `name`; nothing where the state that serves has none.
    pub(crate) fn named(&self, name: &str) -> Option<Arc<Upstream>> {
        let all = self.all.load();
        all.iter()
            .find(|upstream| &*upstream.backend.name == name)
            .cloned()
    }

    /// Each target with its backend, and whether requests go to it.
    pub(crate) fn targets(&self) -> Vec<(String, String, bool)> {
        let all = self.all.load();
        let targets = all.iter().flat_map(|upstream| {
            let targets = upstream.backend.targets.iter().zip(&upstream.ways);
            targets.map(|(target, way)| {
                let backend = upstream.backend.name.to_string();
                (backend, target.to.to_string(), way.health.due() == 0)
            })
        });
        targets.collect()
    }

    /// Closes what has waited too long.
    pub(crate) fn forget_idle(&self, now: u32) {
        for upstream in self.all.load().iter() {
            for way in &upstream.ways {
                way.pools.forget_idle(now);
                way.streams.forget_idle(now);
            }
            if let Some(slots) = &upstream.slots {
                slots.forget_gone();
            }
        }
    }
}

impl Upstream {
    fn new(backend: Arc<Backend>, workers: usize, sink: Arc<dyn Sink>) -> Arc<Self> {
        let ways = backend.targets.iter().map(|_| Way {
            pools: Pools::default(),
            streams: Streams::default(),
            in_use: AtomicU32::new(0),
            health: Health::default(),
        });
        Arc::new(Self {
            ways: ways.collect(),
            slots: backend
                .most
                .map(|most| BackendSlots::new(most.div_ceil(workers.max(1)))),
            retired: AtomicBool::new(false),
            random: AtomicU64::new(0x9e37_79b9_7f4a_7c15),
            backend,
            sink,
        })
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Relaxed)
    }

    fn retire(&self) {
        self.retired.store(true, Relaxed);
        for way in &self.ways {
            way.pools.close();
            way.streams.close();
        }
    }

    /// Whether a request that failed at one target can go to another, or be sent again.
    pub(crate) fn may_try_again(&self) -> bool {
        self.ways.len() > 1
    }

    /// A target that was not tried; nothing where all were.
    pub(crate) fn pick(self: &Arc<Self>, now: u32, tried: Tried) -> Option<InUse> {
        let index = match &*self.ways {
            [_] => (!tried.has(0)).then_some(0),
            _ => self.choose(now, tried),
        }?;
        let way = &self.ways[index];
        way.in_use.store(way.in_use.load(Relaxed) + 1, Relaxed);
        way.health.begins(now);
        Some(InUse {
            upstream: self.clone(),
            index,
        })
    }

    fn choose(&self, now: u32, tried: Tried) -> Option<usize> {
        let untried = || {
            self.ways
                .iter()
                .enumerate()
                .filter(move |(index, _)| !tried.has(*index))
        };
        let good = || untried().filter(|(_, way)| way.health.may_be_used(now));
        let Some(last) = u64::try_from(good().count()).unwrap_or(1).checked_sub(1) else {
            // Nobody is good, so the one that is due first is as good as any.
            return untried()
                .min_by_key(|(_, way)| way.health.due())
                .map(|(index, _)| index);
        };
        let random = self.random();
        let first = (random >> 33) % (last + 1);
        let second = (first + 1 + (random & 0xffff_ffff) % last.max(1)) % (last + 1);
        let (low, high) = (first.min(second), first.max(second));
        let mut places = good().enumerate().filter_map(|(place, way)| {
            let place = u64::try_from(place).ok()?;
            (place == low || place == high).then_some(way)
        });
        let (one, other) = (places.next()?, places.next());
        let requests = |(_, way): &(usize, &Way)| way.in_use.load(Relaxed);
        let chosen = match other {
            // Of two that are equal the one that came first by chance, not by its place.
            Some(other) if requests(&other) < requests(&one) => other,
            Some(other) if requests(&other) == requests(&one) && first > second => other,
            _ => one,
        };
        Some(chosen.0)
    }

    /// Xorshift (Marsaglia 2003).
    fn random(&self) -> u64 {
        let mut state = self.random.load(Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.random.store(state, Relaxed);
        state
    }
}

/// A target while a request or a connection uses it.
pub(crate) struct InUse {
    upstream: Arc<Upstream>,
    index: usize,
}

impl InUse {
    pub(crate) fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    pub(crate) fn way(&self) -> &Way {
        &self.upstream.ways[self.index]
    }

    pub(crate) fn target(&self) -> &Target {
        &self.upstream.backend.targets[self.index]
    }

    pub(crate) fn tried(&self, tried: &mut Tried) {
        tried.0 |= 1 << self.index;
    }

    /// It does what it should.
    pub(crate) fn answered(&self) {
        if self.way().health.answered() {
            self.tell(true, None);
        }
    }

    /// It cannot be reached, and is left out at once.
    pub(crate) fn unreachable(&self, now: u32, error: &std::io::Error) {
        if self.way().health.unreachable(now) {
            let reason = match error.kind() {
                std::io::ErrorKind::TimedOut => "no connection in time".to_owned(),
                _ => error.to_string(),
            };
            self.tell(false, Some((code::BACKEND_UNREACHABLE, reason)));
        }
    }

    /// It was reached, and did not answer as it should.
    pub(crate) fn failed(&self, now: u32, why: handfast_pki::Code) {
        if self.way().health.failed(now) {
            self.tell(false, Some((why, why.title().to_owned())));
        }
    }

    /// Said of a backend with a choice only: where there is none, each request says what became of it.
    fn tell(&self, in_use: bool, why: Option<(handfast_pki::Code, String)>) {
        if self.upstream.ways.len() < 2 {
            return;
        }
        let (code, reason) = why.unzip();
        self.upstream.sink.take(Event::Target(TargetEvent {
            time: Timestamp::now(),
            backend: self.upstream.backend.name.to_string(),
            target: self.target().to.to_string(),
            in_use,
            code,
            reason,
        }));
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        let in_use = &self.way().in_use;
        in_use.store(in_use.load(Relaxed).saturating_sub(1), Relaxed);
    }
}
