//! `handfast man`: a page for every command, those below others included.

mod page;
mod sections;

use std::path::PathBuf;

use handfast_credentials::files::{self, Readers};
use handfast_report::schema::Schema;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Write the man pages, one per command
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast man --out man && man ./man/handfast-proxy.1\n  \
                        handfast man --out /usr/local/share/man/man1"
)]
pub struct Man {
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// `root` is our whole command line.
pub fn run(args: &Man, mut root: clap::Command, words: &Words) -> Result<Exit, Failure> {
    root.build();
    let mut written = Vec::new();
    for (name, text) in page::pages(&root).map_err(Failure::bug)? {
        let path = args.out.join(format!("{name}.1"));
        words.tell_leftovers(&files::write(&path, &text, Readers::Everybody)?);
        words.data(path.display());
        written.push(path.display().to_string());
    }
    words.json(Schema::Man, json!({ "pages": written }));
    Ok(Exit::Yes)
}
