//! A connection to a target that one request is sent over: of its own with HTTP/1.1, shared with others with HTTP/2.

use std::{io, sync::Arc};

use http::{
    Request, Response, Uri, Version,
    header::{HOST, HeaderValue, TE},
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper::body::Incoming;

use super::{
    body::RequestBody,
    pool::{self, Pool},
    slots::BackendSlot,
    streams::Part,
};
use crate::{backend::BackendUrl, upstream::InUse};

/// What a request is sent over.
pub(crate) enum Sender {
    Http1(pool::Sender),
    Http2(Part),
}

/// Why a request has no answer; with the request itself where nothing of it has left.
pub(super) type Unanswered = Option<Request<RequestBody>>;

/// How much of an answer may be read at once, and of what a connection that waits is to be used for next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// The client has one answer at a time.
    Whole,
    /// It has many.
    Some,
    /// It has many, and has not shown yet that it takes them.
    Little,
}

impl Reads {
    pub(super) fn pool(self, in_use: &InUse) -> &Arc<Pool> {
        let pools = &in_use.way().pools;
        match self {
            Self::Whole => &pools.http1,
            Self::Some => &pools.http2,
            Self::Little => &pools.wary,
        }
    }
}

impl Sender {
    /// A connection to the target that waits, or has room.
    pub(super) fn waiting(in_use: &InUse, reads: Reads, upgrades: bool, now: u32) -> Option<Self> {
        let streams = &in_use.way().streams;
        if streams.speaks_http2() && !upgrades {
            return streams.take(now).map(Self::Http2);
        }
        reads.pool(in_use).take().map(Self::Http1)
    }

    /// A new connection to the target. What another protocol may take over is not shared.
    pub(super) async fn open(in_use: &InUse, reads: Reads, upgrades: bool, now: u32) -> io::Result<Self> {
        let streams = &in_use.way().streams;
        let _alone = match streams.speaks_http2() && !upgrades {
            true => {
                let alone = streams.opening.lock().await;
                // Who was here before may have opened one with room.
                if let Some(stream) = streams.take(now) {
                    return Ok(Self::Http2(stream));
                }
                Some(alone)
            }
            false => None,
        };
        let backend = &in_use.upstream().backend;
        let (stream, is_http2) = backend.connect(in_use.target(), upgrades).await?;
        if is_http2 {
            streams.found(true);
            return Ok(Self::Http2(streams.drive(stream, now).await?));
        }
        if !upgrades {
            streams.found(false);
        }
        Ok(Self::Http1(reads.pool(in_use).drive(stream).await?))
    }

    /// Sends `request` in the form of the version that is spoken.
    pub(super) async fn send(
        &mut self,
        mut request: Request<RequestBody>,
        in_use: &InUse,
    ) -> Result<Response<Incoming>, Unanswered> {
        match self {
            Self::Http1(sender) => {
                if request.version() != Version::HTTP_11 {
                    for_http1(&mut request);
                }
                let sent = sender.try_send_request(request).await;
                sent.map_err(|mut error| error.take_message())
            }
            Self::Http2(stream) => {
                for_http2(&mut request, in_use);
                // Boxed: what is sent over a connection of its own needs no room for it.
                let sent = Box::pin(stream.sender.try_send_request(request)).await;
                sent.map_err(|mut error| {
                    let unsent = error.take_message();
                    // Of a connection that takes no more requests; one that was reset says nothing of the others.
                    if unsent.is_some() {
                        in_use.way().streams.forget(stream);
                    }
                    unsent
                })
            }
        }
    }

    /// Nothing was heard for too long: a shared connection is given to nobody else.
    pub(super) fn is_silent(&self, in_use: &InUse) {
        if let Self::Http2(stream) = self {
            in_use.way().streams.forget(stream);
        }
    }
}

/// `:scheme` and `:authority` in the place of Host (RFC 9113 section 8.3.1), and that trailers are taken.
fn for_http2(request: &mut Request<RequestBody>, in_use: &InUse) {
    *request.version_mut() = Version::HTTP_2;
    if request.uri().authority().is_some() {
        return;
    }
    let host = request.headers_mut().remove(HOST);
    let named = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let target = || {
        let url = in_use.target().to.to_string();
        Authority::try_from(url.rsplit('/').next().unwrap_or_default()).ok()
    };
    let is_tls = matches!(in_use.target().to, BackendUrl::Https { .. });
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if is_tls { Scheme::HTTPS } else { Scheme::HTTP });
    // A client of HTTP/1.0 need not name a host.
    parts.authority = named.or_else(target);
    parts.path_and_query = Some(path_of(request.uri()));
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
        .headers_mut()
        .insert(TE, HeaderValue::from_static("trailers"));
}

/// The other way round, for a request that was meant for a target of the other version.
fn for_http1(request: &mut Request<RequestBody>) {
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().remove(TE);
    if let Some(authority) = request.uri().authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
    *request.uri_mut() = Uri::from(path_of(request.uri()));
}

fn path_of(uri: &Uri) -> PathAndQuery {
    uri.path_and_query()
        .cloned()
        .unwrap_or(PathAndQuery::from_static("/"))
}

/// A connection in use, until the answer has been read to its end.
pub(crate) struct Lease {
    pub(super) sender: Sender,
    pub(super) reads: Reads,
    pub(super) now: u32,
    /// Whether the request had a body, which may be on its way longer than the answer.
    pub(super) had_body: bool,
    pub(super) in_use: InUse,
    /// Others wait for it.
    pub(super) slots: Slots,
}

/// The right to one of the worker's connections, and to one of the backend's where it has a limit of its own.
pub(crate) type Slots = (BackendSlot, Option<BackendSlot>);

impl Lease {
    pub(super) fn give_back(self) {
        if let Sender::Http1(sender) = self.sender {
            let pool = self.reads.pool(&self.in_use);
            pool.give(sender, self.now, self.had_body);
        }
        drop(self.slots);
    }
}
