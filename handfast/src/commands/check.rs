//! `handfast check`: is this configuration good? Answers without acting.

use std::path::PathBuf;

use handfast_credentials::files;
use handfast_finding::Problem;
use handfast_pki::conceal::concealed;
use handfast_proxy::{
    config::{self, Config},
    tunnel::{self, TunnelConfig},
};
use handfast_report::{json::problem, schema::Schema, style::GOOD};
use serde_json::json;

use crate::{
    commands::{proxy::warnings, tunnel::open_to_others},
    failure::{Exit, Failure},
    places,
    words::{Words, more},
};

/// Check a configuration: every problem at once, with its line; nothing is started
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  handfast check handfast.toml\n  handfast check tunnel.toml --json")]
pub struct Args {
    /// The configuration file [default: that of the system or the user]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The same, as for proxy
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    config: Option<PathBuf>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let found = || {
        places::configuration()
            .inspect(|file| words.talk(format_args!("handfast: configuration: {}", file.display())))
    };
    let file = args.file.clone().or_else(|| args.config.clone()).or_else(found);
    let file = &file.ok_or_else(|| {
        Failure::misuse("no configuration is given").help("name the file: handfast check FILE")
    })?;
    // One that cannot be read is neither good nor bad.
    files::read_regular(file).map_err(|problem| {
        problem
            .help("the path of a handfast.toml; its keys are in the documentation, or use the flags of proxy")
    })?;
    let shown = concealed(&file.display().to_string()).into_owned();
    let is_of_tunnels = tunnel::config::is_of_tunnels(file);
    let judged = if is_of_tunnels {
        tunnel::config::read(file).map(|config| judge_tunnels(&config))
    } else {
        config::read(file).map(|config| judge(&config))
    };
    let (problems, warnings) = judged.unwrap_or_else(|problems| (problems, Vec::new()));
    words.json(
        Schema::Check,
        json!({
            "config": shown,
            "good": problems.is_empty(),
            "problems": problems.iter().map(problem).collect::<Vec<_>>(),
            "warnings": warnings,
        }),
    );
    if problems.is_empty() {
        words.data(format_args!("{GOOD}good:{GOOD:#} {shown}"));
        for warning in &warnings {
            words.data(format_args!("  warning: {warning}"));
        }
        let command = if is_of_tunnels { "tunnel" } else { "proxy" };
        words.next(format_args!("handfast {command} --config {shown}"));
        return Ok(Exit::Yes);
    }
    for problem in &problems {
        tell(problem, &shown, words);
    }
    Ok(Exit::No)
}

/// What is wrong, and what is worth knowing of a configuration that is good. Backends and trust are loaded as the
/// proxy would load them, and the places are looked at where it would listen.
fn judge(config: &Config) -> (Vec<Problem>, Vec<String>) {
    match config.rehearse() {
        Ok(state) => (Vec::new(), warnings(&state)),
        Err(problems) => (problems, Vec::new()),
    }
}

/// The same of tunnels.
fn judge_tunnels(config: &TunnelConfig) -> (Vec<Problem>, Vec<String>) {
    match config.rehearse() {
        Ok(()) => {
            let open = config.tunnels.iter().filter(|tunnel| tunnel.is_open());
            (
                Vec::new(),
                open.map(|tunnel| open_to_others(&tunnel.listen)).collect(),
            )
        }
        Err(problems) => (problems, Vec::new()),
    }
}

fn tell(problem: &Problem, file: &str, words: &Words) {
    let text = match &problem.place {
        Some(_) => problem.located(),
        None => format!("{file}: {}", problem.message),
    };
    words.data(format_args!("{text}  [{}]", problem.code));
    for detail in &problem.details {
        words.data(format_args!("  {detail}"));
    }
    if let Some(help) = &problem.help {
        words.data(format_args!("  help: {help}"));
    }
    if let Some(command) = &problem.command {
        words.data(format_args!("  run:  {command}"));
    }
    words.data(more(problem.code));
}
