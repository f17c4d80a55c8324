//! What the operator reads when the proxy is open.

use handfast_finding::when::when;
use handfast_pki::code;
use handfast_proxy::{Detail, Proxy, backend::BackendUrl, config::Config};
use handfast_report::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use crate::words::Words;

pub(super) fn announce(proxy: &Proxy, config: &Config, descriptors: &str, words: &Words) {
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
