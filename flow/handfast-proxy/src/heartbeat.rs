//! Whether the workers live: the clock of each moves ten times a second.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::registry::Registry;

/// For how long the clock of a worker may stand still.
const STILL: Duration = Duration::from_secs(5);

/// The clocks as they were when somebody asked.
pub(crate) struct Heartbeat {
    registries: Vec<Arc<Registry>>,
    /// What each showed, and since when it was seen to.
    seen: Mutex<Vec<(u32, Instant)>>,
}

impl Heartbeat {
    pub(crate) fn of(registries: &[Arc<Registry>]) -> Self {
        let now = Instant::now();
        let seen = registries.iter().map(|registry| (registry.tick(), now));
        Self {
            seen: Mutex::new(seen.collect()),
            registries: registries.to_vec(),
        }
    }

    /// Whether every clock has moved since it was looked at, where that is long enough ago.
    pub(crate) fn is_alive(&self) -> bool {
        self.is_alive_at(Instant::now())
    }

    fn is_alive_at(&self, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (registry, (tick, since)) in self.registries.iter().zip(seen.iter_mut()) {
            if registry.tick() != *tick {
                (*tick, *since) = (registry.tick(), now);
            }
        }
        seen.iter().all(|(_, since)| now.duration_since(*since) < STILL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn a_clock_that_stands_still_is_noticed_and_one_that_moves_again_is_too() {
        let registries = [Arc::<Registry>::default(), Arc::default()];
        let heartbeat = Heartbeat::of(&registries);
        let later = |seconds| Instant::now() + Duration::from_secs(seconds);
        let tick = |of: &Registry| of.sweep(0, &Limits::default());
        assert!(heartbeat.is_alive());
        registries.iter().for_each(|registry| tick(registry));
        assert!(heartbeat.is_alive_at(later(60)), "both have moved");
        tick(&registries[0]);
        assert!(!heartbeat.is_alive_at(later(120)), "one has not");
        tick(&registries[0]);
        tick(&registries[1]);
        assert!(heartbeat.is_alive_at(later(180)));
    }
}
