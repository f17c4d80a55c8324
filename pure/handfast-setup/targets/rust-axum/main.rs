//! An HTTPS server that asks every client for a certificate, with axum and rustls.

use std::{error::Error, fs, io, net::SocketAddr, process, sync::Arc};

use axum::{Extension, Router, middleware::AddExtension, routing::get};
use axum_server::{
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use futures_util::future::BoxFuture;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    signal::unix::{SignalKind, signal},
};
use tokio_rustls::server::TlsStream;
use tower::Layer;

const CERT: &str = {{ cert }};
const KEY: &str = {{ key }};
const CA: &str = {{ ca }};
{% if crl %}
const CRL: &str = {{ crl }};
{% endif %}
const LISTEN: &str = {{ listen }};
const PID: &str = {{ out ~ "/server.pid" }};

type Problem = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let tls = RustlsConfig::from_config(Arc::new(configuration()?));
    tokio::spawn(renew(tls.clone()));
    fs::write(PID, process::id().to_string())?;
    let app = Router::new().route("/", get(hello));
    let address: SocketAddr = LISTEN.parse()?;
    axum_server::bind(address)
        .acceptor(WithPeer(RustlsAcceptor::new(tls)))
        .serve(app.into_make_service())
        .await?;
    Ok(())
}

async fn hello(Extension(Peer(leaf)): Extension<Peer>) -> String {
    match x509_parser::parse_x509_certificate(&leaf) {
        Ok((_, certificate)) => format!("hello, {}\n", certificate.subject()),
        Err(_) => "hello\n".to_owned(),
    }
}

fn configuration() -> Result<ServerConfig, Problem> {
    let mut roots = RootCertStore::empty();
    for anchor in CertificateDer::pem_file_iter(CA)? {
        roots.add(anchor?)?;
    }
    let clients = WebPkiClientVerifier::builder(Arc::new(roots));
{% if crl %}
    // The whole chain is looked up, and a list that has run out rejects every client.
    let lists = rustls::pki_types::CertificateRevocationListDer::pem_file_iter(CRL)?.collect::<Result<Vec<_>, _>>()?;
    let clients = clients.with_crls(lists).enforce_revocation_expiration();
{% endif %}
    let chain = CertificateDer::pem_file_iter(CERT)?.collect::<Result<Vec<_>, _>>()?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(clients.build()?)
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(KEY)?)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // A resumed session would outlive the trust that it began with.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Takes renewed files at SIGHUP; the old ones stay when the new ones are not good.
async fn renew(tls: RustlsConfig) -> io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    while hangups.recv().await.is_some() {
        match configuration() {
            Ok(config) => tls.reload_from_config(Arc::new(config)),
            Err(problem) => eprintln!("the renewed files are not good, the old ones stay: {problem}"),
        }
    }
    Ok(())
}

/// The certificate of the client, for handlers.
#[derive(Clone)]
struct Peer(Vec<u8>);

/// Gives every request of a connection the certificate of its client.
#[derive(Clone)]
struct WithPeer(RustlsAcceptor);

impl<I, S> Accept<I, S> for WithPeer
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Send + 'static,
{
    type Stream = TlsStream<I>;
    type Service = AddExtension<S, Peer>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let acceptor = self.0.clone();
        Box::pin(async move {
            let (stream, service) = acceptor.accept(stream, service).await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let leaf = chain
                .first()
                .map(|leaf| leaf.to_vec())
                .ok_or(io::ErrorKind::PermissionDenied)?;
            Ok((stream, Extension(Peer(leaf)).layer(service)))
        })
    }
}
