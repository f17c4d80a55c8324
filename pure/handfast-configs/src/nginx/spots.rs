//! What ties a configuration of nginx to its machine.

use super::tokens::Directive;
use crate::spot::{Found, Listen, Material, Role, Top, opens, port, told_apart};

/// Blocks that stand in the file which nginx reads itself, and nowhere else.
const WHOLE: [&str; 4] = ["events", "http", "stream", "mail"];

const FILES: [(&str, Material); 5] = [
    ("ssl_certificate", Material::Certificate),
    ("ssl_certificate_key", Material::Key),
    ("ssl_client_certificate", Material::Cas),
    ("ssl_trusted_certificate", Material::Cas),
    ("ssl_crl", Material::Crl),
];

/// About this machine alone: where it logs, who it runs as, where it keeps what passes.
const GONE: [&str; 12] = [
    "access_log",
    "error_log",
    "client_body_temp_path",
    "proxy_temp_path",
    "fastcgi_temp_path",
    "uwsgi_temp_path",
    "scgi_temp_path",
    "user",
    "pid",
    "lock_file",
    "daemon",
    "master_process",
];

/// Folders and files that are written to.
const OUTPUT: [&str; 5] = [
    "proxy_cache_path",
    "fastcgi_cache_path",
    "uwsgi_cache_path",
    "scgi_cache_path",
    "proxy_store",
];

/// Whether it is the file that nginx reads itself, and no part of one.
pub(crate) fn is_whole(tree: &[Directive]) -> bool {
    tree.iter().any(|top| WHOLE.contains(&top.name.as_str()))
}

pub(crate) fn find(tree: &[Directive], found: &mut Found) {
    for top in tree {
        found.tops.push(Top {
            name: top.name.text.clone(),
            span: top.span.clone(),
            inside: top.inner.clone(),
        });
    }
    let mut upstreams = Vec::new();
    collect(tree, &mut upstreams);
    let level = Level {
        upstreams: &upstreams,
        is_http: true,
        is_upstream: false,
    };
    level.walk(tree, found);
}

/// The names of the groups of services.
fn collect<'a>(tree: &'a [Directive], found: &mut Vec<&'a str>) {
    for directive in tree {
        if directive.name == "upstream" {
            found.push(directive.first());
        }
        collect(directive.inside(), found);
    }
}

/// Where in a configuration a directive stands.
#[derive(Clone, Copy)]
struct Level<'a> {
    upstreams: &'a [&'a str],
    is_http: bool,
    is_upstream: bool,
}

impl Level<'_> {
    fn walk(&self, directives: &[Directive], found: &mut Found) {
        for directive in directives {
            self.look(directive, found);
        }
    }

    fn look(&self, directive: &Directive, found: &mut Found) {
        let name = directive.name.as_str();
        let (first, rest) = match directive.words.split_first() {
            Some((first, rest)) => (Some(first), rest),
            None => (None, directive.words.as_slice()),
        };
        if GONE.contains(&name) {
            return found.gone(&directive.span);
        }
        match (name, first) {
            ("mail", _) => return,
            ("load_module", Some(path)) => return found.word(path, Role::Path),
            ("server_name", _) if self.is_http => {
                let names = directive.words.iter().map(|name| name.text.clone());
                return found.names.extend(names);
            }
            ("listen", Some(_)) => return listen(directive, found),
            ("server", Some(service)) if self.is_upstream => return found.backend(service),
            ("proxy_store", Some(first)) if *first == "on" || *first == "off" => return,
            (_, Some(path)) if OUTPUT.contains(&name) => found.word(path, Role::Output),
            (_, Some(service)) if name.ends_with("_pass") && !self.is_group(service) => {
                found.backend(service)
            }
            (_, Some(path)) => match FILES.iter().find(|(known, _)| *known == name) {
                Some((_, material)) => found.word(path, Role::File(*material)),
                None => found.word(path, Role::Word),
            },
            (_, None) => {}
        }
        found.words(rest);
        let inner = Level {
            is_http: self.is_http && name != "stream",
            is_upstream: name == "upstream",
            ..*self
        };
        if let ("server", Some(inside), true) = (name, &directive.inner, self.is_http) {
            let says = |inner: &Directive| inner.name == "listen";
            if !directive.inside().iter().any(says) {
                // Where nothing is said, nginx listens on port 80 of every address.
                let mut begin = inside.clone();
                begin.range.end = begin.range.start;
                let listen = Listen {
                    called: "80".to_owned(),
                    before: "\n    listen 127.0.0.1:",
                    after: ";",
                    opens: true,
                };
                found.add(&begin, "", Role::Listen(listen));
            }
        }
        inner.walk(directive.inside(), found);
    }

    /// Whether it names a group of services.
    fn is_group(&self, service: &str) -> bool {
        let host = service.split_once("://").map_or(service, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        self.upstreams.contains(&host)
    }
}

fn listen(directive: &Directive, found: &mut Found) {
    let Some((address, flags)) = directive.words.split_first() else {
        return;
    };
    for flag in flags.iter().filter(|flag| flag.starts_with("ipv6only=")) {
        found.gone(&flag.span);
    }
    if address.starts_with("unix:") {
        return found.word(address, Role::Word);
    }
    let called = match port(address) {
        Some(port) => told_apart(address, port),
        None => format!("{}:80", address.as_str()),
    };
    found.word(address, opens(called));
}
