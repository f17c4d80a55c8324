//! What stands behind the proxy: a backend with its targets, and how a connection to one of them is made.
//!
//! In: addresses and files as the operator named them. Out: a [`Backend`], checked, of which a state of trust is made, and
//! byte streams to its targets. A reload makes backends anew; what is the same as before has the same identity.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Fingerprint, Purpose, Trust, code};
use handfast_tls::{Client, client};
use handfast_values::{Endpoint, Form, Place, Scheme};
use http::HeaderName;
use jiff::Timestamp;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

/// How long a connection to a target may take, TLS included.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// Where `--to` points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendUrl {
    /// HTTP/1.1 in plain text.
    Http { host: String, port: u16 },
    /// HTTP/2 in plain text, without asking (RFC 9113 section 3.3).
    H2c { host: String, port: u16 },
    /// HTTP/2 or HTTP/1.1 in TLS, as the target chooses (RFC 7301); its name and chain verified.
    Https { host: String, port: u16 },
    /// HTTP/1.1 over a socket in the file system.
    Unix(PathBuf),
    /// Bytes, whatever they mean.
    Tcp { host: String, port: u16 },
}

/// All but `tcp` carry requests.
const SCHEMES: &[Scheme] = &[
    Scheme {
        name: "http",
        default_port: Some(80),
    },
    Scheme {
        name: "h2c",
        default_port: Some(80),
    },
    Scheme {
        name: "https",
        default_port: Some(443),
    },
    Scheme {
        name: "tcp",
        default_port: None,
    },
];
const FORM: Form = Form::CONNECT.called(
    "backend",
    "write http://HOST:PORT, https://HOST:PORT, h2c://HOST:PORT, tcp://HOST:PORT or unix:PATH",
);

impl BackendUrl {
    /// Reads `http://H:P`, `https://H:P`, `h2c://H:P`, `tcp://H:P` or `unix:PATH`. Requests keep their own path, so none
    /// stands here.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let (scheme, Endpoint { host, port }) = match Place::read(text, SCHEMES, &FORM)? {
            Place::Unix(path) => return Ok(Self::Unix(path)),
            Place::Tcp { scheme, endpoint } => (scheme, endpoint),
        };
        Ok(match scheme {
            "http" => Self::Http { host, port },
            "h2c" => Self::H2c { host, port },
            "https" => Self::Https { host, port },
            _ => Self::Tcp { host, port },
        })
    }

    /// Whether requests are forwarded, as opposed to bytes.
    pub(crate) fn speaks_http(&self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }

    /// Whether one can do for a client what the other can.
    pub(crate) fn can_stand_in_for(&self, other: &Self) -> bool {
        let is_h2c = |url: &Self| matches!(url, Self::H2c { .. });
        self.speaks_http() == other.speaks_http() && is_h2c(self) == is_h2c(other)
    }
}

impl fmt::Display for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Http { host, port } => ("http", host, port),
            Self::H2c { host, port } => ("h2c", host, port),
            Self::Https { host, port } => ("https", host, port),
            Self::Tcp { host, port } => ("tcp", host, port),
            Self::Unix(path) => return write!(f, "unix:{}", path.display()),
        };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

/// The most targets of one backend.
pub const MOST_TARGETS: usize = 64;

/// A backend as the operator wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendSource {
    /// What routes call it; unique within a configuration.
    pub name: Arc<str>,
    /// From 1 to [`MOST_TARGETS`], all of which carry requests, or all bytes.
    pub to: Vec<BackendUrl>,
    /// The CAs that verify `https` targets.
    pub ca: Option<PathBuf>,
    /// What is shown to `https` targets that ask; with `key`.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The most requests or connections at a time, over all targets and workers.
    pub most: Option<usize>,
    /// Whether a connection of bytes begins with a header of the PROXY protocol.
    pub announces: bool,
    /// What it is told of the client, signed.
    pub assertion: Option<AssertionSource>,
}

/// A signed assertion about the client, with each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssertionSource {
    /// Whom it is for.
    pub audience: String,
    pub header: HeaderName,
}

impl BackendSource {
    /// Every file whose change means another backend.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        [&self.ca, &self.cert, &self.key].into_iter().flatten().cloned()
    }

    /// The backend, its files read and its TLS set up.
    pub(crate) fn load(&self, now: Timestamp) -> Result<Backend, Problem> {
        let is_https = |to: &BackendUrl| matches!(to, BackendUrl::Https { .. });
        let tls = if self.to.iter().any(is_https) {
            Some(Tls::load(self, now)?)
        } else {
            None
        };
        let target = |to: &BackendUrl| {
            let name = match to {
                BackendUrl::Https { host, .. } => Some(server_name(host)?),
                _ => None,
            };
            Ok(Target { to: to.clone(), name })
        };
        Ok(Backend {
            name: self.name.clone(),
            targets: self.to.iter().map(target).collect::<Result<_, Problem>>()?,
            most: self.most,
            announces: self.announces,
            assertion: self.assertion.clone(),
            identity: identity(self, tls.as_ref()),
            tls,
        })
    }
}

/// A backend, ready to be connected to.
pub(crate) struct Backend {
    pub(crate) name: Arc<str>,
    pub(crate) targets: Vec<Target>,
    pub(crate) most: Option<usize>,
    /// Whether a connection of bytes begins with a header of the PROXY protocol.
    pub(crate) announces: bool,
    pub(crate) assertion: Option<AssertionSource>,
    /// Of everything that a connection depends on: where it leads, by which CAs the target is verified, and which
    /// certificate was shown. Connections are used only for a backend with the identity that they were made for.
    pub(crate) identity: Fingerprint,
    tls: Option<Tls>,
}

/// One place that a backend is served at.
pub(crate) struct Target {
    pub(crate) to: BackendUrl,
    /// By which name an `https` target is verified.
    name: Option<ServerName<'static>>,
}

/// How `https` targets are spoken to.
struct Tls {
    /// Offers HTTP/2 and HTTP/1.1.
    any: Client,
    /// Offers HTTP/1.1 alone, for connections that another protocol takes over.
    only_http1: Client,
    /// Everything that both depend on, in DER.
    depends_on: Vec<Vec<u8>>,
}

impl Tls {
    fn load(source: &BackendSource, now: Timestamp) -> Result<Self, Problem> {
        let missing = || {
            Problem::new(
                code::BAD_TRUST_FILE,
                "an https backend is verified, and nothing says by which CA",
            )
        };
        let anchors = load::anchors(source.ca.as_deref().ok_or_else(missing)?, now)?;
        let credentials = match (&source.cert, &source.key) {
            (Some(cert), Some(key)) => Some(load::credentials(cert, key, Purpose::Client, now)?),
            _ => None,
        };
        let shown = credentials.iter().flat_map(|own| own.chain());
        let depends_on = anchors.certificates().iter().map(|ca| ca.der().to_vec());
        // An empty one between CAs and chain: neither can be read as a part of the other.
        let depends_on = depends_on
            .chain([Vec::new()])
            .chain(shown.map(|own| own.der().to_vec()));
        let depends_on: Vec<Vec<u8>> = depends_on.collect();
        let trust: Arc<Trust> = Arc::new(anchors.into());
        let client = |alpn: &[&str]| {
            let settings = client::Settings {
                trust: Arc::clone(&trust),
                credentials: credentials.clone(),
                admission: None,
                alpn: alpn.iter().map(|&protocol| protocol.to_owned()).collect(),
                versions: client::Versions::Both,
                secrets: None,
                probing: Default::default(),
            };
            Client::new(settings).map_err(|error| Problem::new(error.code(), error))
        };
        Ok(Self {
            any: client(&["h2", "http/1.1"])?,
            only_http1: client(&["http/1.1"])?,
            depends_on,
        })
    }
}

/// Each part with its length before it: two backends that differ have two texts.
fn identity(source: &BackendSource, tls: Option<&Tls>) -> Fingerprint {
    // Connections do not depend on the assertion, and what a worker knows of the backend does.
    let mut text = format!(
        "{:?};{};{};{:?};",
        source.most,
        source.announces,
        source.to.len(),
        source.assertion
    )
    .into_bytes();
    let targets = source.to.iter().map(|to| to.to_string().into_bytes());
    let tls = tls.iter().flat_map(|tls| tls.depends_on.iter().cloned());
    for part in targets.chain(tls) {
        text.extend(format!("{}:", part.len()).bytes());
        text.extend(part);
    }
    Fingerprint::of(&text)
}

impl Backend {
    /// Whether requests are forwarded, as opposed to bytes.
    pub(crate) fn speaks_http(&self) -> bool {
        self.targets.iter().all(|target| target.to.speaks_http())
    }

    /// Whether another protocol can take over a connection, which HTTP/1.1 is needed for.
    pub(crate) fn can_switch(&self) -> bool {
        !self
            .targets
            .iter()
            .any(|target| matches!(target.to, BackendUrl::H2c { .. }))
    }

    /// A new connection to `target` within [`CONNECT`], and whether HTTP/2 is spoken on it. With `only_http1` an `https`
    /// target is not offered HTTP/2.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        only_http1: bool,
    ) -> io::Result<(Box<dyn Stream>, bool)> {
        tokio::time::timeout(CONNECT, self.open(target, only_http1))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn open(&self, target: &Target, only_http1: bool) -> io::Result<(Box<dyn Stream>, bool)> {
        let (host, port) = match &target.to {
            BackendUrl::Unix(path) => return Ok((Box::new(UnixStream::connect(path).await?), false)),
            BackendUrl::Http { host, port }
            | BackendUrl::Tcp { host, port }
            | BackendUrl::H2c { host, port }
            | BackendUrl::Https { host, port } => (host, *port),
        };
        let stream = tcp(host, port).await?;
        let (Some(tls), Some(name)) = (&self.tls, &target.name) else {
            return Ok((Box::new(stream), matches!(target.to, BackendUrl::H2c { .. })));
        };
        let client = if only_http1 { &tls.only_http1 } else { &tls.any };
        let connected = client.connect(name.clone(), stream).await;
        let connected = connected.map_err(|refused| io::Error::other(refused.error.to_string()))?;
        Ok((
            Box::new(connected.stream),
            connected.established.alpn == Some("h2"),
        ))
    }
}

/// A byte stream to a backend.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A TCP connection without Nagle's delay.
pub(crate) async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The name by which a server is verified: a DNS name or an IP address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, Problem> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        Problem::new(
            code::BAD_NAME,
            format_args!("\"{host}\" is not a DNS name or IP address"),
        )
    })
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_read_and_others_are_refused_with_the_forms_that_work() {
        assert_eq!(
            BackendUrl::parse("http://127.0.0.1:9000"),
            Ok(BackendUrl::Http {
                host: "127.0.0.1".into(),
                port: 9000
            })
        );
        assert_eq!(
            BackendUrl::parse("https://backend"),
            Ok(BackendUrl::Https {
                host: "backend".into(),
                port: 443
            })
        );
        assert_eq!(
            BackendUrl::parse("tcp://[::1]:5432"),
            Ok(BackendUrl::Tcp {
                host: "::1".into(),
                port: 5432
            })
        );
        assert_eq!(
            BackendUrl::parse("h2c://backend:50051"),
            Ok(BackendUrl::H2c {
                host: "backend".into(),
                port: 50051
            })
        );
        assert_eq!(
            BackendUrl::parse("unix:/run/app.sock"),
            Ok(BackendUrl::Unix("/run/app.sock".into()))
        );
        for bad in [
            "",
            "127.0.0.1:1",
            "tcp://host",
            "ftp://h:1",
            "http://h:1/path",
            "http://u@h:1",
            "http://h:x",
            "unix:",
            "http://:1",
            "http://[::1",
        ] {
            let problem = BackendUrl::parse(bad).expect_err(bad);
            assert_eq!(problem.code, code::CONFIG_INVALID, "{bad}");
            assert!(problem.help.is_some());
        }
    }
}
