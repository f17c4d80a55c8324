//! What the operator reads when the proxy is open.

use handfast_finding::when::when;
use handfast_pki::code;
use handfast_policy::Rule;
use handfast_proxy::{Detail, Proxy, config::Config, confine::Confined, live::State};
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
    let rules = shown_rules(&config.sources.allow);
    // One line, like everything that follows it on stdout.
    words.json_line(
        Schema::AccessLog,
        json!({ "event": "open", "address": proxy.address().to_string(), "allow": rules }),
    );
    let targets = config.sources.backends.iter().flat_map(|backend| &backend.to);
    let targets: Vec<String> = targets.map(ToString::to_string).collect();
    words.talk(format_args!(
        "handfast: listening on {}, reverse proxy to {}",
        proxy.address(),
        targets.join(", ")
    ));
    for own in state.own() {
        words.talk(format_args!(
            "  certificate: \"{}\", {}",
            own.called(),
            when(own.not_after(), Timestamp::now())
        ));
    }
    words.talk(format_args!("  allow: {}", rules.join(", ")));
    if let Some(admin) = proxy.admin() {
        words.talk(format_args!("  admin port: {admin}"));
    }
    if !config.sources.deny.is_empty() {
        words.talk(format_args!(
            "  deny: {}",
            shown_rules(&config.sources.deny).join(", ")
        ));
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

fn shown_rules(rules: &[Rule]) -> Vec<String> {
    rules.iter().map(ToString::to_string).collect()
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
    old.chain(unbound).collect()
}

/// How far the process is confined to its files.
fn files(confined: &Confined) -> String {
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
