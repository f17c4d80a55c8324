//! `handfast proxy`: opens the door and keeps it open.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use handfast_audit::{Event, Sink};
use handfast_credentials::load;
use handfast_finding::when::when;
use handfast_pki::{Purpose, code};
use handfast_proxy::{
    Backend, Detail, Door, Log, Problem, ReadSources, Settings, Sources,
    backend::{self, Target},
    config::{self, Proxy, Trouble, Written},
    descriptors,
};
use handfast_tls::{Client, client};
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
    let (meant, config) = match &args.config {
        Some(file) => (
            config::read(file).map_err(|troubles| failure(file, troubles))?,
            Some(file.clone()),
        ),
        None => (from_flags(args)?, None),
    };
    let log = Log::new(meant.detail, std::io::stdout());
    let sink: Arc<dyn Sink> = Arc::new(Told {
        log: log.clone(),
        words: *words,
    });
    let descriptors = descriptors::raise();
    let door = open(&meant, config, sink).map_err(of_problem)?;
    announce(&door, &meant, &descriptors.told(&meant.limits), words);
    let hurry = door.hurry();
    let drained = signals::serve_until_told(
        door,
        |door, signal| match signal {
            Signal::Reload => door.reload(),
            Signal::Stop => words.talk("handfast: shutting down; draining open connections"),
        },
        Door::close,
        move || hurry.now(),
    );
    log.finish();
    words.talk(match drained.cut {
        0 => "handfast: stopped, every connection ended by itself".to_owned(),
        cut => format!("handfast: stopped, {cut} connections were cut"),
    });
    Ok(Exit::Yes)
}

/// Opens the door that is meant.
pub fn open(meant: &Proxy, config: Option<PathBuf>, sink: Arc<dyn Sink>) -> Result<Door, Problem> {
    let sources: ReadSources = match config.clone() {
        Some(file) => {
            let opened = meant.clone();
            Arc::new(move || match config::read(&file) {
                Ok(now) => Ok(Sources {
                    waiting: opened.fixed_differences(&now),
                    ..now.sources
                }),
                Err(troubles) => Err(first(&file, &troubles)),
            })
        }
        None => {
            let fixed = meant.sources.clone();
            Arc::new(move || Ok(fixed.clone()))
        }
    };
    let settings = Settings {
        listen: meant.listen,
        backend: backend(meant)?,
        sources,
        config,
        xfcc: meant.xfcc,
        reserved: meant.reserved.clone(),
        workers: meant.workers,
        limits: meant.limits.clone(),
        detail: meant.detail,
    };
    Door::open(settings, sink)
}

/// The backend that is meant, its TLS set up.
pub fn backend(meant: &Proxy) -> Result<Backend, Problem> {
    Ok(match meant.target.clone() {
        Target::Http { host, port } => Backend::Http { host, port },
        Target::Tcp { host, port } => Backend::Tcp { host, port },
        Target::Unix(path) => Backend::Unix(path),
        Target::Https { host, port } => {
            let now = Timestamp::now();
            let tls = &meant.backend_tls;
            let missing = || Problem::new(code::BAD_TRUST_FILE, "an https backend needs --to-ca");
            let anchors = load::anchors(tls.ca.as_deref().ok_or_else(missing)?, now)?;
            let credentials = match (&tls.cert, &tls.key) {
                (Some(cert), Some(key)) => Some(load::credentials(cert, key, Purpose::Client, now)?),
                _ => None,
            };
            let settings = client::Settings {
                server_anchors: Arc::new(anchors),
                credentials,
                admission: None,
                alpn: vec!["http/1.1".to_owned()],
                versions: client::Versions::Both,
                secrets: None,
                probing: Default::default(),
            };
            let client = Client::new(settings).map_err(|error| Problem::new(error.code(), error))?;
            backend::https(host, port, client)?
        }
    })
}

fn from_flags(args: &Args) -> Result<Proxy, Failure> {
    let text = |flag: &Option<String>| flag.clone().map(Into::into);
    let written = Written {
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
        ..Written::default()
    };
    let mut troubles = Vec::new();
    match config::meant(&written, Path::new(""), &mut troubles) {
        Some(proxy) if troubles.is_empty() => Ok(proxy),
        _ => Err(of_flags(troubles)),
    }
}

/// Problems of flags as one failure: the first one leads, the others follow.
fn of_flags(troubles: Vec<Trouble>) -> Failure {
    let mut problems = troubles.into_iter().map(|trouble| trouble.problem);
    let Some(first) = problems.next() else {
        return Failure::bug("a configuration without meaning and without problem");
    };
    problems.fold(of_problem(first), |failure, next| {
        let failure = failure.detail(format!("{}  [{}]", next.message, next.code));
        match (failure.hint.is_none(), next.hint) {
            (true, Some(hint)) => failure.hint(hint),
            _ => failure,
        }
    })
}

/// Problems of a file as one failure, each with its line.
pub fn failure(file: &Path, troubles: Vec<Trouble>) -> Failure {
    let mut troubles = troubles.into_iter();
    let Some(leading) = troubles.next() else {
        return Failure::bug("a configuration without meaning and without problem");
    };
    let mut failure = Failure::new(Exit::Misuse, leading.problem.code, leading.shown(file));
    failure.hint = leading.problem.hint;
    troubles.fold(failure, |failure, next| {
        failure.detail(format!("{}  [{}]", next.shown(file), next.problem.code))
    })
}

/// The first of several problems, for a reload that can tell one.
fn first(file: &Path, troubles: &[Trouble]) -> Problem {
    match troubles.first() {
        Some(trouble) => Problem {
            message: trouble.shown(file),
            ..trouble.problem.clone()
        },
        None => Problem::new(code::CONFIG_INVALID, file.display()),
    }
}

/// A problem as bad configuration.
pub fn of_problem(problem: Problem) -> Failure {
    let failure = Failure::new(Exit::Misuse, problem.code, problem.message);
    match problem.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn announce(door: &Door, meant: &Proxy, descriptors: &str, words: &Words) {
    let state = door.live().state();
    let rules: Vec<String> = meant.sources.rules.iter().map(ToString::to_string).collect();
    if words.json {
        // One line, like everything that follows it on stdout.
        println!(
            "{}",
            json!({"event": "open", "address": door.address().to_string(), "allow": rules})
        );
    }
    words.talk(format_args!(
        "handfast: listening on {}, reverse proxy to {}",
        door.address(),
        shown(&meant.target)
    ));
    words.talk(format_args!(
        "  certificate: \"{}\", {}",
        state.own().called(),
        when(state.own().not_after(), Timestamp::now())
    ));
    words.talk(format_args!("  allow: {}", rules.join(", ")));
    for old in state.left_out() {
        words.talk(format_args!(
            "  warning: the CA \"{}\" has expired and is left out  [{}]",
            old.called(),
            code::EXPIRED
        ));
    }
    if !meant.reserved.passed().is_empty() {
        words.talk(format_args!(
            "  warning: clients may set {}, from which applications read an identity or address",
            meant.reserved.passed().join(", ")
        ));
    }
    if meant.detail == Detail::Off {
        words.talk("  nothing is written down (--log off)");
    }
    words.talk(descriptors);
    words.talk("  reload: SIGHUP, or replace the files; stop: Ctrl-C or SIGTERM");
}

fn shown(target: &Target) -> String {
    match target {
        Target::Http { host, port } => format!("http://{host}:{port}"),
        Target::Https { host, port } => format!("https://{host}:{port}"),
        Target::Tcp { host, port } => format!("tcp://{host}:{port}"),
        Target::Unix(path) => format!("unix:{}", path.display()),
    }
}

/// The log, and what of it the operator should read at once.
pub struct Told {
    pub log: Arc<Log>,
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
