//! Clock: whether the time is later than what the records know.
//!
//! A clock that was set back would issue certificates that begin before others that were issued earlier, and one that was
//! ahead has done so already. Either stops issuing until the clock is right, or until the owner says that it is.

use jiff::{SignedDuration, Timestamp};

use crate::{
    authority::Authority,
    context::Context,
    error::{Error, Result},
    records::{Event, JournalEntry, JournalQuery, Store},
    requester::Requester,
};

/// What clocks of machines that share a CA may differ by.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// How the clock stands to the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// When the last certificate was planned.
    pub last: Option<Timestamp>,
    /// Whether `now` is so far before that nothing is issued.
    pub is_behind: bool,
    /// Whether the owner has said that it is right all the same.
    pub is_accepted: bool,
}

/// Stops a request at a time before that of the last certificate.
pub(crate) fn must_not_have_gone_back(context: Context<'_>) -> Result<()> {
    let clock = read(context.store, context.now)?;
    match clock.last {
        Some(last) if clock.is_behind && !clock.is_accepted => Err(Error::ClockWentBack {
            now: context.now,
            last,
        }),
        _ => Ok(()),
    }
}

fn newest(store: &dyn Store, event: Event) -> Result<Option<JournalEntry>> {
    let query = JournalQuery {
        event: Some(event),
        limit: Some(1),
        ..JournalQuery::default()
    };
    Ok(store.lines(&query)?.into_iter().next().map(|line| line.entry))
}

fn read(store: &dyn Store, now: Timestamp) -> Result<Clock> {
    let Some(planned) = newest(store, Event::Planned)? else {
        return Ok(Clock {
            last: None,
            is_behind: false,
            is_accepted: false,
        });
    };
    let is_behind = now < planned.at.checked_sub(TOLERANCE).unwrap_or(planned.at);
    // The acceptance names the certificate that was planned last then: another one needs another.
    let is_accepted = is_behind
        && newest(store, Event::ClockAccepted)?.is_some_and(|accepted| accepted.serial == planned.serial);
    Ok(Clock {
        last: Some(planned.at),
        is_behind,
        is_accepted,
    })
}

impl Authority {
    /// How the clock stands to the records.
    pub fn clock(&self, now: Timestamp) -> Result<Clock> {
        read(self.store(), now)
    }

    /// Says that the clock is right now, and was ahead when the last certificate was planned. It is written down, and
    /// issuing goes on. Nothing is done where nothing is in the way.
    pub fn accept_clock(&self, requester: &Requester, now: Timestamp) -> Result<Clock> {
        let clock = self.clock(now)?;
        if !clock.is_behind || clock.is_accepted {
            return Ok(clock);
        }
        let planned = newest(self.store(), Event::Planned)?;
        let detail = format!("it is {now}, and the last certificate was planned later");
        self.store().journal(&[JournalEntry {
            at: now,
            event: Event::ClockAccepted,
            serial: planned.and_then(|planned| planned.serial),
            requester: Some(requester.to_string()),
            code: None,
            detail: requester.explained(&detail),
        }])?;
        self.clock(now)
    }
}
