//! `handfast issue`: makes a key and a certificate for it.

mod piped;
mod tell;

use std::path::{Path, PathBuf};

use handfast_ca::{Applicant, Authority, Error};
use handfast_credentials::{
    files::Claim,
    places::{P12, Places},
};
use handfast_pki::{KeyKind, PrivateKey};
use jiff::Timestamp;

use super::{
    leaf::{self, Leaf},
    tell::{tell_unfinished, text},
};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Make a key and a certificate for a server, a client or a peer
///
/// Writes tls.crt (the certificate and the intermediate above it), tls.key (its private key, PKCS#8, for
/// its owner alone) and ca.crt (what the other side has to trust) into the folder --out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast issue server --dns localhost --ip 127.0.0.1 --out server\n  \
    handfast issue client --uri spiffe://acme/web --lifetime 24h --out client --p12 client.p12\n  \
    handfast issue server --dns localhost --out - | ssh web 'umask 077; cat > server.pem'"
)]
pub struct Args {
    #[command(flatten)]
    leaf: Leaf,
    /// The kind of the key to make
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = leaf::key_kinds())]
    key: KeyKind,
    /// The folder to write into, which is made where it is missing; - prints key and certificates for a pipe
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Key and certificates as PKCS#12 as well, for browsers, Java and phones
    #[arg(long, value_name = "FILE")]
    p12: Option<PathBuf>,
    /// The password of --p12, the first line of FILE; without this flag one is made and written to FILE.password beside it
    #[arg(long, value_name = "FILE", requires = "p12")]
    p12_password_file: Option<PathBuf>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    if args.out == Path::new("-") {
        return piped::run(args, now, words);
    }
    // Everything that can be refused is looked at before anything is signed or written.
    let p12 = args.p12.as_deref();
    let p12 = p12.map(|file| P12::choose(file, args.p12_password_file.as_deref()));
    let places = Places::check(&args.out, p12.transpose()?, args.leaf.force)?;
    let key = PrivateKey::generate(args.key).map_err(|error| Failure::about("--key", &error))?;
    let request = args.leaf.request(Applicant::holding(&key))?;
    let authority = Authority::open(&args.leaf.dir)?;
    // Of several processes with the same files one goes on, and the others have signed nothing.
    let claim = Claim::take(&places.files(), args.leaf.force)?;
    let issued = match authority.issue_for(args.leaf.requester()?, request, now) {
        // The certificate comes later, and needs the key that was made for it.
        Err(waits @ Error::Waits { .. }) => {
            words.tell_leftovers(&places.write_key(claim, &key)?);
            words.talk(format_args!("its private key is in {}", text(&places.key)));
            return Err(waits.into());
        }
        other => other?,
    };
    words.tell_leftovers(&places.write(claim, &key, &issued.chain(), &authority.trusted()?)?);
    tell::tell(&places, &issued, now, words);
    tell_unfinished(&authority, now, words);
    Ok(Exit::Yes)
}
