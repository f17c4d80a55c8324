//! Sessions that clients may resume, each with the client that made it; and the judgement without which none is resumed.
//!
//! rustls copies the client's chain out of a session and asks no verifier. So a session is handed out only after its client
//! was judged again, by the CAs and the rules of now; where they refuse it, rustls is told that there is no session, and
//! makes a full handshake. A session is kept with the name of its client by this store alone: no ticket holds one.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{server::StoresServerSessions, time_provider::TimeProvider};

use crate::{admit::Admit, peer::Remembered, verify::Verifier};

/// The sessions of one host. They outlive its reloads, for they are judged by what holds when they are resumed. Two hosts
/// have two, so that no session of one is known to the other.
pub struct Sessions {
    shards: [Mutex<Shard>; SHARDS],
}

/// Several locks, so that the threads of a server seldom wait for each other.
const SHARDS: usize = 16;
/// The sessions of one shard; the oldest gives way.
const MOST: usize = 1024;

/// What is kept of one session.
#[derive(Clone)]
struct Session {
    /// In the words of rustls, keys among them.
    value: Vec<u8>,
    client: Remembered,
}

#[derive(Default)]
struct Shard {
    sessions: HashMap<Vec<u8>, Session>,
    /// Keys in the order in which they came; those that are gone are passed over.
    order: VecDeque<Vec<u8>>,
}

impl Shard {
    fn put(&mut self, key: Vec<u8>, session: Session) {
        while self.order.len() >= MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.sessions.remove(&oldest);
            }
        }
        self.order.push_back(key.clone());
        self.sessions.insert(key, session);
    }
}

impl Sessions {
    /// No session yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            shards: Default::default(),
        })
    }

    fn shard(&self, key: &[u8]) -> std::sync::MutexGuard<'_, Shard> {
        // Keys are random (RFC 8446 section 4.6.1, RFC 5246 section 7.4.1.3).
        let place = key.first().map_or(0, |first| usize::from(*first)) % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sessions of a host as rustls asks for them, in one generation of trust.
pub(crate) struct Judged<A: Admit> {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) verifier: Arc<Verifier<A>>,
    pub(crate) clock: Arc<dyn TimeProvider>,
}

impl<A: Admit> Judged<A> {
    /// The value of `session`, where its client may still come in: then its handshake is told whose it is.
    fn given(&self, session: Session) -> Option<Vec<u8>> {
        let now = self.clock.current_time()?;
        self.verifier
            .resume(&session.client, now)
            .then_some(session.value)
    }
}

impl<A: Admit> StoresServerSessions for Judged<A> {
    /// Called within the handshake that makes the session, so that its client is known.
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let Some(client) = self.verifier.client_of_handshake() else {
            return false;
        };
        self.sessions
            .shard(&key)
            .put(key.clone(), Session { value, client });
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let session = self.sessions.shard(key).sessions.get(key).cloned()?;
        let value = self.given(session);
        if value.is_none() {
            self.sessions.shard(key).sessions.remove(key);
        }
        value
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let session = self.sessions.shard(key).sessions.remove(key)?;
        self.given(session)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

impl<A: Admit> fmt::Debug for Judged<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judged sessions")
    }
}
