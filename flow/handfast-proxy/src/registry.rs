//! The connections of one worker, for sweeping, for draining, and for making room.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
};

use handfast_pki::{Code, code};
use tokio::task::AbortHandle;

use crate::{host::Standing, limits::Limits, pulse::Pulse};

/// A connection's slot among those that are allowed at a time.
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Slot {
    /// One more of `open`; says how many there were before.
    pub(crate) fn take(open: &Arc<AtomicUsize>) -> (Self, usize) {
        let before = open.fetch_add(1, Relaxed);
        (Self(open.clone()), before)
    }
}

#[cfg(test)]
impl Default for Slot {
    fn default() -> Self {
        Self::take(&Arc::default()).0
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The connections of one worker. Its lock is waited for only when another worker is full and looks for a connection
/// to drop.
#[derive(Default)]
pub(crate) struct Registry {
    tick: Arc<AtomicU32>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    all: HashMap<u64, Connection>,
    /// Connections in the order in which they came; those that have ended or proved themselves are passed over.
    unproven: VecDeque<u64>,
    /// How many unproven connections each network has.
    of_network: HashMap<IpAddr, usize>,
}

/// Who a connection belongs to, and the generation of trust that last allowed it.
pub(crate) struct Proof {
    pub(crate) standing: Standing,
    pub(crate) generation: u64,
}

/// An open connection.
pub(crate) struct Open {
    pub(crate) id: u64,
    pub(crate) address: SocketAddr,
    pub(crate) pulse: Arc<Pulse>,
    /// Absent until the client is proven.
    pub(crate) standing: Option<Standing>,
}

struct Connection {
    pulse: Arc<Pulse>,
    /// Absent until the peer is proven, and where no rules are reloaded.
    proof: Option<Proof>,
    /// Why its permission is gone.
    reason: Option<String>,
    handle: Option<AbortHandle>,
    address: SocketAddr,
    network: IpAddr,
    is_unproven: bool,
    /// Given back when the connection has ended, or gives way.
    slot: Option<Slot>,
}

impl Registry {
    /// Takes in connection `id` from `address`. Where its network has more than `most` unproven connections, the oldest
    /// of them gives way.
    pub(crate) fn register(&self, id: u64, address: SocketAddr, slot: Slot, most: usize) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::new(self.tick.clone()));
        let network = network(address.ip());
        let mut connections = self.connections();
        connections.all.insert(
            id,
            Connection {
                pulse: pulse.clone(),
                proof: None,
                reason: None,
                handle: None,
                address,
                network,
                is_unproven: true,
                slot: Some(slot),
            },
        );
        connections.unproven.push_back(id);
        let count = connections.of_network.entry(network).or_default();
        *count += 1;
        let gives_way = if *count > most {
            connections.oldest(|connection| connection.network == network)
        } else {
            None
        };
        drop(connections);
        if let Some(handle) = gives_way {
            handle.abort();
        }
        pulse
    }

    /// Drops the oldest connection that has proved nothing yet; says whether there was one.
    pub(crate) fn make_room(&self) -> bool {
        // With the lock given back: the end of a connection takes it to remove itself.
        let oldest = self.connections().oldest(|_| true);
        oldest.is_some_and(|handle| {
            handle.abort();
            true
        })
    }

    /// Says how connection `id` can be cut.
    pub(crate) fn can_be_cut_by(&self, id: u64, handle: AbortHandle) {
        if let Some(connection) = self.connections().all.get_mut(&id) {
            connection.handle = Some(handle);
        }
    }

    /// The handshake of connection `id` is over. Whose client has not proved who it is gives way to others as before.
    pub(crate) fn proved(&self, id: u64, proof: Option<Proof>) {
        let mut connections = self.connections();
        let is_proven = proof.as_ref().is_none_or(|proof| proof.standing.peer.is_some());
        if let Some(connection) = connections.all.get_mut(&id) {
            connection.proof = proof;
        }
        let proven = connections
            .all
            .get_mut(&id)
            .filter(|connection| is_proven && connection.is_unproven);
        if let Some(connection) = proven {
            connection.is_unproven = false;
            let network = connection.network;
            connections.leave(network);
        }
    }

    /// Connection `id` has ended. Says why its permission was withdrawn, if it was.
    pub(crate) fn remove(&self, id: u64) -> Option<String> {
        let mut connections = self.connections();
        let connection = connections.all.remove(&id)?;
        if connection.is_unproven {
            connections.leave(connection.network);
        }
        connection.reason
    }

    /// The connections that were last judged before `generation`.
    pub(crate) fn judged_before(&self, generation: u64) -> Vec<(u64, Standing)> {
        let connections = self.connections();
        let outdated = connections.all.iter().filter_map(|(id, connection)| {
            let proof = connection.proof.as_ref()?;
            (proof.generation < generation).then(|| (*id, proof.standing.clone()))
        });
        outdated.collect()
    }

    /// Notes that connection `id` was judged by `generation`. With a code and a reason it is closed: gracefully where it
    /// speaks HTTP, at once where bytes are relayed.
    pub(crate) fn judged(&self, id: u64, generation: u64, refused: Option<&(Code, String)>) {
        let mut connections = self.connections();
        let Some(connection) = connections.all.get_mut(&id) else {
            return;
        };
        if let Some(proof) = &mut connection.proof {
            proof.generation = generation;
        }
        let Some((code, reason)) = refused else { return };
        connection.reason = Some(reason.clone());
        let handle = if connection.pulse.withdraw(*code) {
            connection.handle.clone()
        } else {
            None
        };
        // With the lock given back: the end of a connection takes it to remove itself.
        drop(connections);
        if let Some(handle) = handle {
            handle.abort();
        }
    }

    /// Ends what is left of the connections `ids`, whose code is known already.
    pub(crate) fn cut(&self, ids: &[u64]) {
        let connections = self.connections();
        let left = ids
            .iter()
            .filter_map(|id| connections.all.get(id)?.handle.clone());
        let left: Vec<_> = left.collect();
        // With the lock given back: the end of a connection takes it to remove itself.
        drop(connections);
        left.iter().for_each(AbortHandle::abort);
    }

    /// Every open connection, for who asks what is going on.
    pub(crate) fn open(&self) -> Vec<Open> {
        let connections = self.connections();
        let open = connections.all.iter().map(|(id, connection)| Open {
            id: *id,
            address: connection.address,
            pulse: connection.pulse.clone(),
            standing: connection.proof.as_ref().map(|proof| proof.standing.clone()),
        });
        open.collect()
    }

    /// The worker's coarse time, in ticks.
    pub(crate) fn tick(&self) -> u32 {
        self.tick.load(Relaxed)
    }

    /// Moves the clock on and cuts what is overdue at the Unix time `second`.
    pub(crate) fn sweep(&self, second: u64, limits: &Limits) {
        let now = self.tick.fetch_add(1, Relaxed).wrapping_add(1);
        self.cut_if(|pulse| pulse.overdue(now, second, limits));
        let mut connections = self.connections();
        connections.forget_proven();
        for connection in connections.all.values() {
            connection.pulse.tick(now);
            if connection.pulse.rests() {
                connection.pulse.rest.notify_one();
            }
        }
    }

    /// Asks every connection to end gracefully.
    pub(crate) fn ask_to_stop(&self) {
        for connection in self.connections().all.values() {
            connection.pulse.stop.notify_one();
        }
    }

    /// Cuts everything that is left; says how many that were.
    pub(crate) fn cut_all(&self) -> usize {
        self.cut_if(|_| Some(code::SHUT_DOWN))
    }

    fn cut_if(&self, why: impl Fn(&Pulse) -> Option<Code>) -> usize {
        let mut handles = Vec::new();
        for connection in self.connections().all.values() {
            if let Some(code) = why(&connection.pulse) {
                connection.pulse.mark_cut(code);
                handles.extend(connection.handle.clone());
            }
        }
        // With the lock given back: the end of a connection takes it to remove itself.
        handles.iter().for_each(AbortHandle::abort);
        handles.len()
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    /// Marks the oldest unproven connection that fits as one that gives way.
    fn oldest(&mut self, fits: impl Fn(&Connection) -> bool) -> Option<AbortHandle> {
        let index = self.unproven.iter().position(|id| {
            let connection = self.all.get(id);
            connection.is_some_and(|connection| {
                connection.is_unproven && connection.handle.is_some() && fits(connection)
            })
        })?;
        let connection = self.all.get_mut(self.unproven.get(index)?)?;
        connection.pulse.mark_cut(code::GAVE_WAY);
        drop(connection.slot.take());
        let handle = connection.handle.clone();
        self.unproven.remove(index);
        handle
    }

    /// Most unproven connections are gone after the deadline of their handshake, so the queue stays as short as that. Those
    /// without a certificate may stay for long, and what came behind them is looked through now and then.
    fn forget_proven(&mut self) {
        if self.unproven.len() > 2 * self.all.len() + ROOMY {
            let all = &self.all;
            self.unproven
                .retain(|id| all.get(id).is_some_and(|connection| connection.is_unproven));
        }
        while let Some(id) = self.unproven.front() {
            if self.all.get(id).is_some_and(|connection| connection.is_unproven) {
                break;
            }
            self.unproven.pop_front();
        }
        if self.all.is_empty() && self.all.capacity() > ROOMY {
            // What a flood has made grow is given back.
            *self = Self::default();
        }
    }

    fn leave(&mut self, network: IpAddr) {
        if let Some(count) = self.of_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.of_network.remove(&network);
            }
        }
    }
}

/// Places for connections that an idle worker keeps.
const ROOMY: usize = 1024;

/// Whoever has one address of IPv6 has all of its /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle() -> AbortHandle {
        tokio::spawn(std::future::pending::<()>()).abort_handle()
    }

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().expect("an address"), 1)
    }

    #[tokio::test]
    async fn the_oldest_unproven_connection_gives_way_and_a_proven_one_never_does() {
        let registry = Registry::default();
        let pulses: Vec<_> = (0..3)
            .map(|id| {
                let pulse = registry.register(id, address("192.0.2.1"), Slot::default(), 100);
                registry.can_be_cut_by(id, handle());
                pulse
            })
            .collect();
        registry.proved(0, None);
        assert!(registry.make_room());
        assert_eq!(pulses[0].cut(), None);
        assert_eq!(pulses[1].cut(), Some(code::GAVE_WAY));
        assert_eq!(pulses[2].cut(), None);
        registry.remove(1);
        assert!(registry.make_room());
        assert_eq!(pulses[2].cut(), Some(code::GAVE_WAY));
        registry.remove(2);
        assert!(!registry.make_room(), "only a proven one is left");
    }

    #[tokio::test]
    async fn a_network_with_too_many_unproven_connections_drops_its_own() {
        let registry = Registry::default();
        let register = |id, from: String| {
            let pulse = registry.register(id, address(&from), Slot::default(), 2);
            registry.can_be_cut_by(id, handle());
            pulse
        };
        let other = register(0, "192.0.2.1".to_owned());
        let flood: Vec<_> = (1..4).map(|id| register(id, format!("2001:db8::{id}"))).collect();
        assert_eq!(other.cut(), None);
        let cuts: Vec<_> = flood.iter().map(|pulse| pulse.cut()).collect();
        assert_eq!(cuts, [Some(code::GAVE_WAY), None, None]);
        for id in 0..4 {
            registry.remove(id);
        }
        assert!(registry.connections().of_network.is_empty());
    }
}
