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
use handfast_pki::{Network, code};

use crate::{
    accept::{self, Accepted},
    activation,
    admin::{Admin, Watched},
    config::AdminAddress,
    forward::slots::BackendSlots,
    limits::{Detail, Limits},
    lists::Keeper,
    live::{Live, ReadSources},
    review::Review,
    service,
    shutdown::{Closing, Drained, ForceClose},
    upstream::Upstreams,
    worker::{Shared, Worker, WorkerContext, cannot_listen},
};

/// Everything that a proxy is opened with, checked but for what only opening can tell.
pub struct ProxySettings {
    /// The addresses of the listeners in their order; port 0 lets the system choose.
    pub listen: Vec<SocketAddr>,
    pub sources: ReadSources,
    /// The configuration file, to be watched as well.
    pub config: Option<PathBuf>,
    /// Whether the identity goes to the backend as `X-Forwarded-Client-Cert`, too.
    pub xfcc: bool,
    /// Whether the CAs of its path go there as `Client-Cert-Chain`.
    pub chain: bool,
    /// The headers that no client may set.
    pub reserved: Reserved,
    pub workers: usize,
    pub limits: Limits,
    pub detail: Detail,
    pub admin: Option<AdminAddress>,
    /// From where the PROXY protocol is required, and from nowhere else taken.
    pub announcers: Arc<[Network]>,
}

/// The life of one worker: accepts, looks after its connections, and says how many it cut in the end.
fn work<F, S>(worker: Worker, listeners: Vec<TcpListener>, closing: &Closing, serve: S) -> usize
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(Accepted, Worker) -> F,
{
    let context = worker.context.clone();
    let (upstreams, slots) = (worker.upstreams.clone(), worker.slots.clone());
    let (review, live) = (
        Review::new(context.registry.clone(), worker.live.clone()),
        worker.live.clone(),
    );
    let tidy = move |tick| {
        upstreams.follow(&live.state());
        review.look();
        upstreams.forget_idle(tick);
        slots.forget_gone();
    };
    accept::run(listeners, context, closing, tidy, move |accepted| {
        serve(accepted, worker.clone())
    })
}

/// Who looks at the proxy from outside: the service manager, and the admin port at `address`, where one is wanted.
fn open_admin(
    address: Option<&AdminAddress>,
    contexts: &[WorkerContext],
    live: &Arc<Live>,
    upstreams: &[Arc<Upstreams>],
    closing: &Arc<Closing>,
) -> Result<Option<Admin>, Problem> {
    let Some(context) = contexts.first() else {
        return Ok(None);
    };
    service::watch_over(&context.shared);
    let Some(address) = address else {
        return Ok(None);
    };
    let watched = Watched {
        shared: context.shared.clone(),
        live: live.clone(),
        upstreams: upstreams.to_vec(),
        closing: closing.clone(),
    };
    Admin::open(address, watched).map(Some)
}

/// Reloads when a file changes, and when it is asked to, and tells the workers.
fn watch(live: &Arc<Live>, sink: Arc<dyn Sink>, shared: Option<Arc<Shared>>) -> Watch {
    let (for_files, for_reload) = (live.clone(), live.clone());
    Watch::start(
        move || for_files.files(),
        move || {
            service::reloading();
            for_reload.reload(sink.as_ref());
            if let Some(shared) = &shared {
                shared.reloads.send_replace(());
            }
            service::ready();
        },
    )
}

/// The addresses with their ports, and the sockets of each worker.
type Listening = (Vec<SocketAddr>, Vec<Vec<TcpListener>>);

/// A socket on each of `addresses` for each of `workers`.
fn listen(addresses: &[SocketAddr], workers: usize) -> Result<Listening, Problem> {
    let mut of_workers: Vec<Vec<TcpListener>> = (0..workers).map(|_| Vec::new()).collect();
    let mut chosen = Vec::new();
    for address in addresses {
        let cannot = |error: std::io::Error| cannot_listen(*address, &error);
        let sockets = accept::listeners(*address, workers).map_err(cannot)?;
        let first = sockets
            .first()
            .ok_or_else(|| Problem::new(code::CANNOT_LISTEN, "no listener"))?;
        chosen.push(first.local_addr().map_err(cannot)?);
        of_workers
            .iter_mut()
            .zip(sockets)
            .for_each(|(own, socket)| own.push(socket));
    }
    if chosen.is_empty() {
        return Err(Problem::new(code::CANNOT_LISTEN, "no listener"));
    }
    Ok((chosen, of_workers))
}

/// An open proxy.
pub struct Proxy {
    addresses: Vec<SocketAddr>,
    live: Arc<Live>,
    watch: Arc<Watch>,
    _keeper: Keeper,
    closing: Arc<Closing>,
    workers: Vec<JoinHandle<usize>>,
    admin: Option<Admin>,
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
        let live = Live::load(settings.sources, settings.config)?;
        let workers = settings.workers.max(1);
        let (addresses, listeners) = listen(&settings.listen, workers)?;
        activation::must_be_taken()?;
        let closing = Arc::new(Closing::default());
        let reserved = Arc::new(settings.reserved);
        let slots_each = settings.limits.backend_connections.div_ceil(workers);
        let contexts = WorkerContext::many(settings.limits, settings.detail, &sink, workers);
        let shared = contexts.first().map(|context| context.shared.clone());
        let upstreams: Vec<_> = contexts
            .iter()
            .map(|_| Upstreams::new(&live.state(), workers, sink.clone()))
            .collect();
        let admin = open_admin(settings.admin.as_ref(), &contexts, &live, &upstreams, &closing)?;
        let start = |((listeners, context), upstreams)| {
            let worker = Worker {
                context,
                live: live.clone(),
                upstreams,
                slots: BackendSlots::new(slots_each),
                reserved: reserved.clone(),
                xfcc: settings.xfcc,
                chain: settings.chain,
                announcers: settings.announcers.clone(),
            };
            let (closing, serve) = (closing.clone(), serve.clone());
            std::thread::spawn(move || work(worker, listeners, &closing, serve))
        };
        let workers = listeners
            .into_iter()
            .zip(contexts)
            .zip(upstreams)
            .map(start)
            .collect();
        let watch = Arc::new(watch(&live, sink.clone(), shared));
        let for_lists = watch.clone();
        let keeper = Keeper::start(live.clone(), sink, move || for_lists.ask());
        service::ready();
        Ok(Self {
            addresses,
            live,
            watch,
            _keeper: keeper,
            closing,
            workers,
            admin,
        })
    }

    /// Where its first listener listens.
    pub fn address(&self) -> SocketAddr {
        // Opening refuses to listen nowhere.
        self.addresses
            .first()
            .copied()
            .unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// Where it listens, with the ports that the system chose; at least one.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where its admin port is, if it has one.
    pub fn admin(&self) -> Option<&AdminAddress> {
        self.admin.as_ref().map(Admin::address)
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
        service::stopping();
        self.closing.close();
        let cut = self
            .workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(0))
            .sum();
        // To the end: who waits for the draining asks how it gets on.
        if let Some(admin) = self.admin {
            admin.close();
        }
        Drained { cut }
    }
}
