//! `handfast ca requests`: what waits for a second person.

mod tell;

use handfast_ca::{Authority, WhichHeld};
use handfast_report::schema::Schema;
use serde_json::json;

use self::tell::asked_for;
pub use self::tell::{described, line};
use super::Where;
use crate::{
    commands::leaf::dir_flag,
    failure::{Exit, Failure},
    words::Words,
};

/// List the requests that wait for a second person to approve them
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca requests")]
pub struct Args {
    /// Those that were decided, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let authority = Authority::open(&args.place.dir)?;
    let which = if args.all {
        WhichHeld::All
    } else {
        WhichHeld::Undecided
    };
    let held = authority.held(which)?;
    words.json(
        Schema::CaRequests,
        json!({ "requests": held.iter().map(described).collect::<Vec<_>>() }),
    );
    if held.is_empty() {
        words.talk("no request waits");
        return Ok(Exit::Yes);
    }
    for request in &held {
        words.data(line(request));
        asked_for(request).iter().for_each(|part| words.data(part));
    }
    if let Some(first) = held.iter().find(|request| request.decision.is_none()) {
        let dir = dir_flag(&args.place.dir);
        words.next(format_args!(
            "handfast ca approve {}{dir} --out {}.crt",
            first.id, first.id
        ));
    }
    Ok(Exit::Yes)
}
