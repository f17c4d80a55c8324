//! Whose configuration it is, told by what it is made of: a tree of YAML or JSON by its keys, directives by their names.
//! The name of the file counts where the text tells nothing. What fits none is named where it can be, and is never taken
//! for the nearest.

mod others;

use std::path::Path;

use super::{
    Kind,
    files::Opened,
    nginx,
    node::{self, Node, Value},
};

/// Whose a configuration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Of a program that we read.
    Ours(Kind),
    /// Of another one, by its name.
    Other(&'static str),
    Unknown,
}

impl Kind {
    /// Of the file `path` with this text; `None` where neither tells.
    pub fn told_by(path: &Path, text: &str) -> Option<Self> {
        match told(path, text) {
            Told::Ours(kind) => Some(kind),
            Told::Other(_) | Told::Unknown => None,
        }
    }
}

/// Of the file `path` with this text.
pub(super) fn told(path: &Path, text: &str) -> Told {
    if let Some(roots) = trees(text) {
        return of_trees(&roots);
    }
    if let Some(other) = others::of_text(path, text) {
        return Told::Other(other);
    }
    let kind = of_directives(text).or_else(|| of_name(path));
    kind.map_or(Told::Unknown, Told::Ours)
}

/// The documents of a text that is YAML or JSON with keys at its root, or a list of such.
fn trees(text: &str) -> Option<Vec<Node>> {
    let is_key = |name: &str| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_-./@$".contains(c);
        !name.is_empty() && name.chars().all(is_part)
    };
    let has_keys = |node: &Node| match &node.value {
        Value::Map(entries) => entries.iter().all(|(key, _)| is_key(&key.written)),
        _ => false,
    };
    let opened = Opened {
        part: 0,
        text: text.into(),
    };
    let documents = node::read("", &opened).ok()?;
    let is_tree = |document: &Node| match &document.value {
        Value::List(list) => !list.is_empty() && list.iter().all(has_keys),
        Value::Map(entries) => !entries.is_empty() && has_keys(document),
        Value::Null => true,
        Value::Text(_) => false,
    };
    let is_empty = documents
        .iter()
        .all(|document| matches!(document.value, Value::Null));
    (!is_empty && documents.iter().all(is_tree)).then_some(documents)
}

fn of_trees(roots: &[Node]) -> Told {
    if let Some(other) = roots.iter().find_map(others::of_kubernetes) {
        return Told::Other(other);
    }
    if roots.iter().any(is_envoy) {
        return Told::Ours(Kind::Envoy);
    }
    if roots.iter().any(|root| !root.at("apps").entries().is_empty()) {
        return Told::Ours(Kind::Caddy);
    }
    let other = roots.iter().find_map(others::of_tree);
    other.map_or(Told::Unknown, Told::Other)
}

/// A bootstrap, a listener or a TLS context alone, or what a control plane hands out.
fn is_envoy(root: &Node) -> bool {
    let is_typed = |node: &Node| {
        let kind = node.at("@type").text();
        kind.is_some_and(|kind| kind.starts_with("type.googleapis.com/envoy."))
    };
    let is_root = ["static_resources", "dynamic_resources"]
        .iter()
        .any(|name| root.at(name).is_there());
    is_root
        || root.all().into_iter().any(|node| {
            is_typed(node)
                || ["filter_chains", "default_filter_chain", "common_tls_context"]
                    .iter()
                    .any(|name| node.at(name).is_there())
        })
}

fn of_directives(text: &str) -> Option<Kind> {
    let statements: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    // Nobody else ends every directive with a semicolon or a brace; but others end theirs so as well.
    if nginx::tokens::names(text).is_some_and(|names| names.iter().any(|name| is_of_nginx(name))) {
        return Some(Kind::Nginx);
    }
    if is_haproxy(&statements) {
        return Some(Kind::HaProxy);
    }
    if statements.iter().any(|line| is_of_apache(line)) {
        return Some(Kind::Apache);
    }
    if is_caddyfile(&statements) {
        return Some(Kind::Caddy);
    }
    // One that is cut, or broken somewhere, is said to be broken by its reader.
    if statements.iter().any(|line| is_cut_nginx(line)) {
        return Some(Kind::Nginx);
    }
    let is_envoy = |line: &&str| {
        let key = line.trim_start_matches("- ");
        [
            "static_resources:",
            "dynamic_resources:",
            "filter_chains:",
            "filterChains:",
        ]
        .iter()
        .any(|word| key.starts_with(word))
    };
    statements.iter().any(is_envoy).then_some(Kind::Envoy)
}

/// The directives of nginx that a file of it can hardly be without, and the beginnings of the names of its modules.
fn is_of_nginx(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "http",
        "events",
        "server",
        "stream",
        "location",
        "upstream",
        "map",
        "geo",
        "split_clients",
        "types",
        "listen",
        "server_name",
        "worker_processes",
        "worker_connections",
        "root",
        "alias",
        "try_files",
        "return",
        "rewrite",
        "include",
        "load_module",
        "pid",
        "user",
        "sendfile",
        "resolver",
        "set",
        "if",
        "deny",
        "allow",
        "satisfy",
        "log_format",
        "default_type",
        "underscores_in_headers",
        "server_tokens",
    ];
    const MODULES: [&str; 15] = [
        "ssl_",
        "proxy_",
        "grpc_",
        "fastcgi_",
        "uwsgi_",
        "scgi_",
        "add_header",
        "access_log",
        "error_log",
        "error_page",
        "client_",
        "limit_",
        "auth_",
        "real_ip",
        "js_",
    ];
    // BIND, dhcpd and others have some of these, too, and options that nginx has not.
    NAMES.contains(&name) || MODULES.iter().any(|module| name.starts_with(module))
}

fn is_cut_nginx(line: &str) -> bool {
    const BLOCKS: [&str; 9] = [
        "http", "server", "events", "stream", "location", "upstream", "map", "geo", "types",
    ];
    let first = line.split_whitespace().next().unwrap_or_default();
    let opens = line.ends_with('{') && BLOCKS.contains(&first.trim_end_matches('{'));
    opens || line.ends_with(';') && is_of_nginx(first.trim_end_matches(';')) && first.contains('_')
}

/// HAProxy has nothing in front of its first section. A part of one begins with the line of an address.
fn is_haproxy(statements: &[&str]) -> bool {
    const SECTIONS: [(&str, usize); 16] = [
        ("global", 1),
        ("defaults", 4),
        ("frontend", 3),
        ("backend", 4),
        ("listen", 3),
        ("peers", 2),
        ("resolvers", 2),
        ("userlist", 2),
        ("cache", 2),
        ("mailers", 2),
        ("program", 2),
        ("ring", 2),
        ("http-errors", 2),
        ("crt-store", 2),
        ("fcgi-app", 2),
        ("log-forward", 2),
    ];
    let Some(first) = statements.first().filter(|line| !line.ends_with(['{', ';'])) else {
        return false;
    };
    let line = first.split(" #").next().unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_section = SECTIONS
        .iter()
        .any(|(name, most)| words.first() == Some(name) && words.len() <= *most);
    let is_bind = words.first() == Some(&"bind")
        && words
            .iter()
            .any(|word| matches!(*word, "ssl" | "crt" | "ca-file" | "verify"));
    // `Listen 443` is Apache's, and has no name of a section behind it.
    let is_port =
        words.first() == Some(&"listen") && words.get(1).is_some_and(|word| word.parse::<u16>().is_ok());
    (is_section && !is_port) || is_bind
}

fn is_of_apache(line: &str) -> bool {
    const SECTIONS: [&str; 17] = [
        "virtualhost",
        "directory",
        "directorymatch",
        "location",
        "locationmatch",
        "files",
        "filesmatch",
        "ifmodule",
        "ifdefine",
        "ifversion",
        "proxy",
        "proxymatch",
        "limit",
        "limitexcept",
        "macro",
        "requireall",
        "requireany",
    ];
    const NAMES: [&str; 20] = [
        "listen",
        "loadmodule",
        "servername",
        "serverroot",
        "documentroot",
        "serveralias",
        "serveradmin",
        "directoryindex",
        "customlog",
        "errorlog",
        "proxypass",
        "proxypassreverse",
        "requestheader",
        "rewriteengine",
        "rewriterule",
        "rewritecond",
        "sslengine",
        "includeoptional",
        "allowoverride",
        "setenvif",
    ];
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default().to_ascii_lowercase();
    if let Some(section) = first.strip_prefix('<') {
        return line.ends_with('>') && SECTIONS.contains(&section.trim_end_matches('>'));
    }
    let is_port = |word: &str| word.contains(|c: char| c.is_ascii_digit());
    if first == "listen" {
        return words.next().is_some_and(is_port) && !line.ends_with([';', '{']);
    }
    // Others write `ssl = on`, and `SSLProtocol: x`.
    let has_value = words.next().is_some_and(|value| !value.starts_with(['=', ':']));
    let is_named = NAMES.contains(&first.as_str())
        || first
            .strip_prefix("ssl")
            .is_some_and(|rest| rest.len() > 3 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    is_named && has_value && !line.ends_with([';', '{'])
}

/// An address, or a directive that nobody else has.
fn is_caddyfile(statements: &[&str]) -> bool {
    const ITS_OWN: [&str; 13] = [
        "reverse_proxy",
        "client_auth",
        "file_server",
        "php_fastcgi",
        "trust_pool",
        "header_up",
        "header_down",
        "strict_sni_host",
        "handle_path",
        "trusted_ca_cert_file",
        "trusted_leaf_cert_file",
        "acme_server",
        "request_header",
    ];
    const SHARED: [&str; 12] = [
        "tls", "respond", "handle", "route", "encode", "log", "root", "redir", "header", "import", "abort",
        "error",
    ];
    let first_of = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    let names: Vec<String> = statements.iter().map(|line| first_of(line)).collect();
    let semicolons = statements.iter().any(|line| line.ends_with(';'));
    if semicolons {
        return false;
    }
    if names.iter().any(|name| ITS_OWN.contains(&name.as_str())) {
        return true;
    }
    let Some(first) = statements.first() else {
        return false;
    };
    let addresses = first.trim_end_matches('{').trim();
    let is_address = |address: &str| {
        let address = address.trim_end_matches(',');
        address.contains('.') || address.contains(':') || address == "localhost"
    };
    // A snippet, `(name) {`, or the global options.
    let is_snippet = addresses.starts_with('(') && addresses.ends_with(')') && first.ends_with('{');
    let is_site = !addresses.is_empty() && addresses.split_whitespace().all(is_address);
    let goes_on = names.iter().skip(1).any(|name| SHARED.contains(&name.as_str()));
    (is_snippet || is_site) && (goes_on || first.ends_with('{'))
}

/// Where the text tells nothing.
fn of_name(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let whole = path.to_string_lossy().to_lowercase();
    let said = |words: &[&str]| words.iter().any(|word| whole.contains(word));
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    if name.starts_with("caddyfile") || extension == Some("caddyfile") || said(&["caddy"]) {
        return Some(Kind::Caddy);
    }
    if name == ".htaccess" || said(&["apache", "httpd"]) {
        return Some(Kind::Apache);
    }
    let known = [
        ("nginx", Kind::Nginx),
        ("haproxy", Kind::HaProxy),
        ("envoy", Kind::Envoy),
    ];
    known
        .into_iter()
        .find(|(word, _)| said(&[word]))
        .map(|(_, kind)| kind)
}
