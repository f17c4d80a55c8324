//! The flags that say what a configuration is for.

use std::path::PathBuf;

/// Files and addresses.
#[derive(Debug, clap::Args)]
pub struct Given {
    /// Our certificate, leaf first, with its intermediates
    #[arg(long, value_name = "FILE", default_value = "tls.crt")]
    cert: PathBuf,
    /// The key of --cert
    #[arg(long, value_name = "FILE", default_value = "tls.key")]
    key: PathBuf,
    /// The CA bundle that verifies peers
    #[arg(long, value_name = "FILE", default_value = "ca.crt")]
    ca: PathBuf,
    /// The revocation lists of these CAs, in PEM
    #[arg(long, value_name = "FILE")]
    crl: Option<PathBuf>,
    /// Where the server listens [default: what the software usually has]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where the server hands requests on to, in the clear [default: 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Option<String>,
    /// The name of the server [default: the first in its certificate; for a client localhost]
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The port of the server that a client talks to
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// The most intermediates between a certificate and a trusted root
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=9))]
    depth: u8,
}

impl Given {
    pub fn given(&self) -> handfast_interop::Given {
        handfast_interop::Given {
            cert: self.cert.clone(),
            key: self.key.clone(),
            ca: self.ca.clone(),
            crl: self.crl.clone(),
            listen: self.listen.clone(),
            upstream: self.upstream.clone(),
            host: self.host.clone(),
            port: self.port,
            depth: self.depth,
        }
    }
}
