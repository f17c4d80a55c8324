//! `handfast man`: a page for every command, those below others included, and one for each configuration file.

mod configuration;
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

/// Write the man pages: one per command (section 1), and one per configuration file (section 5)
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast man --out man && man ./man/handfast-proxy.1\n  \
                        handfast man --section 1 --out /usr/local/share/man/man1\n  \
                        handfast man --section 5 --out /usr/local/share/man/man5"
)]
pub struct Man {
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only the pages of this section
    #[arg(long, value_name = "NUMBER", value_parser = ["1", "5"])]
    section: Option<String>,
}

/// `root` is our whole command line.
pub fn run(args: &Man, mut root: clap::Command, words: &Words) -> Result<Exit, Failure> {
    root.build();
    let commands = page::pages(&root).map_err(Failure::bug)?;
    let files = configuration::pages().map_err(Failure::bug)?;
    let in_sections = [("1", commands), ("5", files)].into_iter();
    let wanted =
        in_sections.filter(|(section, _)| args.section.as_deref().is_none_or(|only| only == *section));
    let mut written = Vec::new();
    for (section, (name, text)) in
        wanted.flat_map(|(section, pages)| pages.into_iter().map(move |page| (section, page)))
    {
        let path = args.out.join(format!("{name}.{section}"));
        words.tell_leftovers(&files::write(&path, &text, Readers::Everybody)?);
        words.data(path.display());
        written.push(path.display().to_string());
    }
    words.json(Schema::Man, json!({ "pages": written }));
    Ok(Exit::Yes)
}
