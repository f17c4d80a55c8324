//! `handfast init`: makes an authority, or takes over one that exists.

mod tell;

use std::path::PathBuf;

use handfast_ca::{Authority, ExistingAuthority, NewAuthority};
use handfast_credentials::load;
use handfast_pki::{Certificate, KeyKind, name};
use jiff::Timestamp;

use super::leaf;
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Create a certificate authority (CA): a root for ten years and an issuing CA below it for five
///
/// Only the owner can read the folder. It holds root.crt (the CA that others trust), root.key, issuing.crt,
/// issuing.key, authority.db (the record of every certificate), and audit.key and audit.pub (the keys of the log of all
/// that the CA does). --from-cert and --from-key import an existing CA, for example one made with openssl. The imported
/// CA signs directly, or, with --intermediate, through a new issuing CA below it. An existing CA is never overwritten.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast init --name Acme\n  handfast init --from-cert ca.crt --from-key ca.key"
)]
pub struct Args {
    /// The name of the CA, in all its certificates
    #[arg(long, required_unless_present = "from_cert")]
    name: Option<String>,
    /// The folder to make
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = leaf::DEFAULT_DIR)]
    dir: PathBuf,
    /// The kind of the keys to make [default: p256]
    #[arg(long, value_name = "KIND", value_parser = leaf::key_kinds())]
    key: Option<KeyKind>,
    /// Import this CA certificate, followed in the file by its issuers up to the root
    #[arg(long, value_name = "FILE", requires = "from_key")]
    from_cert: Option<PathBuf>,
    /// The private key of --from-cert
    #[arg(long, value_name = "FILE", requires = "from_cert")]
    from_key: Option<PathBuf>,
    /// Sign through a new issuing CA below the imported one; its key is then not copied
    #[arg(long, requires = "from_cert")]
    intermediate: bool,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let authority = match (&args.from_cert, &args.from_key) {
        (Some(certificate), Some(key)) => {
            let chain = load::certificates(certificate)?;
            let key = load::private_key(key)?;
            let intermediate = intermediate(args, &chain)?;
            Authority::import(
                &args.dir,
                ExistingAuthority {
                    chain,
                    key,
                    intermediate,
                },
                now,
            )?
        }
        _ => {
            let new = NewAuthority {
                name: args.name.clone().unwrap_or_default(),
                key: args.key.unwrap_or(KeyKind::P256),
            };
            Authority::create(&args.dir, &new, now)?
        }
    };
    words.tell_leftovers(authority.leftovers());
    tell::tell(args, &authority, now, words);
    Ok(Exit::Yes)
}

/// What shall stand below the adopted CA; flags that would change nothing are refused.
fn intermediate(args: &Args, chain: &[Certificate]) -> Result<Option<NewAuthority>, Failure> {
    if !args.intermediate {
        let useless = [("--name", args.name.is_some()), ("--key", args.key.is_some())];
        return match useless.into_iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(Failure::misuse(format!(
                "{flag} is for a new CA, and this one is imported as it is"
            ))
            .help("leave it out, or make an issuing CA under it with --intermediate")),
            None => Ok(None),
        };
    }
    let adopted = || chain.first().and_then(|ca| name::common_name(ca.subject()));
    let name = args.name.clone().or_else(adopted).ok_or_else(|| {
        Failure::misuse("the CA has no common name to call the issuing CA after")
            .help("say one: --name \"Acme\"")
    })?;
    Ok(Some(NewAuthority {
        name,
        key: args.key.unwrap_or(KeyKind::P256),
    }))
}
