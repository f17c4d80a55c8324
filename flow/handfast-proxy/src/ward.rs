//! The connections of one worker, for sweeping, for draining, and for making room.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use handfast_pki::{Code, code};
use tokio::task::AbortHandle;

use crate::{accept::Place, door::Limits, pulse::Pulse};

/// The connections of one worker. Its lock is waited for only when another worker is full and looks for a connection
/// to drop.
#[derive(Default)]
pub(crate) struct Ward {
    tick: Arc<AtomicU32>,
    patients: Mutex<Patients>,
}

#[derive(Default)]
struct Patients {
    all: HashMap<u64, Patient>,
    /// Connections in the order in which they came; those that have ended or proved themselves are passed over.
    unproven: VecDeque<u64>,
    /// How many unproven connections each network has.
    of_network: HashMap<IpAddr, usize>,
}

struct Patient {
    pulse: Arc<Pulse>,
    handle: Option<AbortHandle>,
    network: IpAddr,
    is_unproven: bool,
    /// Given back when the connection has ended, or gives way.
    place: Option<Place>,
}

impl Ward {
    /// Takes in connection `id` from `address`. Where its network has more than `most` unproven connections, the oldest
    /// of them gives way.
    pub(crate) fn admit(&self, id: u64, address: IpAddr, place: Place, most: usize) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::new(self.tick.clone()));
        let network = network(address);
        let mut patients = self.patients();
        patients.all.insert(
            id,
            Patient {
                pulse: pulse.clone(),
                handle: None,
                network,
                is_unproven: true,
                place: Some(place),
            },
        );
        patients.unproven.push_back(id);
        let count = patients.of_network.entry(network).or_default();
        *count += 1;
        let gives_way = if *count > most {
            patients.oldest(|patient| patient.network == network)
        } else {
            None
        };
        drop(patients);
        if let Some(handle) = gives_way {
            handle.abort();
        }
        pulse
    }

    /// Drops the oldest connection that has proved nothing yet; says whether there was one.
    pub(crate) fn make_room(&self) -> bool {
        // With the lock given back: the end of a connection takes it to discharge itself.
        let oldest = self.patients().oldest(|_| true);
        oldest.is_some_and(|handle| {
            handle.abort();
            true
        })
    }

    /// Says how connection `id` can be cut.
    pub(crate) fn attend(&self, id: u64, handle: AbortHandle) {
        if let Some(patient) = self.patients().all.get_mut(&id) {
            patient.handle = Some(handle);
        }
    }

    /// The peer of connection `id` has proved who it is.
    pub(crate) fn proved(&self, id: u64) {
        let mut patients = self.patients();
        let proven = patients.all.get_mut(&id).filter(|patient| patient.is_unproven);
        if let Some(patient) = proven {
            patient.is_unproven = false;
            let network = patient.network;
            patients.leave(network);
        }
    }

    /// Connection `id` has ended.
    pub(crate) fn discharge(&self, id: u64) {
        let mut patients = self.patients();
        if let Some(patient) = patients.all.remove(&id)
            && patient.is_unproven
        {
            patients.leave(patient.network);
        }
    }

    /// The worker's coarse time, in ticks.
    pub(crate) fn tick(&self) -> u32 {
        self.tick.load(Relaxed)
    }

    pub(crate) fn count(&self) -> usize {
        self.patients().all.len()
    }

    /// Moves the clock on and cuts what is overdue at the Unix time `second`.
    pub(crate) fn sweep(&self, second: u64, limits: &Limits) {
        let now = self.tick.fetch_add(1, Relaxed).wrapping_add(1);
        self.cut_if(|pulse| pulse.overdue(now, second, limits));
        let mut patients = self.patients();
        patients.forget_proven();
        for patient in patients.all.values() {
            patient.pulse.tick(now);
            if patient.pulse.rests() {
                patient.pulse.rest.notify_one();
            }
        }
    }

    /// Asks every connection to end gracefully.
    pub(crate) fn ask_to_stop(&self) {
        for patient in self.patients().all.values() {
            patient.pulse.stop.notify_one();
        }
    }

    /// Cuts everything that is left; says how many that were.
    pub(crate) fn cut_all(&self) -> usize {
        self.cut_if(|_| Some(code::SHUT_DOWN))
    }

    fn cut_if(&self, why: impl Fn(&Pulse) -> Option<Code>) -> usize {
        let mut handles = Vec::new();
        for patient in self.patients().all.values() {
            if let Some(code) = why(&patient.pulse) {
                patient.pulse.mark_cut(code);
                handles.extend(patient.handle.clone());
            }
        }
        // With the lock given back: the end of a connection takes it to discharge itself.
        handles.iter().for_each(AbortHandle::abort);
        handles.len()
    }

    fn patients(&self) -> std::sync::MutexGuard<'_, Patients> {
        self.patients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Patients {
    /// Marks the oldest unproven connection that fits as one that gives way.
    fn oldest(&mut self, fits: impl Fn(&Patient) -> bool) -> Option<AbortHandle> {
        let index = self.unproven.iter().position(|id| {
            let patient = self.all.get(id);
            patient.is_some_and(|patient| patient.is_unproven && patient.handle.is_some() && fits(patient))
        })?;
        let patient = self.all.get_mut(self.unproven.get(index)?)?;
        patient.pulse.mark_cut(code::GAVE_WAY);
        drop(patient.place.take());
        let handle = patient.handle.clone();
        self.unproven.remove(index);
        handle
    }

    /// Every unproven connection is gone after the deadline of its handshake, so the queue stays as short as that.
    fn forget_proven(&mut self) {
        while let Some(id) = self.unproven.front() {
            if self.all.get(id).is_some_and(|patient| patient.is_unproven) {
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
fn network(address: IpAddr) -> IpAddr {
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

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[tokio::test]
    async fn the_oldest_unproven_connection_gives_way_and_a_proven_one_never_does() {
        let ward = Ward::default();
        let pulses: Vec<_> = (0..3)
            .map(|id| {
                let pulse = ward.admit(id, address("192.0.2.1"), Place::default(), 100);
                ward.attend(id, handle());
                pulse
            })
            .collect();
        ward.proved(0);
        assert!(ward.make_room());
        assert_eq!(pulses[0].cut(), None);
        assert_eq!(pulses[1].cut(), Some(code::GAVE_WAY));
        assert_eq!(pulses[2].cut(), None);
        ward.discharge(1);
        assert!(ward.make_room());
        assert_eq!(pulses[2].cut(), Some(code::GAVE_WAY));
        ward.discharge(2);
        assert!(!ward.make_room(), "only a proven one is left");
    }

    #[tokio::test]
    async fn a_network_with_too_many_unproven_connections_drops_its_own() {
        let ward = Ward::default();
        let admit = |id, from: String| {
            let pulse = ward.admit(id, address(&from), Place::default(), 2);
            ward.attend(id, handle());
            pulse
        };
        let other = admit(0, "192.0.2.1".to_owned());
        let flood: Vec<_> = (1..4).map(|id| admit(id, format!("2001:db8::{id}"))).collect();
        assert_eq!(other.cut(), None);
        let cuts: Vec<_> = flood.iter().map(|pulse| pulse.cut()).collect();
        assert_eq!(cuts, [Some(code::GAVE_WAY), None, None]);
        (0..4).for_each(|id| ward.discharge(id));
        assert!(ward.patients().of_network.is_empty());
    }
}
