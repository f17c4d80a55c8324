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
use handfast_credentials::{files, load};
use handfast_finding::Problem;
use handfast_pki::{
    Certificate, Code, Purpose, RevocationSource, Revocations, Trust, TrustError, TrustedCa, code,
};
use handfast_policy::Policy;
use handfast_tls::{Server, Sessions, server};
use jiff::Timestamp;

use crate::{
    assertion::Assertions,
    backend::Backend,
    bound_tokens::BoundTokens,
    host::{Host, HostName, Listener, Route, Rules, Standing},
    lists::Lists,
    sources::{ClientCas, HostSource, ListenerSource, PolicySource, RouteSource, Sources},
};

/// Reads anew what the operator wrote: flags stay as they are, a configuration file may have changed.
pub type ReadSources = Arc<dyn Fn() -> Result<Sources, Problem> + Send + Sync>;

/// One generation of trust.
pub struct State {
    generation: u64,
    /// In the order in which the proxy listens.
    listeners: Vec<Listener>,
    backends: Vec<Arc<Backend>>,
    /// Where a backend wants them.
    assertions: Option<Arc<Assertions>>,
}

impl State {
    /// What signs assertions, if a backend wants any.
    pub(crate) fn assertions(&self) -> Option<&Arc<Assertions>> {
        self.assertions.as_ref()
    }

    /// Counts the states that served, from 1.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The listener at this place; every state has as many.
    pub(crate) fn listener(&self, place: usize) -> Option<&Listener> {
        self.listeners.get(place)
    }

    /// Judges a client of an earlier state as if it came now.
    pub(crate) fn judge_again(&self, standing: &Standing, at: Timestamp) -> Result<(), (Code, String)> {
        let gone = || {
            (
                code::MISDIRECTED,
                "the listener of the connection is gone".to_owned(),
            )
        };
        let listener = self.listener(standing.listener).ok_or_else(gone)?;
        listener.judge_again(standing, at)
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.listeners.iter().flat_map(Listener::hosts)
    }

    pub(crate) fn backends(&self) -> &[Arc<Backend>] {
        &self.backends
    }

    /// The certificates that the hosts show.
    pub fn own(&self) -> impl Iterator<Item = &Certificate> {
        self.hosts().map(|host| &host.own)
    }

    /// The bundles that may vouch for every name though they hold several CAs: any of these can make the identities of
    /// the others' clients. Each with the names of its CAs.
    pub fn unbound(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let cas = self.hosts().flat_map(|host| host.trust.cas());
        cas.filter_map(|ca| {
            let several = ca.anchors().independent();
            (ca.names().is_none() && several.len() > 1).then(|| (ca.name(), several))
        })
    }

    /// The lists that have ended and hold nevertheless (`stale = "keep"`), each with its end.
    pub fn kept_beyond_their_end(&self, now: Timestamp) -> impl Iterator<Item = (&str, Timestamp)> {
        let lives = self.lists().flat_map(|source| {
            let lives = source.lives().into_iter();
            lives.map(|(_, ends)| (&*source.name, ends))
        });
        lives.filter(move |(_, ends)| *ends < now)
    }

    /// The hosts that only observe.
    pub fn observing(&self) -> impl Iterator<Item = &str> {
        let hosts = self.hosts().filter(|host| host.rules.observes);
        hosts.map(|host| host.name.label())
    }

    /// The hosts that ask for no certificate, and have no route for clients without one.
    pub fn pointless(&self) -> impl Iterator<Item = &str> {
        let hosts = self
            .hosts()
            .filter(|host| host.is_optional && !host.rules.takes_anonymous());
        hosts.map(|host| host.name.label())
    }

    /// The CAs that vouch for clients.
    pub(crate) fn cas(&self) -> impl Iterator<Item = &TrustedCa> {
        self.hosts().flat_map(|host| host.trust.cas())
    }

    /// The CA bundle of this name.
    fn ca(&self, name: &str) -> Option<&TrustedCa> {
        self.cas().find(|ca| ca.name() == name)
    }

    /// The revocation lists by which clients are judged.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &RevocationSource> {
        self.cas()
            .filter_map(TrustedCa::revocations)
            .flat_map(Revocations::sources)
    }

    /// CAs of the files that are not used because they have expired.
    pub fn left_out(&self) -> impl Iterator<Item = &Certificate> {
        self.hosts().flat_map(|host| host.trust.anchors().left_out())
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
    /// The same of keys for access tokens.
    key_urls: Vec<(String, PathBuf)>,
}

impl Named {
    fn by(sources: &Sources) -> Self {
        Self {
            files: sources.files(),
            urls: sources.urls(),
            key_urls: sources.key_urls(),
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

    /// Every URL of keys for access tokens, with the file that keeps what was fetched.
    pub(crate) fn key_urls(&self) -> Vec<(String, PathBuf)> {
        self.named().key_urls.clone()
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
    let own = sources
        .hosts()
        .flat_map(|host| load::faults(&host.cert, &host.key, now));
    let cas = sources.clients.iter();
    let cas = cas.filter_map(|clients| load::anchors(&clients.ca, now).err());
    let backends = sources.backends.iter();
    let backends = backends.filter_map(|backend| backend.load(now).err());
    let parts: Vec<Problem> = own.chain(cas).chain(backends).collect();
    // What is wrong only when everything is put together is looked for when all parts are good.
    if parts.is_empty() {
        load(sources, 0, &Lists::default(), None).map_err(|problem| vec![problem])
    } else {
        Err(parts)
    }
}

/// What the hosts of a state are made of.
struct Parts<'a> {
    /// Every CA by its name, in the order of the sources.
    cas: Vec<TrustedCa>,
    backends: Vec<Arc<Backend>>,
    generation: u64,
    before: Option<&'a State>,
    now: Timestamp,
}

/// A state out of `sources`. What clients may resume is taken over from the state `before`.
fn load(sources: &Sources, generation: u64, lists: &Lists, before: Option<&State>) -> Result<State, Problem> {
    let now = Timestamp::now();
    let backends = sources.backends.iter();
    let backends = backends.map(|backend| backend.load(now).map(Arc::new));
    let parts = Parts {
        cas: cas(&sources.clients, lists, before, now)?,
        backends: backends.collect::<Result<Vec<_>, Problem>>()?,
        generation,
        before,
        now,
    };
    must_listen_alike(sources, before)?;
    let wants = sources.backends.iter().any(|backend| backend.assertion.is_some());
    let assertions = match wants || sources.assertion_key.is_some() {
        true => Some(Assertions::load(
            sources.assertion_key.as_deref(),
            before.and_then(State::assertions),
        )?),
        false => None,
    };
    let listener = |(place, listener): (usize, &ListenerSource)| {
        let hosts = listener.hosts.iter().map(|host| parts.host(place, host));
        hosts.collect::<Result<Vec<_>, Problem>>().map(Listener::new)
    };
    let listeners = sources.listeners.iter().enumerate().map(listener);
    Ok(State {
        generation,
        listeners: listeners.collect::<Result<_, Problem>>()?,
        backends: parts.backends,
        assertions,
    })
}

/// An open proxy has its sockets: none comes and none goes with a reload.
fn must_listen_alike(sources: &Sources, before: Option<&State>) -> Result<(), Problem> {
    let (now, then) = (
        sources.listeners.len(),
        before.map(|before| before.listeners.len()),
    );
    match then {
        Some(then) if then != now => {
            let message =
                format!("the configuration has {now} listeners, and the proxy was started with {then}");
            Err(Problem::new(code::CONFIG_INVALID, message).help("restart the proxy"))
        }
        _ => Ok(()),
    }
}

impl Parts<'_> {
    fn host(&self, place: usize, source: &HostSource) -> Result<Host, Problem> {
        let credentials = load::credentials(&source.cert, &source.key, Purpose::Server, self.now)?;
        let is_its = |ca: &&TrustedCa| source.clients.iter().any(|name| name == ca.name());
        let cas = self.cas.iter().filter(is_its).cloned().collect();
        let trust = Arc::new(trust(cas, self.generation)?);
        let routes = source.routes.iter().map(route);
        let routes = routes.collect::<Result<Vec<_>, Problem>>()?;
        must_ask_alike(source, &routes)?;
        let rules = Rules::new(routes, source.optional, source.observes);
        let speaks_http = self.speaks_http(source)?;
        let name = HostName {
            names: source.names.clone(),
            is_default: source.is_default,
        };
        let earlier = self
            .before
            .and_then(|before| before.listener(place)?.called(&name));
        let earlier = earlier.and_then(|host| host.sessions.clone());
        let sessions = source.resumption.then(|| earlier.unwrap_or_else(Sessions::new));
        let own = credentials.leaf().clone();
        // Only requests can be answered.
        let explains = source.explains && speaks_http;
        let settings = server::Settings {
            credentials,
            trust: trust.clone(),
            admission: rules.clone(),
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
        Ok(Host {
            name,
            server: server.map_err(|error| Problem::new(error.code(), error))?,
            trust,
            rules,
            is_optional: source.optional,
            own,
            speaks_http,
            sessions,
        })
    }

    /// Whether the host carries requests. One that carries bytes has one route: nobody looks into them.
    fn speaks_http(&self, source: &HostSource) -> Result<bool, Problem> {
        let mut kinds = source.routes.iter().map(|route| {
            let is_its = |backend: &&Arc<Backend>| backend.name == route.to;
            let backend = self.backends.iter().find(is_its);
            let missing = || {
                Problem::new(
                    code::CONFIG_INVALID,
                    format_args!("no backend is called \"{}\"", route.to),
                )
            };
            backend.map(|backend| backend.speaks_http()).ok_or_else(missing)
        });
        let all_http = kinds.try_fold(true, |all, one| one.map(|one| all && one))?;
        let is_plain = match &*source.routes {
            [only] => only.path.is_empty() && only.methods.is_none() && only.bound_tokens.is_none(),
            _ => false,
        };
        if all_http || is_plain {
            return Ok(all_http);
        }
        let message = "a host with a tcp backend has one route, \"/\" without methods and bound-tokens: bytes have neither \
                       path nor header";
        Err(Problem::new(code::CONFIG_INVALID, message).help("give the tcp backend a host of its own"))
    }
}

/// The route of `source`, its policy read and compiled.
pub(crate) fn route(source: &RouteSource) -> Result<Route, Problem> {
    let policy = match &source.policy {
        PolicySource::Rules {
            allow,
            deny,
            anonymous,
        } => Policy::of_rules(allow.clone(), deny.clone(), *anonymous).map_err(|error| {
            Problem::new(error.code(), error.to_string())
                .help("name the allowed clients: --allow uri:spiffe://..., or --allow any")
        })?,
        PolicySource::Cedar(path) => {
            let bytes = files::read_regular(path)?;
            let wrong = |detail: String| {
                Problem::new(code::BAD_RULE, format_args!("\"{}\": {detail}", path.display()))
            };
            let text = String::from_utf8(bytes).map_err(|_| wrong("expected text in UTF-8".into()))?;
            Policy::of_cedar(&text).map_err(|error| {
                wrong(error.to_string()).help("what a policy may speak of: docs/reference/policy.cedarschema")
            })?
        }
    };
    let tokens = source.bound_tokens.as_ref().map(BoundTokens::load);
    Ok(Route {
        path: source.path.clone(),
        methods: source.methods.clone(),
        policy,
        to: source.to.clone(),
        tokens: tokens.transpose()?.map(Arc::new),
    })
}

/// A policy for clients without a certificate, at a host where each shows one, is a mistake.
pub(crate) fn must_ask_alike(source: &HostSource, routes: &[Route]) -> Result<(), Problem> {
    let takes_anonymous = |route: &&Route| route.policy.takes_anonymous();
    match routes.iter().find(takes_anonymous) {
        Some(route) if !source.optional => {
            let message = format!(
                "the route \"{}\" has a policy for clients without a certificate, and its host demands one",
                route.label()
            );
            let help = "write client-certificate = \"optional\" into the host, or take the policy out";
            Err(Problem::new(code::CONFIG_INVALID, message).help(help))
        }
        _ => Ok(()),
    }
}

/// The CAs of `clients`.
fn cas(
    clients: &[ClientCas],
    lists: &Lists,
    before: Option<&State>,
    now: Timestamp,
) -> Result<Vec<TrustedCa>, Problem> {
    clients.iter().map(|one| ca(one, lists, before, now)).collect()
}

/// The CA of `clients`, with the names that it may vouch for and the lists by which it is judged.
pub(crate) fn ca(
    clients: &ClientCas,
    lists: &Lists,
    before: Option<&State>,
    now: Timestamp,
) -> Result<TrustedCa, Problem> {
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
}

pub(crate) fn trust(cas: Vec<TrustedCa>, generation: u64) -> Result<Trust, Problem> {
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
