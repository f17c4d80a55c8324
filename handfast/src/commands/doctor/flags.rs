//! The flags of `handfast doctor HOST:PORT`.

use std::path::PathBuf;

use handfast_doctor::files::Reader;

use super::{show::Show, whom::Whom};

/// Whom to look at, what is known of it, and how the report is shown.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// HOST:PORT or an https URL
    #[arg(required_unless_present_any = ["client_files", "server_files"], value_name = "TARGET")]
    pub target: Option<String>,
    /// Check these files, or those in a folder, as a client's, and connect to no server
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["target", "server_files"])]
    pub client_files: Vec<PathBuf>,
    /// The same, as a server's
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "target")]
    pub server_files: Vec<PathBuf>,
    /// The password of containers and keys among the files, the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Who has to read containers among the files
    #[arg(long = "for", value_name = "READER", value_parser = Reader::ALL.map(|(name, _)| name))]
    pub reader: Option<String>,
    #[command(flatten)]
    pub whom: Whom,
    /// The application protocol to offer; may be repeated
    #[arg(long, value_name = "PROTOCOL")]
    pub alpn: Vec<String>,
    /// Offer only this version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    pub tls: Option<String>,
    /// Leave out post-quantum key exchange, so that the ClientHello fits into one packet
    #[arg(long)]
    pub no_pq: bool,
    /// The identity that the server must have, such as spiffe://acme/api
    #[arg(long, value_name = "IDENTITY")]
    pub expect_id: Option<String>,
    /// The pin of the server's key, as curl's --pinnedpubkey writes it: sha256//BASE64
    #[arg(long, value_name = "PIN")]
    pub pin: Option<String>,
    /// The certificate file that the server should be using
    #[arg(long, value_name = "FILE")]
    pub served: Option<PathBuf>,
    /// The subject that a rule on the server names, as it is written there
    #[arg(long, value_name = "SUBJECT")]
    pub expect_dn: Option<String>,
    /// The answer repeats the headers that the application saw: is the certificate among them?
    #[arg(long)]
    pub echo: bool,
    /// Also send spoofed identity headers: does the application trust them?
    #[arg(long)]
    pub active: bool,
    /// A certificate of the same CA that the server must refuse
    #[arg(long, value_name = "FILE", requires = "must_refuse_key")]
    pub must_refuse: Option<PathBuf>,
    /// The key of --must-refuse
    #[arg(long, value_name = "FILE", requires = "must_refuse")]
    pub must_refuse_key: Option<PathBuf>,
    /// A revocation list that the server may be using; may be repeated
    #[arg(long, value_name = "FILE")]
    pub crl: Vec<PathBuf>,
    /// Try a browser's CORS preflight from this origin
    #[arg(long, value_name = "URL")]
    pub origin: Option<String>,
    /// Whether to make further connections: where one look is not enough, always, or never
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"])]
    pub probe: String,
    /// The same as --probe never
    #[arg(long)]
    pub no_probe: bool,
    #[command(flatten)]
    pub show: Show,
}
