//! Connections to the backend that wait for their next request; one pool per worker.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::answer::Cleaned;
use crate::{backend::Backend, pulse::TICK};

/// A way to send requests over one connection.
pub(crate) type Sender = SendRequest<Cleaned>;

/// How long a connection may take to be ready again after its answer; it is closed then.
const SOON: Duration = Duration::from_secs(1);

/// Idle connections, the last used first.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
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

    /// Closes what has waited too long.
    pub(crate) fn forget_idle(&self, now: u32) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| !idle.sender.is_closed() && now.wrapping_sub(idle.since) < Self::LONGEST);
    }
}

/// A new connection to `backend`, driven by a task of its own.
pub(crate) async fn open(backend: &Backend) -> std::io::Result<Sender> {
    let stream = backend.connect().await?;
    let (sender, connection) = http1::Builder::new()
        .handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)?;
    tokio::spawn(async move {
        // How it ends is seen by whoever waits for an answer on it.
        let _ = connection.with_upgrades().await;
    });
    Ok(sender)
}
