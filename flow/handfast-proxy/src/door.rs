//! Opening, running and closing a door.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use handfast_audit::Sink;
use handfast_headers::Reserved;
use handfast_pki::code;
use tokio::sync::Notify;

use crate::{
    Backend, Problem, accept,
    forward::{Pools, Slots},
    live::{Live, ReadSources},
    pressure::Pressure,
    record::Detail,
    registry::Registry,
    watch::Watch,
};

/// What a connection may cost, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time. The next one takes the place of the oldest that has proven nothing (`HF-722`); where all
    /// have, it is dropped with `HF-707`.
    pub connections: usize,
    /// Connections of one address (of one /64 over IPv6) that have proven nothing; half of `connections` by default.
    pub unproven_per_address: Option<usize>,
    /// Connections to the backend in use at a time, over all workers; further requests wait.
    pub backend_connections: usize,
    /// Bytes of one request's head.
    pub header_bytes: usize,
    /// From accept to the end of the handshake.
    pub handshake: Duration,
    /// From the first byte of a request to the end of its head.
    pub headers: Duration,
    /// From the end of a request to the head of the backend's answer.
    pub response: Duration,
    /// Without a byte in either direction.
    pub idle: Duration,
    /// Bytes per second that a client has to send of a body, and to take of an answer.
    pub min_rate: u64,
    /// For connections to end after SIGTERM.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            unproven_per_address: None,
            backend_connections: 4096,
            header_bytes: 32 << 10,
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            response: Duration::from_secs(60),
            idle: Duration::from_secs(300),
            min_rate: 500,
            drain: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The fewest bytes that a client may send or take in `window`.
    pub(crate) fn least(&self, window: Duration) -> u64 {
        let bytes = u128::from(self.min_rate) * window.as_millis() / 1000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The most unproven connections that one worker keeps for one address.
    pub(crate) fn unproven(&self) -> usize {
        self.unproven_per_address.unwrap_or(self.connections / 2).max(1)
    }
}

/// A door as it was meant: everything checked but what only opening can tell.
pub struct Settings {
    /// Port 0 lets the system choose.
    pub listen: SocketAddr,
    pub backend: Backend,
    pub sources: ReadSources,
    /// The configuration file, to be watched as well.
    pub config: Option<PathBuf>,
    /// Whether the identity goes to the backend as `X-Forwarded-Client-Cert`, too.
    pub xfcc: bool,
    /// The headers that no client may set.
    pub reserved: Reserved,
    pub workers: usize,
    pub limits: Limits,
    pub detail: Detail,
}

/// An open door.
pub struct Door {
    address: SocketAddr,
    live: Arc<Live>,
    watch: Watch,
    closing: Arc<Closing>,
    workers: Vec<JoinHandle<usize>>,
}

/// What one worker's connections need; cheap to clone.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) keeper: Keeper,
    pub(crate) live: Arc<Live>,
    pub(crate) backend: Arc<Backend>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) slots: Arc<Slots>,
    pub(crate) reserved: Arc<Reserved>,
    pub(crate) xfcc: bool,
}

/// What keeps count of connections, of their deadlines and of their records, for one worker of a door or
/// of a tunnel.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub(crate) registry: Arc<Registry>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) common: Arc<Common>,
}

/// What all workers share.
pub(crate) struct Common {
    pub(crate) limits: Limits,
    pub(crate) detail: Detail,
    pub(crate) next_id: AtomicU64,
    pub(crate) open: Arc<AtomicUsize>,
    /// Of every worker: who is full looks for room at the others, too.
    pub(crate) registries: Vec<Arc<Registry>>,
    pub(crate) pressure: Pressure,
}

impl Keeper {
    /// One keeper per worker, with a shared count.
    pub(crate) fn many(limits: Limits, detail: Detail, sink: &Arc<dyn Sink>, count: usize) -> Vec<Self> {
        let registries: Vec<Arc<Registry>> = (0..count).map(|_| Arc::default()).collect();
        let common = Arc::new(Common {
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
            common: common.clone(),
        };
        registries.into_iter().map(one).collect()
    }
}

/// The wish to close, as every worker hears it.
#[derive(Default)]
pub(crate) struct Closing {
    pub(crate) asked: AtomicBool,
    pub(crate) notify: Notify,
    /// Nobody waits for connections to end any more.
    pub(crate) hurried: AtomicBool,
}

/// Makes a door or tunnel that is being closed cut what is left at once.
pub struct Hurry(Arc<Closing>);

impl Hurry {
    pub(crate) fn new(closing: &Arc<Closing>) -> Self {
        Self(closing.clone())
    }

    /// Ends the waiting; every connection still leaves its record.
    pub fn now(&self) {
        self.0.hurried.store(true, Relaxed);
    }
}

impl Closing {
    /// Tells every worker.
    pub(crate) fn close(&self) {
        self.asked.store(true, Relaxed);
        self.notify.notify_waiters();
    }
}

/// How closing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that did not end within the deadline.
    pub cut: usize,
}

impl Door {
    /// Loads the state of trust, binds the address and starts the workers. Nothing is served before
    /// everything is good.
    pub fn open(settings: Settings, sink: Arc<dyn Sink>) -> Result<Self, Problem> {
        let live = Live::load(settings.sources, settings.config, &settings.backend)?;
        let listeners = accept::listeners(settings.listen, settings.workers.max(1))
            .map_err(|error| cannot_listen(settings.listen, &error))?;
        let address = listeners
            .first()
            .and_then(|listener| listener.local_addr().ok())
            .ok_or_else(|| Problem::new(code::CANNOT_LISTEN, "no listener"))?;
        let closing = Arc::new(Closing::default());
        let backend = Arc::new(settings.backend);
        let reserved = Arc::new(settings.reserved);
        let slots_each = settings
            .limits
            .backend_connections
            .div_ceil(listeners.len().max(1));
        let keepers = Keeper::many(settings.limits, settings.detail, &sink, listeners.len());
        let start = |(listener, keeper)| {
            let worker = Worker {
                keeper,
                live: live.clone(),
                backend: backend.clone(),
                pools: Arc::default(),
                slots: Slots::new(slots_each),
                reserved: reserved.clone(),
                xfcc: settings.xfcc,
            };
            let closing = closing.clone();
            std::thread::spawn(move || {
                let keeper = worker.keeper.clone();
                let (pools, slots) = (worker.pools.clone(), worker.slots.clone());
                let tidy = move |tick| {
                    pools.forget_idle(tick);
                    slots.forget_gone();
                };
                accept::run(listener, keeper, &closing, tidy, move |accepted| {
                    crate::serve(accepted, worker.clone())
                })
            })
        };
        let workers = listeners.into_iter().zip(keepers).map(start).collect();
        let for_reload = live.clone();
        let for_files = live.clone();
        let watch = Watch::start(
            move || for_files.files(),
            move || for_reload.reload(sink.as_ref()),
        );
        Ok(Self {
            address,
            live,
            watch,
            closing,
            workers,
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Reloads now, as on SIGHUP.
    pub fn reload(&self) {
        self.watch.ask();
    }

    /// A way to make [`Self::close`] cut what is left at once.
    pub fn hurry(&self) -> Hurry {
        Hurry::new(&self.closing)
    }

    /// Stops accepting, lets connections end within the deadline, cuts the rest.
    pub fn close(self) -> Drained {
        self.closing.close();
        let cut = self
            .workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(0))
            .sum();
        Drained { cut }
    }
}

pub(crate) fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Problem {
    Problem::new(
        code::CANNOT_LISTEN,
        format_args!("\"{address}\" cannot be listened on: {error}"),
    )
    .hint("choose another --listen address, or port 0 to let the system choose")
}
