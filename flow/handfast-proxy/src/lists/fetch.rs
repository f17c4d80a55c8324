//! A revocation list, or keys, over HTTP: one GET, one answer, within limits; and how it is kept.

use std::{fs, path::Path, sync::Arc, time::Duration};

use handfast_credentials::{
    files::{self, Readers},
    load,
};
use handfast_tls::{Client, client};
use http::{Request, StatusCode, Uri, header};
use http_body::Body as _;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::backend;

/// How long a fetch may take from the look-up of the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a list: 1.7 million entries.
const LARGEST: usize = 64 << 20;

/// What `url` answers with, or why that is nothing to use, in words. A list is signed, so that it may come in plain text.
pub(super) async fn fetch(url: &str) -> Result<Vec<u8>, String> {
    tokio::time::timeout(PATIENCE, get(url))
        .await
        .unwrap_or_else(|_| Err("no whole answer within 30s".to_owned()))
}

async fn get(url: &str) -> Result<Vec<u8>, String> {
    let uri: Uri = url.parse().map_err(|_| "it is no URL".to_owned())?;
    let host = uri
        .host()
        .ok_or("it has no host")?
        .trim_matches(['[', ']'])
        .to_owned();
    let is_https = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
    let tcp = backend::tcp(&host, port)
        .await
        .map_err(|error| error.to_string())?;
    if !is_https {
        return ask(tcp, &uri).await;
    }
    let client = client().map_err(|error| error.to_string())?;
    let name = backend::server_name(&host).map_err(|problem| problem.message)?;
    let connected = client.connect(name, tcp).await;
    let connected = connected.map_err(|refused| refused.error.to_string())?;
    ask(connected.stream, &uri).await
}

fn client() -> Result<Client, handfast_tls::HandshakeError> {
    Client::new(client::Settings {
        trust: Arc::new(load::system_anchors(Timestamp::now()).into()),
        credentials: None,
        admission: None,
        alpn: vec!["http/1.1".to_owned()],
        versions: client::Versions::Both,
        secrets: None,
        probing: Default::default(),
    })
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    uri: &Uri,
) -> Result<Vec<u8>, String> {
    let said = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let driven = tokio::spawn(connection);
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = Request::get(path)
        .header(header::HOST, authority)
        .header(
            header::USER_AGENT,
            concat!("handfast/", env!("CARGO_PKG_VERSION")),
        )
        .body(String::new())
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(said)?;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answers {}", answer.status()));
    }
    let body = read(answer.into_body()).await;
    driven.abort();
    body
}

async fn read(body: Incoming) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut body = std::pin::pin!(body);
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() {
            if bytes.len() + data.len() > LARGEST {
                return Err("it is larger than 64 MiB".to_owned());
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// A runtime for one fetch: they are hours apart.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, String> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| error.to_string())
}

/// The list is no secret; who may write there could keep us from learning of a revocation, and can forge none.
pub(super) fn keep(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("\"{}\": {error}", folder.display()))?;
    }
    files::write(path, bytes, Readers::Everybody)
        .map(drop)
        .map_err(|problem| problem.message)
}
