//! `handfast doctor what-if`: two folders, and what would happen between them.

use std::path::PathBuf;

use handfast_doctor::{
    Report,
    what_if::{Tried, what_if},
};
use handfast_pki::Certificate;
use handfast_report::{
    json,
    schema::Schema,
    style::{BAD, GOOD, STRONG},
    verdict::{notes, refused},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    client_files::{holdings, named},
    say,
};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// What would happen between a client and a server with these files, offline
///
/// Finds among the files of each side the certificate with its key and the CAs that this side trusts (files that hold
/// CAs alone), verifies both ways as a proxy and a client would, and shows every path that would be tried.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast doctor what-if --client client --server server\n  \
    handfast doctor what-if --client client.crt client.key ca.crt --server server.crt server.key ca.crt"
)]
pub struct WhatIf {
    /// The client's folder, or its files: certificate, key, the CAs it trusts
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    client: Vec<PathBuf>,
    /// The server's folder, or its files: certificate, key, the CAs that it trusts for clients
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    server: Vec<PathBuf>,
    /// The name by which the client calls the server
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

pub fn run(args: &WhatIf, words: &Words) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let client = holdings(&args.client, handfast_pki::Purpose::Client, &[], None)?;
    let server = holdings(&args.server, handfast_pki::Purpose::Server, &[], None)?;
    let made = what_if(&client, &server, args.host.as_deref(), now);
    let report = Report {
        notes: made.notes,
        findings: made.findings,
        ..Report::new(format!("{} and {}", named(&args.client), named(&args.server)))
    };
    let mut object = json::report(&report);
    object["paths"] = made.paths.iter().map(path_json).collect();
    words.json(Schema::Doctor, object);
    say(&report, words);
    if !made.paths.is_empty() {
        words.data(format_args!("\n{STRONG}paths tried{STRONG:#}"));
    }
    for path in &made.paths {
        words.data(path_text(path));
    }
    Ok(if report.findings.is_empty() {
        Exit::Yes
    } else {
        Exit::No
    })
}

fn path_text(path: &Tried) -> String {
    let names: Vec<String> = path.candidate.path.iter().map(Certificate::called).collect();
    let verdict = match &path.candidate.verdict {
        Ok(()) => format!("{GOOD}good{GOOD:#}"),
        Err(refusal) => format!("{BAD}refused{BAD:#}: {refusal}"),
    };
    let end = if path.candidate.reaches_anchor {
        ""
    } else {
        " -> ?"
    };
    format!("  {}: {}{end}\n    {verdict}", path.whose, names.join(" -> "))
}

fn path_json(path: &Tried) -> Value {
    json!({
        "whose": path.whose.to_string(),
        "certificates": path.candidate.path.iter().map(json::certificate).collect::<Vec<_>>(),
        "reaches_anchor": path.candidate.reaches_anchor,
        "problem": path.candidate.verdict.as_ref().err().map(|refusal| refused(refusal, path.whose)),
        "notes": notes(&path.candidate.path),
    })
}
