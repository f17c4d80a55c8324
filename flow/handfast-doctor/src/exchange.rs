//! What is said after the handshake: the server's verdict on our certificate is awaited, then one request is
//! sent in the protocol of the service.

use std::{error::Error, io, time::Duration};

use bytes::Bytes;
use handfast_pki::text::printable;
use handfast_tls::HandshakeError;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    Ending, Service,
    connect::{Contact, Seen, Stream},
};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a verdict is waited for where nothing can be asked.
const PAUSE: Duration = Duration::from_millis(250);
/// The largest body that is kept.
const LARGEST: usize = 64 << 20;

/// What to say after the handshake.
#[derive(Debug, Clone)]
pub enum Talk {
    Http(Ask),
    /// A startup message for this user, for PostgreSQL says only then what it thinks of a certificate.
    Postgres {
        user: String,
    },
    /// The first words of another protocol.
    Service(Service),
    /// Nothing: wait for a moment whether the server has something to say.
    Listen,
}

/// What to ask for over HTTP/1.1.
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

pub(crate) async fn exchange(contact: Contact, talk: &Talk) -> (Seen, Option<Answer>) {
    let Contact { stream, mut seen } = contact;
    let Some(mut stream) = stream else {
        return (seen, None);
    };
    // Servers of HTTP/2 speak first, and that is their verdict.
    let speaks_first = matches!(talk, Talk::Service(Service::Http2));
    if seen.asked.is_some()
        && !speaks_first
        && let Some(ending) = verdict(&mut stream).await
    {
        seen.ending = ending;
        return (seen, None);
    }
    let said = async {
        match talk {
            Talk::Http(ask) => send(stream, ask).await.map(Some),
            Talk::Postgres { user } => start_postgres(stream, user).await.map(|()| None),
            Talk::Service(service) => speak(stream, *service).await.map(|()| None),
            Talk::Listen => listen(stream).await.map(|()| None),
        }
    };
    let waited = tokio::time::timeout(PATIENCE, said).await;
    match waited.unwrap_or_else(|_| Err(Ending::Silent(format!("no answer within {PATIENCE:?}")))) {
        Ok(answer) => (seen, answer),
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

async fn listen(mut stream: Stream) -> Result<(), Ending> {
    let mut byte = [0; 1];
    match tokio::time::timeout(PAUSE, stream.read(&mut byte)).await {
        Err(_) | Ok(Ok(1..)) => {
            let _ = tokio::time::timeout(PAUSE, stream.shutdown()).await;
            Ok(())
        }
        Ok(Ok(0)) => Err(Ending::Closed),
        Ok(Err(error)) => Err(ending(&error)),
    }
}

/// A StartupMessage of protocol 3.0, and the first message of the answer.
async fn start_postgres(mut stream: Stream, user: &str) -> Result<(), Ending> {
    let mut message = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", user, "database", "postgres"] {
        // A zero within a name would end it early.
        message.extend(text.bytes().filter(|byte| *byte != 0));
        message.push(0);
    }
    message.push(0);
    let length = u32::try_from(message.len() + 4).unwrap_or(u32::MAX);
    let broke = |error: io::Error| ending(&error);
    stream.write_all(&length.to_be_bytes()).await.map_err(broke)?;
    stream.write_all(&message).await.map_err(broke)?;
    stream.flush().await.map_err(broke)?;
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.map_err(broke)?;
    if head[0] != b'E' {
        return Ok(());
    }
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]).clamp(4, 8192) as usize - 4;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(broke)?;
    // Fields of one letter and a text; "M" is the message in words.
    let text = body
        .split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(b"M"))
        .unwrap_or_default();
    Err(Ending::Service(printable(&String::from_utf8_lossy(text))))
}

/// Says the first words of `service`, and listens whether the answer welcomes us.
async fn speak(mut stream: Stream, service: Service) -> Result<(), Ending> {
    const MOST: usize = 8192;
    let broke = |error: io::Error| ending(&error);
    stream.write_all(&service.words()).await.map_err(broke)?;
    stream.flush().await.map_err(broke)?;
    let mut heard = Vec::new();
    while heard.len() < MOST {
        match stream.read_buf(&mut heard).await {
            Ok(0) => return Err(Ending::Closed),
            Ok(_) => {}
            Err(error) => return Err(ending(&error)),
        }
        match service.verdict(&heard) {
            Some(Ok(())) => {
                let _ = tokio::time::timeout(PAUSE, stream.shutdown()).await;
                return Ok(());
            }
            Some(Err(said)) => return Err(Ending::Service(printable(&said))),
            None => {}
        }
    }
    Err(Ending::Service("more than anybody says in greeting".into()))
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
