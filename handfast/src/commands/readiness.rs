//! `handfast readiness`: who would be rejected if every host that only observes were in earnest.

mod tell;

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use handfast_audit::readiness::{Client, Readiness};
use handfast_pki::code;
use handfast_report::schema::Schema;
use handfast_values::moment;
use jiff::Timestamp;
use serde_json::json;

use self::tell::tell;
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Say who would be rejected if the proxy did more than observe, by its access log
///
/// Counts every client of the log, and names those that were rejected, or would have been by a host with mode = "observe":
/// in the handshake, or by a route. Requests that were rejected are in a log that was written with log = "requests".
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast readiness access.log\n  handfast readiness access.log.1 access.log --since 2026-11-21\n  \
journalctl -u handfast-proxy -o cat | handfast readiness - --since 14d\n\n\
Exit code 0 means that no client would be rejected, and 1 that some would."
)]
pub struct Args {
    /// The access log of a proxy, or several; - for standard input
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    /// Only since: a time, a day, or how long ago, such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let since = args.since.as_deref();
    let asked = since.map(|text| moment(text, Timestamp::now())).transpose()?;
    let readiness = read(&args.logs, asked)?;
    let Some((first, last)) = readiness.span else {
        let message = "no line says that a client came: nothing is known of who would be rejected";
        return Err(Failure::of(code::NOTHING_TOLD, message)
            .help("give the access log of a proxy (log = \"connections\"), of the time that --since names"));
    };
    let rejected: Vec<&Client> = readiness.rejected().collect();
    words.json(
        Schema::Readiness,
        json!({
            "since": asked,
            "first": first,
            "last": last,
            "connections": readiness.connections,
            "clients": readiness.clients().len(),
            "would_be_rejected": rejected.len(),
            "rejected_already": readiness.already(),
            "unreadable_lines": readiness.unreadable,
            "dropped_lines": readiness.dropped,
            "rejected": rejected,
        }),
    );
    for client in &rejected {
        tell(client, words);
    }
    let since = since.map_or_else(|| first.to_string(), str::to_owned);
    let already = match readiness.already() {
        0 => String::new(),
        already => format!("; rejected already: {already}"),
    };
    words.data(format_args!(
        "{} of {} clients would be rejected since {since}{already}",
        rejected.len(),
        readiness.clients().len()
    ));
    for (lines, what) in [
        (
            readiness.dropped,
            "the proxy could not write, because its log was too slow",
        ),
        (readiness.unreadable, "are none of an access log"),
    ] {
        if lines > 0 {
            words.talk(format_args!("handfast: warning: {lines} lines {what}"));
        }
    }
    Ok(if rejected.is_empty() { Exit::Yes } else { Exit::No })
}

/// What all of `logs` say.
fn read(logs: &[PathBuf], since: Option<Timestamp>) -> Result<Readiness, Failure> {
    let mut readiness = Readiness::since(since);
    for log in logs {
        let read = if log == Path::new("-") {
            readiness.read(&mut io::stdin().lock())
        } else {
            File::open(log).and_then(|file| readiness.read(&mut BufReader::new(file)))
        };
        read.map_err(|error| {
            Failure::of(
                code::UNREADABLE,
                format!("\"{}\" cannot be read: {error}", log.display()),
            )
        })?;
    }
    Ok(readiness)
}
