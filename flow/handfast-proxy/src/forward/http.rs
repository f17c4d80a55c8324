//! Requests: HTTP/1.1 or HTTP/2 from the client by ALPN, and to the backend what its target speaks.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, PoisonError},
    time::Instant,
};

use handfast_pki::{code, text::printable};
use handfast_policy::Denial;
use handfast_tls::ServerStream;
use http::{Request, Response, StatusCode, Version, header::HOST};
use http_body::Body;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use socket2::SockRef;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    answer::Answer,
    begun::{Begun, Why},
    body::RequestBody,
    headers,
    joined::{Joined, join},
    path,
    relay::relay,
    send::{Sent, send},
    sender::{Lease, Slots},
    slots::{BackendSlot, BackendSlots, Share},
    tokens,
    visit::{Instead, Visit},
    websocket,
};
use crate::{
    authorize::Allowed,
    error::Ended,
    limits::{STREAM_WINDOW, STREAMS},
    metered::Metered,
    pressure::Cause,
    pulse::Pulse,
    upstream::Upstream,
    worker::Worker,
};

/// What is left of a connection once it is forwarded. Boxed, so that waiting for a handshake costs no room for it, and
/// each kind has room for itself alone.
pub(super) type Run<'a> = Pin<Box<dyn Future<Output = Result<(), Ended>> + Send + 'a>>;

type Served = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

/// Serves requests until the client leaves, the proxy closes, or another protocol takes over.
pub(crate) fn serve(allowed: Allowed, worker: Worker) -> Run<'static> {
    let visit = Arc::new(Visit::new(&allowed, worker));
    let (is_http2, pulse) = (visit.budget.is_some(), visit.pulse.clone());
    let mut stream = allowed.into_secured().stream;
    stream.get_mut().1.set_buffer_limit(Some(ENCRYPTED_AHEAD));
    if is_http2 {
        // Else the system takes many megabytes for a client that reads nothing, and it looks as if it read.
        let _ = SockRef::from(stream.get_ref().0).set_tcp_notsent_lowat(UNSENT);
    }
    let io = TokioIo::new(Metered::new(stream, pulse));
    // Each boxed by itself: a connection of HTTP/1.1 has no room for the larger state of HTTP/2.
    if is_http2 {
        Box::pin(serve_http2(io, visit))
    } else {
        Box::pin(serve_http1(io, visit))
    }
}

type Io = TokioIo<Metered<Box<ServerStream<TcpStream>>>>;

/// Serves HTTP/1.1. Between requests that are far apart the HTTP state is taken down, and with it its
/// buffers: an idle connection keeps little more than its TLS state.
async fn serve_http1(io: Io, visit: Arc<Visit>) -> Result<(), Ended> {
    let limit = visit.worker.context.shared.limits.header_bytes;
    let mut builder = http1::Builder::new();
    builder.max_header_size(limit).max_buf_size(limit.max(32 << 10));
    let mut io = io;
    loop {
        let for_requests = visit.clone();
        // Boxed per request: an idle connection then keeps a pointer, not the largest state of a request.
        let service =
            service_fn(move |request| -> Served { Box::pin(answer(for_requests.clone(), request)) });
        let mut connection = Box::new(builder.serve_connection(io, service).with_upgrades());
        let rested = loop {
            tokio::select! {
                biased;
                ended = Pin::new(&mut *connection) => break ended.map(|()| false),
                () = visit.pulse.stop.notified() => {
                    Pin::new(&mut *connection).graceful_shutdown();
                    break Pin::new(&mut *connection).await.map(|()| false);
                }
                () = visit.pulse.rest.notified() => if visit.pulse.rests() { break Ok(true) },
            }
        };
        if !rested.map_err(|error| broken(&error))? {
            break;
        }
        // Nothing is in flight and everything is flushed, so the parts hold all that there is.
        let Some(http1::Parts {
            io: lower, read_buf, ..
        }) = connection.into_parts()
        else {
            break;
        };
        let mut plain = lower.into_inner();
        // An empty buffer still owns its memory, and must not live while we wait.
        if read_buf.is_empty() {
            drop(read_buf);
            if !rest(&mut plain, &visit.pulse).await? {
                return Ok(());
            }
        } else {
            plain.give_back(read_buf);
        }
        io = TokioIo::new(plain);
    }
    let switched = visit
        .switched
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match switched {
        // The connection to the backend is in use until both have ended.
        Some((client, backend, _in_use)) => join_upgraded(client, backend, &visit.pulse).await,
        None => Ok(()),
    }
}

/// Waits for the next request; `false` where none comes: the client has left, or the proxy closes.
async fn rest(io: &mut Metered<Box<ServerStream<TcpStream>>>, pulse: &Pulse) -> Result<bool, Ended> {
    let more = tokio::select! {
        biased;
        more = io.next_bytes() => more.unwrap_or(false),
        () = pulse.stop.notified() => false,
    };
    if !more {
        // A client that has left already cannot be told good-bye; nothing is lost by that.
        let _ = io.shutdown().await;
    }
    Ok(more)
}

/// Bytes of answers that wait encrypted for a client that does not read.
const ENCRYPTED_AHEAD: usize = 48 << 10;
/// Bytes of answers over HTTP/2 that wait in the system before it takes more.
const UNSENT: u32 = 1 << 20;
/// Bytes of all requests' bodies on one connection that may come before they are passed on.
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Bytes of one answer that wait in the HTTP state, besides what [`Budget`] counts.
const SEND_BUFFER: usize = 64 << 10;

async fn serve_http2(io: Io, visit: Arc<Visit>) -> Result<(), Ended> {
    visit.pulse.framed();
    let for_requests = visit.clone();
    let service = service_fn(move |request| -> Served { Box::pin(in_turn(for_requests.clone(), request)) });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let header_bytes = visit.worker.context.shared.limits.header_bytes;
    builder
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .enable_connect_protocol();
    let mut connection = pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = visit.pulse.stop.notified() => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    ended.map_err(|error| broken(&error))
}

/// Whether the HTTP state has cut a client that resets streams, or sends frames, and asks for nothing (RFC 9113 section 7).
fn is_flood(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.is_some_and(|cause| cause.is_library() && cause.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM))
}

fn broken(error: &hyper::Error) -> Ended {
    let code = if error.is_parse() || error.is_parse_too_large() {
        code::BAD_REQUEST
    } else if is_flood(error) {
        code::FLOODED
    } else {
        code::PEER_BROKE
    };
    let cause = std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    Ended::Broken {
        code,
        reason: printable(&format!("{error}{cause}")),
    }
}

async fn join_upgraded(client: OnUpgrade, backend: OnUpgrade, pulse: &Pulse) -> Result<(), Ended> {
    let both = async { Ok::<(Upgraded, Upgraded), hyper::Error>((client.await?, backend.await?)) };
    let (client, backend) = both.await.map_err(|error| broken(&error))?;
    pulse.tunnels();
    relay(&mut TokioIo::new(client), &mut TokioIo::new(backend)).await
}

/// Answers a request of many once it may be started. Small while it waits: the large state is made afterwards.
async fn in_turn(visit: Arc<Visit>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let started = match &visit.budget {
        Some(budget) => Some(budget.start(&visit.pulse).await),
        None => None,
    };
    let answered = Box::pin(answer(visit, request)).await;
    drop(started);
    answered
}

/// Answers one request, from the backend or, where that cannot be, ourselves.
async fn answer(visit: Arc<Visit>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let busy = visit.pulse.request();
    let limits = &visit.worker.context.shared.limits;
    visit.pulse.account_for(limits.header_bytes as u64);
    let (begun, mut asked) = (Instant::now(), Asked::default());
    let record = visit.records().then(|| Begun::of(&request));
    let streams = headers::is_grpc(request.headers());
    let request =
        request.map(|body| RequestBody::new(body, &visit.pulse, &visit.worker.reserved, limits, streams));
    let (response, why) = match forward(&visit, request, &mut asked).await {
        Ok((response, lease)) => {
            let answer = |body| Answer::backend(body, lease, visit.budget.clone(), busy);
            (response.map(answer), (None, None))
        }
        Err(instead) => (
            instead.answer(visit.id, busy),
            (Some(instead.code), instead.reason),
        ),
    };
    visit.answered(asked.route, response.status(), begun);
    let would_reject = visit.would_reject(asked.denied.as_ref());
    if let Some(record) =
        record.filter(|_| visit.records_all() || (asked.denied.is_some() && !visit.is_flagged()))
    {
        let (code, reason) = why;
        let why = Why {
            code,
            reason,
            would_reject,
        };
        record.record(&visit, &response, why);
    }
    Ok(response)
}

/// What a request asks for.
#[derive(Default)]
struct Asked {
    /// The place of its route, where there is one.
    route: Option<usize>,
    /// Why it would be answered with 403, if its host did more than observe.
    denied: Option<Denial>,
}

type Forwarded = (Response<Incoming>, Option<Lease>);

/// `asked` becomes what was asked for, as far as that is known.
async fn forward(
    visit: &Visit,
    mut request: Request<RequestBody>,
    asked: &mut Asked,
) -> Result<Forwarded, Instead> {
    let connects = websocket::asks(&request);
    let upgrades = headers::to_backend(&mut request, &visit.ours, &visit.worker.reserved)?;
    let upstream = decide(visit, &mut request, asked)?;
    tokens::check(visit, asked.route, &request)?;
    tokens::add_assertion(visit, &upstream.backend, request.headers_mut())?;
    if connects {
        // Boxed: it is rare, and its state is not for every request.
        return Box::pin(connect(visit, &upstream, request)).await;
    }
    let client_half = upgrades.then(|| hyper::upgrade::on(&mut request));
    let had_body = !request.body().is_end_stream();
    let slots = slots(visit, &upstream).await?;
    let sent = send(visit, &upstream, request, upgrades).await?;
    let Sent {
        mut response,
        sender,
        in_use,
    } = sent;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // What was not asked for, or is not what was asked for, leaves nobody a protocol to go on with.
        let asked_for = client_half.filter(|_| headers::switches_to_websocket(response.headers()));
        let Some(client_half) = asked_for else {
            return Err(Instead {
                status: StatusCode::BAD_GATEWAY,
                code: code::BACKEND_BROKE,
                ends: visit.budget.is_none(),
                reason: None,
            });
        };
        headers::to_client(response.headers_mut(), true);
        let halves = (client_half, hyper::upgrade::on(&mut response));
        *visit.switched.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((halves.0, halves.1, (slots, in_use)));
        return Ok((response, None));
    }
    let lease = Lease {
        sender,
        reads: visit.reads(),
        now: visit.pulse.now(),
        had_body,
        in_use,
        slots,
    };
    answered(response, lease)
}

/// An answer that has a body, ready for the client.
fn answered(mut response: Response<Incoming>, lease: Lease) -> Result<Forwarded, Instead> {
    if !headers::answer_has_one_end(response.headers_mut()) {
        return Err((StatusCode::BAD_GATEWAY, code::BACKEND_BROKE).into());
    }
    headers::to_client(response.headers_mut(), false);
    // The client is answered in our version (RFC 9110 section 2.5): that of an old backend would end its connection.
    *response.version_mut() = Version::HTTP_11;
    Ok((response, Some(lease)))
}

/// WebSocket on a stream of HTTP/2: the backend is asked for it over a connection of its own, and what it says instead is
/// for the client to read, unless it would mean yes there.
async fn connect(
    visit: &Visit,
    upstream: &Arc<Upstream>,
    mut request: Request<RequestBody>,
) -> Result<Forwarded, Instead> {
    let none = || Instead::from((StatusCode::NOT_IMPLEMENTED, code::BAD_REQUEST));
    let broke = || Instead::from((StatusCode::BAD_GATEWAY, code::BACKEND_BROKE));
    if !upstream.backend.can_switch() {
        return Err(none());
    }
    let client = hyper::upgrade::on(&mut request);
    let expected = websocket::ask(request.headers_mut()).ok_or_else(none)?;
    // What comes on the stream is for the other protocol.
    let request = request.map(|_| RequestBody::none());
    let slots = slots(visit, upstream).await?;
    let Sent {
        mut response,
        sender,
        in_use,
    } = send(visit, upstream, request, true).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        if response.status().is_success() {
            return Err(broke());
        }
        let lease = Lease {
            sender,
            reads: visit.reads(),
            now: visit.pulse.now(),
            had_body: false,
            in_use,
            slots,
        };
        return answered(response, lease);
    }
    let switches = headers::switches_to_websocket(response.headers());
    if !websocket::is_answered(response.headers_mut(), &expected) || !switches {
        return Err(broke());
    }
    join(Joined {
        client,
        backend: hyper::upgrade::on(&mut response),
        busy: visit.pulse.also_busy(),
        in_use: (slots, in_use),
    });
    headers::to_client(response.headers_mut(), false);
    *response.status_mut() = StatusCode::OK;
    Ok((response, None))
}

/// Decides about one request: it stays with the host of its connection, and the route that it asks for allows its client.
/// Where that leads is the route's backend.
fn decide(
    visit: &Visit,
    request: &mut Request<RequestBody>,
    asked: &mut Asked,
) -> Result<Arc<Upstream>, Instead> {
    let standing = &visit.standing;
    let listener = visit.state.listener(standing.listener);
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if !listener.is_some_and(|listener| listener.is_of(&standing.host, host.unwrap_or_default())) {
        return Err((StatusCode::MISDIRECTED_REQUEST, code::MISDIRECTED).into());
    }
    let route = if standing.has_one_answer() {
        standing.first_route().map(|route| (0, route))
    } else {
        path::normalise(request.uri_mut())?;
        standing.route(request.uri().path(), request.method())
    };
    let denied = |code, reason| Instead {
        reason: Some(reason),
        ..Instead::from((StatusCode::FORBIDDEN, code))
    };
    let (place, route) = route.ok_or_else(|| {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let asked = format!("{} {}", printable(method), printable(path));
        denied(code::NOT_ALLOWED, format!("no route of the host is for {asked}"))
    })?;
    match standing.decision(place) {
        Some(Ok(_)) => {}
        Some(Err(denial)) if standing.host.rules.observes => asked.denied = Some(denial.clone()),
        Some(Err(denial)) => {
            let ended = Ended::Denied(denial.clone());
            return Err(denied(ended.code(), ended.reason()));
        }
        None => return Err(denied(code::NOT_ALLOWED, "the route has no policy".to_owned())),
    }
    asked.route = Some(place);
    visit.upstream(&route.to)
}

/// The right to use a connection to the backend, in turn with other clients.
async fn slots(visit: &Visit, upstream: &Upstream) -> Result<Slots, Instead> {
    let slot = slot(visit, &visit.worker.slots, &visit.share).await?;
    let Some(own) = &upstream.slots else {
        return Ok((slot, None));
    };
    let share = own.share(visit.waits_as);
    Ok((slot, Some(Box::pin(self::slot(visit, own, &share)).await?)))
}

async fn slot(visit: &Visit, slots: &Arc<BackendSlots>, share: &Arc<Share>) -> Result<BackendSlot, Instead> {
    if let Some(slot) = slots.try_take(share) {
        return Ok(slot);
    }
    visit.worker.context.shared.pressure.note(Cause::Backend);
    let waited = Box::pin(slots.wait(share)).await;
    waited.ok_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, code::BACKEND_FULL).into())
}

/// The bytes of a connection's state over HTTP/1.1 and over HTTP/2.
#[cfg(test)]
pub(super) fn sizes() -> (usize, usize) {
    fn size<F>(_: impl FnOnce(Io, Arc<Visit>) -> F) -> usize {
        size_of::<F>()
    }
    (size(serve_http1), size(serve_http2))
}
