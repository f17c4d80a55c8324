//! `handfast policy diff`: whose requests two configurations decide differently.

use std::{collections::BTreeSet, fs::File, io::BufReader, path::PathBuf};

use handfast_pki::code;
use handfast_proxy::rehearsal::{
    Client,
    compare::{Change, Seen, changes, seen},
};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{of_file, shown};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Say which decisions change from one configuration to another, for clients that are given or that a log has seen
///
/// Each client is asked about with every route and method of both, and with what the log says that it has asked for. Exit code
/// 0 means that nothing changes, 1 that something does.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast policy diff old.toml new.toml --identity uri:spiffe://acme/web --anonymous\n  \
handfast policy diff old.toml new.toml --log access.log\n  handfast policy diff old.cedar new.cedar --cert client/tls.crt"
)]
pub struct Args {
    /// The configuration of now: a handfast.toml, or a policy in Cedar (*.cedar)
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The one that is to take its place
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// A client with this name, written as a rule: uri:spiffe://acme/web; may be repeated
    #[arg(long, value_name = "NAME")]
    identity: Vec<String>,
    /// A client that shows this certificate; may be repeated
    #[arg(long, value_name = "FILE")]
    cert: Vec<PathBuf>,
    /// A client without a certificate
    #[arg(long)]
    anonymous: bool,
    /// The clients that an access log has seen, with what they asked for (log = "requests")
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

impl Args {
    fn clients(&self) -> Result<Vec<Seen>, Failure> {
        let mut clients: Vec<Client> = Vec::new();
        for name in &self.identity {
            clients.push(Client::named(&[name])?);
        }
        for file in &self.cert {
            clients.push(Client::shows(file)?);
        }
        clients.extend(self.anonymous.then_some(Client::Anonymous));
        let asked = BTreeSet::new();
        let mut all: Vec<Seen> = clients
            .into_iter()
            .map(|client| Seen {
                client,
                asked: asked.clone(),
            })
            .collect();
        if let Some(log) = &self.log {
            let read = File::open(log).and_then(|file| seen(&mut BufReader::new(file)));
            let unreadable = |error| format!("\"{}\" cannot be read: {error}", log.display());
            all.extend(read.map_err(|error| Failure::of(code::UNREADABLE, unreadable(error)))?);
        }
        if all.is_empty() {
            return Err(
                Failure::of(code::NOTHING_TOLD, "no client to compare the decisions about").help(
                    "name some with --identity, --cert or --anonymous, or give a --log that has seen some",
                ),
            );
        }
        Ok(all)
    }
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let clients = args.clients()?;
    let with_trust = clients.iter().any(|seen| seen.client.needs_trust());
    let rules = |file| Ok::<_, Failure>(of_file(file, with_trust)?.with_all_trust()?);
    let (old, new) = (rules(&args.old)?, rules(&args.new)?);
    let (changes, compared) = changes(&old, &new, &clients, Timestamp::now());
    words.json(
        Schema::PolicyDiff,
        json!({
            "clients": clients.len(),
            "decisions": compared,
            "changes": changes.iter().map(described).collect::<Vec<_>>(),
        }),
    );
    for change in &changes {
        words.data(format_args!("{}: {}", change.client, change.asked));
        words.data(format_args!("  before: {}", shown::line(&change.before)));
        words.data(format_args!("  after:  {}", shown::line(&change.after)));
    }
    words.data(format_args!(
        "{} of {compared} decisions change, for {} clients",
        changes.len(),
        clients.len()
    ));
    Ok(if changes.is_empty() { Exit::Yes } else { Exit::No })
}

fn described(change: &Change) -> Value {
    let more = json!({
        "before": shown::decision(&change.before),
        "after": shown::decision(&change.after),
    });
    shown::with_asked(&change.client, &change.asked, more)
}
