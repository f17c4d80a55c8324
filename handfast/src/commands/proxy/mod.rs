//! `handfast proxy`: opens the proxy and keeps it open.

mod announce;
mod told;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::Sink;
use handfast_proxy::{
    AccessLog, Proxy,
    config::{self, Config, RawConfig, RawFile},
    confine::confine,
    descriptors,
};

use self::announce::announce;
pub use self::{
    announce::{files, warnings},
    told::Told,
};
use crate::{
    commands::flags::{AsFlags, Flags},
    failure::{Exit, Failure},
    places,
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
    /// Everything from a file instead of from flags; without both, that of the system or the user is read
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags<RawConfig>,
}

impl AsFlags for RawConfig {
    const REQUIRED: &'static [&'static str] = &[];
}

/// The file of the system or the user, where nothing is said.
fn found(args: &Args, words: &Words) -> Option<PathBuf> {
    let file = places::configuration().filter(|_| args.flags.are_none())?;
    words.talk(format_args!("handfast: configuration: {}", file.display()));
    Some(file)
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let file = args.config.clone().or_else(|| found(args, words));
    let config = match &file {
        Some(file) => config::read(file).map_err(Failure::of_problems)?,
        None => of_flags(&args.flags)?,
    };
    // Before any thread is started: each is confined as the one that starts it.
    let confined = confine(&config, file.as_deref());
    let log = AccessLog::new(config.detail, std::io::stdout());
    let sink: Arc<dyn Sink> = Arc::new(Told {
        log: log.clone(),
        words: *words,
    });
    let descriptors = descriptors::raise();
    let proxy = config.open(file, sink)?;
    announce(
        &proxy,
        &config,
        &descriptors.shown(&config.limits),
        &confined,
        words,
    );
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

fn of_flags(flags: &Flags<RawConfig>) -> Result<Config, Failure> {
    let mut errors = Vec::new();
    let file = RawFile {
        proxy: flags.table(&mut errors),
        ..RawFile::default()
    };
    match config::resolve(&file, Path::new(""), None, &mut errors) {
        Some(proxy) if errors.is_empty() => Ok(proxy),
        _ => Err(Failure::of_problems(errors)),
    }
}
