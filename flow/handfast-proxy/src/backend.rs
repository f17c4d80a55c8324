//! What stands behind the proxy, and how a connection to it is made.

use std::{fmt, io, path::PathBuf, time::Duration};

use handfast_finding::Problem;
use handfast_pki::code;
use handfast_tls::Client;
use handfast_values::{Endpoint, Form, Place, Scheme};
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

/// How long a connection to the backend may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// The service behind the proxy, ready to be connected to.
#[derive(Clone)]
pub enum Backend {
    /// HTTP/1.1 in plain text.
    Http { host: String, port: u16 },
    /// HTTP/1.1 in TLS, the server's name and chain verified.
    Https {
        host: String,
        port: u16,
        client: Client,
        name: ServerName<'static>,
    },
    /// HTTP/1.1 over a socket in the file system.
    Unix(PathBuf),
    /// Bytes, whatever they mean.
    Tcp { host: String, port: u16 },
}

/// Where `--to` points, before its TLS is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackendUrl {
    Http { host: String, port: u16 },
    Https { host: String, port: u16 },
    Unix(PathBuf),
    Tcp { host: String, port: u16 },
}

/// `http`, `https` and `unix` carry requests, `tcp` bytes.
const SCHEMES: &[Scheme] = &[
    Scheme {
        name: "http",
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
    "write http://HOST:PORT, https://HOST:PORT, tcp://HOST:PORT or unix:PATH",
);

impl BackendUrl {
    /// Reads `http://H:P`, `https://H:P`, `tcp://H:P` or `unix:PATH`. Requests keep their own path, so none stands here.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let (scheme, Endpoint { host, port }) = match Place::read(text, SCHEMES, &FORM)? {
            Place::Unix(path) => return Ok(Self::Unix(path)),
            Place::Tcp { scheme, endpoint } => (scheme, endpoint),
        };
        Ok(match scheme {
            "http" => Self::Http { host, port },
            "https" => Self::Https { host, port },
            _ => Self::Tcp { host, port },
        })
    }
}

/// A byte stream to a backend.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Backend {
    /// Whether requests are forwarded, as opposed to bytes.
    pub(crate) fn speaks_http(&self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }

    /// A new connection, within [`CONNECT`].
    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        tokio::time::timeout(CONNECT, self.open())
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn open(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Http { host, port } | Self::Tcp { host, port } => Ok(Box::new(tcp(host, *port).await?)),
            Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Self::Https {
                host,
                port,
                client,
                name,
            } => {
                let connected = client.connect(name.clone(), tcp(host, *port).await?).await;
                Ok(Box::new(
                    connected
                        .map_err(|refused| io::Error::other(refused.error.to_string()))?
                        .stream,
                ))
            }
        }
    }
}

/// A TCP connection without Nagle's delay.
pub(crate) async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Http { host, port } => ("http", host, port),
            Self::Https { host, port, .. } => ("https", host, port),
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

/// The name by which a server is verified: a DNS name or an IP address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, Problem> {
    ServerName::try_from(host.to_owned()).map_err(|_| {
        Problem::new(
            code::BAD_NAME,
            format_args!("\"{host}\" is not a DNS name or IP address"),
        )
    })
}

/// An `https` backend, verified by `client`.
pub fn https(host: String, port: u16, client: Client) -> Result<Backend, Problem> {
    let name = server_name(&host)?;
    Ok(Backend::Https {
        host,
        port,
        client,
        name,
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
