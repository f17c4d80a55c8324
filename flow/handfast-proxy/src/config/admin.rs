//! Where the admin port is.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use handfast_finding::Problem;
use handfast_pki::code;

use super::address;

/// Where the admin port is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminAddress {
    /// An address of this machine alone.
    Loopback(SocketAddr),
    /// A socket in the file system, for its owner.
    Unix(PathBuf),
}

impl AdminAddress {
    /// Reads `127.0.0.1:9443` or `unix:PATH`, which starts at `folder` if it is relative.
    ///
    /// # Errors
    ///
    /// If it is neither, or an address that others can reach: who asks proves nothing here.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Problem> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(folder.join(path)));
        }
        let address = address(text)?;
        if address.ip().is_loopback() {
            return Ok(Self::Loopback(address));
        }
        Err(Problem::new(
            code::CONFIG_INVALID,
            format_args!("admin \"{text}\": expected a loopback address, found one that others can reach: no client proves who it is there"),
        )
        .help("write admin = \"127.0.0.1:9443\", or admin = \"unix:admin.sock\" for the owner of the file alone"))
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
