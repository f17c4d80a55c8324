//! `handfast ca crl`: signed revocation lists for everybody else's software.

use std::path::{Path, PathBuf};

use handfast_ca::{RevocationLists, SignedShards};
use handfast_credentials::files::{self, Readers};
use handfast_finding::{shell::shell, when::when};
use handfast_pki::revocation::age::Age;
use handfast_report::{schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Where;
use crate::{
    commands::{acting::Acting, leaf::promised, tell::text},
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
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let lifetime = promised(&args.lifetime)?;
    let (authority, requester) = args.place.open_for(&args.acting)?;
    if args.shards.is_some() {
        authority.place_of_shards()?;
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
    words.json(
        Schema::CaCrl,
        json!({
            "file": text(&args.out),
            "lists": lists.lists().iter().map(|signed| json!({
                "issuer": signed.issuer,
                "number": signed.list.number,
                "entries": signed.entries,
                "this_update": signed.list.this_update,
                "next_update": signed.list.next_update,
            })).collect::<Vec<_>>(),
            "missing": lists.missing().iter().map(|missing| json!({
                "issuer": missing.issuer,
                "why": missing.why,
            })).collect::<Vec<_>>(),
            "shards": shards.iter().map(described).collect::<Vec<_>>(),
            "next": next,
        }),
    );
    tell(args, &lists, &shards, now, words);
    words.next(next);
    Ok(Exit::Yes)
}

fn tell(args: &Args, lists: &RevocationLists, shards: &[SignedShards], now: Timestamp, words: &Words) {
    words.data(format_args!(
        "{GOOD}revocation lists{GOOD:#} in {}",
        text(&args.out)
    ));
    for signed in lists.lists() {
        words.data(format_args!(
            "  {}: number {}, {} revoked, next update {}",
            signed.issuer,
            signed.list.number,
            signed.entries,
            when(signed.list.next_update, now)
        ));
    }
    for of in shards {
        words.data(format_args!(
            "  {}: in {} of 65536 certificates, in the folder {}",
            of.issuer,
            parts(of.parts.len()),
            of.folder
        ));
    }
    if !shards.is_empty() {
        words.talk(
            "warning: software on GnuTLS accepts what is revoked on another part: give it the whole list",
        );
    }
    for signed in lists.lists() {
        tell_age("list", &signed.issuer, signed.age(now), words);
    }
    for missing in lists.missing() {
        words.talk(format_args!(
            "warning: the list of \"{}\" is not in it: {}; programs that check every certificate of a path reject everybody without it",
            missing.issuer, missing.why
        ));
    }
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

fn parts(count: usize) -> String {
    match count {
        1 => "1 part".to_owned(),
        _ => format!("{count} parts"),
    }
}

fn described(of: &SignedShards) -> Value {
    json!({
        "issuer": of.issuer,
        "number": of.number,
        "folder": of.folder,
        "parts": of.parts.iter().map(|part| json!({
            "file": part.file,
            "address": part.address,
            "entries": part.entries,
        })).collect::<Vec<_>>(),
    })
}

/// A warning where much of the life of what was published is used up already: it was kept, since its CA's key is away.
pub(super) fn tell_age(what: &str, issuer: &str, age: Age, words: &Words) {
    if let Some(step) = age.warning() {
        words.talk(format_args!(
            "warning: more than {step} % of the life of the {what} of \"{issuer}\" is over; bring its key here and make a new one"
        ));
    }
}
