//! How alive a connection is, and the one clock per worker that ends the ones that are not.
//!
//! Every deadline of a connection hangs on its [`Pulse`]: the request path only stores the worker's coarse
//! tick, and one sweep per tick compares. No timer is made, moved or dropped per request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use handfast_pki::{Code, code};
use tokio::sync::Notify;

use crate::limits::Limits;

/// How often deadlines are compared; every deadline is met within one tick.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    Handshake,
    /// Between requests.
    Waiting,
    /// A request has begun to arrive and is not complete.
    Head,
    /// At least one request is being served, or bytes are tunnelled.
    Busy,
}

/// The pulse of one connection.
#[derive(Debug)]
pub(crate) struct Pulse {
    worker: Arc<AtomicU32>,
    phase: AtomicU8,
    /// The tick at which the phase began.
    since: AtomicU32,
    /// The tick of the last byte.
    last: AtomicU32,
    busy: AtomicU32,
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
    pub(crate) requests: AtomicU64,
    /// The second of the Unix era in which the identity ends; `u64::MAX` until it is known.
    ends: AtomicU64,
    /// The code for which it was cut, as an index into [`code::ALL`] plus one.
    cut: AtomicU16,
    /// The tick at which it is cut, because the present rules or CAs do not allow it any more.
    withdrawn: AtomicU32,
    /// Asks for a graceful end.
    pub(crate) stop: Notify,
    /// Says that the connection has been waiting for a while and may give its buffers back.
    pub(crate) rest: Notify,
    /// Whether everything that was written has been flushed.
    flushed: AtomicBool,
    /// Whether bytes between requests may be something else than a request: the frames of HTTP/2.
    framed: AtomicBool,
    /// Whether a request's body was given up before its end, so that what comes next is not a request.
    unfinished: AtomicBool,
    /// Bytes of frames that nobody has accounted for: neither a request nor its body. Falls with time.
    control: AtomicU64,
    /// Since which tick the client has not taken everything, with the bytes that it had taken by then.
    blocked: AtomicU32,
    taken: AtomicU64,
    /// Whether bytes are relayed, so that both ends set the pace.
    relays: AtomicBool,
    /// The tick at which we began to end it, and only wait for the client to hear why.
    ending: AtomicU32,
    /// The next tick at which something of this connection wants to look at the clock.
    due: AtomicU32,
    look: Notify,
}

/// No tick.
const NEVER: u32 = u32::MAX;
/// Bytes of HTTP/2 frames that may come without belonging to a request. The windows that we grant fit into it, because
/// a body is not accounted for before it is read.
const MOST_CONTROL: u64 = 320 << 10;
/// What each tick forgives: pings and window updates of a quiet connection.
const CONTROL_PER_TICK: u64 = 512;
/// How long a client has to hear why it is cut.
const LAST_WORD: Duration = Duration::from_millis(500);
/// For how long an answer may go on after the permission of its connection is gone: enough for one that is almost over, and
/// nothing that a client would miss the end of its permission by.
pub(crate) const GRACE: Duration = Duration::from_millis(50);
/// For how long a client may read slower than the least rate before it is cut.
const SLOW_READER: Duration = Duration::from_secs(60);

impl Pulse {
    pub(crate) fn new(worker: Arc<AtomicU32>) -> Self {
        let now = worker.load(Relaxed);
        Self {
            worker,
            phase: AtomicU8::new(Phase::Handshake as u8),
            since: AtomicU32::new(now),
            last: AtomicU32::new(now),
            busy: AtomicU32::new(0),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            ends: AtomicU64::new(u64::MAX),
            cut: AtomicU16::new(0),
            withdrawn: AtomicU32::new(NEVER),
            stop: Notify::new(),
            rest: Notify::new(),
            flushed: AtomicBool::new(false),
            framed: AtomicBool::new(false),
            unfinished: AtomicBool::new(false),
            control: AtomicU64::new(0),
            blocked: AtomicU32::new(NEVER),
            taken: AtomicU64::new(0),
            relays: AtomicBool::new(false),
            ending: AtomicU32::new(NEVER),
            due: AtomicU32::new(NEVER),
            look: Notify::new(),
        }
    }

    /// The worker's coarse time, in ticks.
    pub(crate) fn now(&self) -> u32 {
        self.worker.load(Relaxed)
    }

    /// What the connection is doing, in a word, and for how many ticks no byte has come or gone.
    pub(crate) fn shown(&self) -> (&'static str, u32) {
        let phase = self.phase.load(Relaxed);
        let known = [
            (Phase::Handshake, "handshake"),
            (Phase::Waiting, "waiting"),
            (Phase::Head, "request"),
            (Phase::Busy, "busy"),
        ];
        let word = known.iter().find(|(known, _)| *known as u8 == phase);
        let quiet = self.now().saturating_sub(self.last.load(Relaxed));
        (word.map_or("", |(_, word)| word), quiet)
    }

    /// Bytes from the client and to it, and requests.
    pub(crate) fn counted(&self) -> (u64, u64, u64) {
        let counters = [&self.bytes_in, &self.bytes_out, &self.requests];
        let [bytes_in, bytes_out, requests] = counters.map(|counter| counter.load(Relaxed));
        (bytes_in, bytes_out, requests)
    }

    /// Waits until the worker's clock has reached `tick`. Who waits compares again: it may have been woken for another.
    pub(crate) async fn look_at(&self, tick: u32) {
        let woken = self.look.notified();
        self.due.fetch_min(tick, Relaxed);
        woken.await;
    }

    /// Waits for the next tick.
    pub(crate) async fn look_again(&self) {
        self.look_at(self.now().saturating_add(1)).await;
    }

    /// What the passing of a tick means for this connection: who waits looks at the clock, and frames are forgiven.
    pub(crate) fn tick(&self, now: u32) {
        let control = self.control.load(Relaxed);
        if control > 0 {
            self.control
                .store(control.saturating_sub(CONTROL_PER_TICK), Relaxed);
        }
        if self.due.load(Relaxed) <= now {
            self.due.store(NEVER, Relaxed);
            self.look.notify_waiters();
        }
    }

    /// `bytes` that were read belong to a request.
    pub(crate) fn account_for(&self, bytes: u64) {
        self.control
            .store(self.control.load(Relaxed).saturating_sub(bytes), Relaxed);
    }

    fn enter(&self, phase: Phase) {
        let now = self.worker.load(Relaxed);
        self.phase.store(phase as u8, Relaxed);
        self.since.store(now, Relaxed);
        self.last.store(now, Relaxed);
    }

    /// The handshake is done; the identity ends at the second `ends`.
    pub(crate) fn proven(&self, ends: i64) {
        self.ends.store(u64::try_from(ends).unwrap_or(0), Relaxed);
        self.enter(Phase::Waiting);
    }

    /// HTTP/2 is spoken. Only the first bytes must become a request soon; later ones may be pings and
    /// windows, and a request that never gets whole ends with the idle deadline.
    pub(crate) fn framed(&self) {
        self.framed.store(true, Relaxed);
    }

    /// Bytes are tunnelled from now on.
    pub(crate) fn tunnels(&self) {
        self.relays.store(true, Relaxed);
        self.enter(Phase::Busy);
    }

    /// A request is complete enough to be served; the guard ends when its answer has.
    pub(crate) fn request(self: &Arc<Self>) -> Busy {
        add(&self.requests, 1);
        self.enter(Phase::Busy);
        self.also_busy()
    }

    /// A part of a request goes on beside its answer: its body on the way to the backend.
    pub(crate) fn also_busy(self: &Arc<Self>) -> Busy {
        self.busy.store(self.busy.load(Relaxed) + 1, Relaxed);
        Busy(self.clone())
    }

    /// Says whether the client may go on.
    pub(crate) fn heard(&self, bytes: u64) -> bool {
        add(&self.bytes_in, bytes);
        self.last.store(self.worker.load(Relaxed), Relaxed);
        if self.framed.load(Relaxed) {
            add(&self.control, bytes);
            if self.control.load(Relaxed) > MOST_CONTROL {
                self.mark_cut(code::FLOODED);
                self.ending.fetch_min(self.now(), Relaxed);
                return false;
            }
        }
        let frames = self.framed.load(Relaxed) && self.requests.load(Relaxed) > 0;
        if self.phase.load(Relaxed) == Phase::Waiting as u8 && !frames {
            self.enter(Phase::Head);
        }
        true
    }

    pub(crate) fn said(&self, bytes: u64) {
        add(&self.bytes_out, bytes);
        self.flushed.store(false, Relaxed);
        self.last.store(self.worker.load(Relaxed), Relaxed);
        // Who takes answers updates windows.
        if self.control.load(Relaxed) > 0 {
            self.account_for(bytes / 2);
        }
    }

    /// The client does not take what there is.
    pub(crate) fn waits_for_reader(&self) {
        if self.blocked.load(Relaxed) == NEVER {
            self.blocked.store(self.now(), Relaxed);
            self.taken.store(self.bytes_out.load(Relaxed), Relaxed);
        }
    }

    /// Whether the client takes what there is.
    pub(crate) fn is_read(&self) -> bool {
        self.blocked.load(Relaxed) == NEVER
    }

    /// Whether everything that was written has been taken.
    pub(crate) fn was_flushed(&self, is_ready: bool) {
        self.flushed.store(is_ready, Relaxed);
        if is_ready {
            self.blocked.store(NEVER, Relaxed);
        } else {
            self.waits_for_reader();
        }
    }

    /// Whether the client has taken less than `rate` bytes per second for as long as a slow reader may.
    fn reads_too_slowly(&self, now: u32, limits: &Limits) -> bool {
        let since = self.blocked.load(Relaxed);
        let window = SLOW_READER.min(limits.idle / 4);
        if since == NEVER || self.relays.load(Relaxed) || now.wrapping_sub(since) <= ticks(window) {
            return false;
        }
        let out = self.bytes_out.load(Relaxed);
        let is_slow = out.saturating_sub(self.taken.load(Relaxed)) < limits.least(window);
        self.blocked.store(now, Relaxed);
        self.taken.store(out, Relaxed);
        is_slow
    }

    /// Whether we have begun to end it.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Relaxed) != NEVER
    }

    /// Whether no frame of ours is half written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.flushed.load(Relaxed)
    }

    /// Whether nothing is going on, nothing is left to be flushed, and that for at least one whole tick.
    pub(crate) fn rests(&self) -> bool {
        let now = self.worker.load(Relaxed);
        self.phase.load(Relaxed) == Phase::Waiting as u8
            && self.flushed.load(Relaxed)
            && !self.unfinished.load(Relaxed)
            && now.wrapping_sub(self.last.load(Relaxed)) > 1
    }

    /// Why this connection was cut from our side, if it was.
    pub(crate) fn cut(&self) -> Option<Code> {
        usize::from(self.cut.load(Relaxed))
            .checked_sub(1)
            .and_then(|index| code::ALL.get(index))
            .map(|(code, _)| *code)
    }

    pub(crate) fn mark_cut(&self, why: Code) {
        let index = code::ALL.iter().position(|(code, _)| *code == why).unwrap_or(0);
        self.cut.store(u16::try_from(index + 1).unwrap_or(1), Relaxed);
    }

    /// The permission is gone, for the reason `why`: what runs may end within [`GRACE`]. Says whether there is nothing
    /// to wait for, because bytes are relayed that have no end of their own.
    pub(crate) fn withdraw(&self, why: Code) -> bool {
        self.mark_cut(why);
        // Who withdrew it cuts it after the grace; whatever becomes of that, the sweep does with the tick after.
        let latest = self.now().saturating_add(ticks(GRACE) + 1);
        self.withdrawn.fetch_min(latest, Relaxed);
        self.stop.notify_one();
        self.relays.load(Relaxed)
    }

    /// Why a request that begins now is not forwarded, though the connection may still end what runs on it.
    pub(crate) fn withdrawn(&self) -> Option<Code> {
        if self.withdrawn.load(Relaxed) == NEVER {
            None
        } else {
            self.cut()
        }
    }

    /// The deadline that has passed at tick `now`, if one has.
    pub(crate) fn overdue(&self, now: u32, second: u64, limits: &Limits) -> Option<Code> {
        let late = |from: &AtomicU32, limit| now.wrapping_sub(from.load(Relaxed)) > ticks(limit);
        if second > self.ends.load(Relaxed) {
            return Some(code::IDENTITY_ENDED);
        }
        // A protocol may take over while the grace runs, and then nothing is left to wait for.
        let withdrawn = self.withdrawn.load(Relaxed);
        if withdrawn != NEVER && (now >= withdrawn || self.relays.load(Relaxed)) {
            return self.cut();
        }
        let ending = self.ending.load(Relaxed);
        if ending != NEVER {
            return (now.wrapping_sub(ending) > ticks(LAST_WORD)).then_some(code::FLOODED);
        }
        let phase = self.phase.load(Relaxed);
        if phase == Phase::Handshake as u8 {
            return late(&self.since, limits.handshake).then_some(code::HANDSHAKE_LATE);
        }
        if phase == Phase::Head as u8 {
            return late(&self.since, limits.headers).then_some(code::HEADERS_LATE);
        }
        if self.reads_too_slowly(now, limits) {
            return Some(code::TOO_SLOW);
        }
        late(&self.last, limits.idle).then_some(code::IDLE)
    }
}

/// `limit` in ticks, rounded up.
pub(crate) fn ticks(limit: Duration) -> u32 {
    u32::try_from(limit.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u32::MAX)
}

/// Counts up without a locked instruction: only the worker's own thread writes.
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

/// A request being served.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Pulse>);

impl Busy {
    /// The worker's coarse time, in ticks.
    pub(crate) fn now(&self) -> u32 {
        self.0.now()
    }

    /// A body was given up before its end: only the HTTP state knows where the next request would begin, so
    /// it must not be taken down.
    pub(crate) fn given_up(&self) {
        self.0.unfinished.store(true, Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // As everywhere in here, only the worker's own thread writes.
        let left = self.0.busy.load(Relaxed).saturating_sub(1);
        self.0.busy.store(left, Relaxed);
        if left == 0 {
            self.0.enter(Phase::Waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let second = Duration::from_secs(1);
        Limits {
            handshake: second,
            headers: second,
            idle: 2 * second,
            ..Limits::default()
        }
    }

    fn after(pulse: &Pulse, ticks: u32) -> Option<Code> {
        pulse.overdue(ticks, 0, &limits())
    }

    #[test]
    fn each_phase_has_its_own_deadline_and_its_own_code() {
        let pulse = Arc::new(Pulse::new(Arc::default()));
        assert_eq!(after(&pulse, 10), None);
        assert_eq!(after(&pulse, 11), Some(code::HANDSHAKE_LATE));
        pulse.proven(i64::MAX);
        assert_eq!(after(&pulse, 20), None);
        assert_eq!(after(&pulse, 21), Some(code::IDLE));
        pulse.heard(1);
        assert_eq!(after(&pulse, 11), Some(code::HEADERS_LATE));
        let busy = pulse.request();
        assert_eq!(after(&pulse, 20), None);
        drop(busy);
        assert_eq!(after(&pulse, 21), Some(code::IDLE));
    }

    #[test]
    fn trickling_bytes_do_not_move_the_deadline_of_a_head() {
        let clock: Arc<AtomicU32> = Arc::default();
        let pulse = Pulse::new(clock.clone());
        pulse.proven(i64::MAX);
        for tick in 0..12 {
            clock.store(tick, Relaxed);
            pulse.heard(1);
        }
        assert_eq!(after(&pulse, 11), Some(code::HEADERS_LATE));
    }

    #[test]
    fn who_does_not_read_is_cut_and_who_reads_slowly_but_steadily_is_not() {
        let clock: Arc<AtomicU32> = Arc::default();
        let limits = Limits {
            idle: Duration::from_secs(3600),
            min_rate: 100,
            ..Limits::default()
        };
        let cut_after = |bytes_per_tick: u64| {
            clock.store(0, Relaxed);
            let pulse = Arc::new(Pulse::new(clock.clone()));
            pulse.proven(i64::MAX);
            let _busy = pulse.request();
            (0..2000).find(|tick| {
                clock.store(*tick, Relaxed);
                pulse.said(bytes_per_tick);
                pulse.waits_for_reader();
                pulse.overdue(*tick, 0, &limits) == Some(code::TOO_SLOW)
            })
        };
        assert_eq!(cut_after(0), Some(601));
        assert_eq!(cut_after(9), Some(601), "90 bytes per second are too few");
        assert_eq!(cut_after(11), None);
    }

    #[test]
    fn frames_that_belong_to_nothing_end_the_connection_and_those_of_requests_do_not() {
        let pulse = Arc::new(Pulse::new(Arc::default()));
        pulse.proven(i64::MAX);
        pulse.framed();
        let _busy = pulse.request();
        for _ in 0..100 {
            assert!(pulse.heard(64 << 10), "a body that is read");
            pulse.account_for(64 << 10);
        }
        for tick in 0..100_000 {
            assert!(pulse.heard(17 * 3), "thirty pings a second");
            pulse.tick(tick);
        }
        let pings = (0..100_000).take_while(|_| pulse.heard(17)).count();
        assert!(pings < 20_000, "{pings}");
        assert_eq!(pulse.cut(), Some(code::FLOODED));
    }

    #[test]
    fn a_connection_does_not_outlive_the_certificate_that_proved_it() {
        let pulse = Pulse::new(Arc::default());
        pulse.proven(1000);
        assert_eq!(pulse.overdue(0, 1000, &limits()), None);
        assert_eq!(pulse.overdue(0, 1001, &limits()), Some(code::IDENTITY_ENDED));
    }

    #[test]
    fn a_withdrawn_permission_ends_within_its_grace_and_a_relay_at_once() {
        let pulse = Arc::new(Pulse::new(Arc::default()));
        pulse.proven(i64::MAX);
        let _busy = pulse.request();
        assert_eq!(pulse.withdrawn(), None);
        assert!(!pulse.withdraw(code::NOT_ALLOWED), "the answer that runs may end");
        assert_eq!(pulse.cut(), Some(code::NOT_ALLOWED));
        assert_eq!(pulse.withdrawn(), Some(code::NOT_ALLOWED), "and no other begins");
        assert_eq!(after(&pulse, 1), None);
        assert_eq!(after(&pulse, 2), Some(code::NOT_ALLOWED));
        let relay = Pulse::new(Arc::default());
        relay.proven(i64::MAX);
        relay.tunnels();
        assert!(relay.withdraw(code::UNKNOWN_ISSUER));
        assert_eq!(after(&relay, 0), Some(code::UNKNOWN_ISSUER));
    }
}
