//! `handfast doctor join`: what the client saw and what the proxy logged, of the same handshake.

use std::path::{Path, PathBuf};

use handfast_credentials::files;
use handfast_finding::shell::shell;
use handfast_pki::code;
use handfast_report::{
    join::{Apart, join},
    joined,
    schema::Schema,
};
use serde_json::Value;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Join what a client saw with what the proxy logged
///
/// Both record the same connection ID. The client knows only the alert, the proxy knows the reason.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast get https://proxy.example:8443/ --ca ca.crt --cert tls.crt --key tls.key --json > client.json\n  handfast doctor join client.json access.log"
)]
pub struct Join {
    /// The client's report, made with doctor --json or get --json
    #[arg(value_name = "CLIENT.JSON")]
    client: PathBuf,
    /// The access log of the proxy
    #[arg(value_name = "ACCESS.LOG")]
    log: PathBuf,
}

pub fn run(args: &Join, words: &Words) -> Result<Exit, Failure> {
    let client = client(&args.client)?;
    let log = String::from_utf8_lossy(&files::read(&args.log)?).into_owned();
    let joined = join(client, &log).map_err(|apart| not_joined(args, &apart))?;
    words.json(Schema::Join, joined::json(&joined));
    words.data(joined::side_by_side(&joined).trim_end());
    Ok(if joined.findings.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

fn not_joined(args: &Join, apart: &Apart) -> Failure {
    let log = args.log.display();
    let failed = |message: String| Failure::of(code::NOTHING_TOLD, message);
    match apart {
        Apart::Nameless => {
            not_ours(&args.client, "it names no handshake").help("make it with doctor --json or get --json")
        }
        Apart::Repeated { handshake, lines } => failed(format!(
            "{lines} lines of \"{log}\" have the connection ID {handshake}: a client repeated it"
        ))
        .help("compare their addresses and times; an ID that the client chose proves nothing"),
        Apart::Missing { handshake } => {
            failed(format!("no line of \"{log}\" has the connection ID {handshake}")).help(
                "a line is written when its connection ends; is this the log of the proxy that was called, \
                 of that time, with log = \"connections\"?",
            )
        }
    }
}

fn not_ours(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::of(
        code::WRONG_FORMAT,
        format!("\"{}\" is not a report of a client: {why}", path.display()),
    )
}

fn client(path: &Path) -> Result<Value, Failure> {
    let make = format!(
        "make it with the doctor: handfast doctor HOST:PORT --json > {}",
        shell(path.display())
    );
    let bytes = files::read(path)?;
    let report: Value = serde_json::from_slice(&bytes).map_err(|error| not_ours(path, error).help(&make))?;
    if report["trace"].is_array() {
        Ok(report)
    } else {
        Err(not_ours(path, "it has no trace").help(make))
    }
}
