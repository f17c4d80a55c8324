//! `handfast check`: is this configuration good? Answers without acting.

use std::path::PathBuf;

use handfast_pki::conceal::concealed;
use handfast_proxy::{config, live};
use handfast_report::style::GOOD;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Check a configuration: every problem at once, with its line; nothing is started
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast check --config handfast.toml")]
pub struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let file = &args.config;
    let shown = file.display().to_string();
    let shown = concealed(&shown);
    let mut problems = Vec::new();
    match config::read(file) {
        Ok(config) => {
            // The backend's TLS and the state of trust are loaded as the proxy would load them.
            problems.extend(config.backend().err().map(|problem| (None, problem)));
            problems.extend(
                live::rehearse(&config.sources)
                    .into_iter()
                    .map(|problem| (None, problem)),
            );
        }
        Err(errors) => problems.extend(errors.into_iter().map(|error| (error.line, error.problem))),
    }
    words.json(&json!({
        "config": shown,
        "good": problems.is_empty(),
        "problems": problems.iter().map(|(line, problem)| json!({
            "line": line,
            "code": problem.code.to_string(),
            "message": problem.message,
            "hint": problem.hint,
        })).collect::<Vec<_>>(),
    }));
    if problems.is_empty() {
        words.data(format_args!("{GOOD}good:{GOOD:#} {shown}"));
        words.next(format_args!("handfast proxy --config {shown}"));
        return Ok(Exit::Yes);
    }
    for (line, problem) in &problems {
        let place = line.map(|line| format!(" line {line}")).unwrap_or_default();
        words.data(format_args!(
            "{shown}{place}: {}  [{}]",
            problem.message, problem.code
        ));
        if let Some(hint) = &problem.hint {
            words.data(format_args!("  hint: {hint}"));
        }
    }
    Ok(Exit::No)
}
