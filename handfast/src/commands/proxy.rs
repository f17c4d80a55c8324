//! `handfast proxy`: opens the proxy and keeps it open.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Arg, ArgAction, ArgMatches, FromArgMatches, parser::ValueSource};
use handfast_audit::{Event, Sink};
use handfast_finding::when::when;
use handfast_pki::code;
use handfast_proxy::{
    AccessLog, Detail, Proxy,
    backend::BackendUrl,
    config::{self, Config, RawConfig, Shape},
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
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

/// A flag for each key of the file that can be one.
#[derive(Debug, Default)]
struct Flags {
    /// The name of each flag that was given, with its values.
    given: Vec<(&'static str, Vec<String>)>,
}

impl clap::Args for Flags {
    fn augment_args(command: clap::Command) -> clap::Command {
        let flags = config::KEYS
            .iter()
            .filter_map(|key| Some((key, key.flag.as_ref()?)));
        flags.fold(command, |command, (key, flag)| {
            let arg = Arg::new(key.name)
                .long(key.name)
                .help(flag.help)
                .conflicts_with("config");
            command.arg(match key.shape {
                Shape::Switch => arg.action(ArgAction::SetTrue),
                Shape::Texts => arg.value_name(flag.value).action(ArgAction::Append).num_args(1..),
                _ => arg.value_name(flag.value),
            })
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for key in config::KEYS.iter().filter(|key| key.flag.is_some()) {
            if matches.value_source(key.name) != Some(ValueSource::CommandLine) {
                continue;
            }
            let values = match key.shape {
                Shape::Switch => Vec::new(),
                _ => matches
                    .get_many::<String>(key.name)
                    .map_or_else(Vec::new, |values| values.cloned().collect()),
            };
            self.given.push((key.name, values));
        }
        Ok(())
    }
}

pub fn run(args: &Args, words: &Words) -> Result<Exit, Failure> {
    let (config, file) = match &args.config {
        Some(file) => (
            config::read(file).map_err(Failure::of_problems)?,
            Some(file.clone()),
        ),
        None => (from_flags(&args.flags)?, None),
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

fn from_flags(flags: &Flags) -> Result<Config, Failure> {
    let mut raw = RawConfig::default();
    let mut errors = Vec::new();
    for (name, values) in &flags.given {
        if let Err(problem) = raw.take_flag(name, values.clone()) {
            errors.push(problem);
        }
    }
    match config::resolve(&raw, Path::new(""), None, &mut errors) {
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
