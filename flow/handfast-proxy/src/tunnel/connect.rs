//! HTTP CONNECT (RFC 9110 section 9.3.6): a local program says where it wants to go, and is carried there over mutual TLS.
//!
//! One request for each connection, to a destination that a route lists. What the program then speaks is the plain protocol
//! of the server, HTTP for a web service: TLS is for the tunnel. A program that begins with TLS of its own is told so by
//! the code of its record, because its bytes would be gibberish behind ours.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use handfast_audit::Verdict;
use handfast_pki::{Code, code, text::printable};
use handfast_values::{Authority, Endpoint};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{Either, Empty, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    callers::Caller,
    reach::{Reached, broken, not_carried, reach},
    state::State,
};
use crate::{backend::Stream, error::Ended, metered::Metered, pulse::Pulse, worker::WorkerContext};

/// Who asks, and on which connection.
pub(super) struct Asked {
    pub(super) caller: Option<Caller>,
    pub(super) id: u64,
}

type Outcome = Mutex<Option<Result<(Reached, OnUpgrade), Ended>>>;
type Answer = Response<Either<Full<Bytes>, Empty<Bytes>>>;

/// Answers the one request of a connection. Out: the server that was asked for, and the program's half from here on.
pub(super) async fn serve(
    near: Metered<Box<dyn Stream>>,
    asked: Asked,
    state: &Arc<State>,
    context: &WorkerContext,
    pulse: &Arc<Pulse>,
) -> Result<(Reached, impl AsyncRead + AsyncWrite + Unpin + use<>), Ended> {
    let limit = context.shared.limits.header_bytes;
    let outcome: Arc<Outcome> = Arc::default();
    let (kept, asked, state) = (outcome.clone(), Arc::new(asked), state.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (kept, asked, state) = (kept.clone(), asked.clone(), state.clone());
        async move {
            let target = request
                .uri()
                .authority()
                .map_or("", |authority| authority.as_str());
            let (method, target) = (request.method().clone(), target.to_owned());
            let decided = decide(&method, &target, &asked, &state).await;
            let answer = answer(&decided, &method, asked.id);
            let decided = decided.map(|reached| (reached, hyper::upgrade::on(&mut request)));
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(decided);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http1::Builder::new();
    builder.max_header_size(limit).max_buf_size(limit);
    let served = builder
        .serve_connection(TokioIo::new(near), service)
        .with_upgrades()
        .await;
    let decided = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (decided, served) {
        (Some(Ok((reached, upgrade))), Ok(())) => {
            let plain = upgrade.await.map_err(|error| broken(&error))?;
            let near = NoTls {
                io: TokioIo::new(plain),
                pulse: pulse.clone(),
                has_begun: false,
                waits_for_second: false,
            };
            Ok((reached, near))
        }
        (Some(Err(ended)), _) => Err(ended),
        (_, Err(error)) => Err(broken(&error)),
        (None, Ok(())) => Err(Ended::NotCarried {
            verdict: Verdict::Broken,
            code: code::PEER_BROKE,
            reason: "the program left without a request".to_owned(),
        }),
    }
}

/// The server that a request for `target` asks for, reached.
async fn decide(method: &Method, target: &str, asked: &Asked, state: &State) -> Result<Reached, Ended> {
    let refused = |reason: String| Ended::NotCarried {
        verdict: Verdict::Refused,
        code: code::NOT_CONNECT,
        reason,
    };
    if method != Method::CONNECT {
        let method = printable(method.as_str());
        return Err(refused(format!(
            "expected CONNECT HOST:PORT, found the method \"{method}\""
        )));
    }
    // RFC 9110 section 7.1: the target is host and port, and nothing else.
    let wrong = |why: &str| {
        refused(format!(
            "expected CONNECT HOST:PORT, found \"{}\": {why}",
            printable(target)
        ))
    };
    let Authority { host, port } = Authority::read(target).map_err(|error| wrong(&error.to_string()))?;
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let port = port.ok_or_else(|| wrong("the port is missing"))?;
    let to = Endpoint { host, port };
    let caller = asked.caller.as_ref();
    let way = state.way(caller, Some(&to));
    reach(way.map_err(|none| not_carried(none, caller, Some(&to)))?, &to).await
}

fn answer(decided: &Result<Reached, Ended>, method: &Method, id: u64) -> Answer {
    let Err(ended) = decided else {
        return Response::new(Either::Right(Empty::new()));
    };
    let code = ended.code();
    if code != code::NOT_CONNECT || method == Method::CONNECT {
        return problem(status(ended), code, id);
    }
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, code, id);
    answer
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("CONNECT"));
    answer
}

fn status(ended: &Ended) -> StatusCode {
    match ended {
        Ended::NotCarried { verdict, .. } if *verdict == Verdict::Denied => StatusCode::FORBIDDEN,
        Ended::NotCarried { .. } => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// RFC 9457, and the end of the connection.
fn problem(status: StatusCode, code: Code, connection: u64) -> Answer {
    let text = serde_json::json!({
        "type": "about:blank",
        "title": code.title(),
        "status": status.as_u16(),
        "code": code.to_string(),
        "connection": connection,
    });
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(format!("{text}\n")))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The program's half, which must not begin with TLS.
struct NoTls<IO> {
    io: IO,
    pulse: Arc<Pulse>,
    has_begun: bool,
    /// The first byte was that of a handshake, and is held back.
    waits_for_second: bool,
}

/// A record of the handshake, in any version of TLS (RFC 8446 section 5.1).
const HANDSHAKE_RECORD: [u8; 2] = [0x16, 0x03];

impl<IO: AsyncRead + Unpin> AsyncRead for NoTls<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.has_begun || buf.remaining() < HANDSHAKE_RECORD.len() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        loop {
            if self.waits_for_second {
                buf.put_slice(&HANDSHAKE_RECORD[..1]);
            }
            let known = buf.filled().len();
            match Pin::new(&mut self.io).poll_read(cx, buf) {
                Poll::Ready(Ok(())) => {}
                other => {
                    buf.set_filled(before);
                    return other;
                }
            }
            let (read, is_more) = (&buf.filled()[before..], buf.filled().len() > known);
            if read.starts_with(&HANDSHAKE_RECORD) {
                buf.set_filled(before);
                self.pulse.mark_cut(code::TLS_IN_TUNNEL);
                return Poll::Ready(Err(io::Error::other("it begins with a handshake of TLS")));
            }
            if read == &HANDSHAKE_RECORD[..1] && is_more {
                // One byte alone does not say.
                buf.set_filled(before);
                self.waits_for_second = true;
                continue;
            }
            self.has_begun = true;
            return Poll::Ready(Ok(()));
        }
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for NoTls<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
