//! The client's half of the proxy: plain bytes in, mutual TLS out. For programs that speak no TLS themselves.
//!
//! accept -> choose (where to, for whom, as whom) -> connect -> handshake (server name, chain and expected identity
//! verified) -> relay -> record. Many tunnels share one thread; a reload takes a new configuration over as a whole, or says
//! why not and leaves everything as it is.

mod callers;
mod carry;
pub mod config;
mod connect;
mod gate;
pub mod keys;
mod near;
mod reach;
mod sources;
mod state;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use handfast_audit::{Event, Reload, Sink};
use handfast_credentials::watch::Watch;
use handfast_finding::Problem;
use handfast_pki::code;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

pub use self::{
    config::TunnelConfig,
    sources::{Destination, Destinations, Plain, Socket, TunnelRoute, TunnelSource},
};
use self::{
    gate::{Gate, Gates, Opened},
    state::State,
};
use crate::{
    accept, activation,
    limits::{Detail, Limits},
    service,
    shutdown::{Closing, Drained, ForceClose},
    worker::WorkerContext,
};

/// Reads anew what the operator wrote: flags stay as they are, a configuration file may have changed.
pub type ReadTunnels = Arc<dyn Fn() -> Result<TunnelConfig, Problem> + Send + Sync>;

impl TunnelConfig {
    /// The one tunnel that flags describe.
    pub fn of_one(tunnel: TunnelSource, detail: Detail) -> Self {
        Self {
            tunnels: vec![tunnel],
            detail,
            limits: Limits::default(),
            dangerously_unconfined: false,
        }
    }

    /// Opens the tunnels. With `file` they are read anew from there on a reload, and the file is watched.
    pub fn open(&self, file: Option<PathBuf>, sink: Arc<dyn Sink>) -> Result<Tunnels, Problem> {
        let read: ReadTunnels = match file.clone() {
            Some(file) => Arc::new(move || {
                config::read(&file).map_err(|problems| crate::config::open::first(&file, &problems))
            }),
            None => {
                let fixed = self.clone();
                Arc::new(move || Ok(fixed.clone()))
            }
        };
        Tunnels::open(self, read, file, sink)
    }

    /// The settings in which `other` differs and which open tunnels cannot take over.
    fn fixed_differences(&self, other: &Self) -> Vec<&'static str> {
        let differences = [
            ("log", self.detail != other.detail),
            ("limits", self.limits != other.limits),
            (
                "dangerously-unconfined",
                self.dangerously_unconfined != other.dangerously_unconfined,
            ),
        ];
        let differing = differences.into_iter().filter(|(_, differs)| *differs);
        differing.map(|(name, _)| name).collect()
    }

    /// Loads and checks everything, without opening a tunnel: what `check` does.
    ///
    /// # Errors
    ///
    /// Every problem that can be found.
    pub fn rehearse(&self) -> Result<(), Vec<Problem>> {
        let now = Timestamp::now();
        let problems = self.tunnels.iter().flat_map(|source| {
            let listens = near::must_be_possible(&source.listen).err();
            listens.into_iter().chain(State::load(source, now).err())
        });
        let problems: Vec<Problem> = problems.collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

/// Open tunnels.
pub struct Tunnels {
    gates: Arc<Gates>,
    watch: Watch,
    closing: Arc<Closing>,
    worker: JoinHandle<usize>,
}

impl Tunnels {
    /// Loads the credentials, binds the addresses and starts. Whether a server is good is seen per connection.
    fn open(
        first: &TunnelConfig,
        read: ReadTunnels,
        file: Option<PathBuf>,
        sink: Arc<dyn Sink>,
    ) -> Result<Self, Problem> {
        let none = || Problem::new(code::CANNOT_LISTEN, "no tunnel");
        let context = WorkerContext::many(first.limits.clone(), first.detail, &sink, 1).pop();
        let context = context.ok_or_else(none)?;
        let (to_worker, opened) = mpsc::unbounded_channel();
        let gates = Arc::new(Gates::new(context.registry.clone(), to_worker));
        gates.take(&first.tunnels)?;
        activation::must_be_taken()?;
        let closing = Arc::new(Closing::default());
        service::watch_over(&context.shared);
        let for_worker = closing.clone();
        let worker = std::thread::spawn(move || work(context, opened, &for_worker));
        let reload = Reloading {
            opened: first.clone(),
            read,
            gates: gates.clone(),
            named: Mutex::new(files(first)),
            file,
        };
        let reload = Arc::new(reload);
        let for_files = reload.clone();
        let watch = Watch::start(
            move || for_files.files(),
            move || {
                service::reloading();
                reload.reload(sink.as_ref());
                service::ready();
            },
        );
        service::ready();
        Ok(Self {
            gates,
            watch,
            closing,
            worker,
        })
    }

    /// Where they listen, with the ports that the system chose.
    pub fn addresses(&self) -> Vec<String> {
        self.gates.addresses()
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
        drop(self.watch);
        self.closing.close();
        let cut = self.worker.join().unwrap_or(0);
        self.gates.close();
        Drained { cut }
    }
}

/// The one worker: serves every gate that is opened, until all are closed. Returns how many connections were cut.
fn work(context: WorkerContext, mut opened: mpsc::UnboundedReceiver<Opened>, closing: &Closing) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return 0 };
    runtime.block_on(async {
        let sweeper = tokio::spawn(accept::sweep(context.clone(), |_| {}));
        let connections = TaskTracker::new();
        loop {
            let next = tokio::select! {
                () = closing.asked.cancelled() => break,
                next = opened.recv() => next,
            };
            let Some((gate, listener)) = next else { break };
            let Ok(listener) = near::Listener::from_std(listener) else {
                continue;
            };
            tokio::spawn(serve(
                gate,
                listener,
                context.clone(),
                connections.clone(),
                closing.asked.clone(),
            ));
        }
        let cut = accept::drain(&context, closing, &connections).await;
        sweeper.abort();
        cut
    })
}

/// Serves one gate until it, or everything, is closed.
async fn serve(
    gate: Arc<Gate>,
    listener: near::Listener,
    context: WorkerContext,
    connections: TaskTracker,
    closing: tokio_util::sync::CancellationToken,
) {
    let ends = gate.ends.clone();
    let of_serve = context.clone();
    let listeners = [listener];
    let serving = accept::serve_all(&listeners, &context, &connections, move |accepted| {
        carry::carry(accepted, of_serve.clone(), gate.clone())
    });
    tokio::select! {
        () = serving => {}
        () = ends.cancelled() => {}
        () = closing.cancelled() => {}
    }
}

/// How a new configuration is taken over.
struct Reloading {
    opened: TunnelConfig,
    read: ReadTunnels,
    gates: Arc<Gates>,
    /// The files that the last attempt named, good or not.
    named: Mutex<Vec<PathBuf>>,
    file: Option<PathBuf>,
}

impl Reloading {
    fn files(&self) -> Vec<PathBuf> {
        self.named().iter().chain(&self.file).cloned().collect()
    }

    fn named(&self) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload(&self, sink: &dyn Sink) {
        let mut restart_for = Vec::new();
        let taken = (self.read)().and_then(|config| {
            *self.named() = files(&config);
            restart_for = self.opened.fixed_differences(&config);
            self.gates.take(&config.tunnels)
        });
        let (code, reason) = match &taken {
            Ok(()) => (None, None),
            Err(problem) => (Some(problem.code), Some(problem.message.clone())),
        };
        sink.take(Event::Reload(Reload {
            time: Timestamp::now(),
            taken: taken.is_ok(),
            generation: 0,
            code,
            reason,
            restart_for,
        }));
    }
}

/// Every file that tunnels read.
pub(crate) fn files(config: &TunnelConfig) -> Vec<PathBuf> {
    config
        .tunnels
        .iter()
        .flat_map(TunnelSource::files)
        .cloned()
        .collect()
}
