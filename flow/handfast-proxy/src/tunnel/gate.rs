//! Open tunnels: which there are, what each leads to now, and who is inside.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use handfast_finding::Problem;
use handfast_pki::{Purpose, code};
use handfast_tls::Peer;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::{
    near::{Bound, SocketFile, cannot_bind, permit},
    sources::{Plain, TunnelSource},
    state::{State, Way},
};
use crate::registry::Registry;

/// A gate for the worker to serve.
pub(super) type Opened = (Arc<Gate>, Bound);

/// One open tunnel.
pub(super) struct Gate {
    state: ArcSwap<State>,
    address: String,
    /// Nothing is accepted any more.
    pub(super) ends: CancellationToken,
    inside: Mutex<HashMap<u64, Option<Held>>>,
    /// Removed with the gate.
    file: Mutex<Option<SocketFile>>,
}

/// Whom a connection leads to, and by which way.
pub(super) struct Held {
    pub(super) peer: Arc<Peer>,
    pub(super) way: Arc<Way>,
}

impl Gate {
    pub(super) fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    fn inside(&self) -> MutexGuard<'_, HashMap<u64, Option<Held>>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connection `id` is inside until what is returned is dropped.
    pub(super) fn enter(self: &Arc<Self>, id: u64) -> Inside {
        self.inside().insert(id, None);
        Inside {
            gate: self.clone(),
            id,
        }
    }

    /// Cuts every connection, for `reason`.
    fn cut(&self, registry: &Registry, reason: &str) {
        let all: Vec<u64> = self.inside().keys().copied().collect();
        let why = (code::TUNNEL_CHANGED, reason.to_owned());
        for id in all {
            registry.judged(id, 0, Some(&why));
        }
    }

    /// Cuts the connections whose servers the CAs of `now` do not vouch for any more.
    fn review(&self, registry: &Registry, now: &State, at: Timestamp) {
        let judge = |held: &Held| {
            let trust = &now.successor(&held.way)?.trust;
            let refusal = held.peer.chain().still_holds(trust, at).err()?;
            Some((refusal.code(Purpose::Server), refusal.to_string()))
        };
        let refused: Vec<_> = self
            .inside()
            .iter()
            .filter_map(|(id, held)| Some((*id, judge(held.as_ref()?)?)))
            .collect();
        for (id, why) in refused {
            registry.judged(id, 0, Some(&why));
        }
    }

    fn close(&self) {
        self.ends.cancel();
        drop(self.file.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// A connection that is inside.
pub(super) struct Inside {
    gate: Arc<Gate>,
    id: u64,
}

impl Inside {
    /// The server was verified. A reload that came meanwhile knows nothing of it, so the state of this moment counts.
    pub(super) fn leads_to(&self, held: Held) -> Result<(), (handfast_pki::Code, String)> {
        let (peer, way) = (held.peer.clone(), held.way.clone());
        self.gate.inside().insert(self.id, Some(held));
        let now = self.gate.state();
        let changed = || (code::TUNNEL_CHANGED, "the tunnel was changed".to_owned());
        let trust = &now.successor(&way).ok_or_else(changed)?.trust;
        let holds = peer.chain().still_holds(trust, Timestamp::now());
        holds
            .map(drop)
            .map_err(|refusal| (refusal.code(Purpose::Server), refusal.to_string()))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.gate.inside().remove(&self.id);
    }
}

/// All open tunnels.
pub(super) struct Gates {
    open: Mutex<Vec<Arc<Gate>>>,
    registry: Arc<Registry>,
    to_worker: UnboundedSender<Opened>,
}

/// What becomes of one tunnel of a new configuration.
enum Next {
    Kept(Arc<Gate>, State),
    Opened(Arc<Gate>, Bound),
}

impl Gates {
    pub(super) fn new(registry: Arc<Registry>, to_worker: UnboundedSender<Opened>) -> Self {
        Self {
            open: Mutex::default(),
            registry,
            to_worker,
        }
    }

    fn open(&self) -> MutexGuard<'_, Vec<Arc<Gate>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn addresses(&self) -> Vec<String> {
        self.open().iter().map(|gate| gate.address.clone()).collect()
    }

    /// Takes a new configuration over: first everything that can fail, then the change.
    pub(super) fn take(&self, sources: &[TunnelSource]) -> Result<(), Problem> {
        let now = Timestamp::now();
        let states = sources.iter().map(|source| State::load(source, now));
        let states = states.collect::<Result<Vec<_>, Problem>>()?;
        let mut open = self.open();
        let mut before: Vec<Arc<Gate>> = open.clone();
        let next = states.into_iter().map(|state| {
            let listen = state.source.listen.clone();
            let known = before
                .iter()
                .position(|gate| gate.state().source.listen.is_at(&listen));
            match known {
                Some(place) => Ok(Next::Kept(before.remove(place), state)),
                None => Next::open(state),
            }
        });
        let next = next.collect::<Result<Vec<_>, Problem>>()?;
        for one in &next {
            one.permit()?;
        }
        // From here on nothing fails.
        *open = next
            .into_iter()
            .map(|next| next.apply(&self.registry, &self.to_worker, now))
            .collect();
        for gone in before {
            gone.close();
            gone.cut(&self.registry, "the tunnel is no longer in the configuration");
        }
        Ok(())
    }

    /// Every gate is closed; who is inside is for the worker to drain.
    pub(super) fn close(&self) {
        self.open().iter().for_each(|gate| gate.close());
    }
}

impl Next {
    fn open(state: State) -> Result<Self, Problem> {
        let (bound, address) = Bound::open(&state.source.listen)?;
        let file = SocketFile::of(&state.source.listen);
        let gate = Arc::new(Gate {
            state: ArcSwap::from_pointee(state),
            address,
            ends: CancellationToken::new(),
            inside: Mutex::default(),
            file: Mutex::new(file),
        });
        Ok(Self::Opened(gate, bound))
    }

    /// The permissions of a socket that stays open may have changed.
    fn permit(&self) -> Result<(), Problem> {
        match self {
            Self::Kept(gate, now) if gate.state().source.listen != now.source.listen => {
                match &now.source.listen {
                    Plain::Unix(socket) => {
                        permit(&socket.path, socket).map_err(|error| cannot_bind(socket, &error))
                    }
                    Plain::Tcp(_) => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn apply(self, registry: &Registry, to_worker: &UnboundedSender<Opened>, at: Timestamp) -> Arc<Gate> {
        match self {
            Self::Opened(gate, bound) => {
                // Without a worker everything is being closed.
                let _ = to_worker.send((gate.clone(), bound));
                gate
            }
            Self::Kept(gate, state) => {
                let before = gate.state();
                let state = Arc::new(state);
                gate.state.store(state.clone());
                if before.source == state.source {
                    gate.review(registry, &state, at);
                } else {
                    gate.cut(registry, "the tunnel was changed in the configuration");
                }
                gate
            }
        }
    }
}
