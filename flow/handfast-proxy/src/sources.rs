//! What a state of trust is made of, as the operator wrote it. Nothing is read here: files are paths still.

use std::{fmt, path::PathBuf};

use handfast_pki::{ClientUsage, NamePattern, revocation::Stale};
use handfast_policy::Rule;

use crate::backend::BackendSource;

/// Everything that a state of trust is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The chain of the proxy, leaf first.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// The CAs that may vouch for clients. Where there are several, each is bound to names.
    pub clients: Vec<ClientCas>,
    /// The clients that are allowed, by name.
    pub allow: Vec<Rule>,
    /// The clients that are denied, whatever `allow` says.
    pub deny: Vec<Rule>,
    /// Whether clients may resume their sessions.
    pub resumption: bool,
    /// At least one; the first is that of the one route.
    pub backends: Vec<BackendSource>,
    /// Whether a refused client is told why in an answer, and not only by an alert.
    pub explains: bool,
    /// Settings that were changed in the configuration and are taken over by a restart alone.
    pub waiting: Vec<&'static str>,
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
        let own = [&self.cert, &self.key].into_iter();
        let clients = self.clients.iter().flat_map(ClientCas::files);
        let backends = self.backends.iter().flat_map(BackendSource::files);
        own.chain(clients).cloned().chain(backends).collect()
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
