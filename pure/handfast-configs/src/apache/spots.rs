//! What ties a configuration of Apache httpd to its machine.

use super::lines::Node;
use crate::spot::{Found, Listen, Material, Role, opens, port};

const FILES: [(&str, Material); 6] = [
    ("SSLCertificateFile", Material::Certificate),
    ("SSLCertificateKeyFile", Material::Key),
    ("SSLCACertificateFile", Material::Cas),
    ("SSLCADNRequestFile", Material::Cas),
    ("SSLCertificateChainFile", Material::Cas),
    ("SSLCARevocationFile", Material::Crl),
];

/// Folders of hashed files, and the directive that takes one file in their place.
const FOLDERS: [(&str, &str, Material); 3] = [
    ("SSLCACertificatePath", "SSLCACertificateFile", Material::Cas),
    ("SSLCADNRequestPath", "SSLCADNRequestFile", Material::Cas),
    ("SSLCARevocationPath", "SSLCARevocationFile", Material::Crl),
];

/// About this machine alone: where it lies, where it logs, who it runs as, what it shares.
const GONE: [&str; 18] = [
    "ServerRoot",
    "DefaultRuntimeDir",
    "PidFile",
    "ScoreBoardFile",
    "Mutex",
    "User",
    "Group",
    "ChrootDir",
    "CoreDumpDirectory",
    "ErrorLog",
    "CustomLog",
    "GlobalLog",
    "TransferLog",
    "ForensicLog",
    "SSLSessionCache",
    "SSLStaplingCache",
    "SSLUseStapling",
    "ScriptSock",
];

/// What may follow the address that a directive names, and where that stands.
const BACKENDS: [(&str, usize); 4] = [
    ("ProxyPass", 1),
    ("ProxyPassMatch", 1),
    ("BalancerMember", 0),
    ("RewriteRule", 1),
];

pub(crate) fn find(tree: &[Node], found: &mut Found) {
    let mut opened = Vec::new();
    walk(tree, "", &mut opened, found);
}

/// `guard` is what has to hold for these to be read; `opened` are ports with theirs.
fn walk(nodes: &[Node], guard: &str, opened: &mut Vec<(u16, String)>, found: &mut Found) {
    for node in nodes {
        if node.asks() {
            let guard = format!("{guard}{} {}\n", node.name.to_lowercase(), node.rest);
            walk(node.inside(), &guard, opened, found);
            continue;
        }
        if node.is("Listen") {
            listen(node, guard, opened, found);
            continue;
        }
        look(node, found);
        walk(node.inside(), guard, opened, found);
    }
}

fn look(node: &Node, found: &mut Found) {
    let is_mpm = node.is("LoadModule") && node.first().starts_with("mpm_");
    if is_mpm || GONE.iter().any(|name| node.is(name)) {
        return found.gone(&node.span);
    }
    if node.is("VirtualHost") {
        for address in &node.words {
            if let Some(port) = port(address) {
                let names = Listen {
                    called: port.to_string(),
                    before: "127.0.0.1:",
                    after: "",
                    opens: false,
                };
                found.word(address, Role::Listen(names));
            }
        }
        return;
    }
    if node.is("ServerName") || node.is("ServerAlias") {
        return found
            .names
            .extend(node.words.iter().map(|name| name.text.clone()));
    }
    let first = node.words.first();
    if let (Some((_, instead, material)), Some(path)) =
        (FOLDERS.iter().find(|(name, _, _)| node.is(name)), first)
    {
        found.word(&node.name, Role::Instead(instead));
        return found.word(path, Role::File(*material));
    }
    if let (Some((_, material)), Some(path)) = (FILES.iter().find(|(name, _)| node.is(name)), first) {
        return found.word(path, Role::File(*material));
    }
    if node.is("LoadModule") || node.is("DocumentRoot") {
        let path = node.words.last();
        return path.into_iter().for_each(|path| found.word(path, Role::Path));
    }
    if node.is("CacheRoot") || node.is("DavLockDB") {
        return first.into_iter().for_each(|path| found.word(path, Role::Output));
    }
    backends(node, found);
    found.words(&node.words);
}

/// The services that `node` sends requests on to.
fn backends(node: &Node, found: &mut Found) {
    if let Some((_, at)) = BACKENDS.iter().find(|(name, _)| node.is(name)) {
        // Within `<Location>` there is no path before it.
        let named = node.words.iter().skip(*at).chain(&node.words);
        let mut named = named.filter(|word| word.contains("://"));
        if let Some(service) = named.next() {
            found.backend(service);
        }
    }
    if let (true, Some(handler)) = (node.is("SetHandler"), node.words.first())
        && handler.starts_with("proxy:")
    {
        found.backend(handler);
    }
}

/// An address is opened once: two of one port would be the same on loopback.
fn listen(node: &Node, guard: &str, opened: &mut Vec<(u16, String)>, found: &mut Found) {
    let Some((address, port)) = node
        .words
        .first()
        .and_then(|address| Some((address, port(address)?)))
    else {
        return found.words(&node.words);
    };
    let is_open = |(known, under): &(u16, String)| *known == port && guard.starts_with(under.as_str());
    if opened.iter().any(is_open) {
        return found.gone(&node.span);
    }
    opened.push((port, guard.to_owned()));
    found.word(address, opens(port.to_string()));
}
