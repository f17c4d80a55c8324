//! Small services for a proxy to stand in front of. That of `quickstart` says whom it sees.

use std::{convert::Infallible, net::SocketAddr};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use handfast_pki::Certificate;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What a service says to a request.
pub type Answer = fn(&Request<Incoming>) -> Response<Full<Bytes>>;

/// Starts the service that greets its caller.
pub fn start() -> std::io::Result<SocketAddr> {
    start_with(greet)
}

/// Starts a service that gives this answer, on a free port of this machine and on a thread of its own.
pub fn start_with(answer: Answer) -> std::io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(move || runtime.block_on(serve(listener, answer)));
    Ok(address)
}

async fn serve(listener: std::net::TcpListener, answer: Answer) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        tokio::spawn(async move {
            let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request)) });
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn greet(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let text = match caller(request.headers()) {
        Some(name) => format!("hello, {name}\n"),
        None => "hello, anonymous client\n".to_owned(),
    };
    Response::new(Full::new(Bytes::from(text)))
}

/// The holder of the certificate in `Client-Cert` (RFC 9440), which only the proxy can have set.
fn caller(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("client-cert")?.to_str().ok()?;
    let der = STANDARD
        .decode(value.strip_prefix(':')?.strip_suffix(':')?)
        .ok()?;
    Some(Certificate::from_der(&der).ok()?.identity().called())
}
