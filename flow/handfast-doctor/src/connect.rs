//! TCP and TLS to a target, with a recording of every byte below TLS.

use std::sync::Arc;

use handfast_finding::Problem;
use handfast_pki::{Trust, code, text::printable};
use handfast_tls::{
    Client, ClientStream, Credentials, Established, HandshakeError, Peer, SecretLog,
    client::{Asked, Probing, Settings, Versions},
};
use handfast_trace::{Recording, Secrets, Side, Tap};
use handfast_values::Endpoint;
use rustls_pki_types::ServerName;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    Ending, Verdict,
    patience::{Patience, shown},
    starttls::{self, StartTls},
};

/// Whom to talk to, and as whom.
#[derive(Clone)]
pub struct Target {
    pub endpoint: Endpoint,
    /// The name that the server must have.
    pub name: ServerName<'static>,
    pub trust: Arc<Trust>,
    pub credentials: Option<Credentials>,
    pub versions: Versions,
    pub alpn: Vec<String>,
    /// The protocol that is spoken in the clear before TLS, where there is one.
    pub starttls: Option<StartTls>,
    pub probing: Probing,
}

impl Target {
    /// The server at `endpoint`, with the name of its host, for a client that has no certificate and trusts nobody.
    pub fn new(endpoint: Endpoint) -> Result<Self, Problem> {
        Ok(Self {
            name: server_name(&endpoint.host)?,
            endpoint,
            trust: Arc::new(Trust::nobody()),
            credentials: None,
            versions: Versions::Both,
            alpn: Vec::new(),
            starttls: None,
            probing: Probing::default(),
        })
    }
}

/// `host` as a name that a server can have.
pub(crate) fn server_name(host: &str) -> Result<ServerName<'static>, Problem> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        let message = format!("\"{host}\" is not a DNS name or IP address");
        Problem::new(code::BAD_NAME, message)
    })
}

pub(crate) type Stream = ClientStream<Tap<TcpStream>>;

/// What came of connecting.
pub(crate) struct Contact {
    pub(crate) stream: Option<Stream>,
    pub(crate) seen: Seen,
}

/// What was seen, for the trace.
pub(crate) struct Seen {
    pub(crate) recording: Option<Recording>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) peer: Option<Arc<Peer>>,
    pub(crate) established: Option<Established>,
    pub(crate) asked: Option<Asked>,
    pub(crate) resumed: bool,
    /// Whether words in the clear came before TLS.
    pub(crate) is_upgraded: bool,
    pub(crate) verdict: Verdict,
    pub(crate) ending: Ending,
}

impl Seen {
    fn nothing(secrets: Arc<Secrets>) -> Self {
        Self {
            recording: None,
            secrets,
            peer: None,
            established: None,
            asked: None,
            resumed: false,
            is_upgraded: false,
            verdict: Verdict::NotSpoken,
            ending: Ending::Open,
        }
    }
}

impl Contact {
    pub(crate) fn into_seen(self) -> Seen {
        self.seen
    }

    fn failed(seen: Seen, ending: Ending) -> Self {
        Self {
            stream: None,
            seen: Seen { ending, ..seen },
        }
    }
}

/// What keeps the secrets of a connection of ours in `secrets`.
pub(crate) fn log_into(secrets: &Arc<Secrets>) -> SecretLog {
    let secrets = secrets.clone();
    SecretLog::new(move |label, random, secret| secrets.log(label, random, secret))
}

/// A client for a target; several connections by one may share sessions.
pub(crate) struct Way {
    client: Client,
    secrets: Arc<Secrets>,
}

impl Way {
    pub(crate) fn of(target: &Target) -> Result<Self, HandshakeError> {
        let secrets = Arc::new(Secrets::default());
        let client = Client::new(Settings {
            trust: target.trust.clone(),
            credentials: target.credentials.clone(),
            admission: None,
            alpn: target.alpn.clone(),
            versions: target.versions,
            secrets: Some(log_into(&secrets)),
            probing: target.probing.clone(),
        })?;
        Ok(Self { client, secrets })
    }
}

/// Connects and shakes hands; failures are part of what is seen.
pub(crate) async fn connect(target: &Target, patience: Patience) -> Contact {
    match Way::of(target) {
        Ok(way) => connect_by(&way, target, patience).await,
        Err(error) => Contact::failed(Seen::nothing(Arc::default()), Ending::Handshake(error)),
    }
}

/// The same with a client that was made before.
pub(crate) async fn connect_by(way: &Way, target: &Target, patience: Patience) -> Contact {
    let mut seen = Seen::nothing(way.secrets.clone());
    seen.is_upgraded = target.starttls.is_some();
    let tcp = match reach(target, patience).await {
        Ok(tcp) => tcp,
        Err(ending) => return Contact::failed(seen, ending),
    };
    let (tap, recording) = Tap::new(tcp, Side::Client);
    seen.recording = Some(recording);
    let limit = patience.for_handshake();
    match timeout(limit, way.client.probe(target.name.clone(), tap)).await {
        Ok(Ok(connected)) => {
            seen.peer = connected.peer;
            seen.resumed = connected.resumed;
            seen.established = Some(connected.established);
            seen.asked = connected.asked;
            Contact {
                stream: Some(connected.stream),
                seen,
            }
        }
        Ok(Err(refused)) => {
            seen.asked = refused.asked;
            Contact::failed(seen, Ending::Handshake(refused.error))
        }
        Err(_) => {
            let detail = format!("{NO_ANSWER} {} [{}]", shown(limit), code::CUT_SHORT);
            Contact::failed(seen, Ending::Handshake(HandshakeError::CutShort { detail }))
        }
    }
}

/// How the end of our own patience begins in words.
pub(crate) const NO_ANSWER: &str = "no answer within";

/// TCP, and the words before TLS where there are any.
pub(crate) async fn reach(target: &Target, patience: Patience) -> Result<TcpStream, Ending> {
    let endpoint = (target.endpoint.host.as_str(), target.endpoint.port);
    let limit = patience.for_tcp();
    let mut tcp = match timeout(limit, TcpStream::connect(endpoint)).await {
        Ok(Ok(tcp)) => tcp,
        Ok(Err(error)) => return Err(Ending::Unreachable(printable(&error.to_string()))),
        Err(_) => return Err(Ending::Unreachable(format!("no answer within {}", shown(limit)))),
    };
    let _ = tcp.set_nodelay(true);
    if let Some(protocol) = target.starttls {
        starttls::upgrade(&mut tcp, protocol, &target.endpoint.host, patience).await?;
    }
    Ok(tcp)
}
