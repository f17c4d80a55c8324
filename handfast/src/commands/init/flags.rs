//! The flags of `handfast init`.

use std::path::PathBuf;

use handfast_pki::NamePattern;

use crate::{
    commands::{acting, new_key::NewKey},
    places,
};

/// Create a certificate authority (CA): a root for ten years and an issuing CA below it for five
///
/// Only the owner can read the folder. It holds root.crt (the CA that others trust), root.key, issuing.crt,
/// issuing.key, authority.db (the record of every certificate), and audit.key and audit.pub (the keys of the log of all
/// that the CA does). --from-cert and --from-key import an existing CA, for example one made with openssl. The imported
/// CA signs directly, or, with --intermediate, through a new issuing CA below it. An existing CA is never overwritten.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast init --name Acme\n  handfast init --from-cert ca.crt --from-key ca.key\n  \
    handfast init --name Acme --key 'pkcs11:token=acme;object=ca?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=pin'\n  \
    handfast init --name Acme --names 'dns:*.acme.example' --names 'uri:spiffe://acme/**'"
)]
pub struct Args {
    /// The name of the CA, in all its certificates
    #[arg(long, required_unless_present = "from_cert")]
    pub(super) name: Option<String>,
    /// The folder to make
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::HERE)]
    pub(super) dir: PathBuf,
    /// The names that the CA may speak for, such as dns:*.acme.example or uri:spiffe://acme/**; its certificates say so
    /// to everybody (name constraints)
    #[arg(long, value_name = "PATTERN")]
    pub(super) names: Vec<NamePattern>,
    #[command(flatten)]
    pub(super) key: NewKey,
    /// Encrypt the keys with a passphrase, from --passphrase-file or typed on the terminal
    #[arg(long, conflicts_with = "from_cert")]
    pub(super) encrypt: bool,
    /// The passphrase of --encrypt, the first line of this file
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Import this CA certificate, followed in the file by its issuers up to the root
    #[arg(long, value_name = "FILE", requires = "from_key")]
    pub(super) from_cert: Option<PathBuf>,
    /// The private key of --from-cert
    #[arg(long, value_name = "FILE", requires = "from_cert")]
    pub(super) from_key: Option<PathBuf>,
    /// Sign through a new issuing CA below the imported one; its key is then not copied
    #[arg(long, requires = "from_cert")]
    pub(super) intermediate: bool,
    #[command(flatten)]
    pub(super) why: acting::Why,
}
