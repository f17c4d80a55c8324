//! The state of trust: loaded whole, checked whole, swapped whole; or not at all.
//!
//! In: the files that the operator named. Out: a [`State`] under which handshakes are made. A state that
//! cannot be loaded at the start stops the start; on reload it leaves the last good one serving.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use handfast_audit::{Event, Reload, Sink};
use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Certificate, Purpose, Trust, TrustedCa};
use handfast_policy::{Policy, Rule};
use handfast_tls::{Server, server};
use jiff::Timestamp;

use crate::{
    backend::Backend,
    host::{Host, HostName, Listener, Route, Rules},
};

/// What a state of trust is made of, as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The chain of the proxy, leaf first.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// The CA bundle that verifies client certificates.
    pub client_ca: PathBuf,
    pub rules: Vec<Rule>,
    /// Settings that were changed in the configuration and are taken over by a restart alone.
    pub waiting: Vec<&'static str>,
}

/// Reads anew what the operator wrote: flags stay as they are, a configuration file may have changed.
pub type ReadSources = Arc<dyn Fn() -> Result<Sources, Problem> + Send + Sync>;

impl Sources {
    fn files(&self) -> Vec<PathBuf> {
        vec![self.cert.clone(), self.key.clone(), self.client_ca.clone()]
    }
}

/// One generation of trust.
pub struct State {
    generation: u64,
    listener: Listener,
}

impl State {
    /// Counts the states that served, from 1.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// The certificates that the hosts show.
    pub fn own(&self) -> impl Iterator<Item = &Certificate> {
        self.listener.hosts().map(|host| &host.own)
    }

    /// CAs of the files that are not used because they have expired.
    pub fn left_out(&self) -> impl Iterator<Item = &Certificate> {
        self.listener
            .hosts()
            .flat_map(|host| host.trust.anchors().left_out())
    }
}

/// The state that serves now.
pub struct Live {
    current: ArcSwap<State>,
    sources: ReadSources,
    /// The configuration file, whose change means a reload like that of the files it names.
    config: Option<PathBuf>,
    /// The files of the last attempt, good or not.
    files: Mutex<Vec<PathBuf>>,
    alpn: Vec<&'static str>,
}

impl Live {
    /// Loads the first state; without one there is no proxy.
    pub(crate) fn load(
        sources: ReadSources,
        config: Option<PathBuf>,
        backend: &Backend,
    ) -> Result<Arc<Self>, Problem> {
        let alpn = if backend.speaks_http() {
            vec!["h2", "http/1.1"]
        } else {
            Vec::new()
        };
        let first = sources()?;
        let state = load(&first, &alpn, 1)?;
        let files = Mutex::new(first.files());
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(state),
            sources,
            config,
            files,
            alpn,
        }))
    }

    /// The state for a new connection. The snapshot stays whole, whatever is loaded meanwhile.
    pub fn state(&self) -> Arc<State> {
        self.current.load_full()
    }

    /// Every file whose change means a reload.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.iter().chain(&self.config).cloned().collect()
    }

    /// Loads a new state beside the old one and swaps it in, or says why not and keeps the old one.
    pub(crate) fn reload(&self, sink: &dyn Sink) {
        let now = self.current.load().generation;
        let mut restart_for = Vec::new();
        let loaded = (self.sources)().and_then(|sources| {
            *self.files.lock().unwrap_or_else(PoisonError::into_inner) = sources.files();
            restart_for = sources.waiting.clone();
            load(&sources, &self.alpn, now + 1)
        });
        let (taken, generation, code, reason) = match loaded {
            Ok(state) => {
                self.current.store(Arc::new(state));
                (true, now + 1, None, None)
            }
            Err(problem) => (false, now, Some(problem.code), Some(problem.message)),
        };
        let time = Timestamp::now();
        sink.take(Event::Reload(Reload {
            time,
            taken,
            generation,
            code,
            reason,
            restart_for,
        }));
    }
}

/// Loads and checks everything, without a proxy, and tells every problem: what `check` does.
pub fn rehearse(sources: &Sources) -> Vec<Problem> {
    let parts = load::faults(&sources.cert, &sources.key, &sources.client_ca, Timestamp::now());
    // What is wrong only when everything is put together is looked for when all parts are good.
    if parts.is_empty() {
        load(sources, &[], 0).err().into_iter().collect()
    } else {
        parts
    }
}

fn load(sources: &Sources, alpn: &[&'static str], generation: u64) -> Result<State, Problem> {
    let now = Timestamp::now();
    let policy = Policy::new(sources.rules.clone()).map_err(|error| {
        Problem::new(error.code(), error.to_string())
            .help("name the allowed clients: --allow uri:spiffe://..., or --allow any")
    })?;
    let credentials = load::credentials(&sources.cert, &sources.key, Purpose::Server, now)?;
    // The one host of today answers to every name, and its CAs may vouch for every name.
    let cas = TrustedCa::for_every_name("client-ca", load::anchors(&sources.client_ca, now)?);
    let trust = Trust::new(vec![cas], generation).map_err(|error| Problem::new(error.code(), error))?;
    let trust = Arc::new(trust);
    let routes: Arc<[Route]> = Arc::new([Route {
        path: String::new(),
        methods: None,
        policy,
    }]);
    let own = credentials.leaf().clone();
    let server = Server::new(server::Settings {
        credentials,
        trust: trust.clone(),
        admission: Rules(routes.clone()),
        alpn: alpn.to_vec(),
    });
    let server = server.map_err(|error| Problem::new(error.code(), error))?;
    let host = Host {
        name: HostName::Default,
        server,
        trust,
        routes,
        own,
    };
    Ok(State {
        generation,
        listener: Listener::new(vec![host]),
    })
}
