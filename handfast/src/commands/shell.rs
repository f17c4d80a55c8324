//! `handfast completions`: made from the same definitions as the flags.

use clap_complete::Shell;
use handfast_report::schema::Schema;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast completions bash > /etc/bash_completion.d/handfast")]
pub struct Completions {
    shell: Shell,
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
