//! Every client certificate that a worker has seen: where, since when, and until when it is valid.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use handfast_pki::{Code, Fingerprint, Identity, name::shown};
use handfast_tls::Peer;
use jiff::Timestamp;

/// The most certificates that a worker remembers; the one seen least lately goes first.
const MOST: usize = 10_000;

/// The certificates that a worker has seen.
#[derive(Default)]
pub(crate) struct Seen(Mutex<HashMap<Key, Arc<Client>>>);

/// A certificate at a host; `None` where it was rejected.
type Key = (Fingerprint, Option<String>);

/// What is known of a client certificate at one host.
pub(crate) struct Client {
    pub(crate) identity: Identity,
    /// Of the certificate: who issued it, its number, its key, and its end.
    pub(crate) issuer: String,
    pub(crate) serial: String,
    pub(crate) key: String,
    pub(crate) not_after: Timestamp,
    /// Nothing where the client was denied before it was anywhere.
    pub(crate) host: Option<String>,
    /// Seconds since 1970.
    pub(crate) first: i64,
    last: AtomicI64,
    connections: AtomicU64,
    routes: Mutex<Vec<String>>,
    denied: Mutex<Option<Code>>,
}

impl Client {
    fn new(peer: &Peer, host: Option<&str>, now: i64) -> Self {
        let leaf = peer.chain().leaf();
        Self {
            identity: peer.identity().clone(),
            issuer: shown(leaf.issuer()),
            serial: leaf.serial(),
            key: leaf.public_key().algorithm(),
            not_after: leaf.not_after(),
            host: host.map(str::to_owned),
            first: now,
            last: AtomicI64::new(now),
            connections: AtomicU64::new(0),
            routes: Mutex::default(),
            denied: Mutex::default(),
        }
    }

    pub(crate) fn last(&self) -> i64 {
        self.last.load(Relaxed)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// The routes that it has sent requests to.
    pub(crate) fn routes(&self) -> Vec<String> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why it was denied when it came last.
    pub(crate) fn denied(&self) -> Option<Code> {
        *self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has asked for `route`. Who asks often keeps in mind that this was said.
    pub(crate) fn uses(&self, route: &str) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if !routes.iter().any(|known| known == route) {
            routes.push(route.to_owned());
        }
    }
}

impl Seen {
    /// A connection of `peer` at `host`, or one that was denied for the reason `denied`.
    pub(crate) fn connected(&self, peer: &Peer, host: Option<&str>, denied: Option<Code>) -> Arc<Client> {
        let now = Timestamp::now().as_second();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            forget_oldest(&mut all);
        }
        let key = (peer.identity().fingerprint, host.map(str::to_owned));
        let client = match all.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Arc::new(Client::new(peer, host, now))),
        };
        client.last.store(now, Relaxed);
        client
            .connections
            .store(client.connections.load(Relaxed) + 1, Relaxed);
        *client.denied.lock().unwrap_or_else(PoisonError::into_inner) = denied;
        client.clone()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Client>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().cloned().collect()
    }
}

/// A tenth at a time, so that who shows many certificates does not make us look through all for each of them.
fn forget_oldest(all: &mut HashMap<Key, Arc<Client>>) {
    let mut times: Vec<i64> = all.values().map(|client| client.last()).collect();
    times.sort_unstable();
    let limit = times.get(MOST / 10).copied().unwrap_or(i64::MAX);
    let mut left = MOST / 10;
    all.retain(|_, client| {
        let goes = client.last() <= limit && left > 0;
        left -= usize::from(goes);
        !goes
    });
}
