//! A tunnel with its files read: ways to servers, and the choice among them.

use std::sync::Arc;

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Purpose, Trust, code};
use handfast_policy::Policy;
use handfast_tls::{Client, Condition, client};
use handfast_values::Endpoint;
use jiff::Timestamp;

use super::{
    callers::Caller,
    sources::{Destinations, TunnelRoute, TunnelSource},
};

/// A tunnel, ready to be used.
pub(super) struct State {
    pub(super) source: TunnelSource,
    /// One for each route, in their order.
    ways: Vec<Arc<Way>>,
}

/// A way to servers: to whom, for whom, as whom.
pub(super) struct Way {
    pub(super) route: TunnelRoute,
    pub(super) client: Client,
    /// By which CAs the server is verified.
    pub(super) trust: Arc<Trust>,
}

/// Why there is no way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoWay {
    /// No route leads there.
    Destination,
    /// One does, for others.
    Caller,
}

impl State {
    /// Reads the files of `source`.
    pub(super) fn load(source: &TunnelSource, now: Timestamp) -> Result<Self, Problem> {
        let ways = source
            .routes
            .iter()
            .map(|route| Way::load(route, now).map(Arc::new));
        Ok(Self {
            source: source.clone(),
            ways: ways.collect::<Result<_, Problem>>()?,
        })
    }

    /// The first way that is for `caller` and leads to `asked`; where programs do not ask, to the one server of its route.
    pub(super) fn way(&self, caller: Option<&Caller>, asked: Option<&Endpoint>) -> Result<Arc<Way>, NoWay> {
        let leads = |way: &&Arc<Way>| match (&way.route.to, asked) {
            (Destinations::One(_), None) => true,
            (Destinations::Listed(all), Some(asked)) => all.iter().any(|one| one.fits(asked)),
            _ => false,
        };
        let is_for = |way: &&Arc<Way>| match (&way.route.callers, caller) {
            (None, _) => true,
            (Some(callers), Some(caller)) => callers.include(caller),
            (Some(_), None) => false,
        };
        let mut leading = self.ways.iter().filter(leads).peekable();
        if leading.peek().is_none() {
            return Err(NoWay::Destination);
        }
        leading.find(is_for).cloned().ok_or(NoWay::Caller)
    }

    /// The way of the same route, as it is now.
    pub(super) fn successor(&self, way: &Way) -> Option<&Arc<Way>> {
        self.ways.iter().find(|now| now.route == way.route)
    }
}

impl Way {
    fn load(route: &TunnelRoute, now: Timestamp) -> Result<Self, Problem> {
        let trust: Arc<Trust> = Arc::new(load::anchors(&route.ca, now)?.into());
        let policy = match route.expect.as_slice() {
            [] => None,
            rules => Some(Policy::new(rules.to_vec()).map_err(|error| Problem::new(error.code(), error))?),
        };
        let settings = client::Settings {
            trust: trust.clone(),
            credentials: Some(load::credentials(&route.cert, &route.key, Purpose::Client, now)?),
            admission: policy
                .map(|policy| -> Condition { Arc::new(move |chain| policy.decide(chain).is_ok()) }),
            alpn: Vec::new(),
            versions: client::Versions::Both,
            secrets: None,
            probing: Default::default(),
        };
        Ok(Self {
            route: route.clone(),
            client: Client::new(settings).map_err(|error| Problem::new(error.code(), error))?,
            trust,
        })
    }

    /// What the server called `host` must be, for the record.
    pub(super) fn expectation(&self, host: &str) -> String {
        let rules: Vec<String> = self.route.expect.iter().map(ToString::to_string).collect();
        if rules.is_empty() {
            format!("dns:{host}")
        } else {
            rules.join(" or ")
        }
    }
}

impl NoWay {
    pub(super) fn code(self) -> handfast_pki::Code {
        match self {
            Self::Destination => code::NOT_A_DESTINATION,
            Self::Caller => code::CALLER_NOT_ALLOWED,
        }
    }
}
