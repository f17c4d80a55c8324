//! What one worker's connections need, and what all workers share.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize},
    },
};

use handfast_audit::Sink;
use handfast_finding::Problem;
use handfast_headers::Reserved;
use handfast_pki::{Network, code};
use tokio::sync::watch;

use crate::{
    counters::Counters,
    forward::slots::BackendSlots,
    heartbeat::Heartbeat,
    limits::{Detail, Limits},
    live::Live,
    pressure::Pressure,
    registry::Registry,
    upstream::{Upstream, Upstreams},
};

/// What one worker's connections need; cheap to clone.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) context: WorkerContext,
    pub(crate) live: Arc<Live>,
    pub(crate) upstreams: Arc<Upstreams>,
    pub(crate) slots: Arc<BackendSlots>,
    pub(crate) reserved: Arc<Reserved>,
    pub(crate) xfcc: bool,
    pub(crate) chain: bool,
    /// Who has to say whose connection it hands over.
    pub(crate) announcers: Arc<[Network]>,
}

impl Worker {
    /// The backend called `name` in the state that serves now.
    pub(crate) fn upstream(&self, name: &str) -> Option<Arc<Upstream>> {
        self.upstreams.named(name).or_else(|| {
            // A connection can know a state before the next tick tells the worker.
            self.upstreams.follow(&self.live.state());
            self.upstreams.named(name)
        })
    }
}

/// What keeps count of connections, of their deadlines and of their records, for one worker of a proxy or
/// of a tunnel.
#[derive(Clone)]
pub(crate) struct WorkerContext {
    pub(crate) registry: Arc<Registry>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) shared: Arc<Shared>,
}

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) detail: Detail,
    pub(crate) next_id: AtomicU64,
    pub(crate) open: Arc<AtomicUsize>,
    /// Of every worker: who is full looks for room at the others, too.
    pub(crate) registries: Vec<Arc<Registry>>,
    /// The same of what they count.
    pub(crate) counters: Vec<Arc<Counters>>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) pressure: Pressure,
    /// Says that there may be a new state.
    pub(crate) reloads: watch::Sender<()>,
}

impl WorkerContext {
    /// One context per worker, with a shared count.
    pub(crate) fn many(limits: Limits, detail: Detail, sink: &Arc<dyn Sink>, count: usize) -> Vec<Self> {
        let registries: Vec<Arc<Registry>> = (0..count).map(|_| Arc::default()).collect();
        let counters: Vec<Arc<Counters>> = (0..count).map(|_| Arc::default()).collect();
        let shared = Arc::new(Shared {
            limits,
            detail,
            next_id: AtomicU64::new(1),
            open: Arc::default(),
            heartbeat: Heartbeat::of(&registries),
            registries: registries.clone(),
            counters: counters.clone(),
            pressure: Pressure::default(),
            reloads: watch::Sender::new(()),
        });
        let one = |(registry, counters)| Self {
            registry,
            counters,
            sink: sink.clone(),
            shared: shared.clone(),
        };
        registries.into_iter().zip(counters).map(one).collect()
    }
}

pub(crate) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Problem {
    Problem::new(
        code::CANNOT_LISTEN,
        format_args!("\"{address}\" cannot be listened on: {error}"),
    )
    .help("choose another --listen address, or port 0 to let the system choose")
}
