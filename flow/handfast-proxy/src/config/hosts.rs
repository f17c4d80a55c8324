//! The full form: listeners with hosts, hosts with routes.

use std::{collections::HashSet, path::Path, sync::Arc};

use handfast_finding::{Place, Problem};
use handfast_pki::{code, name::AltName, text::printable};
use handfast_settings::{Lined, Table, Text};
use http::Method;

use super::{
    address, backends,
    choices::{ClientCertificate, Mode, OnRefusal},
    clients::{self, Read},
    invalid,
    keys::{RawFile, RawHost, RawListener, RawRoute},
    rules, tokens,
};
use crate::{
    backend::BackendSource,
    forward::path::is_normal,
    sources::{ClientCas, HostSource, ListenerSource, PolicySource, RouteSource, Sources},
};

/// What the tables `[[listener]]` come to; everything that is wrong with them is added to `errors`.
pub(super) fn resolve(file: &RawFile, folder: &Path, errors: &mut Vec<Problem>) -> Option<Sources> {
    must_not_stand_in_proxy(file, errors);
    let clients = clients::all(&file.clients, folder, errors);
    let backends = backends::all(&file.backend, folder, errors);
    let mut reading = Reading {
        folder,
        clients: &clients,
        backends,
        errors,
    };
    let listeners: Vec<_> = file.listener.iter().map(|raw| reading.listener(raw)).collect();
    let backends = reading.backends;
    let listeners = listeners.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Sources {
        clients: used(&clients, &listeners),
        backends,
        listeners,
        assertion_key: None,
        waiting: Vec::new(),
    })
}

/// The CAs that hosts name.
fn used(clients: &[Read<'_>], listeners: &[ListenerSource]) -> Vec<ClientCas> {
    let hosts = || listeners.iter().flat_map(|listener| &listener.hosts);
    let is_used = |clients: &&ClientCas| hosts().any(|host| host.clients.contains(&clients.name));
    let all = clients.iter().map(|(_, clients)| clients);
    all.filter(is_used).cloned().collect()
}

/// What a host says is not said of all of them.
fn must_not_stand_in_proxy(file: &RawFile, errors: &mut Vec<Problem>) {
    let raw = &file.proxy;
    let texts = [
        ("listen", raw.listen.as_ref()),
        ("to", raw.to.0.first()),
        ("to-ca", raw.to_ca.as_ref()),
        ("to-cert", raw.to_cert.as_ref()),
        ("to-key", raw.to_key.as_ref()),
        ("cert", raw.cert.as_ref()),
        ("key", raw.key.as_ref()),
        ("client-ca", raw.client_ca.as_ref()),
        ("clients", raw.clients.first()),
        ("crl", raw.crl.first()),
        ("allow", raw.allow.first()),
        ("deny", raw.deny.first()),
    ];
    for (name, text) in texts.into_iter().filter_map(|(name, text)| Some((name, text?))) {
        let problem = invalid(format_args!(
            "\"{name}\" of [proxy] is for the form without [[listener]]"
        ));
        errors.push(text.wrong(problem.help("write it into the listener, host or route that it is for")));
    }
}

/// What is read, and everything that was wrong so far.
struct Reading<'a> {
    folder: &'a Path,
    clients: &'a [Read<'a>],
    /// Also those that routes name by their URL.
    backends: Vec<BackendSource>,
    errors: &'a mut Vec<Problem>,
}

impl Reading<'_> {
    fn missing(&mut self, table: &impl Table, place: &Place) {
        for key in table.missing() {
            let problem = match key {
                "allow" => Problem::new(code::NO_RULE, "no rule says who may ask for the route")
                    .help("name the allowed clients: allow = [\"uri:spiffe://acme/web\"]"),
                key => invalid(format_args!("\"{key}\" is missing")),
            };
            self.errors.push(problem.place(Some(place.clone())));
        }
    }

    fn listener(&mut self, raw: &Lined<RawListener>) -> Option<ListenerSource> {
        self.missing(&raw.table, &raw.place);
        let listen = raw.table.listen.as_ref();
        let listen = listen.and_then(|text| {
            let read = address(&text.text);
            read.map_err(|problem| self.errors.push(text.wrong(problem))).ok()
        });
        let mut seen = Seen::default();
        let hosts: Vec<_> = raw
            .table
            .host
            .iter()
            .map(|host| self.host(host, &mut seen))
            .collect();
        Some(ListenerSource {
            listen: listen?,
            hosts: hosts.into_iter().collect::<Option<_>>()?,
        })
    }

    fn host(&mut self, raw: &Lined<RawHost>, seen: &mut Seen) -> Option<HostSource> {
        let (table, place) = (&raw.table, &raw.place);
        self.missing(table, place);
        let names: Vec<_> = table
            .names
            .iter()
            .filter_map(|text| self.name(text, seen))
            .collect();
        if table.names.is_empty() && !table.default && !table.is_unreadable("names") {
            let problem =
                invalid("the host has no names and is not the default one, so that no client can ask for it");
            let help = "give it names = [\"api.acme.example\"], or default = true";
            self.errors.push(problem.place(Some(place.clone())).help(help));
        }
        if table.default && std::mem::replace(&mut seen.has_default, true) {
            let problem = invalid("two hosts of the listener are the default one");
            self.errors.push(problem.place(Some(place.clone())));
        }
        let optional = table.client_certificate == Some(ClientCertificate::Optional);
        if !optional {
            self.must_not_be_anonymous(&table.route);
        }
        let clients = clients::named(&table.clients, self.clients, self.errors);
        let routes: Vec<_> = table.route.iter().map(|route| self.route(route)).collect();
        self.must_differ(&table.route, &routes);
        let path = |text: &Option<Text>| text.as_ref().map(|text| self.folder.join(&text.text));
        Some(HostSource {
            names,
            is_default: table.default,
            cert: path(&table.cert)?,
            key: path(&table.key)?,
            clients: clients.into_iter().map(|clients| clients.name).collect(),
            routes: routes.into_iter().collect::<Option<_>>()?,
            resumption: table.resumption.unwrap_or(true),
            explains: table.on_refusal == Some(OnRefusal::Explain),
            optional,
            observes: table.mode == Some(Mode::Observe),
        })
    }

    /// Where each client shows a certificate, there is none without one.
    fn must_not_be_anonymous(&mut self, routes: &[Lined<RawRoute>]) {
        let rules = routes.iter().flat_map(|route| &route.table.allow);
        for text in rules.filter(|text| text.text == ANONYMOUS) {
            let problem = invalid("\"anonymous\" at a host where every client must show a certificate");
            let help = "write client-certificate = \"optional\" into the host, or take the rule out";
            self.errors.push(text.wrong(problem.help(help)));
        }
    }

    /// A DNS name in lower case, which no other host of the listener has.
    fn name(&mut self, text: &Text, seen: &mut Seen) -> Option<String> {
        let name = text
            .text
            .strip_suffix('.')
            .unwrap_or(&text.text)
            .to_ascii_lowercase();
        if AltName::dns(&name).is_err() {
            let message = format!("\"{}\" is no DNS name", printable(&text.text));
            let help = "write api.acme.example, *.acme.example, or the xn-- form of a name in other letters";
            self.errors.push(text.wrong(invalid(message).help(help)));
            return None;
        }
        if !seen.names.insert(name.clone()) {
            self.errors.push(text.wrong(invalid(format_args!(
                "two hosts of the listener have the name \"{name}\""
            ))));
        }
        Some(name)
    }

    fn route(&mut self, raw: &Lined<RawRoute>) -> Option<RouteSource> {
        let (table, place) = (&raw.table, &raw.place);
        self.missing(table, place);
        let path = table.path.as_ref().and_then(|text| self.path(text));
        let methods: Vec<_> = table
            .methods
            .iter()
            .filter_map(|text| self.method(text))
            .collect();
        let mut wrong = |text: &Text, problem: Problem| self.errors.push(text.wrong(problem));
        let (anonymous, allow): (Vec<Text>, Vec<Text>) = table
            .allow
            .iter()
            .cloned()
            .partition(|text| text.text == ANONYMOUS);
        let (allow, deny) = (rules(&allow, &mut wrong), rules(&table.deny, &mut wrong));
        let policy = match &table.policy {
            Some(file) => {
                if let Some(text) = table.allow.first().or(table.deny.first()) {
                    let problem =
                        invalid("policy stands in the place of allow and deny, expected one of them");
                    wrong(text, problem.help("write the rules into the policy"));
                }
                PolicySource::Cedar(self.folder.join(&file.text))
            }
            None => PolicySource::Rules {
                allow,
                deny,
                anonymous: !anonymous.is_empty(),
            },
        };
        let to = table.to.as_ref().and_then(|text| self.backend(text));
        let bound_tokens = match &table.bound_tokens {
            Some(raw) => Some(tokens::resolve(raw, self.folder, self.errors)?),
            None => None,
        };
        Some(RouteSource {
            path: path?,
            methods: (!table.methods.is_empty()).then_some(methods),
            policy,
            to: to?,
            bound_tokens,
        })
    }

    /// A path in the one form that requests are compared in.
    fn path(&mut self, text: &Text) -> Option<String> {
        let path = text.text.strip_suffix("/*").unwrap_or(&text.text);
        let path = path.strip_suffix('/').unwrap_or(path);
        let is_normal = is_normal(path);
        if !text.text.starts_with('/') || !is_normal || path.contains('*') {
            let message = format!("\"{}\" is no path that a request can have", printable(&text.text));
            let help = "write / or /reports: begin with a slash, without .. or // and with characters as they are; \
                        a * may only stand for all below, at the end";
            self.errors.push(text.wrong(invalid(message).help(help)));
            return None;
        }
        Some(path.to_owned())
    }

    fn method(&mut self, text: &Text) -> Option<Method> {
        let is_known = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let method = Method::from_bytes(text.text.as_bytes()).ok();
        let method = method.filter(|_| is_known(&text.text));
        if method.is_none() {
            let message = format!("\"{}\" is no method", printable(&text.text));
            self.errors
                .push(text.wrong(invalid(message).help("write it in capitals: GET")));
        }
        method
    }

    /// The name of the backend that `text` names, or whose URL it is.
    fn backend(&mut self, text: &Text) -> Option<Arc<str>> {
        if let Some(known) = self.backends.iter().find(|backend| *backend.name == *text.text) {
            return Some(known.name.clone());
        }
        if !text.text.contains(':') {
            let known: Vec<_> = self.backends.iter().map(|backend| &*backend.name).collect();
            let message = format!(
                "no [[backend]] is called \"{}\", there are: {}",
                printable(&text.text),
                known.join(", ")
            );
            self.errors.push(text.wrong(invalid(message)));
            return None;
        }
        let errors = &mut *self.errors;
        let mut wrong = |text: &Text, problem: Problem| errors.push(text.wrong(problem));
        let to = backends::targets(std::slice::from_ref(text), self.folder, &mut wrong);
        if backends::is_https(&to) {
            let problem = invalid("an https backend is verified, and nothing says by which CA");
            wrong(
                text,
                problem.help("write a [[backend]] with ca = \"ca.crt\", and name it here"),
            );
        }
        let name: Arc<str> = text.text.as_str().into();
        self.backends.push(BackendSource {
            name: name.clone(),
            to,
            ca: None,
            cert: None,
            key: None,
            most: None,
            announces: false,
            assertion: None,
        });
        Some(name)
    }

    /// Two routes of one path for one method: nobody could say which is meant.
    fn must_differ(&mut self, raw: &[Lined<RawRoute>], routes: &[Option<RouteSource>]) {
        let both = |one: &RouteSource, other: &RouteSource| match (&one.methods, &other.methods) {
            (Some(one), Some(other)) => one.iter().any(|method| other.contains(method)),
            (None, None) => true,
            // The one with methods is meant for these.
            _ => false,
        };
        for (number, (raw, route)) in raw.iter().zip(routes).enumerate() {
            let Some(route) = route else { continue };
            let mut before = routes.iter().take(number).flatten();
            if before.any(|other| other.path == route.path && both(other, route)) {
                let message = format!(
                    "two routes of the host are for \"{}/\" and the same method",
                    route.path
                );
                self.errors.push(invalid(message).place(Some(raw.place.clone())));
            }
        }
    }
}

/// The rule of a route for clients without a certificate.
const ANONYMOUS: &str = "anonymous";

/// What hosts of a listener have had already.
#[derive(Default)]
struct Seen {
    names: HashSet<String>,
    has_default: bool,
}
