//! `handfast clients`: the client certificates that a running proxy has seen, and which of them expire soon.

use handfast_finding::when::when;
use handfast_pki::text::printable;
use handfast_proxy::admin;
use handfast_report::schema::Schema;
use handfast_values::duration;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// List the client certificates that a running proxy has seen: where, when last, and until when they are valid
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast clients --admin http://127.0.0.1:9443\n  handfast clients --admin unix:admin.sock --expiring 14d\n\n\
With --expiring, exit code 0 means that none expires within that time, and 1 that some do."
)]
pub struct Args {
    /// The admin port of the proxy, as its --admin says: http://127.0.0.1:PORT or unix:PATH
    #[arg(long, value_name = "URL")]
    admin: String,
    /// Only certificates that expire within this time, such as 14d, or have expired
    #[arg(long, value_name = "TIME", value_parser = within)]
    expiring: Option<SignedDuration>,
}

fn within(text: &str) -> Result<SignedDuration, String> {
    duration(text).map_err(|error| format!("{error}; {}", error.hint))
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let said = admin::ask(&args.admin, "/v1/clients")?;
    let answer: Value = serde_json::from_slice(&said).unwrap_or_default();
    let now = Timestamp::now();
    let clients = answer["clients"].as_array().cloned().unwrap_or_default();
    let clients: Vec<Value> = match args.expiring {
        Some(within) => {
            let expires =
                |client: &Value| not_after(client).is_some_and(|end| end.duration_since(now) <= within);
            clients.into_iter().filter(expires).collect()
        }
        None => clients,
    };
    words.json(Schema::Clients, json!({ "clients": clients }));
    for client in &clients {
        words.data(line(client, now));
    }
    match (args.expiring, clients.is_empty()) {
        (Some(_), true) => words.data("no client certificate expires within this time"),
        (None, true) => words.data("no client certificate was seen yet"),
        (Some(_), false) => return Ok(Exit::No),
        (None, false) => words.next(format_args!(
            "handfast clients --admin {} --expiring 14d",
            args.admin
        )),
    }
    Ok(Exit::Yes)
}

fn not_after(client: &Value) -> Option<Timestamp> {
    client["not_after"].as_str()?.parse().ok()
}

/// Identity, end, place and last time on one line.
fn line(client: &Value, now: Timestamp) -> String {
    let text = |value: &Value| value.as_str().map(printable);
    let called = text(&client["identity"]["called"]).unwrap_or_default();
    let end = not_after(client).map_or_else(String::new, |end| when(end, now));
    let place = match (text(&client["denied"]), text(&client["host"])) {
        (Some(code), _) => format!("denied [{code}]"),
        (None, host) => {
            let routes = client["routes"].as_array();
            let routes: Vec<String> = routes.into_iter().flatten().filter_map(text).collect();
            format!("{} {}", host.unwrap_or_default(), routes.join(" "))
        }
    };
    let last = text(&client["last"]).unwrap_or_default();
    let issuer = text(&client["issuer"]).unwrap_or_default();
    format!(
        "{called}  {end}  at {}  last {last}  issued by {issuer}",
        place.trim()
    )
}
