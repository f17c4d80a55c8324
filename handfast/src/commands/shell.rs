//! `handfast completions` and `handfast man`: made from the same definitions as the flags.

use std::path::PathBuf;

use clap_complete::Shell;
use handfast_report::schema::Schema;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};
use handfast_credentials::files::{self, Readers};

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast completions bash > /etc/bash_completion.d/handfast")]
pub struct Completions {
    shell: Shell,
}

/// Write the man pages, one per command
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast man --out man && man ./man/handfast-proxy.1")]
pub struct Man {
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// `line` is our whole command line.
pub fn completions(args: &Completions, line: &mut clap::Command, words: &Words) -> Result<Exit, Failure> {
    // Into memory first: clap panics where it cannot write, and a reader that has seen enough is no fault.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, line, "handfast", &mut script);
    let script = String::from_utf8(script).map_err(Failure::bug)?;
    words.data(script.trim_end());
    words.json(
        Schema::Completions,
        json!({ "shell": args.shell.to_string(), "script": script }),
    );
    Ok(Exit::Yes)
}

/// `root` is our whole command line.
pub fn man(args: &Man, mut root: clap::Command, words: &Words) -> Result<Exit, Failure> {
    root.build();
    let mut pages = vec![("handfast.1".to_owned(), root.clone())];
    for command in root
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
    {
        pages.push((format!("handfast-{}.1", command.get_name()), command.clone()));
    }
    let mut written = Vec::new();
    for (name, command) in pages {
        let path = args.out.join(name);
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(Failure::bug)?;
        words.tell_leftovers(&files::write(&path, &page, Readers::Everybody)?);
        words.data(path.display());
        written.push(path.display().to_string());
    }
    words.json(Schema::Man, json!({ "pages": written }));
    Ok(Exit::Yes)
}
