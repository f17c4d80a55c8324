//! What a state of trust is made of, as the operator wrote it. Nothing is read here: files are paths still.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use handfast_pki::{ClientUsage, NamePattern, revocation::Stale};
use handfast_policy::Rule;
use http::Method;

use crate::backend::BackendSource;

/// Everything that a state of trust is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Every CA that hosts name.
    pub clients: Vec<ClientCas>,
    /// Every backend that routes name.
    pub backends: Vec<BackendSource>,
    /// At least one, each with at least one host.
    pub listeners: Vec<ListenerSource>,
    /// The key that signs assertions; one is made where none is named.
    pub assertion_key: Option<PathBuf>,
    /// Settings that were changed in the configuration and are taken over by a restart alone.
    pub waiting: Vec<&'static str>,
}

/// An address to listen on, and the hosts that are served there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerSource {
    /// Port 0 lets the system choose.
    pub listen: SocketAddr,
    pub hosts: Vec<HostSource>,
}

/// A host: what it shows, whom it trusts, what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSource {
    /// The names by which clients ask for it (SNI), in lower case; `*.` stands for one label.
    pub names: Vec<String>,
    /// Whether it is meant where no name is known.
    pub is_default: bool,
    /// Its chain, leaf first.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// The CAs that may vouch for its clients, by name. Where there are several, each is bound to names.
    pub clients: Vec<String>,
    pub routes: Vec<RouteSource>,
    /// Whether clients may resume their sessions.
    pub resumption: bool,
    /// Whether a refused client is told why in an answer, and not only by an alert.
    pub explains: bool,
    /// Whether a client without a certificate may come in, to routes that allow it.
    pub optional: bool,
    /// Whether who should be rejected is served and recorded.
    pub observes: bool,
}

/// A part of a host, who may ask for it, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSource {
    /// Without a slash at its end, `/` being the empty one.
    pub path: String,
    /// Nothing means every method.
    pub methods: Option<Vec<Method>>,
    pub policy: PolicySource,
    /// The name of a backend.
    pub to: Arc<str>,
    /// Whose access tokens each request has to carry; nothing where tokens are not looked at.
    pub bound_tokens: Option<BoundTokensSource>,
}

/// Access tokens that are bound to the client's certificate (RFC 8705).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundTokensSource {
    /// A JWK Set.
    pub keys: ListPlace,
    pub issuer: String,
    pub audience: Option<String>,
}

/// Who may ask for a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicySource {
    /// Whom `allow` fits and `deny` does not, and clients without a certificate where it is `anonymous`.
    Rules {
        allow: Vec<Rule>,
        deny: Vec<Rule>,
        anonymous: bool,
    },
    /// Whom this file in Cedar permits.
    Cedar(PathBuf),
}

/// A CA or a bundle of CAs, and what it may vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCas {
    /// What people call it.
    pub name: String,
    /// The bundle.
    pub ca: PathBuf,
    /// The names that it may vouch for; nothing where every name is meant.
    pub names: Option<Vec<NamePattern>>,
    /// Where its revocation lists are; none where revocation is not looked at.
    pub lists: Vec<ListPlace>,
    /// What holds when none of them is current.
    pub stale: Stale,
    /// Whether its certificates have to say that they are a client's.
    pub usage: ClientUsage,
}

/// Where a revocation list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListPlace {
    File(PathBuf),
    /// A file of revocation sets.
    Set(PathBuf),
    /// Fetched in the background.
    Url {
        url: String,
        /// The file that keeps what was fetched.
        kept: PathBuf,
    },
}

impl fmt::Display for ListPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Set(path) => path.display().fmt(f),
            Self::Url { url, .. } => f.write_str(url),
        }
    }
}

impl ClientCas {
    /// The bundle of `client-ca`, which may vouch for every name.
    pub fn for_every_name(ca: PathBuf) -> Self {
        Self {
            name: "client-ca".to_owned(),
            ca,
            names: None,
            lists: Vec::new(),
            stale: Stale::default(),
            usage: ClientUsage::default(),
        }
    }
}

impl ClientCas {
    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let lists = self.lists.iter().filter_map(|place| match place {
            ListPlace::File(path) | ListPlace::Set(path) => Some(path),
            ListPlace::Url { .. } => None,
        });
        std::iter::once(&self.ca).chain(lists)
    }
}

impl Sources {
    /// Every file whose change means another state.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let hosts = self.hosts();
        let own = hosts.clone().flat_map(|host| [&host.cert, &host.key]);
        let policies = hosts.flat_map(|host| &host.routes);
        let policies = policies.filter_map(|route| match &route.policy {
            PolicySource::Cedar(path) => Some(path),
            PolicySource::Rules { .. } => None,
        });
        let clients = self.clients.iter().flat_map(ClientCas::files);
        let backends = self.backends.iter().flat_map(BackendSource::files);
        let tokens = self.bound_tokens().filter_map(|tokens| match &tokens.keys {
            ListPlace::File(path) | ListPlace::Set(path) => Some(path),
            ListPlace::Url { .. } => None,
        });
        own.chain(policies)
            .chain(clients)
            .chain(tokens)
            .chain(&self.assertion_key)
            .cloned()
            .chain(backends)
            .collect()
    }

    /// The hosts of all listeners.
    pub fn hosts(&self) -> impl Iterator<Item = &HostSource> + Clone {
        self.listeners.iter().flat_map(|listener| &listener.hosts)
    }

    fn bound_tokens(&self) -> impl Iterator<Item = &BoundTokensSource> {
        self.hosts()
            .flat_map(|host| &host.routes)
            .filter_map(|route| route.bound_tokens.as_ref())
    }

    /// The URLs of keys for access tokens, each with the file that keeps what was fetched.
    pub(crate) fn key_urls(&self) -> Vec<(String, PathBuf)> {
        let urls = self.bound_tokens().filter_map(|tokens| match &tokens.keys {
            ListPlace::Url { url, kept } => Some((url.clone(), kept.clone())),
            ListPlace::File(_) | ListPlace::Set(_) => None,
        });
        urls.collect()
    }

    /// The URLs of revocation lists, each with the file that keeps what was fetched.
    pub(crate) fn urls(&self) -> Vec<(String, PathBuf)> {
        let places = self.clients.iter().flat_map(|clients| &clients.lists);
        let urls = places.filter_map(|place| match place {
            ListPlace::Url { url, kept } => Some((url.clone(), kept.clone())),
            ListPlace::File(_) | ListPlace::Set(_) => None,
        });
        urls.collect()
    }
}
