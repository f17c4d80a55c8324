//! `handfast ca set`: signed revocation sets for our proxies.

use std::path::PathBuf;

use handfast_credentials::files::{self, Readers};
use handfast_finding::when::when;
use handfast_report::{schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::{Where, crl::tell_age};
use crate::{
    commands::{
        acting::Acting,
        leaf::{dir_flag, promised},
        tell::text,
    },
    failure::{Exit, Failure},
    words::Words,
};

/// Sign a revocation set, which tells proxies of Handfast what is revoked and what was never issued
///
/// The file holds one set for each CA of the path, in DER. It is replaced as a whole. A certificate that is issued after it
/// was made is rejected until the next one: make a set after issuing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca set --out revoked.set --lifetime 24h")]
pub struct Args {
    /// The file to write; an older one is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Until when the next set is promised; proxies reject everybody after it
    #[arg(long, value_name = "TIME", default_value = "24h")]
    lifetime: String,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let lifetime = promised(&args.lifetime)?;
    let (authority, requester) = args.place.open_to_publish(&args.acting, words)?;
    files::must_take_public(&args.out)?;
    let sets = authority.publish_sets(lifetime, &requester, now)?;
    let file = sets.to_der()?;
    let leftovers = files::write(&args.out, &file, Readers::Everybody)?;
    words.tell_leftovers(&leftovers);
    let next = format!("handfast ca list --state revoked{}", dir_flag(&args.place.dir));
    words.json(
        Schema::CaSet,
        json!({
            "file": text(&args.out),
            "bytes": file.len(),
            "sets": sets.sets().iter().map(|set| json!({
                "issuer": set.issuer,
                "number": set.number,
                "revoked": set.revoked,
                "first_index": set.indexes.start,
                "next_index": set.indexes.end,
                "this_update": set.this_update,
                "next_update": set.next_update,
            })).collect::<Vec<_>>(),
            "missing": sets.missing().iter().map(|missing| json!({
                "issuer": missing.issuer,
                "why": missing.why,
            })).collect::<Vec<_>>(),
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}revocation sets{GOOD:#} in {}",
        text(&args.out)
    ));
    for set in sets.sets() {
        words.data(format_args!(
            "  {}: number {}, {} revoked, next update {}",
            set.issuer,
            set.number,
            set.revoked,
            when(set.next_update, now)
        ));
    }
    for set in sets.sets() {
        tell_age("set", &set.issuer, set.age(now), words);
    }
    for missing in sets.missing() {
        words.talk(format_args!(
            "warning: the set of \"{}\" is not in it: {}; proxies reject every certificate below that CA without it",
            missing.issuer, missing.why
        ));
    }
    words.next(next);
    Ok(Exit::Yes)
}
