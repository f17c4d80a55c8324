//! A client that says exactly the bytes that a test wants, over mutual TLS.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use bytes::Bytes;
use handfast_credentials::load;
use handfast_pki::pem;
use handfast_proxy::backend;
use handfast_tls::{
    Client, ClientStream,
    client::{Settings, Versions},
};
use http::Request;
use http_body_util::BodyExt;
use hyper::{body::Body, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    time::timeout,
};

use super::{Place, daemon::PATIENCE};

/// Who calls, and how.
pub(crate) struct Call<'a> {
    pub(crate) place: &'a Place,
    /// The folder of its certificate; none is shown without one.
    pub(crate) pair: Option<&'a str>,
    /// The file of the CA that it believes.
    pub(crate) ca: &'a str,
    pub(crate) alpn: &'static str,
    pub(crate) versions: Versions,
    /// What is sent before the handshake, as a load balancer does.
    pub(crate) before: &'a [u8],
    /// The name that it asks for (SNI), which the certificate has to have.
    pub(crate) asked: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn of(place: &'a Place, pair: &'a str) -> Self {
        Self {
            place,
            pair: Some(pair),
            ca: "server/ca.crt",
            alpn: "http/1.1",
            versions: Versions::Both,
            before: &[],
            asked: "localhost",
        }
    }

    /// Of a client that shows no certificate.
    pub(crate) fn anonymous(place: &'a Place) -> Self {
        Self {
            pair: None,
            ..Self::of(place, "")
        }
    }

    fn client(&self) -> Client {
        let now = Timestamp::now();
        let credentials = self.pair.map(|pair| {
            let file = |name: &str| self.place.path(&format!("{pair}/{name}"));
            // What an honest client would refuse to show is what some tests are about.
            let chain = pem::certificates(&std::fs::read(file("tls.crt")).expect("a file")).expect("a chain");
            let key = pem::private_key(&std::fs::read(file("tls.key")).expect("a file")).expect("a key");
            handfast_tls::Credentials::new(chain, &key).expect("a pair")
        });
        Client::new(Settings {
            trust: Arc::new(
                load::anchors(&self.place.path(self.ca), now)
                    .expect("a CA")
                    .into(),
            ),
            credentials,
            admission: None,
            alpn: vec![self.alpn.to_owned()],
            versions: self.versions,
            secrets: None,
            probing: Default::default(),
        })
        .expect("a client")
    }

    /// A connection, or what the server (or we) said instead.
    pub(crate) fn knock(&self, port: u16) -> Result<Caller, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let client = self.client();
        let name = backend::server_name(self.asked).expect("a name");
        let shaken = runtime.block_on(async {
            let tcp = TcpStream::connect(("127.0.0.1", port))
                .await
                .map_err(|error| error.to_string())?;
            tcp.set_nodelay(true).map_err(|error| error.to_string())?;
            let mut tcp = tcp;
            tcp.write_all(self.before)
                .await
                .map_err(|error| error.to_string())?;
            let connected = timeout(PATIENCE, client.connect(name, tcp))
                .await
                .expect("in time");
            connected.map_err(|refused| refused.error.to_string())
        })?;
        Ok(Caller {
            version: shaken.established.version,
            suite: shaken.established.suite,
            server: shaken.peer.identity().fingerprint.to_string(),
            runtime,
            stream: shaken.stream,
            waiting: Vec::new(),
        })
    }

    /// One GET: the status line's code, or how it was refused.
    pub(crate) fn get(&self, port: u16) -> Result<u16, String> {
        let mut caller = self.knock(port)?;
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        // A refusal of TLS 1.3 arrives with the first read, whatever becomes of the write.
        let _ = caller.send(request);
        caller
            .answer()
            .map(|answer| answer.status)
            .map_err(|error| error.to_string())
    }
}

/// An open connection.
pub(crate) struct Caller {
    runtime: Runtime,
    stream: ClientStream<TcpStream>,
    waiting: Vec<u8>,
    pub(crate) version: &'static str,
    pub(crate) suite: &'static str,
    /// Fingerprint of the server's certificate.
    pub(crate) server: String,
}

/// An answer in HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn value(&self, name: &str) -> Option<String> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
    }
}

impl<'a> Call<'a> {
    /// The same over HTTP/2.
    pub(crate) fn over_http2(place: &'a Place, pair: &'a str) -> Self {
        Self {
            alpn: "h2",
            ..Self::of(place, pair)
        }
    }
}

impl Caller {
    /// Sends `requests` over HTTP/2, one after the other: the status and the body of each answer.
    pub(crate) fn ask_over_http2<B>(self, requests: Vec<Request<B>>) -> Vec<(u16, Bytes)>
    where
        B: Body<Error = Infallible> + Send + Unpin + 'static,
        B::Data: Send,
    {
        self.runtime.block_on(async {
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(self.stream))
                .await
                .expect("HTTP/2");
            tokio::spawn(connection);
            let mut answers = Vec::new();
            for request in requests {
                let answer = sender.send_request(request).await.expect("an answer");
                let status = answer.status().as_u16();
                let body = answer.into_body().collect().await.expect("a body");
                answers.push((status, body.to_bytes()));
            }
            answers
        })
    }

    /// The stream itself and what drives it, for a client of another kind.
    pub(crate) fn into_parts(self) -> (Runtime, ClientStream<TcpStream>) {
        (self.runtime, self.stream)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send_within(PATIENCE, bytes)
    }

    pub(crate) fn send_within(&mut self, patience: Duration, bytes: &[u8]) -> io::Result<()> {
        self.runtime.block_on(async {
            timeout(patience, async {
                self.stream.write_all(bytes).await?;
                self.stream.flush().await
            })
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })
    }

    /// No more bytes from here; reading goes on.
    pub(crate) fn finish_sending(&mut self) {
        self.runtime.block_on(self.stream.shutdown()).expect("shut down");
    }

    /// More bytes; none at the end.
    pub(crate) fn read(&mut self) -> io::Result<Vec<u8>> {
        self.read_within(PATIENCE)
    }

    pub(crate) fn read_within(&mut self, patience: Duration) -> io::Result<Vec<u8>> {
        if !self.waiting.is_empty() {
            return Ok(std::mem::take(&mut self.waiting));
        }
        let mut buffer = vec![0; 64 << 10];
        let read = self.runtime.block_on(async {
            timeout(patience, self.stream.read(&mut buffer))
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        })?;
        buffer.truncate(read);
        Ok(buffer)
    }

    pub(crate) fn read_exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut all = std::mem::take(&mut self.waiting);
        while all.len() < count {
            let more = self.read()?;
            if more.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            all.extend(more);
        }
        self.waiting = all.split_off(count);
        Ok(all)
    }

    pub(crate) fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let more = self.read()?;
            if more.is_empty() {
                return Ok(all);
            }
            all.extend(more);
        }
    }

    /// The head of the next answer; what follows it stays to be read.
    pub(crate) fn head(&mut self) -> io::Result<Answer> {
        let mut all = Vec::new();
        loop {
            if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
                self.waiting = all.split_off(end + 4);
                let head = String::from_utf8_lossy(&all).into_owned();
                let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
                let body = Vec::new();
                return Ok(Answer { status, head, body });
            }
            let more = self.read()?;
            if more.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            all.extend(more);
        }
    }

    /// The next answer with its body.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head()?;
        if answer.value("transfer-encoding").is_some() {
            loop {
                let mut size = Vec::new();
                while !size.ends_with(b"\r\n") {
                    size.extend(self.read_exactly(1)?);
                }
                let size = std::str::from_utf8(&size).unwrap_or_default().trim();
                let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
                answer.body.extend(self.read_exactly(size)?);
                self.read_exactly(2)?;
                if size == 0 {
                    return Ok(answer);
                }
            }
        }
        if let Some(length) = answer.value("content-length") {
            answer.body = self.read_exactly(length.parse().map_err(io::Error::other)?)?;
        }
        Ok(answer)
    }

    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.send(request.as_bytes())?;
        self.answer()
    }

    /// A GET that keeps the connection.
    pub(crate) fn get(&mut self) -> io::Result<Answer> {
        self.ask("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
    }
}
