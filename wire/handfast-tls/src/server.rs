//! The server's side: it always requests a client certificate, and resumes a session only where its client was judged again.
//! Who comes in without a verified certificate is for [`Admit::without_identity`] to say, and then nobody is named.

use std::{sync::Arc, time::Duration};

use handfast_pki::{Purpose, Refusal, Trust, text::printable};
use rustls::{
    ServerConfig,
    server::{Acceptor, NoServerSessionStorage},
    sign::CertifiedKey,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use crate::{
    Admit, Credentials, HandshakeError,
    peer::{Established, Peer},
    provider::provider,
    sessions::{Judged, Sessions},
    verify::Verifier,
    witness::{Witness, Witnessed, Witnesses},
};

/// The encrypted stream of a client.
pub type ServerStream<IO> = tokio_rustls::server::TlsStream<IO>;

/// One host in one generation of trust: its credentials, its CAs and who decides. A change makes a new one, and two hosts
/// are two: nothing that was verified or decided for one is ever seen by the other.
pub struct Server<A: Admit> {
    config: Arc<ServerConfig>,
    verifier: Arc<Verifier<A>>,
    witnesses: Arc<Witnesses<A>>,
}

/// Everything that a [`Server`] is made of.
pub struct Settings<A> {
    /// What the server shows.
    pub credentials: Credentials,
    /// The CAs that verify client certificates.
    pub trust: Arc<Trust>,
    /// Who decides about the verified clients.
    pub admission: A,
    /// The application protocols to offer, in order; none means that ALPN is not spoken.
    pub alpn: Vec<&'static str>,
    /// The sessions of this host, its earlier generations among them; without, none is resumed.
    pub sessions: Option<Arc<Sessions>>,
}

impl<A: Admit> Server<A> {
    /// Puts `settings` together. Fails only where the cryptographic provider lacks something.
    pub fn new(settings: Settings<A>) -> Result<Self, HandshakeError> {
        Self::with(settings, false)
    }

    /// The same, for a host that tells a refused client why: the handshake goes on, and [`Self::answer_or_explain`] hands
    /// the stream over beside the refusal. Nobody is accepted who would not be otherwise.
    pub fn explaining(settings: Settings<A>) -> Result<Self, HandshakeError> {
        Self::with(settings, true)
    }

    fn with(settings: Settings<A>, explains: bool) -> Result<Self, HandshakeError> {
        let unusable = |error: rustls::Error| HandshakeError::Unusable {
            detail: error.to_string(),
        };
        let provider = provider();
        let algorithms = provider.signature_verification_algorithms;
        let witnesses = Witnesses::new();
        let verifier = Verifier::new(
            settings.trust,
            Purpose::Client,
            settings.admission,
            algorithms,
            witnesses.clone(),
        );
        let verifier = Arc::new(verifier.explaining(explains));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(unusable)?
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(Arc::new(Always(settings.credentials.certified())));
        config.alpn_protocols = settings
            .alpn
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        // Our order of suites, so that AES-128-GCM-SHA256 is chosen over the costlier ones.
        config.ignore_client_order = true;
        resume_nothing(&mut config);
        if let Some(sessions) = settings.sessions {
            config.session_storage = Arc::new(Judged {
                sessions,
                verifier: verifier.clone(),
                clock: config.time_provider.clone(),
            });
            // Two would be two handshakes that cost us a session each; a client that wants more connects anew.
            config.send_tls13_tickets = 1;
        }
        Ok(Self {
            config: Arc::new(config),
            verifier,
            witnesses,
        })
    }

    /// One handshake, whatever name is asked for. The caller sets the deadline.
    pub async fn accept<IO>(&self, io: IO) -> Result<Accepted<IO, A::Pass>, Failed<A::Denial>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let hello = Hello::read(io).await.map_err(Failed::of)?;
        self.answer(hello).await
    }

    /// The rest of a handshake. The caller sets the deadline. After a refusal the alert is given a moment to arrive.
    pub async fn answer<IO>(&self, hello: Hello<IO>) -> Result<Accepted<IO, A::Pass>, Failed<A::Denial>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        self.answer_or_explain(hello)
            .await
            .map_err(|refused| refused.failed)
    }

    /// The same; of a host that explains, a refused client comes with the stream over which it can be told why. Nothing
    /// that it says there has been proven.
    pub async fn answer_or_explain<IO>(
        &self,
        hello: Hello<IO>,
    ) -> Result<Accepted<IO, A::Pass>, Refused<IO, A::Denial>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let begin = || hello.0.into_stream(self.config.clone()).into_fallible();
        let (outcome, witness) = Witnessed::new(&self.witnesses, begin).await;
        let (error, stream) = match outcome {
            Ok(stream) => {
                let established = Established::of(stream.get_ref().1);
                if let Some((peer, pass)) = self.let_in(&stream, &witness) {
                    return Ok(Accepted {
                        stream,
                        peer,
                        pass,
                        established,
                    });
                }
                (HandshakeError::explained(&witness), Some((stream, established)))
            }
            Err((error, io)) => {
                linger(io).await;
                (HandshakeError::witnessed(&error, &witness, Purpose::Client), None)
            }
        };
        let failed = Failed {
            error,
            proven: witness.peer.filter(|_| witness.proven),
            denial: witness.verdict.and_then(Result::err),
        };
        Err(Refused { failed, stream })
    }
}

impl<A: Admit> Server<A> {
    /// Who has come, and what it gets; without a name where none is proven.
    fn let_in<IO>(
        &self,
        stream: &ServerStream<IO>,
        witness: &Witness<A>,
    ) -> Option<(Option<Arc<Peer>>, A::Pass)> {
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        match (shown, &witness.refusal) {
            // A session that was resumed, or whose resumption came to nothing, has named a peer that showed nothing now.
            (None, None) => Some((None, self.verifier.without_identity(&Refusal::NoCertificate)?)),
            (Some(_), Some(refusal)) => Some((None, self.verifier.without_identity(refusal)?)),
            // Resumed or not, what rustls takes for the client is what was judged.
            (Some(shown), None) => {
                let peer = witness.peer.as_ref();
                let peer = peer.filter(|peer| shown == peer.chain().leaf().der())?;
                let pass = witness.verdict.as_ref()?.as_ref().ok()?;
                Some((Some(peer.clone()), pass.clone()))
            }
            (None, Some(_)) => None,
        }
    }
}

/// No resumption: no tickets, no session IDs, no early data. See the head of the crate.
pub(crate) fn resume_nothing(config: &mut ServerConfig) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
}

/// Ends our direction and passes over what the client had sent on. Closing with unread bytes would reset the
/// connection, and a reset can overtake the alert that says why.
pub(crate) async fn linger<IO: AsyncRead + AsyncWrite + Unpin>(mut io: IO) {
    const MOMENT: Duration = Duration::from_millis(500);
    const MOST: usize = 64;
    let passing = async {
        io.shutdown().await?;
        let mut passed_over = [0; 1024];
        for _ in 0..MOST {
            if io.read(&mut passed_over).await? == 0 {
                break;
            }
        }
        Ok::<_, std::io::Error>(())
    };
    // Whatever goes wrong here, the connection is over.
    let _ = tokio::time::timeout(MOMENT, passing).await;
}

/// A connection whose ClientHello was read, and nothing is answered yet.
pub struct Hello<IO>(StartHandshake<IO>);

impl<IO: AsyncRead + AsyncWrite + Unpin> Hello<IO> {
    /// Reads the ClientHello. The caller sets the deadline. What is none is answered with its alert.
    pub async fn read(io: IO) -> Result<Self, HandshakeError> {
        let mut reading = LazyConfigAcceptor::new(Acceptor::default(), io);
        match (&mut reading).await {
            Ok(start) => Ok(Self(start)),
            Err(error) => {
                if let Some(io) = reading.take_io() {
                    linger(io).await;
                }
                Err(HandshakeError::read(&error, Purpose::Client))
            }
        }
    }

    /// The name that the client asks for (SNI, RFC 6066 section 3), as it was sent.
    pub fn server_name(&self) -> Option<String> {
        self.0.client_hello().server_name().map(str::to_owned)
    }

    /// Ends the handshake, because no host has the name that was asked for, with the alert `unrecognized_name`
    /// (RFC 6066 section 3).
    pub async fn refuse_name(self) -> HandshakeError {
        const FATAL_UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];
        let asked = self.server_name();
        let mut io = self.0.io;
        // A client that is gone does not need the alert.
        let _ = io.write_all(&FATAL_UNRECOGNIZED_NAME).await;
        linger(io).await;
        HandshakeError::UnknownHost {
            asked: asked.map(|name| printable(&name)),
        }
    }
}

/// A handshake that came to nothing.
#[derive(Debug, Clone)]
pub struct Failed<D> {
    /// Why.
    pub error: HandshakeError,
    /// The client, where it had proven who it is before the handshake ended.
    pub proven: Option<Arc<Peer>>,
    /// Why the client was denied, where [`Admit`] did.
    pub denial: Option<D>,
}

impl<D> Failed<D> {
    /// A handshake that ended before anybody had shown a certificate.
    pub fn of(error: HandshakeError) -> Self {
        Self {
            error,
            proven: None,
            denial: None,
        }
    }
}

/// A client that was refused.
pub struct Refused<IO, D> {
    /// Why.
    pub failed: Failed<D>,
    /// Where the host explains: what the client hears and says, and what was agreed on.
    pub stream: Option<(ServerStream<IO>, Established)>,
}

/// A client that may come in.
pub struct Accepted<IO, P> {
    /// What it says and hears.
    pub stream: ServerStream<IO>,
    /// Who it has proven to be; nobody where [`Admit::without_identity`] let it in.
    pub peer: Option<Arc<Peer>>,
    /// What [`Admit`] gave it.
    pub pass: P,
    /// What was agreed on.
    pub established: Established,
}

/// The same credentials for everybody.
#[derive(Debug)]
pub(crate) struct Always(pub(crate) Arc<CertifiedKey>);

impl rustls::server::ResolvesServerCert for Always {
    fn resolve(&self, _hello: rustls::server::ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
