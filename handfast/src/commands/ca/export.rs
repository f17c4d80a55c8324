//! `handfast ca export`: everything that happened in a time, signed, for auditors.

use std::path::PathBuf;

use handfast_ca::folder;
use handfast_credentials::files::{self, Readers};
use handfast_finding::shell::shell;
use handfast_pki::text::counted;
use handfast_report::{schema::Schema, style::GOOD};
use handfast_values::moment;
use jiff::Timestamp;
use serde_json::json;

use super::Where;
use crate::{
    commands::tell::text,
    failure::{Exit, Failure},
    words::Words,
};

/// Write all events and certificates of a time into a signed file
///
/// The events stand in it without a gap, with the hashes that lead from them to the signed head of the audit log. Others
/// verify it with handfast ca audit check and the public key of the log.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast ca export --since 2026-01-01 --until 2026-04-01 --out quarter.json"
)]
pub struct Args {
    /// From: a time, a day, or how long ago, such as 90d
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Up to, itself not included: a time, a day, or how long ago [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The file to write; an older one is replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let since = moment(&args.since, now)?;
    let until = args.until.as_deref().map_or(Ok(now), |text| moment(text, now))?;
    if since >= until {
        return Err(Failure::misuse(format_args!(
            "--since {since} is not before --until {until}"
        )));
    }
    let authority = args.place.open_to_revoke(words)?;
    let (export, file) = authority.export(since, until)?;
    let leftovers = files::write(&args.out, file.as_bytes(), Readers::Everybody)?;
    words.tell_leftovers(&leftovers);
    let next = format!(
        "handfast ca audit check {} --log-key {}",
        shell(args.out.display()),
        shell(args.place.dir.join(folder::AUDIT_PUBLIC).display())
    );
    words.json(
        Schema::CaExport,
        json!({
            "file": text(&args.out),
            "since": since,
            "until": until,
            "first": export.first,
            "events": export.leaves.len(),
            "certificates": export.certificates.len(),
            "key": authority.log_verifier().to_string(),
            "next": next,
        }),
    );
    words.data(format_args!(
        "{GOOD}export{GOOD:#} of {} and {} in {}",
        counted(export.leaves.len(), "event"),
        counted(export.certificates.len(), "certificate"),
        text(&args.out)
    ));
    words.next(next);
    Ok(Exit::Yes)
}
