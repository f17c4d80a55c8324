//! A request's body on its way to the backend: without forged trailers, at a least rate, and with a word on why it
//! broke off.

use std::{
    error::Error as _,
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use handfast_headers::Reserved;
use handfast_pki::{Code, code};
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::headers;
use crate::{
    limits::{Limits, STREAM_WINDOW},
    pulse::{Busy, Pulse},
};

/// A request's body. Most requests have none, and then all of this is nothing.
///
/// The backend may answer before it has all of the body. Until the body has ended or was given up, the
/// connection is busy with it.
pub(crate) struct RequestBody {
    /// Nothing for a request that is sent again.
    body: Option<Incoming>,
    going: Option<Going>,
}

/// A body that has not ended.
struct Going {
    busy: Busy,
    pulse: Arc<Pulse>,
    reserved: Arc<Reserved>,
    progress: Arc<Progress>,
    /// The client has to send `least` bytes in each.
    window: Duration,
    least: u64,
    /// While we wait for the client: when its rate is looked at.
    pace: Option<Pin<Box<Sleep>>>,
    /// Bytes since then.
    bytes: u64,
}

/// How a body gets on, for whoever waits for the answer to its request.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    fault: AtomicU8,
    /// The tick of the last frame, plus one; 0 before the first.
    last: AtomicU32,
    /// Whether its client decides how long it may take, and how long the answer to it.
    streams: bool,
}

/// What was wrong with a body, on the client's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    /// Its chunks or frames break the rules.
    Malformed = 1,
    /// It ended too early.
    BrokenOff,
    /// It came more slowly than the least rate.
    TooSlow,
}

impl Fault {
    /// What the client is answered, where it can still hear that.
    pub(crate) fn answer(self) -> (StatusCode, Code) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, code::BAD_REQUEST),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, code::PEER_BROKE),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, code::TOO_SLOW),
        }
    }
}

impl Progress {
    /// Why the body could not be passed on, where the client is to blame.
    pub(crate) fn fault(&self) -> Option<Fault> {
        [Fault::Malformed, Fault::BrokenOff, Fault::TooSlow]
            .into_iter()
            .find(|fault| *fault as u8 == self.fault.load(Relaxed))
    }

    /// Whether its client decides how long it may take, and how long the answer to it.
    pub(crate) fn streams(&self) -> bool {
        self.streams
    }

    /// The tick of the last frame, not before `start`.
    pub(crate) fn last(&self, start: u32) -> u32 {
        self.last.load(Relaxed).saturating_sub(1).max(start)
    }

    fn failed(&self, fault: Fault) {
        self.fault.store(fault as u8, Relaxed);
    }
}

/// For how long a body may come more slowly than the least rate.
const SLOW_BODY: Duration = Duration::from_secs(20);
/// What a frame costs on the wire besides its contents, with the window updates that it causes.
const FRAME: u64 = 64;
/// What may still be on its way when a body is given up: the window of a stream.
const IN_FLIGHT: u64 = STREAM_WINDOW as u64;

impl RequestBody {
    /// With `streams` it has no least rate: its client and the backend talk for as long as they want.
    pub(crate) fn new(
        body: Incoming,
        pulse: &Arc<Pulse>,
        reserved: &Arc<Reserved>,
        limits: &Limits,
        streams: bool,
    ) -> Self {
        let window = SLOW_BODY.min(limits.idle / 4);
        let going = (!body.is_end_stream()).then(|| Going {
            busy: pulse.also_busy(),
            pulse: pulse.clone(),
            reserved: reserved.clone(),
            progress: Arc::new(Progress {
                streams,
                ..Progress::default()
            }),
            window,
            least: limits.least(window),
            pace: None,
            bytes: 0,
        });
        Self {
            body: Some(body),
            going,
        }
    }

    /// None.
    pub(super) fn none() -> Self {
        Self {
            body: None,
            going: None,
        }
    }

    /// How it gets on; nothing without a body.
    pub(crate) fn progress(&self) -> Option<Arc<Progress>> {
        self.going.as_ref().map(|going| going.progress.clone())
    }
}

impl Going {
    fn passed(&mut self, frame: &mut Frame<Bytes>) {
        self.progress
            .last
            .store(self.pulse.now().saturating_add(1), Relaxed);
        if let Some(data) = frame.data_ref() {
            self.bytes += data.len() as u64;
            self.pulse.account_for(data.len() as u64 + FRAME);
        }
        if let Some(trailers) = frame.trailers_mut() {
            headers::clean_trailers(trailers, &self.reserved);
        }
    }

    /// Ready when the client has been too slow for too long.
    fn poll_pace(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pace = self.pace.get_or_insert_with(|| {
            self.bytes = 0;
            Box::pin(tokio::time::sleep(self.window))
        });
        while pace.as_mut().poll(cx).is_ready() {
            if self.bytes < self.least {
                return Poll::Ready(());
            }
            self.bytes = 0;
            pace.as_mut().reset(Instant::now() + self.window);
        }
        Poll::Pending
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let Some(going) = &self.going {
            going.busy.given_up();
            going.pulse.account_for(IN_FLIGHT);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut *body).poll_frame(cx);
        let Some(going) = &mut this.going else {
            return polled.map_err(|error| Broken::of(&error));
        };
        match polled {
            Poll::Pending if !going.progress.streams && going.poll_pace(cx).is_ready() => {
                going.progress.failed(Fault::TooSlow);
                Poll::Ready(Some(Err(Broken(Fault::TooSlow))))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(mut frame))) => {
                going.passed(&mut frame);
                if body.is_end_stream() {
                    this.going = None;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => {
                let broken = Broken::of(&error);
                going.progress.failed(broken.0);
                Poll::Ready(Some(Err(broken)))
            }
            Poll::Ready(None) => {
                this.going = None;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

/// A body that will not be passed on to its end.
#[derive(Debug)]
pub(crate) struct Broken(Fault);

impl Broken {
    /// hyper tells a body that ended from one that is wrong by the I/O error below its own.
    fn of(error: &hyper::Error) -> Self {
        let io = error
            .source()
            .and_then(|source| source.downcast_ref::<io::Error>());
        let is_malformed = io.is_some_and(|io| {
            matches!(
                io.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
            )
        });
        Self(if is_malformed {
            Fault::Malformed
        } else {
            Fault::BrokenOff
        })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Fault::Malformed => "the body of the request is malformed",
            Fault::BrokenOff => "the client broke off in the body of its request",
            Fault::TooSlow => "the body of the request came too slowly",
        })
    }
}

impl std::error::Error for Broken {}
