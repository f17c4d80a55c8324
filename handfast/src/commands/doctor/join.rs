//! `handfast doctor join`: what the client saw and what the proxy logged, of the same handshake.

use std::path::PathBuf;

use handfast_credentials::files;
use handfast_report::{
    join::{client, join},
    joined,
    schema::Schema,
};

use crate::{
    failure::{Exit, Failure},
    words::Words,
};

/// Join what a client saw with what the proxy logged
///
/// Both record the same connection ID. The client knows only the alert, the proxy knows the reason.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast get https://proxy.example:8443/ --ca ca.crt --cert tls.crt --key tls.key --json > client.json\n  handfast doctor join client.json access.log"
)]
pub struct Join {
    /// The client's report, made with doctor --json or get --json
    #[arg(value_name = "CLIENT.JSON")]
    client: PathBuf,
    /// The access log of the proxy
    #[arg(value_name = "ACCESS.LOG")]
    log: PathBuf,
}

pub fn run(args: &Join, words: &Words) -> Result<Exit, Failure> {
    let client = client(&args.client, &files::read(&args.client)?)?;
    let log = String::from_utf8_lossy(&files::read(&args.log)?).into_owned();
    let joined = join(client, &log).map_err(|apart| apart.problem(&args.client, &args.log))?;
    words.json(Schema::Join, joined::json(&joined));
    words.data(joined::side_by_side(&joined).trim_end());
    Ok(Exit::found(&joined.findings))
}
