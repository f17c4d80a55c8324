//! What tunnels are made of, as the operator wrote it. Files are paths still.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use handfast_pki::{NamePattern, name::AltName};
use handfast_policy::Rule;
use handfast_values::Endpoint;

use super::callers::Callers;
use crate::{accept, socket_file::folder_of};

/// A tunnel: where it listens, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelSource {
    pub listen: Plain,
    /// Whether local programs say where they want to go.
    pub connects: bool,
    /// At least one; the first that fits is taken.
    pub routes: Vec<TunnelRoute>,
}

/// Where local programs connect, in plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plain {
    /// Port 0 lets the system choose.
    Tcp(SocketAddr),
    Unix(Socket),
}

/// A socket in the file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    pub path: PathBuf,
    /// The bits of its permissions.
    pub mode: u32,
    pub owner: Option<u32>,
    pub group: Option<u32>,
}

/// One way of a tunnel: to whom, for whom, as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelRoute {
    pub to: Destinations,
    pub cert: PathBuf,
    pub key: PathBuf,
    pub ca: PathBuf,
    /// What the server must be beside its name; one of several is enough.
    pub expect: Vec<Rule>,
    /// Whose programs it is for; nothing where that is everybody who reaches the listener.
    pub callers: Option<Callers>,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destinations {
    One(Endpoint),
    /// Those that a program may ask for.
    Listed(Vec<Destination>),
}

/// Hosts and a port that a program may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Of DNS names, or one IP address.
    host: NamePattern,
    /// Nothing means every port.
    port: Option<u16>,
}

impl Destination {
    /// Reads `api.acme.example:443`, `*.acme.example:443`, `**.acme.example:*`, `10.0.0.7:8443` or `[2001:db8::7]:443`.
    ///
    /// # Errors
    ///
    /// In words, what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').ok_or("the port is missing")?;
        let port = match port {
            "*" => None,
            digits => Some(Endpoint::port(digits).ok_or_else(|| format!("\"{digits}\" is no port"))?),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let pattern = match (bare, host.parse::<IpAddr>()) {
            (Some(inside), _) => format!(
                "ip:{}",
                inside
                    .parse::<std::net::Ipv6Addr>()
                    .map_err(|error| error.to_string())?
            ),
            (None, Ok(IpAddr::V4(address))) => format!("ip:{address}"),
            (None, _) => format!("dns:{host}"),
        };
        let host = pattern
            .parse()
            .map_err(|error: handfast_pki::pattern::PatternError| error.to_string())?;
        Ok(Self { host, port })
    }

    /// Whether `to` is one of these.
    pub(crate) fn fits(&self, to: &Endpoint) -> bool {
        let name = match to.ip() {
            Some(ip) => Some(AltName::Ip(ip)),
            None => AltName::dns(&to.host).ok(),
        };
        self.port.is_none_or(|port| port == to.port) && name.is_some_and(|name| self.host.fits(&name))
    }
}

impl TunnelSource {
    /// Every file whose change means another tunnel.
    pub(crate) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.routes
            .iter()
            .flat_map(|route| [&route.cert, &route.key, &route.ca])
    }

    /// Whether others than this machine reach it.
    pub fn is_open(&self) -> bool {
        matches!(self.listen, Plain::Tcp(address) if !address.ip().is_loopback())
    }
}

impl Plain {
    /// Whether nothing can listen on both.
    pub(crate) fn collides(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(one), Self::Tcp(other)) => accept::collide(*one, *other),
            (Self::Unix(one), Self::Unix(other)) => real(&one.path) == real(&other.path),
            _ => false,
        }
    }

    /// Whether it is the same place, whatever its permissions are.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(one), Self::Tcp(other)) => one == other,
            (Self::Unix(one), Self::Unix(other)) => one.path == other.path,
            _ => false,
        }
    }
}

/// `path` by the folder that is meant, whatever links lead there.
fn real(path: &Path) -> PathBuf {
    let folder = folder_of(path);
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(socket) => write!(f, "unix:{}", socket.path.display()),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.to_string();
        let host = host.split_once(':').map_or("", |(_, host)| host);
        let port = self.port.map_or_else(|| "*".to_owned(), |port| port.to_string());
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

impl fmt::Display for Destinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(to) => to.fmt(f),
            Self::Listed(all) => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str, port: u16) -> Endpoint {
        Endpoint {
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn a_destination_is_the_listed_one_and_no_other() {
        for (pattern, good, bad) in [
            (
                "api.acme.example:443",
                to("api.acme.example", 443),
                [
                    to("api.acme.example", 444),
                    to("x.api.acme.example", 443),
                    to("acme.example", 443),
                ],
            ),
            (
                "*.acme.example:443",
                to("api.acme.example", 443),
                [
                    to("acme.example", 443),
                    to("a.b.acme.example", 443),
                    to("apiacme.example", 443),
                ],
            ),
            (
                "**.acme.example:*",
                to("a.b.acme.example", 1),
                [
                    to("acme.example", 1),
                    to("acme.example.evil", 1),
                    to("10.0.0.1", 1),
                ],
            ),
            (
                "10.0.0.7:8443",
                to("10.0.0.7", 8443),
                [
                    to("10.0.0.8", 8443),
                    to("10.0.0.7", 443),
                    to("10.0.0.7.acme.example", 8443),
                ],
            ),
            (
                "[2001:db8::7]:443",
                to("2001:db8::7", 443),
                [to("2001:db8::8", 443), to("::ffff:10.0.0.7", 443), to("7", 443)],
            ),
        ] {
            let read = Destination::read(pattern).expect(pattern);
            assert_eq!(read.to_string(), pattern);
            assert!(read.fits(&good), "{pattern} {good}");
            for other in bad {
                assert!(!read.fits(&other), "{pattern} {other}");
            }
        }
    }

    #[test]
    fn what_would_be_an_open_relay_or_means_nothing_is_no_destination() {
        for bad in [
            "*:443",
            "**:443",
            "*",
            ":443",
            "acme.example",
            "acme.example:0",
            "acme.example:+443",
            "acme.example:0443",
            "acme.example:",
            "acme.example:x",
            "a.*.example:443",
            "*.*.example:443",
            "[10.0.0.1]:443",
            "[::1:443",
            "2001:db8::7:443",
            "10.0.0.0/8:443",
            "https://acme.example:443",
            "acme.example/:443",
            "user@acme.example:443",
        ] {
            assert!(Destination::read(bad).is_err(), "{bad}");
        }
    }
}
