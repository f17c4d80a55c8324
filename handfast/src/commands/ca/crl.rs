//! `handfast ca crl`: signed revocation lists for everybody else's software.

use std::path::PathBuf;

use handfast_ca::{Authority, Requester};
use handfast_credentials::files::{self, Readers};
use handfast_finding::{shell::shell, when::when};
use handfast_pki::revocation::age::Age;
use handfast_report::{schema::Schema, style::GOOD};
use handfast_values::duration;
use jiff::Timestamp;
use serde_json::json;

use super::Where;
use crate::{
    commands::tell::text,
    failure::{Exit, Failure},
    words::Words,
};

/// Sign a revocation list (CRL), which names every certificate that was revoked
///
/// The file holds one list for each CA of the path, in PEM: that of the issuing CA, and that of the root, which programs
/// that check every certificate of a path want as well. It is replaced as a whole, so that a reader never sees half of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca crl --out ca.crl --lifetime 7d")]
pub struct Args {
    /// The file to write; an older one is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Until when the next list is promised; programs reject everybody after it
    #[arg(long, value_name = "TIME", default_value = "7d")]
    lifetime: String,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let lifetime = duration(&args.lifetime)?;
    let authority = Authority::open(&args.place.dir)?;
    let lists = authority.publish(lifetime, &Requester::Owner, now)?;
    let leftovers = files::write_parts(&args.out, lists.to_pem(), Readers::Everybody)?;
    words.tell_leftovers(&leftovers);
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
            "next": next,
        }),
    );
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
    for signed in lists.lists() {
        tell_age("list", &signed.issuer, signed.age(now), words);
    }
    for missing in lists.missing() {
        words.talk(format_args!(
            "warning: the list of \"{}\" is not in it: {}; programs that check every certificate of a path reject everybody without it",
            missing.issuer, missing.why
        ));
    }
    words.next(next);
    Ok(Exit::Yes)
}

/// A warning where much of the life of what was published is used up already: it was kept, since its CA's key is away.
pub(super) fn tell_age(what: &str, issuer: &str, age: Age, words: &Words) {
    if let Some(step) = age.warning() {
        words.talk(format_args!(
            "warning: more than {step} % of the life of the {what} of \"{issuer}\" is over; bring its key here and make a new one"
        ));
    }
}
