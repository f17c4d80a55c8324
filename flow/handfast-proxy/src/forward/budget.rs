//! What one client may make us keep for it: answers that it does not read.
//!
//! Over HTTP/2 a client asks for many answers at once and may take none of them. Two things bound what that costs.
//! Bytes that were read from backends and not yet taken are counted while they wait ([`Held`]), and nothing more is
//! read above [`MOST_HELD`]. And requests are started a few at a time ([`Budget::start`]): not while enough answers wait
//! or flow to keep the connection busy, and few at once until the client has shown that it takes whole answers. An
//! answer that comes late, or that trickles as events do, holds nobody up.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};

use super::pool::READ_AHEAD;
use crate::{limits::STREAMS, pulse::Pulse};

/// Bytes of answers that may wait for one client, with what was read ahead of them.
const MOST_HELD: usize = 96 << 10;
/// What a piece of an answer keeps besides itself: the next one, and the buffer for the one after that.
const AHEAD: usize = 2 * READ_AHEAD;
/// Answers that may be on their way, large or with something that waits to be passed on; further requests are started
/// slowly while these are taken, and else wait until one of them has ended or paused.
const MOST_FLOWING: usize = 6;
/// Bytes of one answer within [`LATELY`] that make it a large one. Events and calls that trickle stay below.
const LARGE: usize = 32 << 10;
/// In ticks of the worker's clock.
const LATELY: u32 = 10;
/// Requests that may be started before any answer has begun.
const FEWEST: u32 = 4;
/// The same for a client that takes its answers: as many as it may have.
const MOST: u32 = STREAMS;
/// Starts that are forgotten per tick of the worker's clock, whether their answers came or not.
const PER_TICK: u32 = 1;

/// The budget of one client connection. Only its worker's thread uses it.
#[derive(Debug)]
pub(super) struct Budget {
    held: AtomicUsize,
    /// Answers that have begun and not ended.
    flowing: Mutex<Vec<Arc<Flow>>>,
    /// Requests that were started lately, and whose answers have not begun.
    started: AtomicU32,
    /// How many these may be.
    window: AtomicU32,
    /// The tick up to which starts are forgotten.
    forgotten: AtomicU32,
    waiting: Mutex<Vec<Waker>>,
}

/// A request that was started; its end makes room for the next.
#[derive(Debug)]
pub(super) struct Started(Arc<Budget>);

impl Drop for Started {
    fn drop(&mut self) {
        let started = self.0.started.load(Relaxed);
        self.0.started.store(started.saturating_sub(1), Relaxed);
        self.0.wake();
    }
}

/// How much of an answer was passed on lately.
#[derive(Debug)]
struct Flow {
    since: AtomicU32,
    bytes: AtomicUsize,
    /// Until which tick it counts as a large one.
    large_until: AtomicU32,
    /// Whether some of it may have been read ahead. A client that opens no window never asks, so this is so from the
    /// beginning until there was nothing when it was asked for.
    waits: AtomicBool,
}

impl Flow {
    fn keeps_busy(&self, now: u32) -> bool {
        self.waits.load(Relaxed) || self.large_until.load(Relaxed) > now
    }
}

/// An answer that has begun and not ended.
#[derive(Debug)]
pub(super) struct Flowing {
    budget: Arc<Budget>,
    flow: Arc<Flow>,
}

impl Flowing {
    /// `bytes` were read to be passed on at tick `now`.
    pub(super) fn passes(&self, bytes: usize, now: u32) {
        let flow = &self.flow;
        if now.wrapping_sub(flow.since.load(Relaxed)) > LATELY {
            flow.since.store(now, Relaxed);
            flow.bytes.store(0, Relaxed);
        }
        let bytes = flow.bytes.load(Relaxed).saturating_add(bytes);
        flow.bytes.store(bytes, Relaxed);
        if bytes >= LARGE {
            flow.large_until.store(now.saturating_add(LATELY), Relaxed);
        }
        flow.waits.store(true, Relaxed);
    }

    /// Nothing more of it is there.
    pub(super) fn is_dry(&self) {
        if self.flow.waits.swap(false, Relaxed) {
            self.budget.wake();
        }
    }
}

impl Drop for Flowing {
    fn drop(&mut self) {
        let mut flowing = self.budget.flowing();
        flowing.retain(|flow| !Arc::ptr_eq(flow, &self.flow));
        drop(flowing);
        self.budget.wake();
    }
}

impl Budget {
    pub(super) fn new(now: u32) -> Arc<Self> {
        Arc::new(Self {
            held: AtomicUsize::new(0),
            flowing: Mutex::default(),
            started: AtomicU32::new(0),
            window: AtomicU32::new(FEWEST),
            forgotten: AtomicU32::new(now),
            waiting: Mutex::default(),
        })
    }

    /// Waits until one more request may be started.
    pub(super) async fn start(self: &Arc<Self>, pulse: &Pulse) -> Started {
        loop {
            if let Some(started) = self.try_start(pulse.now(), pulse.is_read()) {
                return started;
            }
            tokio::select! {
                () = self.change() => {}
                () = pulse.look_again() => {}
            }
        }
    }

    /// `is_read` says whether the client takes what there is.
    fn try_start(self: &Arc<Self>, now: u32, is_read: bool) -> Option<Started> {
        let passed = now.wrapping_sub(self.forgotten.swap(now, Relaxed));
        let started = self
            .started
            .load(Relaxed)
            .saturating_sub(passed.saturating_mul(PER_TICK));
        let busy = self.flowing().iter().filter(|flow| flow.keeps_busy(now)).count();
        // While all of that is taken, one more request a tick: large answers must not keep small ones waiting.
        let flows = busy < MOST_FLOWING || (is_read && passed > 0);
        let may = flows && self.has_room() && started < self.window.load(Relaxed);
        self.started.store(started + u32::from(may), Relaxed);
        may.then(|| Started(self.clone()))
    }

    /// Waits until something has changed.
    async fn change(&self) {
        let mut is_asked = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut is_asked, true) {
                return Poll::Ready(());
            }
            self.wait(cx);
            Poll::Pending
        })
        .await;
    }

    /// Whether the client has shown that it takes its answers.
    pub(super) fn is_taken_from(&self) -> bool {
        self.window.load(Relaxed) >= 2 * FEWEST
    }

    fn has_room(&self) -> bool {
        self.held.load(Relaxed) < MOST_HELD
    }

    /// Ready when more of an answer may be read.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_room() {
            return Poll::Ready(());
        }
        // The client does not keep up.
        self.window.store(FEWEST, Relaxed);
        self.wait(cx);
        Poll::Pending
    }

    fn wait(&self, cx: &Context<'_>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
    }

    /// An answer has begun.
    pub(super) fn flows(self: &Arc<Self>, now: u32) -> Flowing {
        let flow = Arc::new(Flow {
            since: AtomicU32::new(now),
            bytes: AtomicUsize::new(0),
            large_until: AtomicU32::new(0),
            waits: AtomicBool::new(true),
        });
        self.flowing().push(flow.clone());
        Flowing {
            budget: self.clone(),
            flow,
        }
    }

    fn flowing(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Flow>>> {
        self.flowing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer was passed on to its end: the client takes what it asks for.
    pub(super) fn passed(&self) {
        if self.held.load(Relaxed) < MOST_HELD / 2 {
            let window = self.window.load(Relaxed);
            self.window.store((window + 1).min(MOST), Relaxed);
        }
    }

    /// Counts `bytes` until they are taken.
    pub(super) fn hold(self: &Arc<Self>, bytes: Bytes) -> Held {
        let length = bytes.len() + AHEAD;
        self.held.store(self.held.load(Relaxed) + length, Relaxed);
        Held {
            length,
            bytes,
            budget: Some(self.clone()),
        }
    }

    fn give_back(&self, length: usize) {
        let was_full = !self.has_room();
        self.held
            .store(self.held.load(Relaxed).saturating_sub(length), Relaxed);
        if was_full && self.has_room() {
            self.wake();
        }
    }

    fn wake(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A piece of an answer on its way to the client; counted until it has been written, where it is counted at all.
#[derive(Debug)]
pub(crate) struct Held {
    bytes: Bytes,
    length: usize,
    budget: Option<Arc<Budget>>,
}

impl From<Bytes> for Held {
    /// Over HTTP/1.1 there is one answer at a time, and the connection's buffers are all that waits.
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            length: 0,
            budget: None,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.give_back(self.length);
        }
    }
}

impl Buf for Held {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(budget: &Arc<Budget>, now: u32) -> Vec<Started> {
        std::iter::from_fn(|| budget.try_start(now, false)).collect()
    }

    #[test]
    fn a_client_that_takes_nothing_gets_no_more_until_it_does() {
        let budget = Budget::new(0);
        let cx = Context::from_waker(Waker::noop());
        let mut held = Vec::new();
        while budget.poll_room(&cx).is_ready() {
            held.push(budget.hold(Bytes::from_static(&[0; READ_AHEAD])));
        }
        assert_eq!(held.len(), MOST_HELD.div_ceil(3 * READ_AHEAD));
        assert!(
            budget.try_start(100, false).is_none(),
            "no request is started either"
        );
        held.pop();
        assert!(budget.poll_room(&cx).is_ready());
        assert!(budget.try_start(100, false).is_some());
    }

    #[test]
    fn a_burst_is_started_piece_by_piece_until_answers_are_taken() {
        let budget = Budget::new(0);
        let mut first = started(&budget, 0);
        assert_eq!(first.len(), FEWEST as usize);
        drop(first.pop());
        first.extend(started(&budget, 0));
        assert_eq!(first.len(), FEWEST as usize, "the end of one makes room for one");
        for _ in 0..10 {
            first.drain(..).for_each(|_| budget.passed());
            first = started(&budget, 0);
        }
        assert_eq!(
            first.len(),
            MOST as usize,
            "who takes its answers has as many as it wants"
        );
    }

    #[test]
    fn while_large_answers_flow_no_further_request_is_started() {
        let budget = Budget::new(0);
        let mut flowing: Vec<_> = (0..MOST_FLOWING).map(|_| budget.flows(0)).collect();
        assert!(budget.try_start(0, false).is_none(), "they wait to be asked for");
        flowing.iter().for_each(|answer| answer.passes(LARGE - 1, 0));
        flowing.iter().for_each(Flowing::is_dry);
        assert!(
            budget.try_start(0, false).is_some(),
            "small ones that were taken do not count"
        );
        flowing.iter().for_each(|answer| answer.passes(LARGE, 20));
        assert!(budget.try_start(20, false).is_none());
        assert!(
            budget.try_start(21, true).is_some(),
            "but one, where the client takes them"
        );
        assert!(budget.try_start(21, true).is_none());
        drop(flowing.pop());
        assert!(budget.try_start(21, false).is_some());
        flowing.push(budget.flows(20));
        flowing.iter().for_each(|answer| answer.passes(LARGE, 20));
        assert!(budget.try_start(22, false).is_none());
        flowing.iter().for_each(Flowing::is_dry);
        assert!(
            budget.try_start(31, false).is_some(),
            "paused ones count no longer"
        );
    }

    #[test]
    fn answers_that_come_late_hold_nobody_up_for_long() {
        let budget = Budget::new(0);
        let slow = started(&budget, 0);
        assert_eq!(slow.len(), FEWEST as usize);
        let next = started(&budget, 1);
        assert_eq!(next.len(), PER_TICK as usize);
        assert_eq!(
            started(&budget, 1000).len(),
            FEWEST as usize,
            "what was not used is not saved up"
        );
    }
}
