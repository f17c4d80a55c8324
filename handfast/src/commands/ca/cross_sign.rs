//! `handfast ca cross-sign`: our root vouches for another.

use std::path::PathBuf;

use handfast_credentials::{
    files::{Claim, Piece, Readers},
    load,
};
use handfast_finding::{shell::shell, when::when};
use handfast_report::{json::certificate, schema::Schema, style::GOOD};
use jiff::Timestamp;
use serde_json::json;

use super::Where;
use crate::{
    commands::{acting::Acting, tell::text},
    failure::{Exit, Failure},
    words::Words,
};

/// Let the root vouch for another root, so that everyone who trusts ours trusts what that has issued
///
/// The new certificate has subject, key, path length and name constraints of the other root, and lives as long as both do.
/// Servers and clients below the other root present it after their issuing CA.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca cross-sign partner-root.crt --out partner-by-acme.crt")]
pub struct Args {
    /// The certificate of the other root
    file: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The folder that holds the root's key, where that was taken away
    #[arg(long, value_name = "DIR")]
    root_at: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let foreign = load::certificates(&args.file)?;
    let foreign = foreign
        .first()
        .ok_or_else(|| Failure::misuse(format!("\"{}\" holds no certificate", args.file.display())))?;
    let (authority, _) = args.place.open_for(&args.acting)?;
    let claim = Claim::take(&[&args.out], false)?;
    let made = authority.cross_sign(foreign, args.root_at.as_deref(), now)?;
    words.tell_leftovers(&claim.write(&[Piece {
        path: &args.out,
        bytes: made.to_pem().as_bytes(),
        readers: Readers::Everybody,
    }])?);
    let next = format!("handfast inspect {}", shell(args.out.display()));
    words.json(
        Schema::CaCrossSign,
        json!({ "certificate": certificate(&made), "file": text(&args.out), "next": next }),
    );
    words.data(format_args!(
        "{GOOD}{} vouched for{GOOD:#} in {}",
        made.called(),
        text(&args.out)
    ));
    words.data(format_args!(
        "  by      {}",
        handfast_pki::name::shown(made.issuer())
    ));
    words.data(format_args!("  until   {}", when(made.not_after(), now)));
    words.data("servers and clients below that root present it after their issuing CA");
    words.next(next);
    Ok(Exit::Yes)
}
