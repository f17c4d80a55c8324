//! What is said after the handshake: the server's verdict on our certificate is awaited, then one request is
//! sent in the protocol of the service.

use std::{error::Error, io, time::Duration};

use bytes::Bytes;
use handfast_dialogs::{Dialog, Next, Speaks, of_answer, spoken_first};
use handfast_pki::text::printable;
use handfast_tls::HandshakeError;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    Answer, Ending, Service, Verdict,
    connect::{Contact, Seen, Stream},
    patience::{Patience, shown},
};

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
    /// A login without a password for this user, for MySQL.
    Mysql {
        user: String,
    },
    /// The first words of another protocol.
    Service(Service),
    /// The same, and a login with a made-up password where the protocol decides no sooner.
    Login(Service),
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

impl Talk {
    fn dialog(&self, is_greeted: bool) -> Option<Dialog> {
        let speaks = match self {
            Self::Service(service) => Speaks::Service(*service),
            Self::Login(service) => Speaks::Login(*service),
            Self::Postgres { user } => Speaks::Postgres(user.clone()),
            Self::Mysql { user } => Speaks::Mysql(user.clone()),
            Self::Http(_) | Self::Listen => return None,
        };
        Some(Dialog::new(speaks, is_greeted))
    }
}

/// What came after the handshake.
type Heard = (Verdict, Option<Answer>);

pub(crate) async fn exchange(contact: Contact, talk: &Talk, patience: Patience) -> (Seen, Option<Answer>) {
    let Contact { stream, mut seen } = contact;
    let Some(mut stream) = stream else {
        return (seen, None);
    };
    let dialog = talk.dialog(!seen.is_upgraded);
    // A server that speaks first says its verdict so.
    let speaks_first = dialog.as_ref().is_some_and(Dialog::is_spoken_to_first);
    if seen.asked.is_some()
        && !speaks_first
        && let Some((verdict, ending)) = early(&mut stream).await
    {
        seen.verdict = verdict;
        seen.ending = ending;
        return (seen, None);
    }
    let said = async {
        match (talk, dialog) {
            (Talk::Http(ask), _) => send(stream, ask).await,
            (_, Some(dialog)) => speak(stream, dialog).await,
            (_, None) => listen(stream).await,
        }
    };
    let limit = patience.for_answer();
    let waited = tokio::time::timeout(limit, said).await;
    match waited.unwrap_or_else(|_| Err(Ending::Silent(format!("no answer within {}", shown(limit))))) {
        Ok((verdict, answer)) => {
            // A service that refuses has ended the conversation; HTTP goes on after each answer.
            if let (Some(refusal), None) = (verdict.refusal(), &answer) {
                seen.ending = Ending::Service(refusal.told());
            }
            seen.verdict = verdict;
            (seen, answer)
        }
        Err(ending) => {
            seen.verdict = match talk {
                Talk::Listen => Verdict::NotSpoken,
                _ => Verdict::NotReached,
            };
            seen.ending = ending;
            (seen, None)
        }
    }
}

/// In TLS 1.3 a server that refuses its client says so after the client has finished. A request sent at once
/// would meet a closed connection, and its error could overtake the alert; so we listen first, for a moment.
async fn early(stream: &mut Stream) -> Option<(Verdict, Ending)> {
    const MOMENT: Duration = Duration::from_millis(60);
    const GREETING: usize = 512;
    if stream.get_ref().1.protocol_version().map(u16::from) != Some(0x0304) {
        return None;
    }
    let mut greeting = [0; GREETING];
    match tokio::time::timeout(MOMENT, stream.read(&mut greeting)).await {
        Err(_) => None,
        Ok(Ok(0)) => Some((Verdict::NotReached, Ending::Closed)),
        Ok(Ok(length)) => {
            let heard = greeting.get(..length).unwrap_or_default();
            let verdict = spoken_first(heard).unwrap_or(Verdict::NotReached);
            Some((verdict, Ending::NotHttp("the server spoke first".into())))
        }
        Ok(Err(error)) => Some((Verdict::NotReached, ending(&error))),
    }
}

async fn listen(mut stream: Stream) -> Result<Heard, Ending> {
    let mut byte = [0; 1];
    match tokio::time::timeout(PAUSE, stream.read(&mut byte)).await {
        Err(_) | Ok(Ok(1..)) => {
            let _ = tokio::time::timeout(PAUSE, stream.shutdown()).await;
            Ok((Verdict::NotSpoken, None))
        }
        Ok(Ok(0)) => Err(Ending::Closed),
        Ok(Err(error)) => Err(ending(&error)),
    }
}

/// Says the words of a protocol, and hears what the server thinks of us.
async fn speak(mut stream: Stream, mut dialog: Dialog) -> Result<Heard, Ending> {
    const MOST: usize = 16 << 10;
    let words = dialog.words().to_vec();
    say(&mut stream, &words).await?;
    let mut heard = Vec::new();
    let mut so_far: Option<Verdict> = None;
    let verdict = loop {
        let limit = if so_far.is_some() { PAUSE } else { Duration::MAX };
        let read = tokio::time::timeout(limit, stream.read_buf(&mut heard)).await;
        match (read, so_far.take()) {
            (Err(_) | Ok(Ok(0)), Some(verdict)) => break verdict,
            (Err(_) | Ok(Ok(0)), None) => return Err(Ending::Closed),
            (Ok(Err(error)), _) => return Err(ending(&error)),
            (Ok(Ok(_)), _) => {}
        }
        match dialog.hear(&heard) {
            Next::Wait if heard.len() > MOST => {
                return Err(Ending::Service("more than anybody says in greeting".into()));
            }
            Next::Wait => {}
            Next::Say(words) => {
                heard.clear();
                say(&mut stream, &words).await?;
            }
            Next::Linger(verdict) => so_far = Some(verdict),
            Next::Done(verdict) => break verdict,
        }
    };
    let _ = tokio::time::timeout(PAUSE, stream.shutdown()).await;
    Ok((verdict, None))
}

async fn say(stream: &mut Stream, words: &[u8]) -> Result<(), Ending> {
    if words.is_empty() {
        return Ok(());
    }
    stream.write_all(words).await.map_err(|error| ending(&error))?;
    stream.flush().await.map_err(|error| ending(&error))
}

async fn send(stream: Stream, ask: &Ask) -> Result<Heard, Ending> {
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
    let answer = Answer {
        status: head.status,
        headers: head.headers,
        body: body.to_bytes(),
    };
    Ok((of_answer(&answer, &ask.host), Some(answer)))
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
