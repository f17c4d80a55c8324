//! `handfast doctor pcap FILE`: a capture made by others.

use std::path::PathBuf;

use handfast_credentials::files;
use handfast_doctor::{Context, Report, capture};
use handfast_pki::code;
use handfast_report::{json, schema::Schema};
use serde_json::json;

use super::show::{Show, show_all};
use crate::{
    failure::{Exit, Failure},
    time,
    words::Words,
};

/// Decode and judge a capture made by others
///
/// Reads pcap and pcapng of tcpdump or Wireshark. What TLS 1.3 encrypts is read with the key log that browsers,
/// curl and others write where SSLKEYLOGFILE is set, or that the file itself carries.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tcpdump -i lo -w trouble.pcap port 8443\n  handfast doctor pcap trouble.pcap --keylog keys.log"
)]
pub struct Pcap {
    /// A file of tcpdump or Wireshark, pcap or pcapng
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key log of the client or the server
    #[arg(long, value_name = "FILE")]
    keylog: Option<PathBuf>,
    /// The CA bundle that verifies client certificates
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// Show this conversation only, counted from 1
    #[arg(long, value_name = "NUMBER")]
    stream: Option<usize>,
    #[command(flatten)]
    show: Show,
}

pub fn run(args: &Pcap, words: &Words) -> Result<Exit, Failure> {
    let now = time::now();
    let context = Context::of_server(args.client_ca.as_deref(), now)?;
    let key_log = match &args.keylog {
        Some(path) => Some(String::from_utf8_lossy(&files::read(path)?).into_owned()),
        None => None,
    };
    let bytes = files::read(&args.file)?;
    let mut reports = capture::read(&bytes, key_log.as_deref(), &context, now).map_err(|error| {
        Failure::of(
            code::WRONG_FORMAT,
            format!("\"{}\": {error}", args.file.display()),
        )
        .help("make a capture with tcpdump: tcpdump -i lo -w FILE port 8443")
    })?;
    if let Some(number) = args.stream {
        reports = vec![only(number, reports)?];
    }
    if reports.is_empty() {
        return Err(Failure::of(
            code::NOT_TLS,
            format!(
                "\"{}\" holds no conversation of TLS over TCP",
                args.file.display()
            ),
        )
        .help("capture whole packets: tcpdump -s 0 -w FILE port 8443"));
    }
    let findings = Report::together(&reports);
    // The conversation that went wrong is the one that people look for.
    let worst = reports
        .iter()
        .position(|report| !report.findings.is_empty())
        .unwrap_or(0);
    let mut object = json::report(&reports[worst]);
    object["target"] = json!(args.file.display().to_string());
    object["conversations"] = reports.iter().map(json::report).collect();
    object["findings"] = json!(json::findings(&findings));
    words.json(Schema::Doctor, object);
    show_all(&reports, worst, &args.show, words)?;
    let is_unfinished = |report: &Report| report.notes.iter().any(|(name, _)| name == capture::UNFINISHED);
    Ok(if !findings.is_empty() {
        Exit::No
    } else if reports.iter().all(is_unfinished) {
        // Of no conversation it was seen how it ended.
        Exit::Unreachable
    } else {
        Exit::Yes
    })
}

/// The conversation with this number, counted from 1.
fn only(number: usize, mut reports: Vec<Report>) -> Result<Report, Failure> {
    match number.checked_sub(1).filter(|place| *place < reports.len()) {
        Some(place) => Ok(reports.swap_remove(place)),
        None => Err(Failure::misuse(format!(
            "there are {} conversations of TLS in it",
            reports.len()
        ))),
    }
}
