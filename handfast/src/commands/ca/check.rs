//! `handfast ca check`: one look over everything that a CA needs.

use handfast_ca::{Finding, Level, check};
use handfast_report::{
    schema::Schema,
    style::{BAD, GOOD},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Where;
use crate::{
    commands::{acting::Unlock, leaf::dir_flag, tell::text},
    failure::{Exit, Failure},
    words::Words,
};

/// Look over files, modes, records, chains, keys, and the time that is left of CAs, lists and sets
///
/// Ends with 0 when nothing has to be done, with 1 otherwise. At half of its life a CA or list is noted, at three quarters
/// there is a warning, and at nine tenths a problem. Every key makes a signature, which is no certificate.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca check --json")]
pub struct Args {
    /// Compare all RSA keys that were certified with each other, too: shared primes give both keys away
    #[arg(long)]
    keys: bool,
    #[command(flatten)]
    unlock: Unlock,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    args.unlock.announce();
    let found = check(&args.place.dir, args.keys, Timestamp::now());
    let is_good = found.iter().all(|finding| finding.level == Level::Note);
    words.json(
        Schema::CaCheck,
        json!({
            "dir": text(&args.place.dir),
            "good": is_good,
            "findings": found.iter().map(described).collect::<Vec<_>>(),
        }),
    );
    for finding in &found {
        words.data(format_args!(
            "{BAD}{}{BAD:#} {}: {}  [{}]",
            finding.level.name(),
            finding.what,
            finding.detail,
            finding.code
        ));
        if let Some(hint) = &finding.hint {
            words.data(format_args!("  help: {hint}"));
        }
    }
    if is_good {
        words.data(format_args!(
            "{GOOD}nothing has to be done{GOOD:#} in {}",
            text(&args.place.dir)
        ));
        words.next(format_args!(
            "handfast ca issuer list{}",
            dir_flag(&args.place.dir)
        ));
        return Ok(Exit::Yes);
    }
    Ok(Exit::No)
}

fn described(finding: &Finding) -> Value {
    json!({
        "level": finding.level.name(),
        "code": finding.code.to_string(),
        "what": finding.what,
        "detail": finding.detail,
        "hint": finding.hint,
    })
}
