//! The one-host form: a listener with one host that answers to every name, by flags or in `[proxy]`.

use std::path::Path;

use handfast_finding::{Place, Problem};
use handfast_pki::code;
use handfast_policy::Rule;
use handfast_settings::{Table, Text};

use super::{
    address,
    backends::{is_https, targets},
    choices::{Mode, OnRefusal},
    clients, invalid,
    keys::{RawConfig, RawFile},
    rules,
};
use crate::{
    backend::{BackendSource, BackendUrl},
    sources::{HostSource, ListenerSource, PolicySource, RouteSource, Sources},
};

/// The one backend.
const TO: &str = "to";

/// What `[proxy]` says by itself; everything that is wrong with it is added to `errors`. What is missing is missing at `head`.
pub(super) fn resolve(
    file: &RawFile,
    folder: &Path,
    head: Option<&Place>,
    errors: &mut Vec<Problem>,
) -> Option<Sources> {
    let raw = &file.proxy;
    let mut wrong = |text: &Text, problem: Problem| errors.push(text.wrong(problem));
    let listen = raw
        .listen
        .as_ref()
        .and_then(|text| address(&text.text).map_err(|p| wrong(text, p)).ok());
    let to = targets(&raw.to.0, folder, &mut wrong);
    let allow = rules(&raw.allow, &mut wrong);
    let deny = rules(&raw.deny, &mut wrong);
    missing(raw, head, errors);
    incomplete(raw, &to, errors);
    let clients = clients::of_proxy(file, folder, errors);
    let path = |text: &Option<Text>| text.as_ref().map(|text| folder.join(&text.text));
    let host = HostSource {
        names: Vec::new(),
        is_default: true,
        cert: path(&raw.cert)?,
        key: path(&raw.key)?,
        clients: clients.iter().map(|clients| clients.name.clone()).collect(),
        routes: vec![RouteSource {
            path: String::new(),
            methods: None,
            policy: of_rules(allow, deny),
            to: TO.into(),
            bound_tokens: None,
        }],
        resumption: raw.resumption.unwrap_or(true),
        explains: raw.on_refusal == Some(OnRefusal::Explain),
        optional: false,
        observes: raw.mode == Some(Mode::Observe),
    };
    Some(Sources {
        clients,
        backends: vec![BackendSource {
            name: TO.into(),
            to,
            ca: path(&raw.to_ca),
            cert: path(&raw.to_cert),
            key: path(&raw.to_key),
            most: None,
            announces: raw.to_proxy_protocol,
            assertion: None,
        }],
        listeners: vec![ListenerSource {
            listen: listen?,
            hosts: vec![host],
        }],
        assertion_key: None,
        waiting: Vec::new(),
    })
}

/// Clients without a certificate are for the form with hosts.
fn of_rules(allow: Vec<Rule>, deny: Vec<Rule>) -> PolicySource {
    PolicySource::Rules {
        allow,
        deny,
        anonymous: false,
    }
}

/// The keys without which there is no host.
fn missing(raw: &RawConfig, head: Option<&Place>, errors: &mut Vec<Problem>) {
    let is_given = [
        ("listen", raw.listen.is_some()),
        ("to", !raw.to.0.is_empty()),
        ("cert", raw.cert.is_some()),
        ("key", raw.key.is_some()),
        (
            "client-ca",
            raw.client_ca.is_some() || !raw.clients.is_empty() || raw.is_unreadable("clients"),
        ),
    ];
    let is_missing = |(name, given): &&(&str, bool)| !given && !raw.is_unreadable(name);
    for (name, _) in is_given.iter().filter(is_missing) {
        errors.push(invalid(format_args!("\"{name}\" is missing")).place(head.cloned()));
    }
    if raw.allow.is_empty() && !raw.is_unreadable("allow") {
        let problem = Problem::new(code::NO_RULE, "no rule says who may connect").help(
            "name the allowed clients: --allow uri:spiffe://acme/web, or --allow any for every verified certificate",
        );
        errors.push(problem.place(head.cloned()));
    }
    debug_assert!(raw.missing().is_empty(), "nothing else has to be given");
}

/// What is missing only because something else is there.
fn incomplete(raw: &RawConfig, to: &[BackendUrl], errors: &mut Vec<Problem>) {
    let needs_ca = is_https(to) && !raw.is_unreadable("to-ca");
    if let (Some(text), true, None) = (raw.to.0.first(), needs_ca, &raw.to_ca) {
        let problem = invalid("an https backend is verified, and nothing says by which CA")
            .help("say by which CA: --to-ca ca.crt, or to-ca = \"ca.crt\"");
        errors.push(text.wrong(problem));
    }
    let is_wrong = raw.is_unreadable("to-cert") || raw.is_unreadable("to-key");
    if let ((Some(text), None) | (None, Some(text)), false) = ((&raw.to_cert, &raw.to_key), is_wrong) {
        let problem = invalid("to-cert and to-key belong together, one of them is missing");
        errors.push(text.wrong(problem));
    }
}
