//! Which line of the proxy's log is about the connection that a client reports, and what the two know together.

use std::{fmt::Display, path::Path};

use handfast_finding::{Certainty, Finding, Problem, Refuser, shell::shell};
use handfast_pki::{Code, code, text::printable};
use serde_json::Value;

use crate::joined::Joined;

/// Why a report and a log cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Apart {
    /// The report names no handshake.
    Nameless,
    /// Several lines of the log name it.
    Repeated { handshake: String, lines: usize },
    /// No line of the log names it.
    Missing { handshake: String },
}

impl Apart {
    /// Why the report in the file `client` and the lines in `log` are not of one connection.
    pub fn problem(&self, client: &Path, log: &Path) -> Problem {
        let log = log.display();
        let failed = |message: String| Problem::new(code::NOTHING_TOLD, message);
        match self {
            Self::Nameless => {
                not_ours(client, "it names no handshake").help("make it with doctor --json or get --json")
            }
            Self::Repeated { handshake, lines } => failed(format!(
                "{lines} lines of \"{log}\" have the connection ID {handshake}: a client repeated it"
            ))
            .help("compare their addresses and times; an ID that the client chose proves nothing"),
            Self::Missing { handshake } => failed(format!(
                "no line of \"{log}\" has the connection ID {handshake}"
            ))
            .help(
                "a line is written when its connection ends; is this the log of the proxy that was called, \
                     of that time, with log = \"connections\"?",
            ),
        }
    }
}

/// The report of a client in `bytes`, which stand in the file `path`.
pub fn client(path: &Path, bytes: &[u8]) -> Result<Value, Problem> {
    let make = format!(
        "make it with the doctor: handfast doctor HOST:PORT --json > {}",
        shell(path.display())
    );
    let report: Value = serde_json::from_slice(bytes).map_err(|error| not_ours(path, error).help(&make))?;
    if report["trace"].is_array() {
        Ok(report)
    } else {
        Err(not_ours(path, "it has no trace").help(make))
    }
}

fn not_ours(path: &Path, why: impl Display) -> Problem {
    let message = format!("\"{}\" is not a report of a client: {why}", path.display());
    Problem::new(code::WRONG_FORMAT, message)
}

/// Finds the connection of the client's report in `log`.
pub fn join(client: Value, log: &str) -> Result<Joined, Apart> {
    let handshake = client["handshake"]
        .as_str()
        .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or(Apart::Nameless)?
        .to_owned();
    let mut records = connections(log, &handshake);
    let record = match (records.pop(), records.len()) {
        (Some(record), 0) => record,
        (Some(_), others) => {
            let lines = others + 1;
            return Err(Apart::Repeated { handshake, lines });
        }
        (None, _) => return Err(Apart::Missing { handshake }),
    };
    let requests = requests(log, &record);
    let findings = findings(&client, &record, &requests);
    Ok(Joined {
        target: printable(client["target"].as_str().unwrap_or("the server")),
        handshake,
        client,
        record,
        requests,
        findings,
    })
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

/// What was asked over the connection. Its number is used again when the proxy starts anew, so the time counts, too.
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

/// The proxy's word first, for it knows; then what the client could only suppose and the proxy did not say.
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
            (Some(reason), _) => format!("the proxy says: {}", printable(reason)),
            (None, Some(status)) => format!("the proxy answered {status}"),
            (None, None) => "the proxy says so".into(),
        };
        let finding = Finding::new(code, Refuser::Server, Certainty::Certain, because);
        findings.push(finding.help(format!("handfast explain {code}")));
    }
    if !findings.is_empty() {
        return findings;
    }
    // The proxy saw nothing wrong, so what went wrong did so at the client.
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
