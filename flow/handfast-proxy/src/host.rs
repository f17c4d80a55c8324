//! Who is asked for decides what is shown, who is trusted and what is allowed: a listener, its hosts, their routes.
//!
//! The client names its host in the handshake (SNI); the certificate, the CAs and the rules are that host's alone. Each
//! request then names a host again and a path, and must stay with the host of its connection.

use std::{collections::HashMap, sync::Arc};

use handfast_pki::{Certificate, Code, Purpose, Trust, VerifiedChain, code};
use handfast_policy::{Denial, Policy};
use handfast_tls::{Admit, Peer, Server, Sessions};
use http::Method;
use jiff::Timestamp;

use crate::{admission::Admission, error::Ended};

/// The hosts of one address to listen on, in one state.
pub(crate) struct Listener {
    hosts: Vec<Arc<Host>>,
    /// Names in lower case, and suffixes after `*`.
    by_name: HashMap<String, usize>,
    /// The same in order, for comparing.
    names: Arc<[String]>,
    /// Who is meant where no name is known.
    default: Option<usize>,
}

/// A host: one certificate, its CAs and its routes.
pub(crate) struct Host {
    /// By this a connection stays with its host over reloads.
    pub(crate) name: HostName,
    pub(crate) server: Server<Rules>,
    pub(crate) trust: Arc<Trust>,
    pub(crate) routes: Arc<[Route]>,
    /// The leaf that it shows.
    pub(crate) own: Certificate,
    /// What clients may resume, from its earlier states as well; nothing where they may not.
    pub(crate) sessions: Option<Arc<Sessions>>,
    /// Whether requests are forwarded, as opposed to bytes.
    pub(crate) speaks_http: bool,
}

/// By which names a host is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct HostName {
    /// In lower case; `*.` stands for one label.
    pub(crate) names: Vec<String>,
    /// Whether it is meant where no other host is.
    pub(crate) is_default: bool,
}

impl HostName {
    /// Whether it has names that another host could take away by having them in full.
    fn is_open(&self) -> bool {
        self.is_default || self.names.iter().any(|name| name.starts_with("*."))
    }

    /// What it is called where people read.
    pub(crate) fn label(&self) -> &str {
        self.names.first().map_or("default", String::as_str)
    }

    /// Whether `asked` is one of its names in full.
    fn has(&self, asked: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(asked))
    }
}

/// A part of a host, and who may ask for it.
pub(crate) struct Route {
    /// A path without a slash at its end, `/` being the empty one. It and everything below it is meant.
    pub(crate) path: String,
    /// Nothing means every method.
    pub(crate) methods: Option<Vec<Method>>,
    pub(crate) policy: Policy,
    /// The name of the backend that it leads to.
    pub(crate) to: Arc<str>,
}

/// The rules of one host, asked in the handshake: a client comes in that at least one route allows.
pub(crate) struct Rules(pub(crate) Arc<[Route]>);

impl Listener {
    /// The hosts in their order. Two hosts of one name, or two defaults, are the caller's to refuse: the first is meant.
    pub(crate) fn new(hosts: Vec<Host>) -> Self {
        let (mut by_name, mut default) = (HashMap::new(), None);
        for (place, host) in hosts.iter().enumerate() {
            if host.name.is_default {
                default = default.or(Some(place));
            }
            for name in &host.name.names {
                by_name.entry(name.to_ascii_lowercase()).or_insert(place);
            }
        }
        let mut names: Vec<String> = by_name.keys().cloned().collect();
        names.sort();
        Self {
            hosts: hosts.into_iter().map(Arc::new).collect(),
            names: names.into(),
            by_name,
            default,
        }
    }

    /// The host that is meant by `asked` (SNI), a name without a port.
    pub(crate) fn host(&self, asked: Option<&str>) -> Option<&Arc<Host>> {
        let named = asked.and_then(|asked| self.named(asked));
        self.hosts.get(named.or(self.default)?)
    }

    fn named(&self, asked: &str) -> Option<usize> {
        if self.by_name.is_empty() {
            return None;
        }
        let asked = asked.strip_suffix('.').unwrap_or(asked).to_ascii_lowercase();
        let exact = self.by_name.get(&asked);
        let wildcard = || {
            let (_, parent) = asked.split_once('.')?;
            self.by_name.get(&format!("*.{parent}"))
        };
        exact.or_else(wildcard).copied()
    }

    /// Whether a request for `asked` (Host or `:authority`, a port with it) may come over a connection of `host`.
    pub(crate) fn is_of(&self, host: &Host, asked: &str) -> bool {
        // One host answers to every name.
        if self.by_name.is_empty() {
            return true;
        }
        let name = match asked.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => asked,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        // Most requests are for a name in full, and no other host can have that.
        host.name.has(name) || self.host(Some(name)).is_some_and(|meant| meant.name == host.name)
    }

    /// The host of this name.
    pub(crate) fn called(&self, name: &HostName) -> Option<&Arc<Host>> {
        self.hosts.iter().find(|host| host.name == *name)
    }

    /// The host that goes on with a connection of `before`, whose listener had the names `then`: it has the same names, and
    /// where some of them are open, no other host has come to take one.
    fn successor(&self, before: &Host, then: &[String]) -> Option<&Arc<Host>> {
        let is_same = !before.name.is_open() || *self.names == *then;
        self.called(&before.name).filter(|_| is_same)
    }

    /// What is known of a client at `host` of this listener, the one at the place `listener`.
    pub(crate) fn standing(
        &self,
        listener: usize,
        host: Arc<Host>,
        peer: Arc<Peer>,
        admission: Arc<Admission>,
    ) -> Standing {
        Standing {
            peer,
            listener,
            names: self.names.clone(),
            host,
            admission,
        }
    }

    /// All hosts, in order.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().map(Arc::as_ref)
    }
}

/// A proven client at one host, and what was decided about it there.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) peer: Arc<Peer>,
    /// The place of the listener that it came to, and the names of all hosts there.
    pub(crate) listener: usize,
    pub(crate) names: Arc<[String]>,
    pub(crate) host: Arc<Host>,
    pub(crate) admission: Arc<Admission>,
}

impl Listener {
    /// Judges a client of an earlier state as if it came now: its host, its chain by the CAs, its identity by the rules.
    /// It goes on with what it was allowed before, so whatever it has lost of that ends its connection.
    pub(crate) fn judge_again(&self, standing: &Standing, at: Timestamp) -> Result<(), (Code, String)> {
        let before = &standing.host;
        let Some(now) = self.successor(before, &standing.names) else {
            return Err((
                code::MISDIRECTED,
                "the host of the connection is served no longer".to_owned(),
            ));
        };
        let chain = standing
            .peer
            .chain()
            .still_holds(&now.trust, at)
            .map_err(|refusal| (refusal.code(Purpose::Client), refusal.to_string()))?;
        let denied = |denial: Denial| {
            let ended = Ended::Denied(denial);
            (ended.code(), ended.reason())
        };
        let admission = Rules(now.routes.clone()).admit(&chain).map_err(denied)?;
        let is_same = |(one, other): (&Route, &Route)| {
            one.path == other.path && one.methods == other.methods && one.to == other.to
        };
        if before.routes.len() != now.routes.len()
            || !before.routes.iter().zip(now.routes.iter()).all(is_same)
        {
            return Err((
                code::NOT_ALLOWED,
                "the routes of the host have changed".to_owned(),
            ));
        }
        let pairs = standing.admission.decisions.iter().zip(&admission.decisions);
        let lost = pairs
            .filter(|(before, _)| before.is_ok())
            .find_map(|(_, now)| now.as_ref().err());
        lost.cloned().map_or(Ok(()), |denial| Err(denied(denial)))
    }
}

impl Admit for Rules {
    type Pass = Arc<Admission>;
    type Denial = Denial;

    fn admit(&self, chain: &VerifiedChain) -> Result<Arc<Admission>, Denial> {
        let decisions: Vec<_> = self.0.iter().map(|route| route.policy.decide(chain)).collect();
        Admission::decided(chain, decisions).map(Arc::new)
    }
}

impl Standing {
    /// Whether every request is decided alike, so that nobody needs to look at its path.
    pub(crate) fn has_one_answer(&self) -> bool {
        matches!(&*self.host.routes, [only] if only.path.is_empty() && only.methods.is_none())
    }

    /// The first route, which is the only one where [`Self::has_one_answer`].
    pub(crate) fn first_route(&self) -> Option<&Route> {
        self.host.routes.first()
    }

    /// The route of a request for the normalised `path` that the client may send: that with the longest path, among those
    /// for `method`, one that names its methods before one that does not, if it allows the client; with its place in the
    /// host. No route means no.
    pub(crate) fn route(&self, path: &str, method: &Method) -> Option<(usize, &Route)> {
        let routes = self.host.routes.iter().zip(&self.admission.decisions);
        routes
            .enumerate()
            .filter(|(_, (route, _))| route.fits(path, method))
            .max_by_key(|(_, (route, _))| (route.path.len(), route.methods.is_some()))
            .filter(|(_, (_, decision))| decision.is_ok())
            .map(|(place, (route, _))| (place, route))
    }
}

impl Route {
    /// What it is called where people read.
    pub(crate) fn label(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    fn fits(&self, path: &str, method: &Method) -> bool {
        let is_below = path
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        is_below
            && self
                .methods
                .as_ref()
                .is_none_or(|methods| methods.contains(method))
    }
}

#[cfg(test)]
mod tests;
