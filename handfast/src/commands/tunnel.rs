//! `handfast tunnel`: plain bytes in, mutual TLS out.

use std::{path::PathBuf, sync::Arc};

use handfast_audit::Sink;
use handfast_credentials::load;
use handfast_finding::Problem;
use handfast_pki::{Purpose, code};
use handfast_policy::{Policy, Rule};
use handfast_proxy::{AccessLog, Detail, Limits, Tunnel, TunnelSettings, config, descriptors};
use handfast_report::schema::Schema;
use handfast_tls::{Client, client};
use handfast_values::{Endpoint, Form};
use jiff::Timestamp;
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
    /// Where to listen, in plain text: keep it on this machine
    #[arg(long, value_name = "ADDRESS")]
    listen: String,
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
    let settings = settings(args)?;
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

fn settings(args: &Args) -> Result<TunnelSettings, Problem> {
    let Endpoint { host, port } = Endpoint::read(&args.to, &Form::CONNECT)?;
    let rules: Vec<Rule> = args
        .expect
        .iter()
        .map(|text| {
            text.parse::<Rule>().map_err(|error| {
                Problem::new(code::BAD_RULE, format_args!("rule {error}")).help(error.hint())
            })
        })
        .collect::<Result<_, _>>()?;
    let expectation = if rules.is_empty() {
        format!("dns:{host}")
    } else {
        args.expect.join(" or ")
    };
    let policy = match rules.is_empty() {
        true => None,
        false => Some(Arc::new(
            Policy::new(rules).map_err(|error| Problem::new(error.code(), error))?,
        )),
    };
    let (cert, key, ca) = (args.cert.clone(), args.key.clone(), args.ca.clone());
    let files = vec![cert.clone(), key.clone(), ca.clone()];
    let make = move || {
        let now = Timestamp::now();
        let expected = policy.clone();
        let settings = client::Settings {
            trust: Arc::new(load::anchors(&ca, now)?.into()),
            credentials: Some(load::credentials(&cert, &key, Purpose::Client, now)?),
            admission: expected.map(|policy| -> handfast_tls::Condition {
                Arc::new(move |chain| policy.decide(chain).is_ok())
            }),
            alpn: Vec::new(),
            versions: client::Versions::Both,
            secrets: None,
            probing: Default::default(),
        };
        Client::new(settings).map_err(|error| Problem::new(error.code(), error))
    };
    Ok(TunnelSettings {
        listen: config::address(&args.listen)?,
        host,
        port,
        make: Arc::new(make),
        files,
        expectation,
        limits: Limits::default(),
        detail: if args.log == "off" {
            Detail::Off
        } else {
            Detail::Connections
        },
    })
}
