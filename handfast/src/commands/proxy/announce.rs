//! What the operator reads when the proxy is open.

use std::fmt::Display;

use handfast_finding::when::when;
use handfast_pki::code;
use handfast_proxy::{
    Detail, HostSource, PolicySource, Proxy, config::Config, confine::Confined, live::State,
};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use crate::words::Words;

pub(super) fn announce(
    proxy: &Proxy,
    config: &Config,
    descriptors: &str,
    confined: &Confined,
    words: &Words,
) {
    let state = proxy.live().state();
    let (allow, deny) = rules(config);
    let addresses: Vec<String> = proxy.addresses().iter().map(ToString::to_string).collect();
    // One line, like everything that follows it on stdout.
    words.json_line(
        Schema::AccessLog,
        json!({ "event": "open", "address": proxy.address().to_string(), "addresses": addresses, "allow": allow }),
    );
    listening(proxy, config, words);
    for own in state.own() {
        words.talk(format_args!(
            "  certificate: \"{}\", {}",
            own.called(),
            when(own.not_after(), Timestamp::now())
        ));
    }
    words.talk(format_args!("  allow: {}", allow.join(", ")));
    if let Some(admin) = proxy.admin() {
        words.talk(format_args!("  admin port: {admin}"));
    }
    if !deny.is_empty() {
        words.talk(format_args!("  deny: {}", deny.join(", ")));
    }
    for warning in warnings(&state) {
        words.talk(format_args!("  warning: {warning}"));
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
    words.talk(files(confined));
    words.talk("  reload: SIGHUP, or replace the files; stop: Ctrl-C or SIGTERM");
}

/// Where it listens, for whom, and where requests go.
fn listening(proxy: &Proxy, config: &Config, words: &Words) {
    let listeners = proxy.addresses().iter().zip(&config.sources.listeners);
    let targets = config.sources.backends.iter().flat_map(|backend| &backend.to);
    let targets: Vec<String> = targets.map(ToString::to_string).collect();
    for (address, listener) in listeners {
        let hosts: Vec<String> = listener
            .hosts
            .iter()
            .map(named)
            .filter(|name| !name.is_empty())
            .collect();
        let hosts = if hosts.is_empty() {
            String::new()
        } else {
            format!(" for {}", hosts.join("; "))
        };
        words.talk(format_args!(
            "handfast: listening on {address}, reverse proxy to {}{hosts}",
            targets.join(", ")
        ));
    }
}

/// The names of a host, and that it is the default one where it has any.
fn named(host: &HostSource) -> String {
    let names = host.names.join(", ");
    match (names.is_empty(), host.is_default) {
        (false, true) => format!("{names} (default)"),
        _ => names,
    }
}

/// What allows and what denies, each with its path where there are several routes.
fn rules(config: &Config) -> (Vec<String>, Vec<String>) {
    let routes: Vec<_> = config.sources.hosts().flat_map(|host| &host.routes).collect();
    let (mut allow, mut deny) = (Vec::new(), Vec::new());
    for route in &routes {
        let shown = |rule: &dyn Display| match routes.len() {
            1 => rule.to_string(),
            _ => format!("{rule} on {}/", route.path),
        };
        match &route.policy {
            PolicySource::Rules {
                allow: more,
                deny: less,
                anonymous,
            } => {
                allow.extend(more.iter().map(|rule| shown(rule)));
                allow.extend(anonymous.then(|| shown(&"anonymous")));
                deny.extend(less.iter().map(|rule| shown(rule)));
            }
            PolicySource::Cedar(path) => allow.push(shown(&format_args!("policy \"{}\"", path.display()))),
        }
    }
    (allow, deny)
}

/// What an operator should know of a state that is good.
pub fn warnings(state: &State) -> Vec<String> {
    let old = state.left_out().map(|old| {
        let called = old.called();
        format!(
            "the CA \"{called}\" has expired and is left out  [{}]",
            code::EXPIRED
        )
    });
    let unbound = state.unbound().map(|(bundle, cas)| {
        let cas: Vec<_> = cas.iter().map(|ca| format!("\"{ca}\"")).collect();
        format!(
            "each CA of \"{bundle}\" may vouch for every name, also for those of the others' clients: {}; to bind them, \
             write a [[clients]] with names for each, and clients = [...] instead of client-ca",
            cas.join(", ")
        )
    });
    let observing = state.observing().map(|host| {
        format!(
            "the host \"{host}\" only observes: it serves EVERY client, also without a certificate or with one that is \
             rejected; the access log says who would be  [{}]",
            code::OBSERVES
        )
    });
    let pointless = state.pointless().map(|host| {
        format!("the host \"{host}\" asks for no certificate, and no route of it allows \"anonymous\": who shows none is rejected")
    });
    let kept = state.kept_beyond_their_end(Timestamp::now()).map(|(list, end)| {
        format!(
            "the revocation list \"{list}\" ended at {end}; what was revoked since is not known  [{}]",
            code::CRL_UNUSABLE
        )
    });
    let all = observing.chain(old).chain(unbound).chain(pointless).chain(kept);
    all.collect()
}

/// How far the process is confined to its files.
pub fn files(confined: &Confined) -> String {
    match confined {
        Confined::To(folders) => {
            let folders: Vec<String> = folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect();
            format!("  files: confined by Landlock to {}", folders.join(", "))
        }
        Confined::Not(why) => format!("  files: not confined, {why}"),
        Confined::Unwanted => "  warning: files are not confined (dangerously-unconfined)".to_owned(),
    }
}
