//! `handfast ca crl`: signed revocation lists for everybody else's software.

mod tell;

use std::path::{Path, PathBuf};

use handfast_ca::SignedShards;
use handfast_credentials::files::{self, Readers};
use handfast_finding::shell::shell;
use handfast_report::schema::Schema;
use jiff::Timestamp;

pub(super) use self::tell::tell_age;
use super::Where;
use crate::{
    commands::{acting::Acting, leaf::promised},
    failure::{Exit, Failure},
    words::Words,
};

/// Sign a revocation list (CRL), which names every certificate that was revoked
///
/// The file holds one list for each CA of the path, in PEM: that of the issuing CA, and that of the root, which programs
/// that check every certificate of a path want as well. It is replaced as a whole, so that a reader never sees half of it.
///
/// With --shards each list is written in parts of 65,536 certificates as well, DIR/CA/SHARD.crl in DER, to be served below the
/// address of crl-shards. Never give parts to GnuTLS: it keeps one list of a CA, and accepts what is revoked on another.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca crl --out ca.crl --lifetime 7d\n  handfast ca crl --out ca.crl --shards parts"
)]
pub struct Args {
    /// The file to write; an older one is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also write the list of each CA in parts into this folder, for certificates of profiles with crl-shards
    #[arg(long, value_name = "DIR")]
    shards: Option<PathBuf>,
    /// Until when the next list is promised; programs reject everybody after it
    #[arg(long, value_name = "TIME", default_value = "7d")]
    lifetime: String,
    /// The folder that holds the root's key, where that was taken away: its list is made anew, too
    #[arg(long, value_name = "DIR")]
    root_at: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let lifetime = promised(&args.lifetime)?;
    let (authority, requester) = args.place.open_to_publish(&args.acting, words)?;
    if let Some(folder) = &args.shards {
        files::must_be_no_stream(folder)?;
        authority.place_of_shards()?;
    }
    files::must_take_public(&args.out)?;
    if let Some(folder) = &args.root_at {
        authority.list_root(folder, now)?;
    }
    let lists = authority.publish(lifetime, &requester, now)?;
    let leftovers = files::write_parts(&args.out, lists.to_pem(), Readers::Everybody)?;
    words.tell_leftovers(&leftovers);
    let shards = match &args.shards {
        None => Vec::new(),
        Some(folder) => {
            let shards = authority.publish_shards(&lists, &requester, now)?;
            write(&shards, folder, words)?;
            shards
        }
    };
    let next = format!("openssl crl -in {} -noout -text", shell(args.out.display()));
    words.json(Schema::CaCrl, tell::described(&args.out, &lists, &shards, &next));
    tell::tell(&args.out, &lists, &shards, now, words);
    words.next(next);
    Ok(Exit::Yes)
}

/// Each part in a file of its own, which is replaced as a whole.
fn write(shards: &[SignedShards], folder: &Path, words: &Words) -> Result<(), Failure> {
    for of in shards {
        for part in &of.parts {
            let path = folder.join(&of.folder).join(&part.file);
            words.tell_leftovers(&files::write(&path, &part.der, Readers::Everybody)?);
        }
    }
    Ok(())
}
