//! `handfast ca journal`: what was asked of the CA, and what became of it.

use handfast_ca::{Event, JournalLine, JournalQuery};
use handfast_report::schema::Schema;
use handfast_values::moment;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Where;
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Show the journal: every issuance, refusal, revocation and list, newest first
///
/// Each line begins with its position in the audit log, and ca audit prove proves it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca journal --since 7d --event refused")]
pub struct Args {
    /// Only since: a time, a day, or how long ago, such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only lines of this kind
    #[arg(long, value_parser = events())]
    event: Option<Event>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    place: Where,
}

/// Parses the kinds of lines, and lists them in help and completions.
pub fn events() -> impl clap::builder::TypedValueParser<Value = Event> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Event::ALL.map(Event::name)).map(|text| {
        let found = Event::ALL.into_iter().find(|event| event.name() == text);
        // The parser lets nothing else through.
        found.unwrap_or(Event::Issued)
    })
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let authority = args.place.open_to_revoke(words)?;
    let lines = authority
        .journal(&JournalQuery {
            since: args.since.as_deref().map(|text| moment(text, now)).transpose()?,
            event: args.event,
            serial: None,
            limit: Some(args.limit),
        })
        .map_err(handfast_ca::Error::from)?;
    words.json(
        Schema::CaJournal,
        json!({ "lines": lines.iter().map(described).collect::<Vec<_>>() }),
    );
    for entry in &lines {
        words.data(line(entry));
    }
    Ok(Exit::Yes)
}

/// One line for people.
pub fn line(entry: &JournalLine) -> String {
    let code = entry
        .code
        .as_deref()
        .map(|code| format!("  [{code}]"))
        .unwrap_or_default();
    let serial = entry
        .serial
        .as_deref()
        .map(|serial| format!("  {serial}"))
        .unwrap_or_default();
    let by = entry
        .requester
        .as_deref()
        .map(|by| format!(", by {by}"))
        .unwrap_or_default();
    format!(
        "{:>6}  {}  {:<8}  {}{by}{serial}{code}",
        entry.position,
        entry.at.strftime("%Y-%m-%d %H:%M:%SZ"),
        entry.event.name(),
        entry.detail
    )
}

/// The same in JSON.
pub fn described(entry: &JournalLine) -> Value {
    json!({
        "position": entry.position,
        "at": entry.at,
        "event": entry.event.name(),
        "serial": entry.serial,
        "requester": entry.requester,
        "code": entry.code,
        "detail": entry.detail,
    })
}
