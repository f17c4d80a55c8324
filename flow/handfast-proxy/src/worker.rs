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
use handfast_pki::code;

use crate::{
    backend::Backend,
    forward::{pool::Pools, slots::BackendSlots},
    limits::{Detail, Limits},
    live::Live,
    pressure::Pressure,
    registry::Registry,
};

/// What one worker's connections need; cheap to clone.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) context: WorkerContext,
    pub(crate) live: Arc<Live>,
    pub(crate) backend: Arc<Backend>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) slots: Arc<BackendSlots>,
    pub(crate) reserved: Arc<Reserved>,
    pub(crate) xfcc: bool,
}

/// What keeps count of connections, of their deadlines and of their records, for one worker of a proxy or
/// of a tunnel.
#[derive(Clone)]
pub(crate) struct WorkerContext {
    pub(crate) registry: Arc<Registry>,
    pub(crate) sink: Arc<dyn Sink>,
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
    pub(crate) pressure: Pressure,
}

impl WorkerContext {
    /// One context per worker, with a shared count.
    pub(crate) fn many(limits: Limits, detail: Detail, sink: &Arc<dyn Sink>, count: usize) -> Vec<Self> {
        let registries: Vec<Arc<Registry>> = (0..count).map(|_| Arc::default()).collect();
        let shared = Arc::new(Shared {
            limits,
            detail,
            next_id: AtomicU64::new(1),
            open: Arc::default(),
            registries: registries.clone(),
            pressure: Pressure::default(),
        });
        let one = |registry| Self {
            registry,
            sink: sink.clone(),
            shared: shared.clone(),
        };
        registries.into_iter().map(one).collect()
    }
}

pub(crate) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Problem {
    Problem::new(
        code::CANNOT_LISTEN,
        format_args!("\"{address}\" cannot be listened on: {error}"),
    )
    .help("choose another --listen address, or port 0 to let the system choose")
}
