//! `handfast proxy`: opens the door and keeps it open.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::{Event, Sink};
use handfast_finding::when::when;
use handfast_pki::code;
use handfast_proxy::{
    AccessLog, Detail, Proxy,
    backend::BackendUrl,
    config::{self, Config, RawConfig},
    descriptors,
};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use crate::{
    failure::{Exit, Failure},
    signals::{self, Signal},
    words::Words,
};

/// Run the reverse proxy: mutual TLS in front of a service, for the clients that a rule allows
///
/// One JSON line per connection goes to stdout. Certificate, key, CAs and rules are reloaded on SIGHUP
/// and when a file changes; if they cannot be loaded, the last good state stays active. SIGTERM and Ctrl-C
/// drain open connections, and close those that remain.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  handfast proxy --listen :8443 --to http://127.0.0.1:9000 --cert server/tls.crt \
--key server/tls.key --client-ca server/ca.crt --allow uri:spiffe://acme/web"
)]
pub struct Args {
    /// Everything from a file instead of from flags
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listen", "to", "to_ca", "to_cert", "to_key", "cert", "key", "client_ca", "allow", "xfcc", "strip_headers", "dangerously_pass_headers", "log", "workers"])]
    config: Option<PathBuf>,
    /// Where to listen; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The service: http://H:P, https://H:P, tcp://H:P or unix:PATH
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The CA of an https service
    #[arg(long, value_name = "FILE")]
    to_ca: Option<String>,
    /// The certificate to show to an https service that asks for one
    #[arg(long, value_name = "FILE", requires = "to_key")]
    to_cert: Option<String>,
    /// The key of --to-cert
    #[arg(long, value_name = "FILE", requires = "to_cert")]
    to_key: Option<String>,
    /// The proxy's certificate, leaf first
    #[arg(long, value_name = "FILE")]
    cert: Option<String>,
    /// The key of --cert
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
    /// The CA bundle that verifies client certificates
    #[arg(long, value_name = "FILE")]
    client_ca: Option<String>,
    /// The clients that are allowed: any, uri:..., dns:..., email:..., cn:... or fingerprint:...; may be repeated
    #[arg(long, value_name = "RULE", num_args = 1..)]
    allow: Vec<String>,
    /// Send the identity as X-Forwarded-Client-Cert, too
    #[arg(long)]
    xfcc: bool,
    /// Take these headers out of requests as well; NAME*, for all that begin so; may be repeated
    #[arg(long, value_name = "NAME", num_args = 1..)]
    strip_headers: Vec<String>,
    /// Let clients set these headers, although applications read an identity or address from them; may be repeated
    #[arg(long, value_name = "NAME", num_args = 1..)]
    dangerously_pass_headers: Vec<String>,
    /// What to write down: off, connections or requests
    #[arg(long, value_name = "WHAT")]
    log: Option<String>,
    /// Threads; as many as processors when not given
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let (config, file) = match &args.config {
        Some(file) => (
            config::read(file).map_err(Failure::of_problems)?,
            Some(file.clone()),
        ),
        None => (from_flags(args)?, None),
    };
    let log = AccessLog::new(config.detail, std::io::stdout());
    let sink: Arc<dyn Sink> = Arc::new(Told {
        log: log.clone(),
        words: *words,
    });
    let descriptors = descriptors::raise();
    let proxy = config.open(file, sink)?;
    announce(&proxy, &config, &descriptors.shown(&config.limits), words);
    let force_close = proxy.force_close();
    let drained = signals::serve_until_told(
        proxy,
        |proxy, signal| match signal {
            Signal::Reload => proxy.reload(),
            Signal::Stop => words.talk("handfast: shutting down; draining open connections"),
        },
        Proxy::close,
        move || force_close.now(),
    );
    log.finish();
    words.talk(match drained.cut {
        0 => "handfast: stopped, every connection ended by itself".to_owned(),
        cut => format!("handfast: stopped, {cut} connections were cut"),
    });
    Ok(Exit::Yes)
}

fn from_flags(args: &Args) -> Result<Config, Failure> {
    let text = |flag: &Option<String>| flag.clone().map(Into::into);
    let raw = RawConfig {
        listen: text(&args.listen),
        to: text(&args.to),
        to_ca: text(&args.to_ca),
        to_cert: text(&args.to_cert),
        to_key: text(&args.to_key),
        cert: text(&args.cert),
        key: text(&args.key),
        client_ca: text(&args.client_ca),
        allow: args.allow.iter().cloned().map(Into::into).collect(),
        xfcc: args.xfcc,
        strip_headers: args.strip_headers.iter().cloned().map(Into::into).collect(),
        pass_headers: args
            .dangerously_pass_headers
            .iter()
            .cloned()
            .map(Into::into)
            .collect(),
        log: text(&args.log),
        workers: args.workers,
        ..RawConfig::default()
    };
    let mut errors = Vec::new();
    match config::resolve(&raw, Path::new(""), &mut errors) {
        Some(proxy) if errors.is_empty() => Ok(proxy),
        _ => Err(Failure::of_problems(errors)),
    }
}

fn announce(proxy: &Proxy, config: &Config, descriptors: &str, words: &Words) {
    let state = proxy.live().state();
    let rules: Vec<String> = config.sources.rules.iter().map(ToString::to_string).collect();
    // One line, like everything that follows it on stdout.
    words.json_line(
        Schema::AccessLog,
        json!({ "event": "open", "address": proxy.address().to_string(), "allow": rules }),
    );
    words.talk(format_args!(
        "handfast: listening on {}, reverse proxy to {}",
        proxy.address(),
        shown(&config.target)
    ));
    for own in state.own() {
        words.talk(format_args!(
            "  certificate: \"{}\", {}",
            own.called(),
            when(own.not_after(), Timestamp::now())
        ));
    }
    words.talk(format_args!("  allow: {}", rules.join(", ")));
    for old in state.left_out() {
        words.talk(format_args!(
            "  warning: the CA \"{}\" has expired and is left out  [{}]",
            old.called(),
            code::EXPIRED
        ));
    }
    if !config.reserved.passed().is_empty() {
        words.talk(format_args!(
            "  warning: clients may set {}, from which applications read an identity or address",
            config.reserved.passed().join(", ")
        ));
    }
    if config.detail == Detail::Off {
        words.talk("  nothing is written down (--log off)");
    }
    words.talk(descriptors);
    words.talk("  reload: SIGHUP, or replace the files; stop: Ctrl-C or SIGTERM");
}

fn shown(target: &BackendUrl) -> String {
    match target {
        BackendUrl::Http { host, port } => format!("http://{host}:{port}"),
        BackendUrl::Https { host, port } => format!("https://{host}:{port}"),
        BackendUrl::Tcp { host, port } => format!("tcp://{host}:{port}"),
        BackendUrl::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// The log, and what of it the operator should read at once.
pub struct Told {
    pub log: Arc<AccessLog>,
    pub words: Words,
}

impl Sink for Told {
    fn take(&self, event: Event) {
        if let Event::Reload(reload) = &event {
            match (&reload.code, &reload.reason) {
                (Some(code), Some(reason)) => self.words.talk(format_args!(
                    "handfast: reload refused, the last good state stays active: {reason}  [{code}]"
                )),
                _ => self.words.talk(format_args!(
                    "handfast: reloaded, generation {} active",
                    reload.generation
                )),
            }
            if !reload.restart_for.is_empty() {
                let what = reload.restart_for.join(", ");
                self.words.talk(format_args!("  restart to apply: {what}"));
            }
        }
        if let Event::Shortage(shortage) = &event {
            self.words.talk(format_args!(
                "handfast: {} ({} times)  [{}]",
                shortage.reason, shortage.times, shortage.code
            ));
        }
        self.log.take(event);
    }
}
