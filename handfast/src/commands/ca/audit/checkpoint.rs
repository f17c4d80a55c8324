//! `handfast ca audit checkpoint`: the signed head of the log, for keeping elsewhere.

use std::path::PathBuf;

use handfast_credentials::files::{self, Readers};
use handfast_finding::shell::shell;
use handfast_report::{schema::Schema, style::GOOD};
use serde_json::json;

use crate::{
    commands::{ca::Where, leaf::dir_flag, tell::text},
    failure::{Exit, Failure},
    words::Words,
};

/// Print the signed head of the log, to be stored where those who have the CA cannot write
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast ca audit checkpoint --out kept.txt")]
pub struct Args {
    /// The file to write; an older one is replaced [default: stdout]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let authority = args.place.open_to_revoke(words)?;
    let (head, note) = authority.checkpoint()?;
    if let Some(path) = &args.out {
        let leftovers = files::write(path, note.as_bytes(), Readers::Everybody)?;
        words.tell_leftovers(&leftovers);
    }
    words.json(
        Schema::CaAuditCheckpoint,
        json!({
            "log": authority.log_verifier().name(),
            "key": authority.log_verifier().to_string(),
            "size": head.size,
            "root": head.root.to_string(),
            "checkpoint": note,
            "file": args.out.as_deref().map(text),
        }),
    );
    match &args.out {
        None => words.data(note.trim_end()),
        Some(path) => {
            words.data(format_args!(
                "{GOOD}checkpoint{GOOD:#} of {} leaves in {}",
                head.size,
                text(path)
            ));
            words.next(format_args!(
                "handfast ca audit verify --since {}{}",
                shell(path.display()),
                dir_flag(&args.place.dir)
            ));
        }
    }
    Ok(Exit::Yes)
}
