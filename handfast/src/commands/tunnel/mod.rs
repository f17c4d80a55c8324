//! `handfast tunnel`: plain bytes in, mutual TLS out.

mod announce;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::Sink;
use handfast_proxy::{
    AccessLog, Detail, Tunnels,
    confine::confine_tunnels,
    descriptors,
    tunnel::{
        TunnelConfig,
        config::{self, tunnel},
        keys::RawTunnel,
    },
};

use self::announce::announce;
pub use self::announce::open_to_others;
use crate::{
    commands::{
        flags::{AsFlags, Flags},
        proxy::{Told, files},
    },
    failure::{Exit, Failure},
    signals::{self, Signal},
    words::Words,
};

/// Carry plain connections over mutual TLS, for programs that speak no TLS themselves
///
/// The server's name and chain are verified for every connection, and its identity too where --expect says
/// so. One JSON line per connection goes to stdout. A file has many tunnels, unix sockets, and certificates by
/// destination and caller; it is reloaded on SIGHUP and when it changes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  handfast tunnel --listen 127.0.0.1:5432 --to db.acme.example:8443 \
--cert client/tls.crt --key client/tls.key --ca client/ca.crt --expect uri:spiffe://acme/db\n  handfast tunnel --config tunnel.toml"
)]
pub struct Args {
    /// Everything from a file instead of from flags, and any number of tunnels
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags<RawTunnel>,
    /// What to write down: off or connections
    #[arg(long, value_name = "WHAT", default_value = "connections", value_parser = ["off", "connections"], conflicts_with = "config")]
    log: String,
    /// Keep the right to read and write every file, instead of the confinement by Landlock
    #[arg(long, conflicts_with = "config")]
    dangerously_unconfined: bool,
}

impl AsFlags for RawTunnel {
    const REQUIRED: &'static [&'static str] = &["listen", "to", "cert", "key", "ca"];
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let (config, file) = match &args.config {
        Some(file) => (
            config::read(file).map_err(Failure::of_problems)?,
            Some(file.clone()),
        ),
        None => (of_flags(args)?, None),
    };
    // Before any thread is started: each is confined as the one that starts it.
    let confined = confine_tunnels(&config, file.as_deref());
    let log = AccessLog::new(config.detail, std::io::stdout());
    let sink: Arc<dyn Sink> = Arc::new(Told {
        log: log.clone(),
        words: *words,
    });
    let descriptors = descriptors::raise().shown(&config.limits);
    let tunnels = config.open(file, sink)?;
    announce(&tunnels, &config, words);
    words.talk(descriptors);
    words.talk(files(&confined));
    words.talk("  reload: SIGHUP, or replace the files; stop: Ctrl-C or SIGTERM");
    let force_close = tunnels.force_close();
    let drained = signals::serve_until_told(
        tunnels,
        |tunnels, signal| match signal {
            Signal::Reload => tunnels.reload(),
            Signal::Stop => words.talk("handfast: closing the tunnel; connections may end"),
        },
        Tunnels::close,
        move || force_close.now(),
    );
    log.finish();
    words.talk(format_args!(
        "handfast: the tunnel is closed, {} connections were cut",
        drained.cut
    ));
    Ok(Exit::Yes)
}

fn of_flags(args: &Args) -> Result<TunnelConfig, Failure> {
    let mut errors = Vec::new();
    let raw = args.flags.table(&mut errors);
    let detail = if args.log == "off" {
        Detail::Off
    } else {
        Detail::Connections
    };
    match tunnel(&raw, Path::new(""), None, &mut errors) {
        Some(tunnel) if errors.is_empty() => Ok(TunnelConfig {
            dangerously_unconfined: args.dangerously_unconfined,
            ..TunnelConfig::of_one(tunnel, detail)
        }),
        _ => Err(Failure::of_problems(errors)),
    }
}
