//! The flags of `handfast doctor listen`.

use std::{net::SocketAddr, path::PathBuf};

/// Be the server: show what a client really sends, and why it would be refused
///
/// Answers every client and forwards nothing. If a client sends no certificate when issuers are named, its next
/// connection is asked without names, so that a certificate that was held back is seen.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast doctor listen 127.0.0.1:8443 --client-ca ca.crt --cert server/tls.crt --key server/tls.key"
)]
pub struct Listen {
    /// Where to listen; port 0 lets the system choose
    #[arg(default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub(super) address: SocketAddr,
    /// The certificate to show; without it one is made that clients have to be told to accept
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
    /// The CAs to name to clients, and to judge their certificates by
    #[arg(long, value_name = "FILE")]
    pub(super) client_ca: Option<PathBuf>,
    /// The certificate file that the client should be using
    #[arg(long, value_name = "FILE")]
    pub(super) expect_cert: Option<PathBuf>,
    /// End after this many reports
    #[arg(long, value_name = "COUNT")]
    pub(super) connections: Option<usize>,
    /// End after the first connection
    #[arg(long, conflicts_with = "connections")]
    pub(super) once: bool,
}
