//! `handfast ca clock`: how the clock stands to the records.

use handfast_pki::code;
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use super::Where;
use crate::{
    commands::{acting::Why, leaf::dir_flag},
    failure::{Exit, Failure},
    words::Words,
};

/// Compare the clock with the records; behind them nothing is issued
///
/// Exit code 1 says that the clock is more than five minutes behind the last certificate. Set it right; where it was ahead
/// before and is right now, --accept says so, is written into the journal, and issuing goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca clock")]
pub struct Args {
    /// The clock is right now, and was ahead when the last certificate was planned
    #[arg(long)]
    accept: bool,
    #[command(flatten)]
    why: Why,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let authority = args.place.open_to_revoke(words)?;
    let clock = if args.accept {
        authority.accept_clock(&args.why.requester()?, now)?
    } else {
        authority.clock(now)?
    };
    let stops = clock.is_behind && !clock.is_accepted;
    let dir = dir_flag(&args.place.dir);
    let next = if stops {
        format!("handfast ca clock --accept{dir}")
    } else {
        format!("handfast ca list{dir}")
    };
    words.json(
        Schema::CaClock,
        json!({
            "now": now,
            "last": clock.last,
            "behind": clock.is_behind,
            "accepted": clock.is_accepted,
            "code": stops.then(|| code::CLOCK.to_string()),
            "next": next,
        }),
    );
    words.data(format_args!("now   {now}"));
    if let Some(last) = clock.last {
        words.data(format_args!(
            "last  {last}, when the last certificate was planned"
        ));
    }
    if stops {
        words.data(format_args!(
            "the clock is behind what the records know [{}]: nothing is issued",
            code::CLOCK
        ));
    }
    words.next(next);
    Ok(if stops { Exit::No } else { Exit::Yes })
}
