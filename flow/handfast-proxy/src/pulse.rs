//! How alive a connection is, and the one clock per worker that ends the ones that are not.
//!
//! Every deadline of a connection hangs on its [`Pulse`]: the request path only stores the worker's coarse
//! tick, and one sweep per tick compares. No timer is made, moved or dropped per request.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use handfast_pki::{Code, code};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
    task::AbortHandle,
};

use crate::door::Limits;

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
    /// The code for which it was cut, as an index into [`CUTS`] plus one.
    cut: AtomicU8,
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
}

const CUTS: [Code; 5] = [
    code::HANDSHAKE_LATE,
    code::HEADERS_LATE,
    code::IDLE,
    code::SHUT_DOWN,
    code::IDENTITY_ENDED,
];

impl Pulse {
    fn new(worker: Arc<AtomicU32>) -> Self {
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
            cut: AtomicU8::new(0),
            stop: Notify::new(),
            rest: Notify::new(),
            flushed: AtomicBool::new(false),
            framed: AtomicBool::new(false),
            unfinished: AtomicBool::new(false),
        }
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

    fn heard(&self, bytes: u64) {
        add(&self.bytes_in, bytes);
        self.last.store(self.worker.load(Relaxed), Relaxed);
        let frames = self.framed.load(Relaxed) && self.requests.load(Relaxed) > 0;
        if self.phase.load(Relaxed) == Phase::Waiting as u8 && !frames {
            self.enter(Phase::Head);
        }
    }

    fn said(&self, bytes: u64) {
        add(&self.bytes_out, bytes);
        self.flushed.store(false, Relaxed);
        self.last.store(self.worker.load(Relaxed), Relaxed);
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
            .and_then(|index| CUTS.get(index).copied())
    }

    fn mark_cut(&self, why: Code) {
        let index = CUTS.iter().position(|code| *code == why).unwrap_or(0);
        self.cut.store(u8::try_from(index + 1).unwrap_or(1), Relaxed);
    }

    /// The deadline that has passed at tick `now`, if one has.
    fn overdue(&self, now: u32, second: u64, limits: &Limits) -> Option<Code> {
        let ticks =
            |limit: Duration| u32::try_from(limit.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u32::MAX);
        let late = |from: &AtomicU32, limit| now.wrapping_sub(from.load(Relaxed)) > ticks(limit);
        if second > self.ends.load(Relaxed) {
            return Some(code::IDENTITY_ENDED);
        }
        let phase = self.phase.load(Relaxed);
        if phase == Phase::Handshake as u8 {
            return late(&self.since, limits.handshake).then_some(code::HANDSHAKE_LATE);
        }
        if phase == Phase::Head as u8 {
            return late(&self.since, limits.headers).then_some(code::HEADERS_LATE);
        }
        late(&self.last, limits.idle).then_some(code::IDLE)
    }
}

/// Counts up without a locked instruction: only the worker's own thread writes.
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

/// A request being served.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Pulse>);

impl Busy {
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

/// The connections of one worker, for sweeping and for draining. Only that worker's thread uses it, so its
/// lock is never waited for.
#[derive(Default)]
pub(crate) struct Ward {
    tick: Arc<AtomicU32>,
    patients: Mutex<HashMap<u64, Patient>>,
}

struct Patient {
    pulse: Arc<Pulse>,
    handle: Option<AbortHandle>,
}

impl Ward {
    /// Takes in connection `id`.
    pub(crate) fn admit(&self, id: u64) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::new(self.tick.clone()));
        self.patients().insert(
            id,
            Patient {
                pulse: pulse.clone(),
                handle: None,
            },
        );
        pulse
    }

    /// Says how connection `id` can be cut.
    pub(crate) fn attend(&self, id: u64, handle: AbortHandle) {
        if let Some(patient) = self.patients().get_mut(&id) {
            patient.handle = Some(handle);
        }
    }

    /// Connection `id` has ended.
    pub(crate) fn discharge(&self, id: u64) {
        self.patients().remove(&id);
    }

    /// The worker's coarse time, in ticks.
    pub(crate) fn tick(&self) -> u32 {
        self.tick.load(Relaxed)
    }

    pub(crate) fn count(&self) -> usize {
        self.patients().len()
    }

    /// Moves the clock on and cuts what is overdue at the Unix time `second`.
    pub(crate) fn sweep(&self, second: u64, limits: &Limits) {
        let now = self.tick.fetch_add(1, Relaxed).wrapping_add(1);
        self.cut_if(|pulse| pulse.overdue(now, second, limits));
        for patient in self.patients().values().filter(|patient| patient.pulse.rests()) {
            patient.pulse.rest.notify_one();
        }
    }

    /// Asks every connection to end gracefully.
    pub(crate) fn ask_to_stop(&self) {
        for patient in self.patients().values() {
            patient.pulse.stop.notify_one();
        }
    }

    /// Cuts everything that is left; says how many that were.
    pub(crate) fn cut_all(&self) -> usize {
        self.cut_if(|_| Some(code::SHUT_DOWN))
    }

    fn cut_if(&self, why: impl Fn(&Pulse) -> Option<Code>) -> usize {
        let mut handles = Vec::new();
        for patient in self.patients().values() {
            if let Some(code) = why(&patient.pulse) {
                patient.pulse.mark_cut(code);
                handles.extend(patient.handle.clone());
            }
        }
        // With the lock given back: the end of a connection takes it to discharge itself.
        handles.iter().for_each(AbortHandle::abort);
        handles.len()
    }

    fn patients(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Patient>> {
        self.patients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A plaintext stream that feels the pulse.
pub(crate) struct Felt<IO> {
    io: IO,
    pulse: Arc<Pulse>,
    /// Bytes that were read before their reader was there.
    early: Bytes,
}

impl<IO> Felt<IO> {
    pub(crate) fn new(io: IO, pulse: Arc<Pulse>) -> Self {
        Self {
            io,
            pulse,
            early: Bytes::new(),
        }
    }
}

impl<IO: AsyncRead + Unpin> Felt<IO> {
    /// Waits for the next bytes without owning a buffer meanwhile; they stand before those that are read
    /// afterwards. `false` where the stream has ended instead.
    pub(crate) async fn next_bytes(&mut self) -> std::io::Result<bool> {
        let early = std::future::poll_fn(|cx| {
            let mut buffer = [0; 2048];
            let mut read = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut *self).poll_read(cx, &mut read))?;
            Poll::Ready(Ok::<_, std::io::Error>(Bytes::copy_from_slice(read.filled())))
        });
        let early = early.await?;
        self.give_back(early);
        Ok(!self.early.is_empty())
    }

    /// Puts bytes before those that are read next.
    pub(crate) fn give_back(&mut self, early: Bytes) {
        self.early = early;
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Felt<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        if !this.early.is_empty() {
            let early = this.early.split_to(this.early.len().min(buf.remaining()));
            buf.put_slice(&early);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.io).poll_read(cx, buf);
        let bytes = buf.filled().len() - before;
        if bytes > 0 {
            this.pulse.heard(bytes as u64);
        }
        polled
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Felt<IO> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = &polled {
            this.pulse.said(*bytes as u64);
        }
        polled
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(bytes)) = &polled {
            this.pulse.said(*bytes as u64);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_flush(cx);
        this.pulse
            .flushed
            .store(matches!(polled, Poll::Ready(Ok(()))), Relaxed);
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
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
    fn a_connection_does_not_outlive_the_certificate_that_proved_it() {
        let pulse = Pulse::new(Arc::default());
        pulse.proven(1000);
        assert_eq!(pulse.overdue(0, 1000, &limits()), None);
        assert_eq!(pulse.overdue(0, 1001, &limits()), Some(code::IDENTITY_ENDED));
    }
}
