//! `handfast doctor what-if`: two folders, and what would happen between them.

use std::path::PathBuf;

use handfast_doctor::{
    Report,
    files::{Holdings, Look, named},
    what_if::what_if,
};
use handfast_pki::Purpose;
use handfast_report::{json, paths, schema::Schema, shown::learned, style::STRONG};
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    time,
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
    let look = |purpose| Look {
        purpose,
        now: time::now(),
        passwords: Vec::new(),
        reader: None,
    };
    let client = Holdings::at(&args.client, &look(Purpose::Client))?;
    let server = Holdings::at(&args.server, &look(Purpose::Server))?;
    let made = what_if(&client, &server, args.host.as_deref(), now);
    let report = Report {
        notes: made.notes,
        findings: made.findings,
        ..Report::new(format!("{} and {}", named(&args.client), named(&args.server)))
    };
    let mut object = json::report(&report);
    object["paths"] = made.paths.iter().map(paths::json).collect();
    words.json(Schema::Doctor, object);
    words.data(learned(&report));
    if !made.paths.is_empty() {
        words.data(format_args!("\n{STRONG}paths tried{STRONG:#}"));
    }
    for path in &made.paths {
        words.data(paths::text(path));
    }
    Ok(Exit::found(&report.findings))
}
