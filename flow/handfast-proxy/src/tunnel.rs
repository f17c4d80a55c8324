//! The client's half of the proxy: plain bytes in, mutual TLS out. For programs that speak no TLS themselves.
//!
//! accept -> connect -> handshake (server name, chain and expected identity verified) -> relay -> record.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, thread::JoinHandle};

use arc_swap::ArcSwap;
use handfast_audit::{Event, Reload, Sink};
use handfast_credentials::watch::Watch;
use handfast_finding::Problem;
use handfast_pki::code;
use handfast_tls::Client;
use jiff::Timestamp;
use rustls_pki_types::ServerName;

use crate::{
    accept::{self, Accepted},
    backend,
    error::Ended,
    forward::relay::relay,
    limits::{Detail, Limits},
    metered::Metered,
    record::Record,
    service,
    shutdown::{Closing, Drained, ForceClose},
    worker::{WorkerContext, cannot_listen},
};

/// Makes the TLS client anew from its files.
pub type MakeClient = Arc<dyn Fn() -> Result<Client, Problem> + Send + Sync>;

/// Everything that a tunnel is opened with.
pub struct TunnelSettings {
    pub listen: SocketAddr,
    pub host: String,
    pub port: u16,
    pub make: MakeClient,
    /// The files that `make` reads; their change means a reload.
    pub files: Vec<PathBuf>,
    /// What is verified beside the chain, for the record.
    pub expectation: String,
    pub limits: Limits,
    pub detail: Detail,
}

/// An open tunnel.
pub struct Tunnel {
    address: SocketAddr,
    watch: Watch,
    closing: Arc<Closing>,
    worker: JoinHandle<usize>,
}

/// What its connections need.
struct Far {
    client: ArcSwap<Client>,
    host: String,
    port: u16,
    name: ServerName<'static>,
    expectation: String,
}

impl Tunnel {
    /// Loads the credentials, binds the address and starts. Whether the server is good is seen per connection.
    pub fn open(settings: TunnelSettings, sink: Arc<dyn Sink>) -> Result<Self, Problem> {
        let far = Arc::new(Far {
            client: ArcSwap::from_pointee((settings.make)()?),
            name: backend::server_name(&settings.host)?,
            host: settings.host,
            port: settings.port,
            expectation: settings.expectation,
        });
        let mut listeners =
            accept::listeners(settings.listen, 1).map_err(|error| cannot_listen(settings.listen, &error))?;
        let none = || Problem::new(code::CANNOT_LISTEN, "no listener");
        let listener = listeners.pop().ok_or_else(none)?;
        let address = listener
            .local_addr()
            .map_err(|error| cannot_listen(settings.listen, &error))?;
        let closing = Arc::new(Closing::default());
        let context = WorkerContext::many(settings.limits, settings.detail, &sink, 1)
            .pop()
            .ok_or_else(none)?;
        service::watch_over(&context.shared);
        let (for_worker, for_closing) = (far.clone(), closing.clone());
        let worker = std::thread::spawn(move || {
            let of_serve = context.clone();
            accept::run(
                vec![listener],
                context,
                &for_closing,
                |_| {},
                move |accepted| carry(accepted, of_serve.clone(), for_worker.clone()),
            )
        });
        let make = settings.make;
        let files = settings.files;
        let watch = Watch::start(
            move || files.clone(),
            move || {
                service::reloading();
                reload(&far, &make, sink.as_ref());
                service::ready();
            },
        );
        service::ready();
        Ok(Self {
            address,
            watch,
            closing,
            worker,
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
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
        Drained {
            cut: self.worker.join().unwrap_or(0),
        }
    }
}

fn reload(far: &Far, make: &MakeClient, sink: &dyn Sink) {
    let made = make();
    let (code, reason) = match &made {
        Ok(_) => (None, None),
        Err(problem) => (Some(problem.code), Some(problem.message.clone())),
    };
    let taken = made.is_ok();
    if let Ok(client) = made {
        far.client.store(Arc::new(client));
    }
    sink.take(Event::Reload(Reload {
        time: Timestamp::now(),
        taken,
        generation: 0,
        code,
        reason,
        restart_for: Vec::new(),
    }));
}

/// The life of one connection; its record begins at once.
fn carry(accepted: Accepted, context: WorkerContext, far: Arc<Far>) -> impl Future<Output = ()> {
    let mut record = Record::begin(&accepted, &context);
    async move {
        let outcome = carry_to_end(accepted, &mut record, &context, &far).await;
        record.close(outcome);
    }
}

async fn carry_to_end(
    accepted: Accepted,
    record: &mut Record,
    context: &WorkerContext,
    far: &Far,
) -> Result<(), Ended> {
    let client = far.client.load_full();
    let shown = format!("{}:{}", far.host, far.port);
    let connecting = tokio::time::timeout(backend::CONNECT, backend::tcp(&far.host, far.port));
    let tcp = connecting
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    let tcp = tcp.map_err(|error| Ended::unreachable(&shown, &error))?;
    let connected = client
        .connect(far.name.clone(), tcp)
        .await
        .map_err(|refused| Ended::Refused(refused.error))?;
    record.agreed(Some(&connected.peer), connected.established);
    record.admitted(Some(far.expectation.clone()));
    accepted
        .pulse
        .proven(connected.peer.chain().not_after().as_second());
    context.registry.proved(accepted.id, None);
    accepted.pulse.tunnels();
    let mut near = Metered::new(accepted.tcp, accepted.pulse);
    let mut far_stream = connected.stream;
    // In TLS 1.3 a server refuses its client after the handshake: the alert comes with the first read.
    relay(&mut near, &mut far_stream).await
}
