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
use http::{HeaderValue, Request, Response, StatusCode};
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
    answer::{Answer, Cleaned, Lease, problem},
    headers::{self, Ours},
    pool, splice,
};
use crate::{
    authorize::Allowed,
    door::Worker,
    error::Ended,
    handshake::Shaken,
    pulse::{Felt, Pulse},
    record::Detail,
};

/// What the requests of one connection share.
struct Visit {
    worker: Worker,
    ours: Ours,
    id: u64,
    pulse: Arc<Pulse>,
    /// Both halves of a switched protocol, to be joined when HTTP has ended.
    switched: Mutex<Option<(OnUpgrade, OnUpgrade)>>,
}

type Served = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

/// Serves requests until the client leaves, the door closes, or another protocol takes over.
pub(crate) async fn serve(allowed: Allowed, shaken: Shaken, worker: Worker) -> Result<(), Ended> {
    let guest = allowed.guest();
    let address = shaken.address.ip().to_canonical().to_string();
    let ours = Ours {
        client_cert: guest.client_cert.clone(),
        xfcc: worker.xfcc.then(|| guest.forwarded.clone()),
        // An address is always a header value.
        forwarded_for: HeaderValue::from_str(&address)
            .unwrap_or_else(|_| HeaderValue::from_static("unknown")),
    };
    let pulse = shaken.pulse.clone();
    let is_http2 = shaken.established.alpn == Some("h2");
    let visit = Arc::new(Visit {
        worker,
        ours,
        id: shaken.id,
        pulse: pulse.clone(),
        switched: Mutex::default(),
    });
    let io = TokioIo::new(Felt::new(shaken.stream, pulse));
    if is_http2 {
        serve_http2(io, &visit).await
    } else {
        serve_http1(io, &visit).await
    }
}

type Io = TokioIo<Felt<ServerStream<TcpStream>>>;

/// Serves HTTP/1.1. Between requests that are far apart the HTTP state is taken down, and with it its
/// buffers: an idle connection keeps little more than its TLS state.
async fn serve_http1(io: Io, visit: &Arc<Visit>) -> Result<(), Ended> {
    let limit = visit.worker.keeper.common.limits.header_bytes;
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
        Some((client, backend)) => join_upgraded(client, backend, &visit.pulse).await,
        None => Ok(()),
    }
}

/// Waits for the next request; `false` where none comes: the client has left, or the door closes.
async fn rest(io: &mut Felt<ServerStream<TcpStream>>, pulse: &Pulse) -> Result<bool, Ended> {
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

async fn serve_http2(io: Io, visit: &Arc<Visit>) -> Result<(), Ended> {
    visit.pulse.framed();
    const STREAMS: u32 = 128;
    let for_requests = visit.clone();
    let service = service_fn(move |request| -> Served { Box::pin(answer(for_requests.clone(), request)) });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(STREAMS).max_header_list_size(
        u32::try_from(visit.worker.keeper.common.limits.header_bytes).unwrap_or(u32::MAX),
    );
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
    splice(&mut TokioIo::new(client), &mut TokioIo::new(backend)).await
}

/// Answers one request, from the backend or, where that cannot be, ourselves.
async fn answer(visit: Arc<Visit>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let busy = visit.pulse.request();
    let begun = (visit.worker.keeper.common.detail >= Detail::Requests).then(|| Begun::of(&request));
    let request = request.map(|body| Cleaned::new(body, &visit.pulse));
    let (response, why) = match forward(&visit, request).await {
        Ok((response, lease)) => (response.map(|body| Answer::backend(body, lease, busy)), None),
        Err((status, code)) => (problem(status, code, visit.id, busy), Some(code)),
    };
    if let Some(begun) = begun {
        begun.record(&visit, &response, why);
    }
    Ok(response)
}

type Forwarded = (Response<Incoming>, Option<Lease>);

async fn forward(visit: &Visit, mut request: Request<Cleaned>) -> Result<Forwarded, (StatusCode, Code)> {
    let upgrades = headers::to_backend(&mut request, &visit.ours)
        .map_err(|_| (StatusCode::BAD_REQUEST, code::BAD_REQUEST))?;
    let client_half = upgrades.then(|| hyper::upgrade::on(&mut request));
    let had_body = !request.body().is_end_stream();
    let (mut response, sender) = send(visit, request).await?;
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    headers::to_client(response.headers_mut(), switches);
    if switches {
        let Some(client_half) = client_half else {
            return Err((StatusCode::BAD_GATEWAY, code::BACKEND_BROKE));
        };
        let halves = (client_half, hyper::upgrade::on(&mut response));
        *visit.switched.lock().unwrap_or_else(PoisonError::into_inner) = Some(halves);
        return Ok((response, None));
    }
    let lease = Lease {
        sender,
        pool: visit.worker.pool.clone(),
        now: visit.worker.keeper.ward.tick(),
        had_body,
    };
    Ok((response, Some(lease)))
}

/// Sends over a waiting connection or a new one. A waiting one may just have been closed by the backend; the
/// request is then sent again, but only when nothing of it had left.
async fn send(
    visit: &Visit,
    mut request: Request<Cleaned>,
) -> Result<(Response<Incoming>, pool::Sender), (StatusCode, Code)> {
    loop {
        let waiting = visit.worker.pool.take();
        let reused = waiting.is_some();
        let mut sender = match waiting {
            Some(sender) => sender,
            None => pool::open(&visit.worker.backend)
                .await
                .map_err(|error| match error.kind() {
                    std::io::ErrorKind::TimedOut => (StatusCode::GATEWAY_TIMEOUT, code::BACKEND_UNREACHABLE),
                    _ => (StatusCode::BAD_GATEWAY, code::BACKEND_UNREACHABLE),
                })?,
        };
        match sender.try_send_request(request).await {
            Ok(response) => return Ok((response, sender)),
            Err(mut error) => match error.take_message() {
                Some(unsent) if reused => request = unsent,
                _ => return Err((StatusCode::BAD_GATEWAY, code::BACKEND_BROKE)),
            },
        }
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
        visit.worker.keeper.sink.take(Event::Request(RequestRecord {
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
