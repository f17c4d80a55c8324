//! The server's side: always with a client certificate, never with a resumed session.

use std::{sync::Arc, time::Duration};

use handfast_pki::{Anchors, Purpose};
use rustls::{ServerConfig, server::NoServerSessionStorage, sign::CertifiedKey};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

pub use crate::verify::Admission;
use crate::{
    Credentials, HandshakeError,
    peer::{Established, Peer},
    provider::provider,
    verify::Verifier,
    witness::Witnessed,
};

/// The encrypted stream of a client.
pub type ServerStream<IO> = tokio_rustls::server::TlsStream<IO>;

/// One generation of trust: credentials, anchors and admission. A change makes a new one.
#[derive(Clone)]
pub struct Server {
    acceptor: TlsAcceptor,
}

/// Everything that a [`Server`] is made of.
pub struct Settings {
    /// What the server presents.
    pub credentials: Credentials,
    /// The CA bundle that verifies client certificates.
    pub client_anchors: Arc<Anchors>,
    /// Whether a verified client is allowed at all; every one without it.
    pub admission: Option<Admission>,
    /// The application protocols to offer, in order; none means that ALPN is not spoken.
    pub alpn: Vec<&'static str>,
}

impl Server {
    /// Puts `settings` together. Fails only where the cryptographic provider lacks something.
    pub fn new(settings: Settings) -> Result<Self, HandshakeError> {
        let unusable = |error: rustls::Error| HandshakeError::Unusable {
            detail: error.to_string(),
        };
        let provider = provider();
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Verifier::new(
            settings.client_anchors,
            Purpose::Client,
            settings.admission,
            algorithms,
        );
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(unusable)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(Always(settings.credentials.certified())));
        config.alpn_protocols = settings
            .alpn
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        // Our order of suites, so that AES-128-GCM-SHA256 is chosen over the costlier ones.
        config.ignore_client_order = true;
        resume_nothing(&mut config);
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// One handshake. The caller sets the deadline. After a refusal the alert is given a moment to arrive.
    pub async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(&self, io: IO) -> Result<Accepted<IO>, Failed> {
        let (outcome, witness) = Witnessed::new(self.acceptor.accept(io).into_fallible()).await;
        match outcome {
            Ok(stream) => {
                let peer = witness.peer.ok_or(Failed {
                    error: HandshakeError::Unusable {
                        detail: "no verified client".into(),
                    },
                    proven: None,
                })?;
                let established = Established::of(stream.get_ref().1);
                Ok(Accepted {
                    stream,
                    peer,
                    established,
                })
            }
            Err((error, io)) => {
                linger(io).await;
                let proven = witness.peer.clone().filter(|_| witness.proven);
                Err(Failed {
                    error: HandshakeError::read(&error, witness, Purpose::Client),
                    proven,
                })
            }
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

/// A handshake that came to nothing.
#[derive(Debug, Clone)]
pub struct Failed {
    /// Why, and by whom.
    pub error: HandshakeError,
    /// The client, where it had proven who it is before the handshake ended.
    pub proven: Option<Arc<Peer>>,
}

/// A client that proved who it is.
pub struct Accepted<IO> {
    /// The encrypted stream.
    pub stream: ServerStream<IO>,
    /// The client, its chain verified and its key proven.
    pub peer: Arc<Peer>,
    /// What was agreed.
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
