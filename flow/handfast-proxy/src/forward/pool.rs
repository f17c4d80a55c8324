//! Connections of HTTP/1.1 to a target that wait for their next request; per worker and target, one pool for each version
//! of HTTP that clients speak.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::body::RequestBody;
use crate::{backend::Stream, pulse::TICK};

/// A way to send requests over one connection.
pub(crate) type Sender = SendRequest<RequestBody>;

/// How long a connection may take to be ready again after its answer; it is closed then.
const SOON: Duration = Duration::from_secs(1);

/// Bytes of an answer that are read at once for a client that has many answers. Just below what makes hyper read more at
/// a time.
pub(super) const READ_AHEAD: usize = (8 << 10) - 1;
/// The same for a client that has not shown yet that it takes its answers.
const WARY_READ: usize = 4 << 10;
/// The same for a client that has one answer at a time.
const ONE_READ: usize = (32 << 10) - 1;
/// The largest head of an answer, and the most that is read at once for a client that has one answer at a time.
const LARGEST_HEAD: usize = 64 << 10;

/// The pools of one worker and target.
pub(crate) struct Pools {
    /// For clients that have one answer at a time.
    pub(crate) http1: Arc<Pool>,
    /// For clients that have many: each of their answers may keep less in memory.
    pub(crate) http2: Arc<Pool>,
    /// For those of them that are new.
    pub(crate) wary: Arc<Pool>,
}

impl Default for Pools {
    fn default() -> Self {
        Self {
            http1: Arc::new(Pool::new(ONE_READ)),
            http2: Arc::new(Pool::new(READ_AHEAD)),
            wary: Arc::new(Pool::new(WARY_READ)),
        }
    }
}

impl Pools {
    /// Closes what has waited too long.
    pub(crate) fn forget_idle(&self, now: u32) {
        for pool in [&self.http1, &self.http2, &self.wary] {
            pool.forget_idle(now);
        }
    }

    /// Closes everything that waits, and keeps nothing from now on.
    pub(crate) fn close(&self) {
        for pool in [&self.http1, &self.http2, &self.wary] {
            pool.closed.store(true, Relaxed);
            pool.idle().clear();
        }
    }
}

/// A stream that is read a little at a time, so that little lies in buffers when nobody wants more.
struct Sipped {
    stream: Box<dyn Stream>,
    most: usize,
}

impl AsyncRead for Sipped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() <= self.most {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let most = self.most;
        let mut sip = ReadBuf::new(buf.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut sip))?;
        let read = sip.filled().len();
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sipped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Idle connections, the last used first.
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
    /// Bytes that its connections read at once.
    most_read: usize,
    /// Its target is no longer used.
    closed: AtomicBool,
}

/// Speaks HTTP/1.1 over `stream`, in a task of its own.
async fn drive(stream: impl Stream + 'static) -> io::Result<Sender> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(async move {
        // How it ends is seen by whoever waits for an answer on it.
        let _ = connection.with_upgrades().await;
    });
    Ok(sender)
}

struct Idle {
    sender: Sender,
    /// The worker's tick at which it became idle.
    since: u32,
}

impl Pool {
    /// The most connections that wait.
    const MOST: usize = 256;
    /// For how many ticks one waits; shorter than what most servers wait for their side.
    const LONGEST: u32 = 15_000 / TICK.as_millis() as u32;

    fn new(most_read: usize) -> Self {
        Self {
            idle: Mutex::default(),
            most_read,
            closed: AtomicBool::new(false),
        }
    }

    /// A connection that was open when it was last looked at.
    pub(crate) fn take(&self) -> Option<Sender> {
        let mut idle = self.idle();
        while let Some(Idle { sender, .. }) = idle.pop() {
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Speaks HTTP/1.1 over a new connection, in a task of its own.
    pub(crate) async fn drive(&self, stream: Box<dyn Stream>) -> io::Result<Sender> {
        if self.most_read >= LARGEST_HEAD {
            return drive(stream).await;
        }
        let most = self.most_read;
        drive(Sipped { stream, most }).await
    }

    /// Keeps a connection whose answer was read to its end, once it can take the next request: with
    /// `may_still_send`, the backend may have answered while the request's body is still on its way.
    pub(crate) fn give(self: &Arc<Self>, mut sender: Sender, now: u32, may_still_send: bool) {
        if !may_still_send || sender.is_ready() {
            return self.keep(sender, now);
        }
        let pool = self.clone();
        tokio::spawn(async move {
            if let Ok(Ok(())) = tokio::time::timeout(SOON, sender.ready()).await {
                pool.keep(sender, now);
            }
        });
    }

    fn keep(&self, sender: Sender, now: u32) {
        let mut idle = self.idle();
        if !sender.is_closed() && idle.len() < Self::MOST && !self.closed.load(Relaxed) {
            idle.push(Idle { sender, since: now });
        }
    }

    fn forget_idle(&self, now: u32) {
        let mut idle = self.idle();
        idle.retain(|idle| !idle.sender.is_closed() && now.wrapping_sub(idle.since) < Self::LONGEST);
    }
}
