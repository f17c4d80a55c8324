//! The server's side of a diagnosis: whoever comes is heard out, and nobody is let in anywhere.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use rustls_pki_types::{CertificateDer, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use crate::{
    Credentials, HandshakeError, SecretLog, ServerStream,
    peer::Established,
    provider::provider,
    server::{Always, linger, resume_nothing},
};

/// Everything that a [`Listener`] is made of.
pub struct Settings {
    /// What it presents.
    pub credentials: Credentials,
    /// DER names of the issuers to name to clients; none means that none are named.
    pub issuers: Vec<Vec<u8>>,
    /// The application protocols to offer, in order.
    pub alpn: Vec<&'static str>,
    /// Where the traffic secrets go, for a trace.
    pub secrets: SecretLog,
}

/// A server that asks for a certificate and takes whatever is sent, so that all of it is seen. What it accepts is
/// never more than heard.
pub struct Listener {
    acceptor: TlsAcceptor,
}

impl Listener {
    /// Puts `settings` together.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Unusable`] where the cryptographic provider lacks something.
    pub fn new(settings: Settings) -> Result<Self, HandshakeError> {
        let provider = provider();
        let verifier = AnyClient {
            issuers: settings
                .issuers
                .into_iter()
                .map(DistinguishedName::from)
                .collect(),
            algorithms: provider.signature_verification_algorithms,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| HandshakeError::Unusable {
                detail: error.to_string(),
            })?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(Arc::new(Always(settings.credentials.certified())));
        config.alpn_protocols = settings
            .alpn
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        resume_nothing(&mut config);
        config.key_log = Arc::new(settings.secrets);
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// One handshake. The caller sets the deadline.
    pub async fn accept<IO: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: IO,
    ) -> Result<(ServerStream<IO>, Established), HandshakeError> {
        match self.acceptor.accept(io).into_fallible().await {
            Ok(stream) => {
                let established = Established::of(stream.get_ref().1);
                Ok((stream, established))
            }
            Err((error, io)) => {
                linger(io).await;
                Err(HandshakeError::read(&error, handfast_pki::Purpose::Client))
            }
        }
    }
}

/// Takes every chain whose leaf's key was proven, and no chain at all.
#[derive(Debug)]
struct AnyClient {
    issuers: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.issuers
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
