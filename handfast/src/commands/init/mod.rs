//! `handfast init`: makes an authority, or takes over one that exists.

mod tell;

use std::path::PathBuf;

use handfast_ca::{Authority, ExistingAuthority, KeyChoice, NewAuthority};
use handfast_credentials::load;
use handfast_pki::{Bounds, Certificate, KeyKind, NamePattern, name};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::new_key::NewKey;
use crate::{
    failure::{Exit, Failure},
    places, terminal,
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
    after_help = "Examples:\n  handfast init --name Acme\n  handfast init --from-cert ca.crt --from-key ca.key\n  \
    handfast init --name Acme --key 'pkcs11:token=acme;object=ca?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=pin'\n  \
    handfast init --name Acme --names 'dns:*.acme.example' --names 'uri:spiffe://acme/**'"
)]
pub struct Args {
    /// The name of the CA, in all its certificates
    #[arg(long, required_unless_present = "from_cert")]
    name: Option<String>,
    /// The folder to make
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::HERE)]
    dir: PathBuf,
    /// The names that the CA may speak for, such as dns:*.acme.example or uri:spiffe://acme/**; its certificates say so
    /// to everybody (name constraints)
    #[arg(long, value_name = "PATTERN")]
    names: Vec<NamePattern>,
    #[command(flatten)]
    key: NewKey,
    /// Encrypt the keys with a passphrase, from --passphrase-file or typed on the terminal
    #[arg(long, conflicts_with = "from_cert")]
    encrypt: bool,
    /// The passphrase of --encrypt, the first line of this file
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    passphrase_file: Option<PathBuf>,
    /// Import this CA certificate, followed in the file by its issuers up to the root
    #[arg(long, value_name = "FILE", requires = "from_key")]
    from_cert: Option<PathBuf>,
    /// The private key of --from-cert
    #[arg(long, value_name = "FILE", requires = "from_cert")]
    from_key: Option<PathBuf>,
    /// Sign through a new issuing CA below the imported one; its key is then not copied
    #[arg(long, requires = "from_cert")]
    intermediate: bool,
    #[command(flatten)]
    why: leaf::Why,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let by = args.why.requester()?;
    let authority = match (&args.from_cert, &args.from_key) {
        (Some(certificate), Some(key)) => {
            let chain = load::certificates(certificate)?;
            let key = load::private_key(key)?;
            let intermediate = intermediate(args, &chain)?;
            Authority::import_for(
                &by,
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
                key: key(args)?,
                bounds: bounds(args)?,
            };
            let phrase = phrase(args)?;
            let phrase = phrase.as_ref().map(|phrase| phrase.as_str());
            Authority::create_for(&by, &args.dir, &new, phrase, now)?
        }
    };
    words.tell_leftovers(authority.leftovers());
    tell::tell(args, &authority, now, words);
    Ok(Exit::Yes)
}

/// What shall stand below the adopted CA; flags that would change nothing are refused.
fn intermediate(args: &Args, chain: &[Certificate]) -> Result<Option<NewAuthority>, Failure> {
    if !args.intermediate {
        let useless = [
            ("--name", args.name.is_some()),
            ("--key", args.key.is_given()),
            ("--names", !args.names.is_empty()),
        ];
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
        key: key(args)?,
        bounds: bounds(args)?,
    }))
}

/// The passphrase of keys that shall be encrypted.
fn phrase(args: &Args) -> Result<Option<Zeroizing<String>>, Failure> {
    match &args.passphrase_file {
        Some(file) => Ok(Some(load::password(file)?)),
        None if args.encrypt => terminal::new_passphrase().map(Some),
        None => Ok(None),
    }
}

/// The keys to make, or where they are.
fn key(args: &Args) -> Result<KeyChoice, Failure> {
    Ok(args.key.choice()?.unwrap_or_else(|| KeyKind::P256.into()))
}

/// What the CA may speak for; nothing where everything is allowed.
fn bounds(args: &Args) -> Result<Option<Bounds>, Failure> {
    if args.names.is_empty() {
        return Ok(None);
    }
    let bounds = Bounds::new(args.names.clone()).map_err(handfast_ca::Error::from)?;
    Ok(Some(bounds))
}
