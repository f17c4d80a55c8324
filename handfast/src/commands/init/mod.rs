//! `handfast init`: makes an authority, or takes over one that exists.

mod flags;
mod limits;
mod tell;

use handfast_ca::{Authority, ExistingAuthority, KeyChoice, NewAuthority};
use handfast_credentials::load;
use handfast_pki::{Bounds, Certificate, KeyKind, name};
use jiff::Timestamp;
use zeroize::Zeroizing;

pub use self::flags::Args;
use crate::{
    failure::{Exit, Failure},
    terminal,
    words::Words,
};

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
