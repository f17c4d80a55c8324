//! `handfast completions` and `handfast man`: made from the same definitions as the flags.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    args::Arguments,
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

pub fn completions(args: &Completions) -> Result<Exit, Failure> {
    clap_complete::generate(
        args.shell,
        &mut Arguments::command(),
        "handfast",
        &mut std::io::stdout(),
    );
    Ok(Exit::Yes)
}

pub fn man(args: &Man, words: &Words) -> Result<Exit, Failure> {
    let mut root = Arguments::command();
    root.build();
    let mut pages = vec![("handfast.1".to_owned(), root.clone())];
    for command in root
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
    {
        pages.push((format!("handfast-{}.1", command.get_name()), command.clone()));
    }
    for (name, command) in pages {
        let path = args.out.join(name);
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(Failure::bug)?;
        words.tell_leftovers(&files::write(&path, &page, Readers::Everybody)?);
        words.data(path.display());
    }
    Ok(Exit::Yes)
}
