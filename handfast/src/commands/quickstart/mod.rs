//! `handfast quickstart`: from nothing to a working mutual handshake, and to three that must fail.

mod tell;

use std::path::PathBuf;

use handfast_finding::shell::shell;
use handfast_interop::{
    demo,
    quickstart::{CALLS, create_log, make, open, prepare},
};
use handfast_lab::held;
use handfast_pki::code;
use handfast_proxy::{AccessLog, Detail, Proxy};
use handfast_report::schema::Schema;
use serde_json::json;

use self::tell::summary;
use super::tell::text;
use crate::{
    failure::{Exit, Failure},
    signals, time,
    words::Words,
};

/// See mutual TLS work: a CA, a reverse proxy, one call that is accepted and three that are rejected
///
/// Creates everything in ./handfast-quickstart, starts a small service with the reverse proxy in front of it on
/// free ports of this machine, shows the handshake as a ladder and the reason of every rejection, prints curl,
/// Python and openssl commands that work, and runs until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast quickstart\n  handfast quickstart --once\n  handfast quickstart --to http://127.0.0.1:9000"
)]
pub struct Args {
    /// Make the calls, verify the results, and stop: exit code 0 when all are as expected, 1 when not
    #[arg(long)]
    once: bool,
    /// Put the proxy in front of this service instead: http://H:P, https://H:P (with its CA given), tcp:// or unix:
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The CA of an https service
    #[arg(long, value_name = "FILE", requires = "to")]
    to_ca: Option<PathBuf>,
    /// The folder to work in
    #[arg(long, value_name = "DIR", default_value = "./handfast-quickstart")]
    dir: PathBuf,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let broken_off = signals::break_off(words)?;
    held::talk();
    prepare(&args.dir)?;
    let demo = match &args.to {
        Some(_) => None,
        None => Some(demo::start().map_err(|error| Failure::of(code::CANNOT_LISTEN, error))?),
    };
    let to = args
        .to
        .clone()
        .unwrap_or_else(|| format!("http://{}", demo.map_or(String::new(), |at| at.to_string())));
    let log_file = args.dir.join("access.log");
    let log = AccessLog::new(Detail::Connections, create_log(&log_file)?);
    let proxy = open(&args.dir, &to, args.to_ca.as_deref(), log.clone())?;
    let runtime = time::runtime()?;
    let mut outcomes = Vec::new();
    for call in &CALLS {
        let outcome = runtime.block_on(make(&args.dir, proxy.address(), call))?;
        tell::tell(args, call, &outcome, words);
        outcomes.push(outcome.to_json(call));
    }
    let good = outcomes.iter().all(|outcome| outcome["as_expected"] == true);
    words.json(
        Schema::Quickstart,
        json!({
            "good": good,
            "address": proxy.address().to_string(),
            "dir": text(&args.dir),
            "log": text(&log_file),
            "calls": outcomes,
        }),
    );
    if args.once {
        words.data(format_args!(
            "\nevery connection is logged in {}; without --once the proxy keeps running, and you can call it with curl, Python and openssl",
            shell(log_file.display())
        ));
        words.next("handfast init --name NAME, for a CA of your own");
        proxy.close();
        log.finish();
        return Ok(if good { Exit::Yes } else { Exit::No });
    }
    summary(args, proxy.address(), &log_file, words);
    words.talk("the proxy runs until Ctrl-C");
    // Now Ctrl-C is the usual end.
    broken_off.pause();
    let force_close = proxy.force_close();
    signals::serve_until_told(proxy, |_, _| {}, Proxy::close, move || force_close.now());
    log.finish();
    Ok(if good { Exit::Yes } else { Exit::No })
}
