//! `handfast doctor config`: the holes in the configuration of another server.

use std::path::PathBuf;

use handfast_configs::{Kind, Wanted, look};
use handfast_credentials::disk::Disk;
use handfast_doctor::Report;
use handfast_finding::Problem;
use handfast_report::{findings, json, schema::Schema};
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Find the holes in a configuration of nginx, Apache, HAProxy, Envoy or Caddy
///
/// Reads the file, what it includes, and the certificates and lists that it names, and names every line where a
/// client is accepted or rejected against the intention. Starts nothing and changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  handfast doctor config /etc/nginx/nginx.conf")]
pub struct Config {
    /// nginx.conf, httpd.conf, haproxy.cfg, envoy.yaml or Caddyfile, or a part of one
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Whose configuration it is, where that cannot be told from it
    #[arg(long, value_name = "KIND", value_parser = Kind::ALL.map(|(name, _)| name))]
    pub kind: Option<String>,
    /// The folder that relative paths start from; without it, that of FILE
    #[arg(long, value_name = "DIR")]
    pub prefix: Option<PathBuf>,
    /// Name every site that verifies certificates and looks up no revoked ones; without this it is a note
    #[arg(long, value_name = "WHAT", value_parser = ["revocation"])]
    pub require: Vec<String>,
}

pub fn run(args: &Config, words: &Words) -> Result<Exit, Failure> {
    let wanted = Wanted {
        kind: args.kind.as_deref().and_then(Kind::of_word),
        folder: args.prefix.clone(),
        demands_revocation: !args.require.is_empty(),
    };
    let disk = Disk {
        asked_for: args.file.clone(),
    };
    let judged =
        look(&args.file, &wanted, &disk, Timestamp::now()).map_err(|trouble| Problem::from(&trouble))?;
    let mut made = Report::new(args.file.display().to_string());
    made.notes = judged.notes;
    made.findings = judged.findings;
    words.json(Schema::Doctor, json::report(&made));
    for (name, value) in &made.notes {
        words.data(format_args!("{name}: {value}"));
    }
    words.data(findings::list(&made.findings).trim_end());
    Ok(Exit::found(&made.findings))
}
