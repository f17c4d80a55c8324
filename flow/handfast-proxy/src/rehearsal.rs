//! What a configuration decides about a client and a request, without a proxy: for tests of rules, for explaining one
//! decision, and for comparing two configurations.
//!
//! In: the sources of a configuration, or one policy in Cedar; who asks, and for what. Out: a [`Decision`], made by the same
//! rules, names and paths as those of the proxy, in the same order: host, certificate, admission, path, route. Server
//! certificates and backends are not looked at, and a host that observes decides as if it were in earnest. An access token that
//! a route demands is said, and taken for good.

pub mod cases;
mod client;
pub mod compare;
mod token;

use std::path::{Path, PathBuf};

use handfast_finding::Problem;
use handfast_pki::{Code, Identity, Purpose, Refusal, Trust, code, text::printable, verify::verify};
use handfast_policy::{Denial, condition, own_rule};
use handfast_values::Authority;
use http::{Method, Uri};
use jiff::Timestamp;

pub use self::{client::Client, token::TokenDemand};
use crate::{
    error::Ended,
    forward::{path::normalise, unacceptable::Unacceptable},
    host::{ByName, HostName, Route, has_one_answer, route_of},
    lists::Lists,
    live,
    sources::{HostSource, PolicySource, RouteSource, Sources},
};

/// The rules of a configuration.
pub struct Rehearsal {
    listeners: Vec<(ByName, Vec<Host>)>,
}

struct Host {
    name: HostName,
    routes: Vec<Route>,
    /// The file of the policy in Cedar of each route that has one.
    policies: Vec<Option<PathBuf>>,
    is_optional: bool,
    observes: bool,
    /// The access token that each route demands.
    tokens: Vec<Option<TokenDemand>>,
    /// Who vouches for its clients, or why that is not known; nothing where no certificate is to be verified.
    trust: Option<Result<Trust, Problem>>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The name of the host (SNI and Host), with or without a port; nothing for the default one.
    pub host: Option<String>,
    /// `GET`.
    pub method: String,
    /// With or without a query.
    pub path: String,
}

/// What is decided about one client and one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// Whether the request would be forwarded.
    pub is_allowed: bool,
    /// Whether it ends in the handshake already.
    pub in_handshake: bool,
    /// Why it is denied.
    pub code: Option<Code>,
    /// The same in words, with the nearest rule.
    pub reason: Option<String>,
    /// The rule, or the policy by its `@id`, that decides; nothing where none does.
    pub rule: Option<String>,
    /// The host and the route that are meant, as the configuration calls them.
    pub host: Option<String>,
    pub route: Option<String>,
    /// One thing that would let the request through.
    pub hint: Option<String>,
    /// Whether the host only observes, so that a denial is recorded and nothing more.
    pub observes: bool,
    /// The access token that the request needs besides; it is taken for good.
    pub token: Option<TokenDemand>,
}

impl Rehearsal {
    /// The rules of `sources`. `with_trust` certificates are judged: it reads the CAs and the revocation lists. Without, they are
    /// taken for good. CAs and lists that cannot be used make no error here: they are a part of each decision, as in a proxy
    /// that is running.
    ///
    /// # Errors
    ///
    /// A policy that cannot be read, or is none.
    pub fn of(sources: &Sources, with_trust: bool) -> Result<Self, Problem> {
        let now = Timestamp::now();
        let lists = Lists::with_ended();
        let cas = sources.clients.iter().filter(|_| with_trust);
        let cas: Vec<_> = cas
            .map(|one| (&one.name, live::ca(one, &lists, None, now)))
            .collect();
        let trust = |source: &HostSource| {
            let own = cas.iter().filter(|(name, _)| source.clients.contains(name));
            let own = own.map(|(_, ca)| ca.clone()).collect::<Result<Vec<_>, Problem>>();
            own.and_then(|own| live::trust(own, 0))
        };
        let host = |source: &HostSource| {
            let rules = source.routes.iter().map(|route| {
                live::route(&RouteSource {
                    bound_tokens: None,
                    ..route.clone()
                })
            });
            let routes = rules.collect::<Result<Vec<_>, Problem>>()?;
            live::must_ask_alike(source, &routes)?;
            let tokens = source.routes.iter().map(|route| route.bound_tokens.as_ref());
            Ok(Host {
                name: HostName {
                    names: source.names.clone(),
                    is_default: source.is_default,
                },
                routes,
                policies: source.routes.iter().map(cedar).collect(),
                is_optional: source.optional,
                observes: source.observes,
                tokens: tokens.map(|tokens| tokens.map(TokenDemand::of)).collect(),
                trust: with_trust.then(|| trust(source)),
            })
        };
        let listeners = sources.listeners.iter().map(|listener| {
            let hosts = listener.hosts.iter().map(host);
            hosts.collect::<Result<Vec<_>, Problem>>().map(by_name)
        });
        Ok(Self {
            listeners: listeners.collect::<Result<_, _>>()?,
        })
    }

    /// One policy in Cedar, of a route for everything.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is no policy.
    pub fn of_policy(file: &Path) -> Result<Self, Problem> {
        let source = RouteSource {
            path: String::new(),
            methods: None,
            policy: PolicySource::Cedar(file.to_owned()),
            to: "".into(),
            bound_tokens: None,
        };
        let host = Host {
            name: HostName {
                names: Vec::new(),
                is_default: true,
            },
            routes: vec![live::route(&source)?],
            policies: vec![Some(file.to_owned())],
            is_optional: true,
            observes: false,
            tokens: vec![None],
            trust: None,
        };
        Ok(Self {
            listeners: vec![by_name(vec![host])],
        })
    }

    /// The same, where every CA and every list can be used: a denial that has its reason there says nothing about rules.
    ///
    /// # Errors
    ///
    /// The first that cannot.
    pub fn with_all_trust(self) -> Result<Self, Problem> {
        let mut hosts = self.listeners.iter().flat_map(|(_, hosts)| hosts);
        match hosts.find_map(|host| host.trust.as_ref()?.as_ref().err()) {
            Some(problem) => Err(problem.clone()),
            None => Ok(self),
        }
    }

    /// What is decided about `client` that asks for `asked`, at the time `now`.
    pub fn decide(&self, client: &Client, asked: &Asked, now: Timestamp) -> Decision {
        // As the request path reads Host: with a port, which means nothing here.
        let asked_for = match asked.host.as_deref().map(Authority::read).transpose() {
            Ok(read) => read.map(|authority| authority.host),
            Err(error) => {
                let wrong = Unacceptable::Host(error.into());
                return Decision::denied(wrong.answer().1, wrong.to_string());
            }
        };
        let by = |place: &dyn Fn(&ByName) -> Option<usize>| {
            let mut listeners = self.listeners.iter();
            listeners.find_map(|(names, hosts)| hosts.get(place(names)?))
        };
        // A name that one listener knows is not meant for the default host of another.
        let found = by(&|names| names.named(asked_for?)).or_else(|| by(&|names| names.place(asked_for)));
        match found {
            Some(host) => host.decide(client, asked, now),
            None => Decision::denied(
                code::WRONG_SNI,
                match asked_for {
                    Some(name) => format!("no host here is called \"{}\"", printable(name)),
                    None => "there is no default host, and no name was asked for".to_owned(),
                },
            )
            .in_handshake(),
        }
    }
}

fn by_name(hosts: Vec<Host>) -> (ByName, Vec<Host>) {
    (ByName::of(hosts.iter().map(|host| &host.name)), hosts)
}

fn cedar(source: &RouteSource) -> Option<PathBuf> {
    match &source.policy {
        PolicySource::Cedar(file) => Some(file.clone()),
        PolicySource::Rules { .. } => None,
    }
}

/// Of each route, the rule that allows or why none does.
type Decisions = Vec<Result<String, Denial>>;

impl Host {
    fn decide(&self, client: &Client, asked: &Asked, now: Timestamp) -> Decision {
        let route = self.route(asked);
        let place = route.as_ref().ok().copied().flatten();
        let token = place.and_then(|place| self.tokens.get(place)?.clone());
        let judged = self.judge(client, now);
        let is_proven = matches!(&judged, Ok((_, Some(_))));
        let decision = match judged {
            Err(refused) => *refused,
            Ok((decisions, identity)) => {
                let is_admitted = decisions.iter().any(Result::is_ok);
                let decision = self.at_route(&decisions, route, asked, identity.as_ref());
                if !is_admitted {
                    self.turned_away(decision, &decisions, identity.is_none())
                } else if decision.is_allowed && token.is_some() && identity.is_none() {
                    token::without_certificate()
                } else {
                    decision
                }
            }
        };
        // A host that observes serves no request that has no route, and demands tokens in earnest.
        let is_served = place.is_some() && (token.is_none() || is_proven);
        Decision {
            host: Some(self.name.label().to_owned()),
            route: place.and_then(|place| Some(self.routes.get(place)?.label().to_owned())),
            observes: self.observes && (decision.is_allowed || is_served),
            token,
            ..decision
        }
    }

    /// The place of the route; `Err` for a path that two programs could read differently.
    fn route(&self, asked: &Asked) -> Result<Option<usize>, String> {
        if has_one_answer(&self.routes) {
            return Ok(Some(0));
        }
        let bad = || format!("the path \"{}\" has no one reading", printable(&asked.path));
        let mut target: Uri = asked.path.parse().map_err(|_| bad())?;
        normalise(&mut target).map_err(|_| bad())?;
        let method = Method::from_bytes(asked.method.as_bytes()).map_err(|_| bad())?;
        Ok(route_of(&self.routes, target.path(), &method).map(|(place, _)| place))
    }

    /// The decision of each route, and who the client is, where anything is known of it.
    fn judge(&self, client: &Client, now: Timestamp) -> Result<(Decisions, Option<Identity>), Box<Decision>> {
        let refused = |refusal: Refusal| Box::new(Decision::refused(&refusal));
        let routes = self.routes.iter();
        match client {
            Client::Anonymous if !self.is_optional => Err(refused(Refusal::NoCertificate)),
            Client::Anonymous => {
                let decisions = routes.map(|route| route.policy.decide_anonymous());
                let decisions = decisions.map(|decided| decided.map(|permit| permit.rule().to_owned()));
                Ok((decisions.collect(), None))
            }
            Client::Named(identity) => {
                let decisions = routes.map(|route| route.policy.rehearse(identity));
                Ok((decisions.collect(), Some(identity.clone())))
            }
            Client::Shows(chain) => {
                let Some(trust) = &self.trust else {
                    let leaf = chain.first().ok_or_else(|| refused(Refusal::NoCertificate))?;
                    return self.judge(&Client::Named(leaf.identity()), now);
                };
                let trust = trust
                    .as_ref()
                    .map_err(|problem| Box::new(Decision::without_trust(problem)))?;
                let presented: Vec<_> = chain.iter().map(|one| one.der().clone()).collect();
                let chain = verify(&presented, trust, Purpose::Client, now).map_err(refused)?;
                let decisions = routes.map(|route| route.policy.decide(&chain));
                let decisions = decisions.map(|decided| decided.map(|permit| permit.rule().to_owned()));
                Ok((decisions.collect(), Some(chain.identity())))
            }
        }
    }

    fn at_route(
        &self,
        decisions: &Decisions,
        route: Result<Option<usize>, String>,
        asked: &Asked,
        identity: Option<&Identity>,
    ) -> Decision {
        let place = match route {
            Err(why) => return Decision::denied(code::BAD_REQUEST, why),
            Ok(None) => {
                let (method, path) = (printable(&asked.method), printable(&asked.path));
                let reason = format!("no route of the host is for {method} {path}");
                return Decision::denied(code::NOT_ALLOWED, reason);
            }
            Ok(Some(place)) => place,
        };
        match decisions.get(place) {
            Some(Ok(rule)) => Decision {
                is_allowed: true,
                rule: Some(rule.clone()),
                ..Decision::default()
            },
            Some(Err(denial)) => Decision {
                rule: denial.by.clone(),
                hint: self.hint(place, denial, identity),
                ..Decision::by(denial)
            },
            None => Decision::denied(code::NOT_ALLOWED, "the route has no policy".to_owned()),
        }
    }

    /// No route lets the client in, so that the handshake ends already.
    fn turned_away(&self, decision: Decision, decisions: &Decisions, is_anonymous: bool) -> Decision {
        if is_anonymous {
            let refused = Decision::refused(&Refusal::NoCertificate);
            return Decision {
                hint: decision.hint.or(refused.hint.clone()),
                ..refused
            };
        }
        // Where the request had no route, what was said of the client is all that there is.
        let first = decisions.iter().find_map(|decided| decided.as_ref().err());
        match (decision.code, first) {
            (Some(code::NOT_ALLOWED), _) | (_, None) => decision.in_handshake(),
            (_, Some(denial)) => Decision::by(denial).in_handshake(),
        }
    }

    /// What would let the client through.
    fn hint(&self, place: usize, denial: &Denial, identity: Option<&Identity>) -> Option<String> {
        let route = self.routes.get(place)?.label();
        let file = self.policies.get(place)?.as_ref();
        let file = file.map(|file| file.display().to_string());
        let who = identity.map(own_rule);
        Some(match (&denial.by, file) {
            (Some(rule), Some(file)) => {
                format!("change the policy \"{rule}\" in \"{file}\", which forbids it")
            }
            (Some(rule), None) => format!("take \"{rule}\" out of deny of the route \"{route}\""),
            (None, Some(file)) if denial.is_anonymous => {
                format!("add to \"{file}\": permit(principal is Anonymous, action, resource);")
            }
            (None, Some(file)) => {
                let condition = condition(&who?);
                format!("add to \"{file}\": permit(principal, action, resource) when {{ {condition} }};")
            }
            (None, None) if denial.is_anonymous => {
                format!(
                    "add \"anonymous\" to allow of the route \"{route}\", or let the client show a certificate"
                )
            }
            (None, None) => format!("add \"{}\" to allow of the route \"{route}\"", who?),
        })
    }
}

impl Decision {
    fn denied(code: Code, reason: String) -> Self {
        Self {
            code: Some(code),
            reason: Some(reason),
            ..Self::default()
        }
    }

    fn by(denial: &Denial) -> Self {
        let ended = Ended::Denied(denial.clone());
        Self::denied(ended.code(), ended.reason())
    }

    /// No certificate can be judged.
    fn without_trust(problem: &Problem) -> Self {
        let reason = format!("no proxy starts with this configuration: {}", problem.message);
        Self {
            hint: problem.help.clone(),
            ..Self::denied(problem.code, reason).in_handshake()
        }
    }

    fn refused(refusal: &Refusal) -> Self {
        Self {
            hint: Some(refusal.hint().to_owned()),
            ..Self::denied(refusal.code(Purpose::Client), refusal.to_string()).in_handshake()
        }
    }

    fn in_handshake(self) -> Self {
        Self {
            in_handshake: true,
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
