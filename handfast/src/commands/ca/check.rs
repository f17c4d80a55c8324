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
    let dir = dir_flag(&args.place.dir);
    let mut found = check(&args.place.dir, args.keys, Timestamp::now());
    for hint in found.iter_mut().filter_map(|finding| finding.hint.as_mut()) {
        *hint = with_dir(hint, &dir);
    }
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
        words.next(format_args!("handfast ca issuer list{dir}"));
        return Ok(Exit::Yes);
    }
    Ok(Exit::No)
}

/// A command of a hint, for this directory.
fn with_dir(hint: &str, dir: &str) -> String {
    // That which makes another directory names it.
    if !hint.starts_with("handfast ca ") || hint.contains(" --dir ") {
        return hint.to_owned();
    }
    match hint.split_once(';') {
        Some((command, words)) => format!("{command}{dir};{words}"),
        None => format!("{hint}{dir}"),
    }
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
