//! Connections to the backend that wait for their next request; per worker, one pool for each version of HTTP that
//! clients speak.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::body::RequestBody;
use crate::{backend::Backend, pulse::TICK};

/// A way to send requests over one connection.
pub(crate) type Sender = SendRequest<RequestBody>;

/// How long a connection may take to be ready again after its answer; it is closed then.
const SOON: Duration = Duration::from_secs(1);

/// Bytes of an answer that are read at once for a client that has many answers; the least that hyper takes.
pub(super) const READ_AHEAD: usize = 8 << 10;

/// The pools of one worker.
pub(crate) struct Pools {
    /// For clients that have one answer at a time.
    pub(crate) http1: Arc<Pool>,
    /// For clients that have many: each of their answers may keep less in memory.
    pub(crate) http2: Arc<Pool>,
}

impl Default for Pools {
    fn default() -> Self {
        Self {
            http1: Arc::new(Pool::new(64 << 10)),
            http2: Arc::new(Pool::new(READ_AHEAD)),
        }
    }
}

impl Pools {
    /// Closes what has waited too long.
    pub(crate) fn forget_idle(&self, now: u32) {
        self.http1.forget_idle(now);
        self.http2.forget_idle(now);
    }
}

/// Idle connections, the last used first.
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
    /// Bytes that a connection reads ahead.
    read_ahead: usize,
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

    fn new(read_ahead: usize) -> Self {
        Self {
            idle: Mutex::default(),
            read_ahead,
        }
    }

    /// A connection that was open when it was last looked at.
    pub(crate) fn take(&self) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(Idle { sender, .. }) = idle.pop() {
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    /// A new connection to `backend`, driven by a task of its own.
    pub(crate) async fn open(&self, backend: &Backend) -> std::io::Result<Sender> {
        let stream = backend.connect().await?;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(self.read_ahead)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(async move {
            // How it ends is seen by whoever waits for an answer on it.
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
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
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !sender.is_closed() && idle.len() < Self::MOST {
            idle.push(Idle { sender, since: now });
        }
    }

    fn forget_idle(&self, now: u32) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| !idle.sender.is_closed() && now.wrapping_sub(idle.since) < Self::LONGEST);
    }
}
