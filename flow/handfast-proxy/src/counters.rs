//! What one worker counts: handshakes, requests, the certificates of its clients.
//!
//! Only the worker's thread writes, with plain stores; the admin port reads and adds up. The labels are bounded: codes are a
//! list of ours, hosts and routes come from the configuration, statuses are five classes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use handfast_audit::Verdict;
use handfast_pki::{Code, code};

use crate::seen::Seen;

/// The counters of one worker.
pub(crate) struct Counters {
    /// By verdict and code; the first code is none.
    handshakes: Box<[AtomicU64]>,
    pub(crate) handshake_time: Histogram,
    routes: Mutex<HashMap<RouteName, Arc<RouteCounters>>>,
    pub(crate) seen: Seen,
    /// Connections without a certificate that a rule allowed.
    anonymous: AtomicU64,
    /// By place and code: what hosts that observe would have rejected.
    would_reject: Box<[AtomicU64]>,
}

/// Where a host that observes would have rejected something.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    Handshake,
    Request,
}

const AT: [(At, &str); 2] = [(At::Handshake, "handshake"), (At::Request, "request")];

/// A host and one of its routes, as the configuration names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct RouteName {
    pub(crate) host: String,
    /// The path; empty for requests that no route was asked about.
    pub(crate) path: String,
}

/// The requests of one route.
#[derive(Default)]
pub(crate) struct RouteCounters {
    /// By the first digit of the status, from 1.
    pub(crate) classes: [AtomicU64; 5],
    /// To the head of the answer.
    pub(crate) time: Histogram,
}

/// How far a handshake came.
pub(crate) const VERDICTS: [(Verdict, &str); 4] = [
    (Verdict::Allowed, "allowed"),
    (Verdict::Refused, "refused"),
    (Verdict::Denied, "denied"),
    (Verdict::Broken, "broken"),
];

impl Default for Counters {
    fn default() -> Self {
        let cells = VERDICTS.len() * (code::ALL.len() + 1);
        Self {
            handshakes: (0..cells).map(|_| AtomicU64::new(0)).collect(),
            handshake_time: Histogram::default(),
            routes: Mutex::default(),
            seen: Seen::default(),
            anonymous: AtomicU64::new(0),
            would_reject: (0..AT.len() * code::ALL.len())
                .map(|_| AtomicU64::new(0))
                .collect(),
        }
    }
}

impl Counters {
    /// A handshake that ended so.
    pub(crate) fn handshake(&self, verdict: Verdict, why: Option<Code>) {
        let verdict = VERDICTS.iter().position(|(known, _)| *known == verdict);
        let code = why.and_then(|why| code::ALL.iter().position(|(code, _)| *code == why));
        let place = verdict.unwrap_or(0) * (code::ALL.len() + 1) + code.map_or(0, |place| place + 1);
        if let Some(cell) = self.handshakes.get(place) {
            add(cell, 1);
        }
    }

    /// Verdict, code and count of every kind of ending that there was.
    pub(crate) fn handshakes(&self) -> impl Iterator<Item = (&'static str, Option<Code>, u64)> {
        let codes = code::ALL.len() + 1;
        self.handshakes
            .iter()
            .enumerate()
            .filter_map(move |(place, cell)| {
                let (_, verdict) = VERDICTS.get(place / codes)?;
                let code = (place % codes).checked_sub(1);
                let code = code.and_then(|place| code::ALL.get(place)).map(|(code, _)| *code);
                let count = cell.load(Relaxed);
                (count > 0).then_some((*verdict, code, count))
            })
    }

    /// A connection of a client without a certificate.
    pub(crate) fn anonymous(&self) {
        add(&self.anonymous, 1);
    }

    pub(crate) fn anonymous_connections(&self) -> u64 {
        self.anonymous.load(Relaxed)
    }

    /// A host that observes would have rejected something because of `why`.
    pub(crate) fn would_reject(&self, at: At, why: Code) {
        let code = code::ALL.iter().position(|(code, _)| *code == why);
        let place = code.map(|code| at as usize * code::ALL.len() + code);
        if let Some(cell) = place.and_then(|place| self.would_reject.get(place)) {
            add(cell, 1);
        }
    }

    /// Place, code and count of everything that would have been rejected.
    pub(crate) fn would_have_rejected(&self) -> impl Iterator<Item = (&'static str, Code, u64)> {
        self.would_reject.iter().enumerate().filter_map(|(place, cell)| {
            let (_, at) = AT.get(place / code::ALL.len())?;
            let (code, _) = code::ALL.get(place % code::ALL.len())?;
            let count = cell.load(Relaxed);
            (count > 0).then_some((*at, *code, count))
        })
    }

    /// The counters of a route; the same ones for the same name.
    pub(crate) fn route(&self, host: &str, path: &str) -> Arc<RouteCounters> {
        let name = RouteName {
            host: host.to_owned(),
            path: path.to_owned(),
        };
        self.routes().entry(name).or_default().clone()
    }

    /// All routes that were asked for.
    pub(crate) fn all_routes(&self) -> Vec<(RouteName, Arc<RouteCounters>)> {
        let routes = self.routes();
        routes
            .iter()
            .map(|(name, counters)| (name.clone(), counters.clone()))
            .collect()
    }

    fn routes(&self) -> std::sync::MutexGuard<'_, HashMap<RouteName, Arc<RouteCounters>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RouteCounters {
    /// A request that was answered with `status`, its head after `time`.
    pub(crate) fn answered(&self, status: u16, time: Duration) {
        let class = usize::from(status / 100).clamp(1, self.classes.len()) - 1;
        add(&self.classes[class], 1);
        self.time.observe(time);
    }
}

/// The upper bounds of a histogram, in microseconds.
pub(crate) const BOUNDS: [u64; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 60_000_000,
];

/// How long things took.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// Of each bound, and of what was above all.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl Histogram {
    pub(crate) fn observe(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < microseconds);
        add(&self.buckets[bucket], 1);
        add(&self.microseconds, microseconds);
    }

    /// The counts of each bucket, and the sum in microseconds.
    pub(crate) fn read(&self) -> ([u64; BOUNDS.len() + 1], u64) {
        let counts = self.buckets.each_ref().map(|bucket| bucket.load(Relaxed));
        (counts, self.microseconds.load(Relaxed))
    }
}

/// Counts up without a locked instruction: only the worker's own thread writes.
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_bucket_that_bounds_it() {
        let histogram = Histogram::default();
        for microseconds in [0, 500, 501, 60_000_000, 60_000_001] {
            histogram.observe(Duration::from_micros(microseconds));
        }
        let (counts, sum) = histogram.read();
        assert_eq!((counts[0], counts[1], counts[14], counts[15]), (2, 1, 1, 1));
        assert_eq!(sum, 120_001_002);
    }

    #[test]
    fn every_ending_of_a_handshake_is_counted_by_itself() {
        let counters = Counters::default();
        counters.handshake(Verdict::Allowed, None);
        counters.handshake(Verdict::Refused, Some(code::EXPIRED));
        counters.handshake(Verdict::Refused, Some(code::EXPIRED));
        let all: Vec<_> = counters.handshakes().collect();
        assert_eq!(all, [("allowed", None, 1), ("refused", Some(code::EXPIRED), 2)]);
    }
}
