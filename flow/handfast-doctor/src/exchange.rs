//! One HTTP/1.1 request and its answer, after the server's verdict on our certificate.

use std::{error::Error, io, time::Duration};

use bytes::Bytes;
use handfast_pki::text::printable;
use handfast_tls::HandshakeError;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;

use crate::{
    connect::{Contact, Seen, Stream},
    trace::Ending,
};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest body that is kept.
const LARGEST: usize = 64 << 20;

/// What to ask for.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The value of `Host`.
    pub host: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub(crate) async fn exchange(contact: Contact, ask: &Ask) -> (Seen, Option<Answer>) {
    let Contact { stream, mut seen } = contact;
    let Some(mut stream) = stream else {
        return (seen, None);
    };
    if seen.asked.is_some()
        && let Some(ending) = verdict(&mut stream).await
    {
        seen.ending = ending;
        return (seen, None);
    }
    let waited = tokio::time::timeout(PATIENCE, send(stream, ask)).await;
    match waited.unwrap_or_else(|_| Err(Ending::Silent(format!("no answer within {PATIENCE:?}")))) {
        Ok(answer) => (seen, Some(answer)),
        Err(ending) => {
            seen.ending = ending;
            (seen, None)
        }
    }
}

/// In TLS 1.3 a server that refuses its client says so after the client has finished. A request sent at once
/// would meet a closed connection, and its error could overtake the alert; so we listen first, for a moment.
async fn verdict(stream: &mut Stream) -> Option<Ending> {
    const MOMENT: Duration = Duration::from_millis(60);
    if stream.get_ref().1.protocol_version().map(u16::from) != Some(0x0304) {
        return None;
    }
    let mut byte = [0; 1];
    match tokio::time::timeout(MOMENT, stream.read(&mut byte)).await {
        Err(_) => None,
        Ok(Ok(0)) => Some(Ending::Closed),
        Ok(Ok(_)) => Some(Ending::NotHttp("the server spoke first".into())),
        Ok(Err(error)) => Some(ending(&error)),
    }
}

async fn send(stream: Stream, ask: &Ask) -> Result<Answer, Ending> {
    let (mut sender, connection) = http1::Builder::new()
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| of_hyper(&error))?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(ask.method.clone())
        .uri(&ask.path)
        .header("host", &ask.host);
    if let Some(headers) = request.headers_mut() {
        headers.extend(ask.headers.clone());
    }
    let request = request
        .body(Full::new(ask.body.clone()))
        .map_err(|error| Ending::NotHttp(error.to_string()))?;
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| of_hyper(&error))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, LARGEST)
        .collect()
        .await
        .map_err(|error| Ending::NotHttp(printable(&error.to_string())))?;
    // The sender goes first, so that the connection ends with a close_notify and not in its middle.
    drop(sender);
    let _ = tokio::time::timeout(Duration::from_millis(500), connection).await;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes(),
    })
}

/// The alert inside an error of the HTTP library, else what the library says.
fn of_hyper(error: &hyper::Error) -> Ending {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return ending(io);
        }
        source = inner.source();
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Ending::Closed;
    }
    Ending::NotHttp(printable(&error.to_string()))
}

fn ending(error: &io::Error) -> Ending {
    match HandshakeError::late_alert(error) {
        Some(alert) => Ending::Handshake(alert),
        None if error.kind() == io::ErrorKind::UnexpectedEof => Ending::Closed,
        None => Ending::Broken(printable(&error.to_string())),
    }
}
