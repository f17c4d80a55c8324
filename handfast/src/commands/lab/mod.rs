//! `handfast lab`: failures on this machine, one per finding, to look at and to learn from.

mod flags;
mod list;
mod one;
mod run;
mod tell;

use clap::Subcommand;
use handfast_lab::{Case, Stands};
use serde_json::{Value, json};

use self::{flags::Run, list::List};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Make failures of mutual TLS on this machine, one per finding, with real programs
///
/// Each case writes its certificates and configurations into a folder of its own, starts the servers it needs
/// (nginx, Apache, PostgreSQL ...) on free ports of 127.0.0.1, and shows what the doctor says of them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast lab list\n  handfast lab run HF-206\n  handfast lab run HF-206/nginx --stay\n  \
                  handfast lab run healthy"
)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    List(List),
    Run(Run),
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    match &args.what {
        What::List(list) => list::list(list, words),
        What::Run(run) => run::run(run, words),
    }
}

fn names(programs: &[handfast_lab::Program]) -> Vec<&'static str> {
    programs.iter().map(|program| program.command()).collect()
}

fn expected(expected: handfast_lab::Expected) -> Value {
    let (stands, beside) = match expected.stands {
        Stands::First => ("first", None),
        Stands::Beside(other) => ("beside", Some(other.to_string())),
        Stands::Among => ("among", None),
    };
    json!({
        "code": expected.code.to_string(),
        "side": expected.side,
        "certainty": expected.certainty,
        "stands": stands,
        "beside": beside,
    })
}

fn chosen(texts: &[String]) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for text in texts {
        let named = handfast_lab::named(text);
        if named.is_empty() {
            return Err(Failure::misuse(format!("there is no case \"{text}\""))
                .help("choose one of the cases that there are")
                .command("handfast lab list"));
        }
        cases.extend(named);
    }
    Ok(cases)
}
