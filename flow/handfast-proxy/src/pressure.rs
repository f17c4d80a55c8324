//! What runs short: reported once for a while, however often it is felt.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use handfast_audit::{Event, Shortage, Sink};
use handfast_pki::{Code, code};
use jiff::{SignedDuration, Timestamp};

/// What there is not enough of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Cause {
    /// Every place for a connection is taken.
    Connections,
    /// The process may not open any more descriptors, or the machine has no memory for them.
    Descriptors,
    /// Every connection to the backend is in use.
    Backend,
}

const ALL: [Cause; 3] = [Cause::Connections, Cause::Descriptors, Cause::Backend];

impl Cause {
    fn code(self) -> Code {
        match self {
            Self::Connections | Self::Descriptors => code::TOO_MANY,
            Self::Backend => code::BACKEND_FULL,
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Connections => "every place is taken; connections that have proven nothing give way",
            Self::Descriptors => "no descriptor or memory for another connection; accepting slows down",
            Self::Backend => "every connection to the backend is in use; requests wait",
        }
    }
}

/// How often each cause was noted since it was reported.
#[derive(Default)]
pub(crate) struct Pressure {
    noted: [AtomicU64; ALL.len()],
    reported: Mutex<[Option<Timestamp>; ALL.len()]>,
}

/// The least time between two events of one cause.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

impl Pressure {
    pub(crate) fn note(&self, cause: Cause) {
        self.noted[cause as usize].fetch_add(1, Relaxed);
    }

    /// Tells what was noted, where that was not just reported.
    pub(crate) fn report(&self, sink: &dyn Sink) {
        if self.noted.iter().all(|noted| noted.load(Relaxed) == 0) {
            return;
        }
        let now = Timestamp::now();
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        for cause in ALL {
            let last = &mut reported[cause as usize];
            if last.is_some_and(|last| now.duration_since(last) < PAUSE) {
                continue;
            }
            let times = self.noted[cause as usize].swap(0, Relaxed);
            if times > 0 {
                *last = Some(now);
                sink.take(Event::Shortage(Shortage {
                    time: now,
                    code: cause.code(),
                    reason: cause.reason(),
                    times,
                }));
            }
        }
    }
}
