//! `handfast ca approve`: a second person decides on a request.

use std::path::PathBuf;

use handfast_ca::{Authority, WhichHeld};
use handfast_credentials::files::{self, Claim, Piece, Readers};
use handfast_finding::shell::shell;
use handfast_pki::certificate::chain_to_pem;
use handfast_report::{json, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::{Where, requests};
use crate::{
    commands::{acting::Acting, leaf::dir_flag, tell},
    failure::{Exit, Failure},
    words::Words,
};

/// Approve a request that waits, and issue its certificate
///
/// Who made a request cannot approve it: people are told apart by who logged in, where the system knows it, and else by the
/// user of the process. The profile is asked again, as it is now. Nothing is signed before.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast ca approve 4f2a90c1d0e7 --out tls.crt\n  handfast ca approve 4f2a90c1d0e7 --deny --reason 'not ours'"
)]
pub struct Args {
    /// The request, by the number that ca requests lists
    #[arg(value_name = "ID")]
    id: String,
    /// The file to write: the certificate and the intermediate above it
    #[arg(long, value_name = "FILE", required_unless_present = "deny")]
    out: Option<PathBuf>,
    /// Turn it down instead
    #[arg(long, conflicts_with = "out")]
    deny: bool,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let by = args.acting.person()?;
    let authority = Authority::open(&args.place.dir)?;
    let Some(out) = &args.out else {
        let denied = authority.deny(&args.id, &by, now)?;
        words.data(requests::line(&denied));
        let next = format!("handfast ca requests{}", dir_flag(&args.place.dir));
        words.json(
            Schema::CaApprove,
            json!({ "request": requests::described(&denied), "certificate": null, "file": null, "next": next }),
        );
        words.next(next);
        return Ok(Exit::Yes);
    };
    authority.must_wait(&args.id)?;
    files::must_be_free(&[out], false)?;
    let claim = Claim::take(&[out], false)?;
    let issued = authority.approve(&args.id, &by, now)?;
    words.tell_leftovers(&claim.write(&[Piece {
        path: out,
        bytes: chain_to_pem(&issued.chain()).as_bytes(),
        readers: Readers::Everybody,
    }])?);
    words.data(format_args!("{GOOD}approved{GOOD:#} {}", args.id));
    tell::tell_certificate(&issued, now, words);
    words.data(format_args!("  in      {}", tell::text(out)));
    let next = format!("handfast inspect {}", shell(out.display()));
    let held = authority.held(WhichHeld::Of(&args.id))?;
    words.json(
        Schema::CaApprove,
        json!({
            "request": held.first().map(requests::described),
            "certificate": json::certificate(issued.certificate()),
            "file": tell::text(out),
            "next": next,
        }),
    );
    words.next(next);
    Ok(Exit::Yes)
}
