//! How much of its life something has used up: a revocation list, a set, the certificate of a CA.
//!
//! Whoever publishes is told early, in steps; nothing of this makes something stale that is not.

use std::fmt;

use jiff::Timestamp;

/// A part of a life, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age(u8);

/// The percentages at which people are warned, the latest first.
const STEPS: [u8; 3] = [90, 75, 50];

impl Age {
    /// How much of the time between `from` and `to` has passed at `now`: 0 before it begins, 100 when it is over.
    pub fn of(from: Timestamp, to: Timestamp, now: Timestamp) -> Self {
        let (life, passed) = (
            to.duration_since(from).as_secs(),
            now.duration_since(from).as_secs(),
        );
        if life <= 0 || passed >= life {
            return Self(100);
        }
        // A life ends within the calendar, which has fewer seconds than 2^63 / 100.
        Self(u8::try_from(passed.max(0) * 100 / life).unwrap_or(100))
    }

    /// Percent, from 0 to 100.
    pub fn percent(self) -> u8 {
        self.0
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        self.0 >= 100
    }

    /// The step that it has reached: 50, 75 or 90 percent, and 100 where it is over; nothing below.
    pub fn warning(self) -> Option<u8> {
        if self.is_over() {
            return Some(100);
        }
        STEPS.into_iter().find(|step| self.0 >= *step)
    }
}

/// `75 %`.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn warnings_come_at_half_three_quarters_and_nine_tenths_of_a_life() {
        let from: Timestamp = "2026-06-01T12:00:00Z".parse().expect("a time");
        let to = from + SignedDuration::from_hours(100);
        for (hour, percent, warning) in [
            (-5, 0, None),
            (0, 0, None),
            (49, 49, None),
            (50, 50, Some(50)),
            (74, 74, Some(50)),
            (75, 75, Some(75)),
            (90, 90, Some(90)),
            (99, 99, Some(90)),
            (100, 100, Some(100)),
            (900, 100, Some(100)),
        ] {
            let age = Age::of(from, to, from + SignedDuration::from_hours(hour));
            assert_eq!((age.percent(), age.warning()), (percent, warning), "hour {hour}");
        }
        assert!(Age::of(from, from, from).is_over());
        assert_eq!(Age::of(Timestamp::MIN, Timestamp::MAX, from).percent(), 60);
    }
}
