//! How long each part of an examination may take.

use std::time::Duration;

use tokio::time::Instant;

/// Connecting, and then the handshake, each.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// An answer after the handshake.
const ANSWER: Duration = Duration::from_secs(60);
/// The longest time without a word in a handshake, where the whole examination has a limit: a server that says nothing for
/// so long is asked in other ways.
const QUIET: Duration = Duration::from_millis(2500);

/// The limits of one connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patience {
    /// When all has to be over.
    until: Option<Instant>,
}

impl Patience {
    /// Over after `limit`; without one, each part has its own.
    pub fn of(limit: Option<Duration>) -> Self {
        Self {
            until: limit.map(|limit| Instant::now() + limit),
        }
    }

    /// The same, and over `reserve` sooner, so that something can be done after it.
    pub(crate) fn but(self, reserve: Duration) -> Self {
        Self {
            until: self.until.and_then(|until| until.checked_sub(reserve)),
        }
    }

    pub(crate) fn for_tcp(self) -> Duration {
        self.within(HANDSHAKE)
    }

    pub(crate) fn for_handshake(self) -> Duration {
        match self.until {
            Some(_) => self.within(QUIET),
            None => HANDSHAKE,
        }
    }

    pub(crate) fn for_answer(self) -> Duration {
        self.within(ANSWER)
    }

    /// `limit`, or what is left.
    pub(crate) fn within(self, limit: Duration) -> Duration {
        match self.until {
            Some(until) => until.saturating_duration_since(Instant::now()).min(limit),
            None => limit,
        }
    }

    pub(crate) fn is_over(self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// A limit in seconds, as people say it.
pub(crate) fn shown(limit: Duration) -> String {
    format!("{:.1} s", limit.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_left_bounds_every_part() {
        let short = Patience::of(Some(Duration::from_secs(5)));
        assert!(short.for_answer() <= Duration::from_secs(5));
        assert!(short.for_handshake() <= QUIET);
        assert!(short.but(Duration::from_secs(4)).for_answer() <= Duration::from_secs(1));
        assert!(!short.is_over());
        assert!(short.but(Duration::from_secs(5)).is_over());
    }

    #[tokio::test]
    async fn without_a_limit_each_part_has_its_own() {
        let long = Patience::of(None);
        assert_eq!(long.for_answer(), ANSWER);
        assert_eq!(long.but(Duration::from_secs(60)).for_handshake(), HANDSHAKE);
        assert!(!long.is_over());
    }
}
