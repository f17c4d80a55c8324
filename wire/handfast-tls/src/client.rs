//! The client's side: the server's name and chain verified, our certificate sent when it is asked for.

use std::{fmt, sync::Arc};

use handfast_pki::{Purpose, Trust};
use rustls::{
    ClientConfig, HandshakeKind, SignatureScheme,
    client::{ResolvesClientCert, Resumption, danger::ServerCertVerifier},
    sign::CertifiedKey,
};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::{
    Condition, Credentials, HandshakeError, SecretLog,
    admit::ByCondition,
    peer::{Established, Peer},
    probing::AnyServer,
    provider::{classic, provider},
    verify::Verifier,
    witness::{Witnessed, Witnesses},
};

pub use crate::{
    asked::Asked,
    probing::{Probing, Sessions},
};

/// The encrypted stream to a server.
pub type ClientStream<IO> = tokio_rustls::client::TlsStream<IO>;

/// Which versions to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// TLS 1.3, and 1.2 where the server does not have it.
    #[default]
    Both,
    /// TLS 1.2 alone (RFC 5246).
    OnlyTls12,
    /// TLS 1.3 alone (RFC 8446).
    OnlyTls13,
}

impl Versions {
    /// The one that is called so, `1.2` or `1.3`; both without a name.
    pub fn only(name: Option<&str>) -> Self {
        match name {
            None => Self::Both,
            Some("1.2") => Self::OnlyTls12,
            Some(_) => Self::OnlyTls13,
        }
    }
}

/// Everything that a [`Client`] is made of.
pub struct Settings {
    /// The CAs that verify the server.
    pub trust: Arc<Trust>,
    /// What to show when the server asks.
    pub credentials: Option<Credentials>,
    /// A further condition on the server's identity, beside its name.
    pub admission: Option<Condition>,
    /// The application protocols to offer, the preferred first (RFC 7301).
    pub alpn: Vec<String>,
    /// Which versions are offered.
    pub versions: Versions,
    /// Where the traffic secrets go, for a trace of our own connection.
    pub secrets: Option<SecretLog>,
    /// What differs from a connection as everybody makes it; nothing by default.
    pub probing: Probing,
}

/// A way to servers.
#[derive(Clone)]
pub struct Client {
    connector: TlsConnector,
    witnesses: Arc<Witnesses<ByCondition>>,
}

impl Client {
    /// Puts `settings` together.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Unusable`] where the cryptographic provider lacks something.
    pub fn new(settings: Settings) -> Result<Self, HandshakeError> {
        let unusable = |error: rustls::Error| HandshakeError::Unusable {
            detail: error.to_string(),
        };
        let probing = settings.probing;
        let provider = if probing.small_hello {
            classic()
        } else {
            provider()
        };
        let algorithms = provider.signature_verification_algorithms;
        let witnesses = Witnesses::new();
        let verifier: Arc<dyn ServerCertVerifier> = if probing.dangerous_any_server {
            Arc::new(AnyServer(algorithms))
        } else {
            Arc::new(Verifier::new(
                settings.trust,
                Purpose::Server,
                ByCondition(settings.admission),
                algorithms,
                witnesses.clone(),
            ))
        };
        let versions: &[&rustls::SupportedProtocolVersion] = match settings.versions {
            Versions::Both => &[&rustls::version::TLS13, &rustls::version::TLS12],
            Versions::OnlyTls12 => &[&rustls::version::TLS12],
            Versions::OnlyTls13 => &[&rustls::version::TLS13],
        };
        let own = Own {
            certified: settings.credentials.as_ref().map(Credentials::certified),
            witnesses: witnesses.clone(),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(unusable)?
            // Not a weakening: the verifier is this project's own judgement, stricter than the default.
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(own));
        config.alpn_protocols = settings
            .alpn
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        config.enable_sni = !probing.without_sni;
        config.resumption = match probing.sessions {
            Some(sessions) => Resumption::store(sessions),
            None => Resumption::disabled(),
        };
        if let Some(secrets) = settings.secrets {
            config.key_log = Arc::new(secrets);
        }
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            witnesses,
        })
    }

    /// One handshake with the server called `name`. The caller sets the deadline.
    pub async fn connect<IO>(&self, name: ServerName<'static>, io: IO) -> Result<Connected<IO>, Refused>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let probed = self.probe(name, io).await?;
        match probed.peer {
            Some(peer) => Ok(Connected {
                stream: probed.stream,
                peer,
                established: probed.established,
            }),
            None => Err(Refused {
                error: HandshakeError::Unusable {
                    detail: "no verified server".into(),
                },
                asked: probed.asked,
            }),
        }
    }

    /// As [`Client::connect`], where [`Probing`] may have asked to go on with a server that is not believed.
    pub async fn probe<IO>(&self, name: ServerName<'static>, io: IO) -> Result<Probed<IO>, Refused>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let (outcome, witness) = Witnessed::new(&self.witnesses, || self.connector.connect(name, io)).await;
        match outcome {
            Ok(stream) => Ok(Probed {
                established: Established::of(stream.get_ref().1),
                resumed: stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed),
                stream,
                peer: witness.peer,
                asked: witness.asked,
            }),
            Err(error) => Err(Refused {
                error: HandshakeError::witnessed(&error, &witness, Purpose::Server),
                asked: witness.asked,
            }),
        }
    }
}

/// A server that proved who it is. In TLS 1.3 it has not judged us yet: its verdict comes with the first read.
pub struct Connected<IO> {
    /// The encrypted stream.
    pub stream: ClientStream<IO>,
    /// The server, its chain and name verified and its key proven.
    pub peer: Arc<Peer>,
    /// What was agreed.
    pub established: Established,
}

/// A finished handshake and all that is known of it.
pub struct Probed<IO> {
    /// The encrypted stream.
    pub stream: ClientStream<IO>,
    /// The server; nothing where it was not verified.
    pub peer: Option<Arc<Peer>>,
    /// What was agreed.
    pub established: Established,
    /// Whether an earlier session was resumed, without certificates (RFC 8446 section 2.2).
    pub resumed: bool,
    /// `None` where no client certificate was asked for.
    pub asked: Option<Asked>,
}

/// A handshake that failed, and what had been asked of us by then.
#[derive(Debug)]
pub struct Refused {
    /// Why, and by whom.
    pub error: HandshakeError,
    /// `None` where no client certificate was asked for, or not yet.
    pub asked: Option<Asked>,
}

/// Our certificate, or none; and a witness of being asked.
struct Own {
    certified: Option<Arc<CertifiedKey>>,
    witnesses: Arc<Witnesses<ByCondition>>,
}

impl ResolvesClientCert for Own {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let fitting = self
            .certified
            .clone()
            .filter(|own| own.key.choose_scheme(schemes).is_some());
        let issuers = issuers.iter().map(|name| name.to_vec()).collect();
        self.witnesses.testify(|witness| {
            witness.asked = Some(Asked {
                issuers,
                schemes: schemes.iter().map(|scheme| u16::from(*scheme)).collect(),
                sent: fitting.is_some(),
            });
        });
        fitting
    }

    fn has_certs(&self) -> bool {
        // Always, so that `resolve` is called and the question is seen even when we have no answer.
        true
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Own({})",
            if self.certified.is_some() {
                "a certificate"
            } else {
                "none"
            }
        )
    }
}
