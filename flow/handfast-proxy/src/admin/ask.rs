//! Asking the admin port of a running proxy.

use std::{io, path::Path, time::Duration};

use bytes::Bytes;
use handfast_finding::Problem;
use handfast_pki::code;
use http::{Request, StatusCode, header::HOST};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use super::AdminAddress;
use crate::backend::Stream;

/// How long an answer may take, and how large it may be.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 256 << 20;

/// What the admin port at `url`, `http://127.0.0.1:9443` or `unix:PATH`, says to a GET of `path`.
///
/// # Errors
///
/// If it is no such URL, cannot be reached, or does not answer.
pub fn ask(url: &str, path: &str) -> Result<Bytes, Problem> {
    let (address, (status, body)) = answer(url, path)?;
    if status != StatusCode::OK {
        return Err(silent(&address, format_args!("it answers {status}")));
    }
    Ok(body)
}

/// How a proxy is that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    pub is_good: bool,
    /// In the words of the proxy, such as `draining`.
    pub said: String,
}

/// How the proxy with the admin port `url` is: whether it lives (`/healthz`) or is ready (`/readyz`).
///
/// # Errors
///
/// As those of [`ask`]; a proxy that is not well is none.
pub fn health(url: &str, path: &str) -> Result<Health, Problem> {
    let (address, (status, body)) = answer(url, path)?;
    let is_good = match status {
        StatusCode::OK => true,
        StatusCode::SERVICE_UNAVAILABLE => false,
        other => return Err(silent(&address, format_args!("it answers {other}"))),
    };
    let said = String::from_utf8_lossy(&body).trim().to_owned();
    Ok(Health { is_good, said })
}

fn answer(url: &str, path: &str) -> Result<(AdminAddress, (StatusCode, Bytes)), Problem> {
    let place = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
    let address = AdminAddress::parse(place, Path::new(""))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let asked = tokio::time::timeout(PATIENCE, get(&address, path)).await;
            asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    });
    match asked {
        Ok(answered) => Ok((address, answered)),
        Err(error) => Err(silent(&address, error)),
    }
}

fn silent(address: &AdminAddress, why: impl std::fmt::Display) -> Problem {
    Problem::new(
        code::CANNOT_CONNECT,
        format_args!("the admin port \"{address}\" does not answer: {why}"),
    )
    .help("open the proxy with --admin 127.0.0.1:9443, or write admin = \"127.0.0.1:9443\" into its configuration")
}

async fn get(address: &AdminAddress, path: &str) -> io::Result<(StatusCode, Bytes)> {
    let (stream, host): (Box<dyn Stream>, String) = match address {
        AdminAddress::Loopback(address) => {
            (Box::new(TcpStream::connect(address).await?), address.to_string())
        }
        AdminAddress::Unix(path) => (Box::new(UnixStream::connect(path).await?), "localhost".to_owned()),
    };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header(HOST, host)
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    Ok((status, body.map_err(io::Error::other)?.to_bytes()))
}
