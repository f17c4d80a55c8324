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
use handfast_pki::{Certificate, Purpose, RevocationSource, Revocations, Trust, TrustError, TrustedCa, code};
use handfast_policy::Policy;
use handfast_tls::{Server, Sessions, server};
use jiff::Timestamp;

use crate::{
    backend::Backend,
    host::{Host, HostName, Listener, Route, Rules},
    lists::Lists,
    sources::{ClientCas, Sources},
};

/// Reads anew what the operator wrote: flags stay as they are, a configuration file may have changed.
pub type ReadSources = Arc<dyn Fn() -> Result<Sources, Problem> + Send + Sync>;

/// One generation of trust.
pub struct State {
    generation: u64,
    listener: Listener,
    backends: Vec<Arc<Backend>>,
}

impl State {
    /// Counts the states that served, from 1.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn listener(&self) -> &Listener {
        &self.listener
    }

    pub(crate) fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }

    /// The certificates that the hosts show.
    pub fn own(&self) -> impl Iterator<Item = &Certificate> {
        self.listener.hosts().map(|host| &host.own)
    }

    /// The bundles that may vouch for every name though they hold several CAs: any of these can make the identities of
    /// the others' clients. Each with the names of its CAs.
    pub fn unbound(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let cas = self.listener.hosts().flat_map(|host| host.trust.cas());
        cas.filter_map(|ca| {
            let several = ca.anchors().independent();
            (ca.names().is_none() && several.len() > 1).then(|| (ca.name(), several))
        })
    }

    /// The CA bundle of this name.
    fn ca(&self, name: &str) -> Option<&TrustedCa> {
        let mut cas = self.listener.hosts().flat_map(|host| host.trust.cas());
        cas.find(|ca| ca.name() == name)
    }

    /// The revocation lists by which clients are judged.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &RevocationSource> {
        let cas = self.listener.hosts().flat_map(|host| host.trust.cas());
        cas.filter_map(TrustedCa::revocations)
            .flat_map(Revocations::sources)
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
    /// What the last attempt named, good or not.
    named: Mutex<Named>,
    lists: Lists,
}

/// Files whose change means a reload, and URLs that are fetched, each with the file that keeps it.
struct Named {
    files: Vec<PathBuf>,
    urls: Vec<(String, PathBuf)>,
}

impl Named {
    fn by(sources: &Sources) -> Self {
        Self {
            files: sources.files(),
            urls: sources.urls(),
        }
    }
}

impl Live {
    /// Loads the first state; without one there is no proxy.
    pub(crate) fn load(sources: ReadSources, config: Option<PathBuf>) -> Result<Arc<Self>, Problem> {
        let first = sources()?;
        let lists = Lists::default();
        let state = load(&first, 1, &lists, None)?;
        let named = Mutex::new(Named::by(&first));
        Ok(Arc::new(Self {
            current: ArcSwap::from_pointee(state),
            sources,
            config,
            named,
            lists,
        }))
    }

    /// The state for a new connection. The snapshot stays whole, whatever is loaded meanwhile.
    pub fn state(&self) -> Arc<State> {
        self.current.load_full()
    }

    /// Every file whose change means a reload.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.named().files.iter().chain(&self.config).cloned().collect()
    }

    /// Every URL of a revocation list, with the file that keeps what was fetched.
    pub(crate) fn urls(&self) -> Vec<(String, PathBuf)> {
        self.named().urls.clone()
    }

    fn named(&self) -> std::sync::MutexGuard<'_, Named> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads a new state beside the old one and swaps it in, or says why not and keeps the old one.
    pub(crate) fn reload(&self, sink: &dyn Sink) {
        let before = self.current.load_full();
        let now = before.generation;
        let mut restart_for = Vec::new();
        let loaded = (self.sources)().and_then(|sources| {
            *self.named() = Named::by(&sources);
            restart_for = sources.waiting.clone();
            load(&sources, now + 1, &self.lists, Some(&before))
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

/// Loads and checks everything, without a proxy: what `check` does.
///
/// # Errors
///
/// Every problem that can be found.
pub fn rehearse(sources: &Sources) -> Result<State, Vec<Problem>> {
    let now = Timestamp::now();
    let mut parts = load::faults(&sources.cert, &sources.key, now);
    let cas = sources.clients.iter();
    parts.extend(cas.filter_map(|clients| load::anchors(&clients.ca, now).err()));
    let backends = sources.backends.iter();
    parts.extend(backends.filter_map(|backend| backend.load(now).err()));
    // What is wrong only when everything is put together is looked for when all parts are good.
    if parts.is_empty() {
        load(sources, 0, &Lists::default(), None).map_err(|problem| vec![problem])
    } else {
        Err(parts)
    }
}

/// A state out of `sources`. What clients may resume is taken over from the state `before`.
fn load(sources: &Sources, generation: u64, lists: &Lists, before: Option<&State>) -> Result<State, Problem> {
    let now = Timestamp::now();
    let backends = sources.backends.iter();
    let backends = backends.map(|backend| backend.load(now).map(Arc::new));
    let backends = backends.collect::<Result<Vec<_>, Problem>>()?;
    let first = backends
        .first()
        .ok_or_else(|| Problem::new(code::CONFIG_INVALID, "no backend is named"))?;
    let (to, speaks_http) = (first.name.clone(), first.speaks_http());
    let policy = Policy::of_rules(sources.allow.clone(), sources.deny.clone()).map_err(|error| {
        Problem::new(error.code(), error.to_string())
            .help("name the allowed clients: --allow uri:spiffe://..., or --allow any")
    })?;
    let credentials = load::credentials(&sources.cert, &sources.key, Purpose::Server, now)?;
    let cas = cas(&sources.clients, lists, before, now)?;
    let trust = Arc::new(trust(cas, generation)?);
    let routes: Arc<[Route]> = Arc::new([Route {
        path: String::new(),
        methods: None,
        policy,
        to,
    }]);
    let own = credentials.leaf().clone();
    let name = HostName::Default;
    let earlier = before.and_then(|before| before.listener.called(&name)?.sessions.clone());
    let sessions = sources.resumption.then(|| earlier.unwrap_or_else(Sessions::new));
    // Only requests can be answered.
    let explains = sources.explains && speaks_http;
    let settings = server::Settings {
        credentials,
        trust: trust.clone(),
        admission: Rules(routes.clone()),
        alpn: if speaks_http {
            vec!["h2", "http/1.1"]
        } else {
            Vec::new()
        },
        // A handshake that goes on to explain a refusal is none to be resumed.
        sessions: sessions.clone().filter(|_| !explains),
    };
    let server = if explains {
        Server::explaining(settings)
    } else {
        Server::new(settings)
    };
    let server = server.map_err(|error| Problem::new(error.code(), error))?;
    let host = Host {
        name,
        server,
        trust,
        routes,
        own,
        sessions,
        speaks_http,
    };
    Ok(State {
        generation,
        listener: Listener::new(vec![host]),
        backends,
    })
}

/// The CAs of `clients`, each with the names that it may vouch for and the lists by which it is judged.
fn cas(
    clients: &[ClientCas],
    lists: &Lists,
    before: Option<&State>,
    now: Timestamp,
) -> Result<Vec<TrustedCa>, Problem> {
    let ca = |clients: &ClientCas| {
        let anchors = load::anchors(&clients.ca, now)?;
        let known = before.and_then(|before| before.ca(&clients.name)?.revocations());
        let revocations = lists.of(clients, anchors.certificates(), known, now)?;
        let ca = match &clients.names {
            Some(names) => TrustedCa::bound(&clients.name, anchors, names.clone()),
            None => TrustedCa::for_every_name(&clients.name, anchors),
        };
        let ca = ca.with_client_usage(clients.usage);
        Ok(match revocations {
            Some(revocations) => ca.with_revocations(revocations),
            None => ca,
        })
    };
    clients.iter().map(ca).collect()
}

fn trust(cas: Vec<TrustedCa>, generation: u64) -> Result<Trust, Problem> {
    Trust::new(cas, generation).map_err(|error| {
        let problem = Problem::new(error.code(), &error);
        match error {
            TrustError::Unbound { .. } => {
                problem.help("name what it may vouch for: names = [\"dns:*.acme.example\"]")
            }
            TrustError::Shared { .. } => problem.help("write each CA into one bundle alone"),
            _ => problem,
        }
    })
}
