//! Connections of HTTP/2 to a target, each shared by many requests; per worker and target.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
};

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::body::RequestBody;
use crate::{backend::Stream, pulse::TICK};

/// Requests at a time on one connection, where the target does not want fewer.
const MOST: u32 = 100;
/// Bytes of one answer that may come before they are passed on: a client that does not read makes us keep no more.
const STREAM_WINDOW: u32 = 64 << 10;
/// The same of all answers on a connection: enough for all, so that one that is not read holds up no other.
const CONNECTION_WINDOW: u32 = MOST * STREAM_WINDOW;
/// Bytes of one request's body that wait to be sent.
const SEND_BUFFER: usize = 64 << 10;
/// The largest head of an answer.
const LARGEST_HEAD: u32 = 64 << 10;
/// For how many ticks an unused connection stays open.
const LONGEST: u32 = 15_000 / TICK.as_millis() as u32;

/// The connections of HTTP/2 to one target.
#[derive(Default)]
pub(crate) struct Streams {
    connections: Mutex<Vec<Arc<Connection>>>,
    /// Held while a connection is opened: who comes meanwhile uses that one.
    pub(super) opening: tokio::sync::Mutex<()>,
    /// What was agreed on with the target last.
    speaks_http2: AtomicBool,
    closed: AtomicBool,
}

struct Connection {
    sender: SendRequest<RequestBody>,
    /// Requests at a time that the target wants at most.
    allowed: Arc<AtomicU32>,
    requests: AtomicU32,
    /// The tick at which it was used last.
    used: AtomicU32,
}

/// One request's part of a connection.
pub(crate) struct Part {
    pub(super) sender: SendRequest<RequestBody>,
    connection: Arc<Connection>,
}

impl Drop for Part {
    fn drop(&mut self) {
        let requests = &self.connection.requests;
        requests.store(requests.load(Relaxed).saturating_sub(1), Relaxed);
    }
}

impl Connection {
    fn has_room(&self) -> bool {
        self.requests.load(Relaxed) < MOST.min(self.allowed.load(Relaxed))
    }

    fn begin(self: &Arc<Self>, now: u32) -> Part {
        self.requests.store(self.requests.load(Relaxed) + 1, Relaxed);
        self.used.store(now, Relaxed);
        Part {
            sender: self.sender.clone(),
            connection: self.clone(),
        }
    }
}

impl Streams {
    /// Whether the target spoke HTTP/2 when it was last connected to.
    pub(super) fn speaks_http2(&self) -> bool {
        self.speaks_http2.load(Relaxed)
    }

    pub(super) fn found(&self, is_http2: bool) {
        self.speaks_http2.store(is_http2, Relaxed);
    }

    /// A part of a connection that is open and has room.
    pub(super) fn take(&self, now: u32) -> Option<Part> {
        let mut connections = self.connections();
        connections.retain(|connection| !connection.sender.is_closed());
        let free = connections.iter().find(|connection| connection.has_room());
        free.map(|connection| connection.begin(now))
    }

    /// Speaks HTTP/2 over a new connection, in a task of its own.
    pub(super) async fn drive(&self, stream: Box<dyn Stream>, now: u32) -> io::Result<Part> {
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(LARGEST_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let allowed = Arc::new(AtomicU32::new(MOST));
        let for_task = allowed.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // How it ends is seen by whoever waits for an answer on it.
            let _ = poll_fn(|cx| {
                let polled = connection.as_mut().poll(cx);
                let wanted = u32::try_from(connection.current_max_send_streams());
                for_task.store(wanted.unwrap_or(MOST), Relaxed);
                polled
            })
            .await;
        });
        let connection = Arc::new(Connection {
            sender,
            allowed,
            requests: AtomicU32::new(0),
            used: AtomicU32::new(now),
        });
        let first = connection.begin(now);
        if !self.closed.load(Relaxed) {
            self.connections().push(connection);
        }
        Ok(first)
    }

    /// Gives nobody else the connection of `stream`: it has failed, or says nothing any more.
    pub(super) fn forget(&self, stream: &Part) {
        self.connections()
            .retain(|connection| !Arc::ptr_eq(connection, &stream.connection));
    }

    /// Closes what nobody uses.
    pub(crate) fn forget_idle(&self, now: u32) {
        self.connections().retain(|connection| {
            let is_idle = connection.requests.load(Relaxed) == 0
                && now.wrapping_sub(connection.used.load(Relaxed)) >= LONGEST;
            !is_idle && !connection.sender.is_closed()
        });
    }

    /// Begins nothing any more; what runs goes on to its end.
    pub(crate) fn close(&self) {
        self.closed.store(true, Relaxed);
        self.connections().clear();
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
