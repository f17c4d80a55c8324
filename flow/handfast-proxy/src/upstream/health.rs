//! Whether a target is used: what its last requests said of it. Nobody asks it by itself.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use crate::pulse::ticks;

/// Answers in a row that a target may fail to give before it is left out.
const MOST_FAILURES: u32 = 3;
/// For how long a target is left out at first, and at most.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// What is known of a target. Only its worker's thread uses it.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// Failures in a row.
    failures: AtomicU32,
    /// For how many ticks it is left out; 0 while it is used.
    pause: AtomicU32,
    /// The tick at which one request tries it again.
    due: AtomicU32,
}

impl Health {
    /// Whether a request at tick `now` may go to it: it is used, or has been left out for long enough.
    pub(super) fn may_be_used(&self, now: u32) -> bool {
        self.pause.load(Relaxed) == 0 || now >= self.due.load(Relaxed)
    }

    /// The tick at which it is tried again; 0 while it is used.
    pub(super) fn due(&self) -> u32 {
        match self.pause.load(Relaxed) {
            0 => 0,
            _ => self.due.load(Relaxed),
        }
    }

    /// A request begins: one that tries a target again does so alone.
    pub(super) fn begins(&self, now: u32) {
        let pause = self.pause.load(Relaxed);
        if pause != 0 {
            self.due.store(now.saturating_add(pause), Relaxed);
        }
    }

    /// Says whether it was left out until now.
    pub(super) fn answered(&self) -> bool {
        if self.failures.load(Relaxed) == 0 {
            return false;
        }
        self.failures.store(0, Relaxed);
        self.pause.swap(0, Relaxed) != 0
    }

    /// Leaves it out; says whether it was used until now.
    pub(super) fn unreachable(&self, now: u32) -> bool {
        self.failures.store(MOST_FAILURES, Relaxed);
        let before = self.pause.load(Relaxed);
        let pause = match before {
            0 => ticks(FIRST),
            longer => longer.saturating_mul(2).min(ticks(LONGEST)),
        };
        self.pause.store(pause, Relaxed);
        self.due.store(now.saturating_add(pause), Relaxed);
        before == 0
    }

    /// Counts a failure, and leaves it out after too many; says whether it was used until now.
    pub(super) fn failed(&self, now: u32) -> bool {
        let failures = self.failures.load(Relaxed).saturating_add(1);
        self.failures.store(failures, Relaxed);
        failures >= MOST_FAILURES && self.unreachable(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_cannot_be_reached_is_left_out_for_longer_and_longer_and_tried_by_one() {
        let health = Health::default();
        assert!(health.may_be_used(0));
        let mut now = 0;
        for pause in [10, 20, 40, 80, 160, 300, 300] {
            assert_eq!(health.unreachable(now), pause == 10, "it is said once");
            assert!(!health.may_be_used(now + pause - 1), "{pause}");
            now += pause;
            assert!(health.may_be_used(now), "{pause}");
            health.begins(now);
            assert!(!health.may_be_used(now), "one request tries it, not all");
        }
        assert!(health.answered(), "that it is back is said, too");
        assert!(health.may_be_used(now) && !health.answered());
        health.unreachable(now);
        assert!(health.may_be_used(now + 10), "what was long ago is forgotten");
    }

    #[test]
    fn three_failures_in_a_row_are_too_many_and_an_answer_between_them_counts() {
        let health = Health::default();
        assert!(!health.failed(0) && !health.failed(0));
        health.answered();
        assert!(!health.failed(0) && !health.failed(0) && health.may_be_used(0));
        assert!(health.failed(0));
        assert!(!health.may_be_used(0));
    }
}
