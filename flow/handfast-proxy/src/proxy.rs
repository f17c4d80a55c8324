//! Opening, running and closing a proxy.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    thread::JoinHandle,
};

use handfast_audit::Sink;
use handfast_credentials::watch::Watch;
use handfast_finding::Problem;
use handfast_headers::Reserved;
use handfast_pki::code;

use crate::{
    accept::{self, Accepted},
    backend::Backend,
    forward::slots::BackendSlots,
    limits::{Detail, Limits},
    lists::Keeper,
    live::{Live, ReadSources},
    review::Review,
    shutdown::{Closing, Drained, ForceClose},
    worker::{Worker, WorkerContext, cannot_listen},
};

/// Everything that a proxy is opened with, checked but for what only opening can tell.
pub struct ProxySettings {
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

/// The life of one worker: accepts, looks after its connections, and says how many it cut in the end.
fn work<F, S>(worker: Worker, listener: TcpListener, closing: &Closing, serve: S) -> usize
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(Accepted, Worker) -> F,
{
    let context = worker.context.clone();
    let (pools, slots) = (worker.pools.clone(), worker.slots.clone());
    let review = Review::new(context.registry.clone(), worker.live.clone());
    let tidy = move |tick| {
        review.look();
        pools.forget_idle(tick);
        slots.forget_gone();
    };
    accept::run(listener, context, closing, tidy, move |accepted| {
        serve(accepted, worker.clone())
    })
}

/// An open proxy.
pub struct Proxy {
    address: SocketAddr,
    live: Arc<Live>,
    watch: Arc<Watch>,
    _keeper: Keeper,
    closing: Arc<Closing>,
    workers: Vec<JoinHandle<usize>>,
}

impl Proxy {
    /// Opens a proxy; `serve` is the life of one connection.
    pub(crate) fn open_for<F, S>(
        settings: ProxySettings,
        sink: Arc<dyn Sink>,
        serve: S,
    ) -> Result<Self, Problem>
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(Accepted, Worker) -> F + Clone + Send + 'static,
    {
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
        let contexts = WorkerContext::many(settings.limits, settings.detail, &sink, listeners.len());
        let start = |(listener, context)| {
            let worker = Worker {
                context,
                live: live.clone(),
                backend: backend.clone(),
                pools: Arc::default(),
                slots: BackendSlots::new(slots_each),
                reserved: reserved.clone(),
                xfcc: settings.xfcc,
            };
            let (closing, serve) = (closing.clone(), serve.clone());
            std::thread::spawn(move || work(worker, listener, &closing, serve))
        };
        let workers = listeners.into_iter().zip(contexts).map(start).collect();
        let for_reload = live.clone();
        let for_files = live.clone();
        let for_alarms = sink.clone();
        let watch = Arc::new(Watch::start(
            move || for_files.files(),
            move || for_reload.reload(sink.as_ref()),
        ));
        let for_lists = watch.clone();
        let keeper = Keeper::start(live.clone(), for_alarms, move || for_lists.ask());
        Ok(Self {
            address,
            live,
            watch,
            _keeper: keeper,
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
    pub fn force_close(&self) -> ForceClose {
        ForceClose::new(&self.closing)
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
