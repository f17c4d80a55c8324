//! `handfast get`: a request over mutual TLS, and the reason when it is refused.

use std::path::PathBuf;

use handfast_doctor::{Wish, judge};
use handfast_report::{exchange, ladder::ladder, schema::Schema};
use handfast_tls::client::Versions;
use jiff::Timestamp;

use crate::{
    failure::{Exit, Failure},
    time,
    words::{Words, width},
};

/// Send a request over mutual TLS, and say in plain words why it is refused
///
/// The body of the answer goes to stdout. After the handshake the server's verdict on our certificate is
/// awaited, so that a refusal of TLS 1.3 is reported as what it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast get https://localhost:8443/ --cert client/tls.crt --key client/tls.key \
--ca client/ca.crt -v"
)]
pub struct Args {
    /// https://HOST[:PORT]/PATH
    pub url: String,
    /// Our certificate, leaf first
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// The key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// The CA bundle that verifies the server
    #[arg(long, value_name = "FILE")]
    pub ca: PathBuf,
    /// Show the handshake as a ladder, on stderr
    #[arg(short, long)]
    pub verbose: bool,
    /// The method; GET, or POST when there is a body
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,
    /// The body, or @FILE
    #[arg(short = 'd', long, value_name = "BODY")]
    pub data: Option<String>,
    /// A header, as "Name: value"; may be repeated
    #[arg(short = 'H', long, value_name = "HEADER")]
    pub header: Vec<String>,
    /// Offer only this version of TLS: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    pub tls: Option<String>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let wish = Wish {
        url: &args.url,
        pair: args.cert.as_deref().zip(args.key.as_deref()),
        ca: &args.ca,
        method: args.method.as_deref(),
        body: args.data.as_deref(),
        headers: &args.header,
        versions: Versions::only(args.tls.as_deref()),
    };
    let (target, ask) = wish.plan(Timestamp::now())?;
    let (trace, answer) = time::wait_for(handfast_doctor::get(&target, &ask))?;
    let finding = judge::request(&trace, answer.as_ref(), Timestamp::now())
        .into_iter()
        .next();
    if args.verbose {
        words.talk(ladder(&trace, width()).trim_end());
        if let Some(answer) = &answer {
            words.talk(format_args!("{:>9}  answered: {}", "", answer.status));
        }
    }
    if words.json {
        words.json(
            Schema::Get,
            exchange::json(&trace, answer.as_ref(), finding.as_ref()),
        );
    } else if let Some(answer) = &answer {
        words.bytes(&answer.body);
    }
    match finding {
        None => Ok(Exit::Yes),
        Some(finding) => {
            let failure = Failure::of_request(&finding);
            if words.json {
                // stdout has its one object already.
                Words::new(false).failure(&failure);
                return Ok(failure.exit);
            }
            Err(failure)
        }
    }
}
