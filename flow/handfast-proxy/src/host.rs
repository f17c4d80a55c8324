//! Who is asked for decides what is shown, who is trusted and what is allowed: a listener, its hosts, their routes.
//!
//! The client names its host in the handshake (SNI); the certificate, the CAs and the rules are that host's alone. Each
//! request then names a host again and a path, and must stay with the host of its connection.

use std::{collections::HashMap, sync::Arc};

use handfast_pki::{Certificate, Code, Purpose, Refusal, Trust, VerifiedChain, code};
use handfast_policy::{Denial, Permit, Policy};
use handfast_tls::{Admit, Peer, Server, Sessions};
use handfast_values::Authority;
use http::Method;
use jiff::Timestamp;

use crate::{admission::Admission, bound_tokens::BoundTokens, error::Ended, sources::BoundTokensSource};

/// The hosts of one address to listen on, in one state.
pub(crate) struct Listener {
    hosts: Vec<Arc<Host>>,
    by_name: ByName,
    /// All names in order, for comparing.
    names: Arc<[String]>,
}

/// Which host of a listener is meant by a name.
pub(crate) struct ByName {
    /// Names in lower case, and suffixes after `*`.
    places: HashMap<String, usize>,
    /// Who is meant where no name is known.
    default: Option<usize>,
}

impl ByName {
    /// The hosts in their order. Two hosts of one name, or two defaults, are the caller's to refuse: the first is meant.
    pub(crate) fn of<'a>(hosts: impl Iterator<Item = &'a HostName>) -> Self {
        let (mut places, mut default) = (HashMap::new(), None);
        for (place, host) in hosts.enumerate() {
            if host.is_default {
                default = default.or(Some(place));
            }
            for name in &host.names {
                places.entry(name.to_ascii_lowercase()).or_insert(place);
            }
        }
        Self { places, default }
    }

    /// The place of the host that is meant by `asked` (SNI), a name without a port.
    pub(crate) fn place(&self, asked: Option<&str>) -> Option<usize> {
        asked.and_then(|asked| self.named(asked)).or(self.default)
    }

    /// The place of the host that has this name.
    pub(crate) fn named(&self, asked: &str) -> Option<usize> {
        if self.places.is_empty() {
            return None;
        }
        let asked = asked.strip_suffix('.').unwrap_or(asked).to_ascii_lowercase();
        let exact = self.places.get(&asked);
        let wildcard = || {
            let (_, parent) = asked.split_once('.')?;
            self.places.get(&format!("*.{parent}"))
        };
        exact.or_else(wildcard).copied()
    }
}

/// A host: one certificate, its CAs and its routes.
pub(crate) struct Host {
    /// By this a connection stays with its host over reloads.
    pub(crate) name: HostName,
    pub(crate) server: Server<Rules>,
    pub(crate) trust: Arc<Trust>,
    pub(crate) rules: Rules,
    /// Whether the configuration lets clients come without a certificate.
    pub(crate) is_optional: bool,
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
    /// Whose access tokens each request has to carry.
    pub(crate) tokens: Option<Arc<BoundTokens>>,
}

/// The rules of one host, asked in the handshake: a client comes in that at least one route allows.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) routes: Arc<[Route]>,
    /// What a client without a certificate gets; nothing where each has to show one.
    anonymous: Option<Arc<Admission>>,
    /// Whether who should be rejected is served all the same, and recorded.
    pub(crate) observes: bool,
}

impl Rules {
    /// The rules of `routes`; with `optional`, who shows no certificate comes in where one of them allows that.
    pub(crate) fn new(routes: Vec<Route>, optional: bool, observes: bool) -> Self {
        let anonymous = optional
            .then(|| Admission::anonymous(without_certificate(&routes)))
            .flatten();
        Self {
            routes: routes.into(),
            anonymous: anonymous.map(Arc::new),
            observes,
        }
    }

    /// Whether a client without a certificate may come in.
    pub(crate) fn takes_anonymous(&self) -> bool {
        self.anonymous.is_some()
    }
}

fn without_certificate(routes: &[Route]) -> Vec<Result<Permit, Denial>> {
    routes
        .iter()
        .map(|route| route.policy.decide_anonymous())
        .collect()
}

impl Listener {
    /// The hosts in their order. Two hosts of one name, or two defaults, are the caller's to refuse: the first is meant.
    pub(crate) fn new(hosts: Vec<Host>) -> Self {
        let by_name = ByName::of(hosts.iter().map(|host| &host.name));
        let mut names: Vec<String> = by_name.places.keys().cloned().collect();
        names.sort();
        Self {
            hosts: hosts.into_iter().map(Arc::new).collect(),
            names: names.into(),
            by_name,
        }
    }

    /// The host that is meant by `asked` (SNI), a name without a port.
    pub(crate) fn host(&self, asked: Option<&str>) -> Option<&Arc<Host>> {
        self.hosts.get(self.by_name.place(asked)?)
    }

    /// Whether a request for `asked` (Host or `:authority`, a port with it) may come over a connection of `host`.
    pub(crate) fn is_of(&self, host: &Host, asked: &str) -> bool {
        // One host answers to every name.
        if self.by_name.places.is_empty() {
            return true;
        }
        // What is no host was refused before; HTTP/1.0 may name none.
        let name = Authority::read(asked).map_or("", |authority| authority.host);
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
        peer: Option<Arc<Peer>>,
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

/// A client at one host, and what was decided about it there.
#[derive(Clone)]
pub(crate) struct Standing {
    /// Who it has proven to be; nothing where no certificate is needed.
    pub(crate) peer: Option<Arc<Peer>>,
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
        let denied = |denial: Denial| {
            let ended = Ended::Denied(denial);
            (ended.code(), ended.reason())
        };
        let refused = |refusal: &Refusal| (refusal.code(Purpose::Client), refusal.to_string());
        let admission = match (&standing.peer, &standing.admission.refusal) {
            (Some(peer), _) => {
                let chain = peer.chain().still_holds(&now.trust, at);
                let chain = chain.map_err(|refusal| refused(&refusal))?;
                now.rules.admit(&chain).map_err(denied)?
            }
            (None, refusal) => {
                let refusal = refusal.as_ref().unwrap_or(&Refusal::NoCertificate);
                now.rules
                    .without_identity(refusal)
                    .ok_or_else(|| refused(refusal))?
            }
        };
        let (before, now) = (&before.rules, &now.rules);
        let is_same = |(one, other): (&Route, &Route)| {
            one.path == other.path
                && one.methods == other.methods
                && one.to == other.to
                && one.demands() == other.demands()
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
        let decisions: Vec<_> = self
            .routes
            .iter()
            .map(|route| route.policy.decide(chain))
            .collect();
        Admission::decided(chain, decisions, self.observes).map(Arc::new)
    }

    fn without_identity(&self, refusal: &Refusal) -> Option<Arc<Admission>> {
        match (refusal, &self.anonymous) {
            // Who shows a certificate that is refused is never taken for one who shows none.
            (Refusal::NoCertificate, Some(admission)) => Some(admission.clone()),
            _ if self.observes => {
                let decisions = without_certificate(&self.routes);
                Some(Arc::new(Admission::observed(decisions, refusal)))
            }
            _ => None,
        }
    }
}

impl Standing {
    /// Whether every request is decided alike, so that nobody needs to look at its path.
    pub(crate) fn has_one_answer(&self) -> bool {
        has_one_answer(&self.host.rules.routes)
    }

    /// The first route, which is the only one where [`Self::has_one_answer`].
    pub(crate) fn first_route(&self) -> Option<&Route> {
        self.host.rules.routes.first()
    }

    /// What is known of the client by name, where anything is.
    pub(crate) fn fingerprint(&self) -> Option<[u8; 32]> {
        self.peer.as_ref().map(|peer| peer.identity().fingerprint.0)
    }

    /// The route of a request for the normalised `path`, with its place in the host. No route means no.
    pub(crate) fn route(&self, path: &str, method: &Method) -> Option<(usize, &Route)> {
        route_of(&self.host.rules.routes, path, method)
    }

    /// What was decided about the client at the route with this place.
    pub(crate) fn decision(&self, place: usize) -> Option<&Result<Permit, Denial>> {
        self.admission.decisions.get(place)
    }
}

/// Whether every request for `routes` is decided alike.
pub(crate) fn has_one_answer(routes: &[Route]) -> bool {
    matches!(routes, [only] if only.path.is_empty() && only.methods.is_none())
}

/// The route that is asked for: that with the longest path, among those for `method`, one that names its methods before one
/// that does not; with its place among `routes`.
pub(crate) fn route_of<'a>(routes: &'a [Route], path: &str, method: &Method) -> Option<(usize, &'a Route)> {
    let fitting = routes.iter().enumerate();
    let fitting = fitting.filter(|(_, route)| route.fits(path, method));
    fitting.max_by_key(|(_, route)| (route.path.len(), route.methods.is_some()))
}

impl Route {
    /// What it is called where people read.
    pub(crate) fn label(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// What it demands of tokens; their keys may change.
    fn demands(&self) -> Option<&BoundTokensSource> {
        self.tokens.as_ref().map(|tokens| &tokens.source)
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
