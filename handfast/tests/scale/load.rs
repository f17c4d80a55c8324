//! Clients for many connections at a time: no thread and no runtime of their own.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use handfast_credentials::load;
use handfast_pki::pem;
use handfast_proxy::backend;
use handfast_tls::{
    Client, ClientStream, Credentials,
    client::{Probed, Probing, Sessions, Settings, Versions},
};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::program::{Place, daemon::PATIENCE};

/// The number in the variable `name` of the environment, or `default`.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name}: expected a number, found \"{text}\""))
    })
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A client that shows the certificate in the folder `pair`, or none, and takes any server.
pub(crate) fn client(
    place: &Place,
    pair: Option<&str>,
    alpn: &[&str],
    versions: Versions,
    sessions: Option<Arc<Sessions>>,
) -> Client {
    let credentials = pair.map(|pair| {
        let read = |name: &str| std::fs::read(place.path(&format!("{pair}/{name}"))).expect("a file");
        let chain = pem::certificates(&read("tls.crt")).expect("a chain");
        let key = pem::private_key(&read("tls.key")).expect("a key");
        Credentials::new(chain, &key).expect("a pair")
    });
    let trust = load::anchors(&place.path("server/ca.crt"), Timestamp::now()).expect("a CA");
    Client::new(Settings {
        trust: Arc::new(trust.into()),
        credentials,
        admission: None,
        alpn: alpn.iter().map(|&name| name.to_owned()).collect(),
        versions,
        secrets: None,
        probing: Probing {
            dangerous_any_server: true,
            sessions,
            ..Probing::default()
        },
    })
    .expect("a client")
}

pub(crate) type Tls = ClientStream<TcpStream>;

/// A connection for the name `asked` (SNI; none for an IP address), with its own address; or how it was refused.
pub(crate) async fn connect(
    client: &Client,
    asked: &str,
    port: u16,
) -> (SocketAddr, Result<Probed<TcpStream>, String>) {
    let name = backend::server_name(asked).expect("a name");
    let tcp = match TcpStream::connect(("127.0.0.1", port)).await {
        Ok(tcp) => tcp,
        // Nobody listens.
        Err(error) => return (SocketAddr::from(([127, 0, 0, 1], 0)), Err(error.to_string())),
    };
    tcp.set_nodelay(true).expect("an option");
    let own = tcp.local_addr().expect("an address");
    let probed = timeout(PATIENCE, client.probe(name, tcp)).await.expect("in time");
    (own, probed.map_err(|refused| refused.error.to_string()))
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether no other request can follow.
    pub(crate) ends: bool,
}

/// The client's end of a connection of HTTP/1.1, or of anything else that is read piece by piece.
pub(crate) struct Http1<S> {
    stream: S,
    waiting: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http1<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self {
            stream,
            waiting: Vec::new(),
        }
    }

    /// Sends `bytes`. That they cannot be sent is found with the next read, which may also say why.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        if self.stream.write_all(bytes).await.is_ok() {
            let _ = self.stream.flush().await;
        }
    }

    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answered> {
        self.send(request).await;
        timeout(PATIENCE, self.answer()).await.expect("in time")
    }

    async fn answer(&mut self) -> io::Result<Answered> {
        let (status, head) = self.head().await?;
        let value = |name: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            let field = fields.find(|(key, _)| key.eq_ignore_ascii_case(name));
            field.map(|(_, value)| value.trim().to_owned())
        };
        let length = value("content-length").map_or(Ok(0), |length| length.parse());
        let body = self.exactly(length.map_err(io::Error::other)?).await?;
        let ends = value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(Answered { status, body, ends })
    }

    /// The status and the head of the next answer; what follows it stays to be read.
    pub(crate) async fn head(&mut self) -> io::Result<(u16, String)> {
        loop {
            if let Some(end) = self.waiting.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = self.waiting.split_off(end + 4);
                let head = std::mem::replace(&mut self.waiting, rest);
                let head = String::from_utf8_lossy(&head).into_owned();
                let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
                return Ok((status, head));
            }
            self.read_more().await?;
        }
    }

    async fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.waiting.len() < count {
            self.read_more().await?;
        }
        let rest = self.waiting.split_off(count);
        Ok(std::mem::replace(&mut self.waiting, rest))
    }

    /// What has come, at least a byte.
    pub(crate) async fn some(&mut self) -> io::Result<Vec<u8>> {
        if self.waiting.is_empty() {
            self.read_more().await?;
        }
        Ok(std::mem::take(&mut self.waiting))
    }

    async fn read_more(&mut self) -> io::Result<()> {
        self.waiting.reserve(4096);
        match self.stream.read_buf(&mut self.waiting).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The client's end of a connection of HTTP/2.
pub(crate) struct Http2(pub(crate) http2::SendRequest<Empty<Bytes>>);

impl Http2 {
    pub(crate) async fn over(stream: Tls) -> Result<Self, hyper::Error> {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    pub(crate) async fn ask(&mut self, request: Request<Empty<Bytes>>) -> Result<Answered, hyper::Error> {
        let asking = async {
            self.0.ready().await?;
            let answer = self.0.send_request(request).await?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await?.to_bytes().to_vec();
            Ok(Answered {
                status,
                body,
                ends: false,
            })
        };
        timeout(PATIENCE, asking).await.expect("in time")
    }
}
