//! `handfast health`: whether a running proxy lives and is ready, for probes that have no HTTP client.

use handfast_pki::text::printable;
use handfast_proxy::admin;
use handfast_report::{
    schema::Schema,
    style::{BAD, GOOD},
};
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Ask a running proxy whether it is ready for connections, or, with --live, whether it lives
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast health --admin http://127.0.0.1:9443\n  handfast health --admin unix:admin.sock --live\n\n\
Exit code 0 means yes, 1 no, and 3 that nothing answers: what probes of containers ask for."
)]
pub struct Args {
    /// The admin port of the proxy, as its --admin says: http://127.0.0.1:PORT or unix:PATH
    #[arg(long, value_name = "URL")]
    admin: String,
    /// Whether the event loop of every worker moves; a proxy that drains lives, and is not ready
    #[arg(long)]
    live: bool,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let path = if args.live { "/healthz" } else { "/readyz" };
    let health = admin::health(&args.admin, path)?;
    let said = printable(&health.said);
    words.json(
        Schema::Health,
        json!({ "asked": path, "good": health.is_good, "said": said }),
    );
    if health.is_good {
        words.data(format_args!("{GOOD}{said}{GOOD:#}"));
        return Ok(Exit::Yes);
    }
    words.data(format_args!("{BAD}{said}{BAD:#}"));
    Ok(Exit::No)
}
