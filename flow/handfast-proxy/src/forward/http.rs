//! Requests: HTTP/1.1 or HTTP/2 from the client by ALPN, HTTP/1.1 to the backend.

use std::{
    convert::Infallible,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use handfast_audit::{Event, Request as RequestRecord};
use handfast_pki::{Code, code, text::printable};
use handfast_tls::ServerStream;
use http::{HeaderValue, Request, Response, StatusCode, Version, header::HOST};
use http_body::Body;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    answer::{Answer, problem},
    body::{Progress, RequestBody},
    budget::Budget,
    headers::{self, Ours},
    path,
    pool::{Lease, Pool, Sender},
    relay::relay,
    slots::{BackendSlot, Share},
};
use crate::{
    authorize::Allowed,
    error::Ended,
    host::Standing,
    limits::{Detail, STREAM_WINDOW, STREAMS},
    live::State,
    metered::Metered,
    pressure::Cause,
    pulse::{Busy, Pulse, ticks},
    worker::Worker,
};

/// What is left of a connection once it is forwarded. Boxed, so that waiting for a handshake costs no room for it, and
/// each kind has room for itself alone.
pub(super) type Run<'a> = Pin<Box<dyn Future<Output = Result<(), Ended>> + Send + 'a>>;

/// What the requests of one connection share.
struct Visit {
    worker: Worker,
    ours: Ours,
    /// The generation of trust that the handshake was made under.
    state: Arc<State>,
    standing: Standing,
    id: u64,
    pulse: Arc<Pulse>,
    share: Arc<Share>,
    /// Over HTTP/2: what answers may cost that nobody reads.
    budget: Option<Arc<Budget>>,
    /// Both halves of a switched protocol, to be joined when HTTP has ended.
    switched: Mutex<Option<(OnUpgrade, OnUpgrade, BackendSlot)>>,
}

impl Visit {
    /// The connections to the backend that fit what the client has shown of itself.
    fn pool(&self) -> &Arc<Pool> {
        let pools = &self.worker.pools;
        match &self.budget {
            None => &pools.http1,
            Some(budget) if budget.is_taken_from() => &pools.http2,
            Some(_) => &pools.wary,
        }
    }
}

type Served = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

/// Serves requests until the client leaves, the proxy closes, or another protocol takes over.
pub(crate) fn serve(allowed: Allowed, worker: Worker) -> Run<'static> {
    let (standing, secured) = (allowed.standing().clone(), allowed.secured());
    let admission = &standing.admission;
    let address = secured.address.ip().to_canonical().to_string();
    let ours = Ours {
        client_cert: admission.client_cert.clone(),
        xfcc: worker.xfcc.then(|| admission.forwarded.clone()),
        // An address is always a header value.
        forwarded_for: HeaderValue::from_str(&address)
            .unwrap_or_else(|_| HeaderValue::from_static("unknown")),
    };
    let pulse = secured.pulse.clone();
    let is_http2 = secured.established.alpn == Some("h2");
    let visit = Arc::new(Visit {
        share: worker.slots.share(standing.peer.identity().fingerprint.0),
        budget: is_http2.then(|| Budget::new(pulse.now())),
        worker,
        ours,
        state: secured.state.clone(),
        standing,
        id: secured.id,
        pulse: pulse.clone(),
        switched: Mutex::default(),
    });
    let io = TokioIo::new(Metered::new(allowed.into_secured().stream, pulse));
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
    builder.max_header_size(limit).max_buf_size(limit.max(64 << 10));
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
        Some((client, backend, _slot)) => join_upgraded(client, backend, &visit.pulse).await,
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
        .max_send_buf_size(SEND_BUFFER);
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

fn broken(error: &hyper::Error) -> Ended {
    let code = if error.is_parse() || error.is_parse_too_large() {
        code::BAD_REQUEST
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
    let begun = (visit.worker.context.shared.detail >= Detail::Requests).then(|| Begun::of(&request));
    let request = request.map(|body| RequestBody::new(body, &visit.pulse, &visit.worker.reserved, limits));
    let (response, why) = match forward(&visit, request).await {
        Ok((response, lease)) => {
            let answer = |body| Answer::backend(body, lease, visit.budget.clone(), busy);
            (response.map(answer), None)
        }
        Err(instead) => (instead.answer(visit.id, busy), Some(instead.code)),
    };
    if let Some(begun) = begun {
        begun.record(&visit, &response, why);
    }
    Ok(response)
}

/// What is answered instead of the backend's answer.
struct Instead {
    status: StatusCode,
    code: Code,
    /// Whether the connection cannot be used any further.
    ends: bool,
}

impl From<(StatusCode, Code)> for Instead {
    fn from((status, code): (StatusCode, Code)) -> Self {
        Self {
            status,
            code,
            ends: false,
        }
    }
}

impl Instead {
    fn answer(&self, connection: u64, busy: Busy) -> Response<Answer> {
        let mut response = problem(self.status, self.code, connection, busy);
        if self.ends {
            response
                .headers_mut()
                .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

type Forwarded = (Response<Incoming>, Option<Lease>);

async fn forward(visit: &Visit, mut request: Request<RequestBody>) -> Result<Forwarded, Instead> {
    let is_http2 = visit.budget.is_some();
    let upgrades = headers::to_backend(&mut request, &visit.ours, &visit.worker.reserved)
        .map_err(|unacceptable| Instead::from(unacceptable.answer()))?;
    must_be_allowed(visit, &mut request)?;
    let client_half = upgrades.then(|| hyper::upgrade::on(&mut request));
    let had_body = !request.body().is_end_stream();
    let slot = slot(visit).await?;
    // HTTP/2 lets requests begin until the client has heard that it is asked to leave.
    if let Some(code) = visit.pulse.withdrawn() {
        return Err((StatusCode::FORBIDDEN, code).into());
    }
    let pool = visit.pool().clone();
    let (mut response, sender) = send(visit, &pool, request).await?;
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if switches {
        // What was not asked for, or is not what was asked for, leaves nobody a protocol to go on with.
        let asked_for = client_half.filter(|_| headers::switches_to_websocket(response.headers()));
        let Some(client_half) = asked_for else {
            return Err(Instead {
                status: StatusCode::BAD_GATEWAY,
                code: code::BACKEND_BROKE,
                ends: !is_http2,
            });
        };
        headers::to_client(response.headers_mut(), true);
        let halves = (client_half, hyper::upgrade::on(&mut response));
        *visit.switched.lock().unwrap_or_else(PoisonError::into_inner) = Some((halves.0, halves.1, slot));
        return Ok((response, None));
    }
    if !headers::answer_has_one_end(response.headers_mut()) {
        return Err((StatusCode::BAD_GATEWAY, code::BACKEND_BROKE).into());
    }
    headers::to_client(response.headers_mut(), false);
    // The client is answered in our version (RFC 9110 section 2.5): that of an old backend would end its connection.
    *response.version_mut() = Version::HTTP_11;
    let lease = Lease {
        sender,
        pool,
        now: visit.pulse.now(),
        had_body,
        slot,
    };
    Ok((response, Some(lease)))
}

/// Decides about one request: it stays with the host of its connection, and the route that it asks for allows its client.
fn must_be_allowed(visit: &Visit, request: &mut Request<RequestBody>) -> Result<(), Instead> {
    let (listener, standing) = (visit.state.listener(), &visit.standing);
    let asked = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if !listener.is_of(&standing.host, asked.unwrap_or_default()) {
        return Err((StatusCode::MISDIRECTED_REQUEST, code::MISDIRECTED).into());
    }
    if standing.has_one_answer() {
        return Ok(());
    }
    path::normalise(request.uri_mut()).map_err(|unacceptable| Instead::from(unacceptable.answer()))?;
    if standing.may(request.uri().path(), request.method()) {
        Ok(())
    } else {
        Err((StatusCode::FORBIDDEN, code::NOT_ALLOWED).into())
    }
}

/// The right to use a connection to the backend, in turn with other clients.
async fn slot(visit: &Visit) -> Result<BackendSlot, Instead> {
    let slots = &visit.worker.slots;
    if let Some(slot) = slots.try_take(&visit.share) {
        return Ok(slot);
    }
    visit.worker.context.shared.pressure.note(Cause::Backend);
    let waited = Box::pin(slots.wait(&visit.share)).await;
    waited.ok_or_else(|| (StatusCode::SERVICE_UNAVAILABLE, code::BACKEND_FULL).into())
}

/// Sends over a waiting connection or a new one. A waiting one may just have been closed by the backend; the
/// request is then sent again, but only when nothing of it had left.
async fn send(
    visit: &Visit,
    pool: &Pool,
    mut request: Request<RequestBody>,
) -> Result<(Response<Incoming>, Sender), Instead> {
    let progress = request.body().progress();
    let started = visit.pulse.now();
    loop {
        let waiting = pool.take();
        let reused = waiting.is_some();
        let mut sender = match waiting {
            Some(sender) => sender,
            // Boxed, because it is rare, and larger than all that a request over a waiting connection needs.
            None => Box::pin(pool.open(&visit.worker.backend))
                .await
                .map_err(|error| match error.kind() {
                    std::io::ErrorKind::TimedOut => (StatusCode::GATEWAY_TIMEOUT, code::BACKEND_UNREACHABLE),
                    _ => (StatusCode::BAD_GATEWAY, code::BACKEND_UNREACHABLE),
                })?,
        };
        let sent = tokio::select! {
            biased;
            sent = sender.try_send_request(request) => sent,
            () = late(visit, started, progress.as_deref()) => {
                return Err((StatusCode::GATEWAY_TIMEOUT, code::BACKEND_LATE).into());
            }
        };
        match sent {
            Ok(response) => return Ok((response, sender)),
            Err(mut error) => match error.take_message() {
                Some(unsent) if reused => request = unsent,
                _ => {
                    let fault = progress.as_ref().and_then(|progress| progress.fault());
                    let backend = (StatusCode::BAD_GATEWAY, code::BACKEND_BROKE);
                    return Err(fault.map_or(backend, |fault| fault.answer()).into());
                }
            },
        }
    }
}

/// Waits until the answer is overdue, counted from the last of the request's body.
async fn late(visit: &Visit, started: u32, progress: Option<&Progress>) {
    let limit = ticks(visit.worker.context.shared.limits.response);
    loop {
        let since = progress.map_or(started, |progress| progress.last(started));
        let due = since.saturating_add(limit).saturating_add(1);
        if visit.pulse.now() >= due {
            return;
        }
        visit.pulse.look_at(due).await;
    }
}

/// What a request's record says before there is an answer.
struct Begun {
    time: Timestamp,
    instant: Instant,
    method: String,
    path: String,
    host: Option<String>,
}

impl Begun {
    fn of(request: &Request<Incoming>) -> Self {
        let host = request
            .headers()
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
        Self {
            time: Timestamp::now(),
            instant: Instant::now(),
            method: printable(request.method().as_str()),
            path: printable(request.uri().path()),
            host: host.map(printable),
        }
    }

    fn record(self, visit: &Visit, response: &Response<Answer>, code: Option<Code>) {
        visit.worker.context.sink.take(Event::Request(RequestRecord {
            time: self.time,
            connection: visit.id,
            method: self.method,
            path: self.path,
            host: self.host,
            status: response.status().as_u16(),
            code,
            duration_us: u64::try_from(self.instant.elapsed().as_micros()).unwrap_or(u64::MAX),
        }));
    }
}

/// The bytes of a connection's state over HTTP/1.1 and over HTTP/2.
#[cfg(test)]
pub(super) fn sizes() -> (usize, usize) {
    fn size<F>(_: impl FnOnce(Io, Arc<Visit>) -> F) -> usize {
        size_of::<F>()
    }
    (size(serve_http1), size(serve_http2))
}
