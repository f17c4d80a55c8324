//! `handfast policy explain`: what is decided about one client and one request, and why.

use std::path::PathBuf;

use handfast_proxy::rehearsal::{Asked, Client};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use super::{Rules, shown};
use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Say what is decided about a client and a request, by which rule, and what would have to change
///
/// Exit code 0 means that the request is allowed, 1 that it is denied.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast policy explain --config handfast.toml --identity uri:spiffe://acme/web --path /orders\n  \
handfast policy explain --config handfast.toml --cert client/tls.crt --host api.acme.example --method POST --path /orders\n  \
handfast policy explain --policy orders.cedar --anonymous"
)]
pub struct Args {
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    whom: Whom,
    /// The name of the host that is asked for, with or without a port; the default host when not given
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The method
    #[arg(long, value_name = "METHOD", default_value = "GET")]
    method: String,
    /// The path
    #[arg(long, value_name = "PATH", default_value = "/")]
    path: String,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Whom {
    /// A name of the client, written as a rule: uri:spiffe://acme/web; may be repeated
    #[arg(long, value_name = "NAME")]
    identity: Vec<String>,
    /// The certificate of the client, judged by the CAs and revocation lists of the host
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// A client without a certificate
    #[arg(long)]
    anonymous: bool,
}

impl Whom {
    fn client(&self) -> Result<Client, Failure> {
        Ok(match &self.cert {
            Some(file) => Client::shows(file)?,
            None if self.anonymous => Client::Anonymous,
            None => Client::named(&self.identity)?,
        })
    }
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let client = args.whom.client()?;
    let rules = args.rules.read(client.needs_trust())?;
    let asked = Asked {
        host: args.host.clone(),
        method: args.method.clone(),
        path: args.path.clone(),
    };
    let decision = rules.decide(&client, &asked, Timestamp::now());
    let members = json!({ "decision": shown::decision(&decision) });
    words.json(
        Schema::PolicyExplain,
        shown::with_asked(&client.to_string(), &asked, members),
    );
    words.data(shown::line(&decision));
    words.data(format_args!("  {client}: {asked}"));
    shown::tell_rest(&decision, words);
    Ok(if decision.is_allowed { Exit::Yes } else { Exit::No })
}
