//! `handfast doctor join`: what the client saw and what the door logged, of the same handshake.

use std::path::{Path, PathBuf};

use handfast_doctor::{Certainty, Finding, Refuser};
use handfast_pki::{Code, code, text::printable};
use serde_json::Value;

use crate::{
    failure::{Exit, Failure},
    files,
    report::joined::{self, Joined},
    words::{Words, shell},
};

/// Join what a client saw with what the door logged
///
/// Both write the same name of the handshake. The client knows only the alert, the door knows the reason.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast get https://door.example:8443/ --ca ca.crt --cert tls.crt --key tls.key --json > client.json\n  handfast doctor join client.json access.log"
)]
pub struct Join {
    /// The client's report, made with doctor --json or get --json
    #[arg(value_name = "CLIENT.JSON")]
    client: PathBuf,
    /// The access log of the door
    #[arg(value_name = "ACCESS.LOG")]
    log: PathBuf,
}

pub fn run(args: &Join, words: &Words) -> Result<Exit, Failure> {
    let client = client(&args.client)?;
    let handshake = client["handshake"]
        .as_str()
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or_else(|| {
            not_ours(&args.client, "it names no handshake").hint("make it with doctor --json or get --json")
        })?
        .to_owned();
    let log = String::from_utf8_lossy(&files::read(&args.log)?).into_owned();
    let mut records = connections(&log, &handshake);
    let record =
        match (records.pop(), records.len()) {
            (Some(record), 0) => record,
            (Some(_), others) => {
                return Err(Failure::new(
                    Exit::Unreachable,
                    code::WRONG_FORMAT,
                    format!(
                        "{} lines of \"{}\" name handshake {handshake}: somebody has repeated it",
                        others + 1,
                        args.log.display()
                    ),
                )
                .hint("look at their addresses and times; a name that the client chose proves nothing"));
            }
            (None, _) => {
                return Err(Failure::new(
                Exit::Unreachable,
                code::WRONG_FORMAT,
                format!("no line of \"{}\" names handshake {handshake}", args.log.display()),
            )
            .hint(
                "a line is written when its connection ends; is this the log of the door that was called, \
                 of that time, with log = \"connections\"?",
            ));
            }
        };
    let requests = requests(&log, &record);
    let findings = findings(&client, &record, &requests);
    let joined = Joined {
        target: printable(client["target"].as_str().unwrap_or("the server")),
        handshake,
        client,
        record,
        requests,
        findings,
    };
    words.json(&joined::json(&joined));
    joined::say(&joined, words);
    Ok(if joined.findings.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

fn not_ours(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        Exit::Misuse,
        code::WRONG_FORMAT,
        format!("\"{}\" is not a report of a client: {why}", path.display()),
    )
}

fn client(path: &Path) -> Result<Value, Failure> {
    let make = format!("handfast doctor HOST:PORT --json > {}", shell(path.display()));
    let bytes = files::read(path)?;
    let report: Value = serde_json::from_slice(&bytes).map_err(|error| not_ours(path, error).hint(&make))?;
    if report["trace"].is_array() {
        Ok(report)
    } else {
        Err(not_ours(path, "it has no trace").hint(make))
    }
}

/// Lines that are no JSON are passed over: a log may begin in the middle of one.
fn events<'a>(log: &'a str, event: &'static str) -> impl Iterator<Item = Value> + 'a {
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(move |value| value["event"] == event)
}

fn connections(log: &str, handshake: &str) -> Vec<Value> {
    // Logs are large, and nearly all lines are others'.
    let near = log.lines().filter(|line| line.contains(handshake));
    near.filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|value| value["event"] == "connection" && value["handshake"] == handshake)
        .collect()
}

/// What was asked over the connection. Its number is used again when the door starts anew, so the time counts, too.
fn requests(log: &str, record: &Value) -> Vec<Value> {
    let at = |value: &Value| -> Option<jiff::Timestamp> { value["time"].as_str()?.parse().ok() };
    let Some(began) = at(record) else {
        return Vec::new();
    };
    let lived = record["duration_ms"].as_i64().unwrap_or(0).saturating_add(1);
    let ended = began.saturating_add(jiff::SignedDuration::from_millis(lived));
    events(log, "request")
        .filter(|request| request["connection"] == record["id"])
        .filter(|request| {
            let time = at(request);
            time >= Some(began) && ended.as_ref().is_ok_and(|ended| time <= Some(*ended))
        })
        .collect()
}

/// The door's word first, for it knows; then what the client could only suppose and the door did not say.
fn findings(client: &Value, record: &Value, requests: &[Value]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let said = [record].into_iter().chain(requests);
    for event in said {
        let Some(code) = event["code"].as_str().and_then(Code::parse) else {
            continue;
        };
        if findings.iter().any(|known| known.code == code) {
            continue;
        }
        let because = match (event["reason"].as_str(), event["status"].as_u64()) {
            (Some(reason), _) => format!("the door says: {}", printable(reason)),
            (None, Some(status)) => format!("the door answered {status}"),
            (None, None) => "the door says so".into(),
        };
        let finding = Finding::new(code, Refuser::Server, Certainty::Certain, because);
        findings.push(finding.help(format!("handfast explain {code}")));
    }
    if !findings.is_empty() {
        return findings;
    }
    // The door saw nothing wrong, so what went wrong did so at the client.
    for theirs in client["findings"].as_array().into_iter().flatten() {
        let Some(code) = theirs["code"].as_str().and_then(Code::parse) else {
            continue;
        };
        let side = match theirs["side"].as_str() {
            Some("client") => Refuser::Client,
            Some("network") => Refuser::Network,
            _ => Refuser::Server,
        };
        let text = |name: &str| printable(theirs[name].as_str().unwrap_or_default());
        findings.push(Finding::new(code, side, Certainty::Likely, text("because")).help(text("help")));
    }
    findings
}
