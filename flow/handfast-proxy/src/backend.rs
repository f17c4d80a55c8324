//! What stands behind the proxy, and how a connection to it is made.

use std::{fmt, io, path::PathBuf, time::Duration};

use handfast_pki::code;
use handfast_tls::Client;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};

use crate::error::Problem;

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

impl BackendUrl {
    /// Reads `http://H:P`, `https://H:P`, `tcp://H:P` or `unix:PATH`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let bad = |why: &str| {
            Problem::new(code::CONFIG_INVALID, format_args!("backend \"{text}\": {why}"))
                .help("write http://HOST:PORT, https://HOST:PORT, tcp://HOST:PORT or unix:PATH")
        };
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err(bad("the path is empty"))
            } else {
                Ok(Self::Unix(path.into()))
            };
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("expected a scheme"))?;
        let default = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            "tcp" => None,
            _ => return Err(bad("unknown scheme")),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(bad("expected only host and port; requests keep their own path"));
        }
        let (host, port) = split_host(rest, default).ok_or_else(|| bad("expected host and port"))?;
        Ok(match scheme {
            "http" => Self::Http { host, port },
            "https" => Self::Https { host, port },
            _ => Self::Tcp { host, port },
        })
    }
}

/// `host:port`, `[::1]:port` or `host` with a default port.
pub fn split_host(text: &str, default: Option<u16>) -> Option<(String, u16)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if after.is_empty() => default?,
            None => return None,
        };
        return host
            .parse::<std::net::Ipv6Addr>()
            .ok()
            .map(|ip| (ip.to_string(), port));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, default?),
    };
    let fits = !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    fits.then(|| (host.to_owned(), port))
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
