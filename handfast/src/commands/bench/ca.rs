//! `handfast bench ca`: durable certificates in a second, and the pages of millions.

use std::{fs, path::PathBuf, time::Duration};

use handfast_ca::bench::{Course, Load, measure};
use handfast_report::{schema::Schema, style::GOOD};
use handfast_values::duration_between;
use jiff::SignedDuration;

use super::tell::{NEXT, described, milliseconds, tell};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Measure how many certificates a CA issues in a second, in a folder that is made for it
///
/// Each caller sends certificate requests, one after the other. A certificate counts when it is on the disk: requests are
/// checked, and certificates linted, signed, verified and written to the journal, as always.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast bench ca --callers 64 --seconds 10\n  handfast bench ca --sync-delay 5ms\n  \
    handfast bench ca --fill 1000000"
)]
pub struct Args {
    /// How many ask at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    callers: u16,
    /// For how long
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Make each write to the disk so much slower, as on another machine: 5ms
    #[arg(long, value_name = "TIME")]
    sync_delay: Option<String>,
    /// Fill the records with so many certificates first, and turn their pages
    #[arg(long, value_name = "N")]
    fill: Option<u64>,
    /// Make the CA in this folder, and leave it there [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    // A write that takes longer than this is no disk.
    let range = SignedDuration::ZERO..=SignedDuration::from_secs(10);
    let delay = args.sync_delay.as_deref();
    let delay = delay.map(|text| duration_between(text, &range)).transpose()?;
    let delay = delay
        .and_then(|delay| delay.try_into().ok())
        .unwrap_or(Duration::ZERO);
    let temporary = std::env::temp_dir().join(format!("handfast-bench-{}", std::process::id()));
    let place = args.dir.as_deref().unwrap_or(&temporary);
    let course = Course {
        fill: args.fill,
        delay,
        load: Load {
            callers: args.callers.into(),
            duration: Duration::from_secs(args.seconds.into()),
        },
    };
    let measured = measure(place, course, |filled| tell(filled, words));
    if args.dir.is_none() {
        // Nothing of it is needed; what stays is in the temporary folder.
        let _ = fs::remove_dir_all(&temporary);
    }
    let (filled, rate) = measured?;
    words.json(
        Schema::BenchCa,
        described(args.callers, delay, filled.as_ref(), &rate),
    );
    words.data(format_args!(
        "{GOOD}{:.0} certificates a second{GOOD:#}: {} in {:.1} s for {} callers",
        rate.per_second(),
        rate.certificates,
        rate.took.as_secs_f64(),
        args.callers
    ));
    words.data(format_args!(
        "  answered within {:.1} ms (half) and {:.1} ms (99 of 100)",
        milliseconds(rate.percentile(50)),
        milliseconds(rate.percentile(99))
    ));
    words.next(NEXT);
    Ok(Exit::Yes)
}
