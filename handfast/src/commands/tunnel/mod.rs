//! `handfast tunnel`: plain bytes in, mutual TLS out.

mod settings;

use std::{path::PathBuf, sync::Arc};

use handfast_audit::Sink;
use handfast_pki::code;
use handfast_proxy::{AccessLog, Tunnel, descriptors};
use handfast_report::schema::Schema;
use serde_json::json;

use crate::{
    commands::proxy::Told,
    failure::{Exit, Failure},
    signals::{self, Signal},
    words::Words,
};

/// Carry plain connections over mutual TLS, for programs that speak no TLS themselves
///
/// The server's name and chain are verified for every connection, and its identity too where --expect says
/// so. One JSON line per connection goes to stdout.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast tunnel --listen 127.0.0.1:5432 --to db.acme.example:8443 \
--cert client/tls.crt --key client/tls.key --ca client/ca.crt --expect uri:spiffe://acme/db"
)]
pub struct Args {
    /// Where to listen, in plain text, on this machine: 127.0.0.1:PORT or [::1]:PORT
    #[arg(long, value_name = "ADDRESS")]
    listen: String,
    /// Listen in plain text on an address that others can reach: they use our certificate, and the network reads along
    #[arg(long)]
    unsafe_listen: bool,
    /// The server: its host is also the name that it must have
    #[arg(long, value_name = "HOST:PORT")]
    to: String,
    /// Our certificate, leaf first
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The key of --cert
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The CA bundle that verifies the server
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// What the server must be beside its name: uri:..., dns:..., fingerprint:...; one of several is enough
    #[arg(long, value_name = "RULE")]
    expect: Vec<String>,
    /// What to write down: off or connections
    #[arg(long, value_name = "WHAT", default_value = "connections", value_parser = ["off", "connections"])]
    log: String,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let settings = settings::settings(args)?;
    let log = AccessLog::new(settings.detail, std::io::stdout());
    let sink: Arc<dyn Sink> = Arc::new(Told {
        log: log.clone(),
        words: *words,
    });
    let descriptors = descriptors::raise().shown(&settings.limits);
    let tunnel = Tunnel::open(settings, sink)?;
    words.json_line(
        Schema::AccessLog,
        json!({ "event": "open", "address": tunnel.address().to_string() }),
    );
    words.talk(format_args!(
        "handfast: listening on {}, the tunnel to {}",
        tunnel.address(),
        args.to
    ));
    if !tunnel.address().ip().is_loopback() {
        words.talk(format_args!(
            "  warning: everyone who can reach {} uses this certificate, in plain text  [{}]",
            tunnel.address(),
            code::OPEN_PLAINTEXT
        ));
    }
    words.talk(descriptors);
    words.talk("  reload: SIGHUP, or replace the files; stop: Ctrl-C or SIGTERM");
    let force_close = tunnel.force_close();
    let drained = signals::serve_until_told(
        tunnel,
        |tunnel, signal| match signal {
            Signal::Reload => tunnel.reload(),
            Signal::Stop => words.talk("handfast: closing the tunnel; connections may end"),
        },
        Tunnel::close,
        move || force_close.now(),
    );
    log.finish();
    words.talk(format_args!(
        "handfast: the tunnel is closed, {} connections were cut",
        drained.cut
    ));
    Ok(Exit::Yes)
}
