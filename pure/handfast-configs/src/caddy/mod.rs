//! Caddy: the sites of a Caddyfile, or the connection policies of its JSON.

mod auth;
mod json;
mod reaches;
pub(super) mod spots;
#[cfg(test)]
mod tests;
pub(super) mod tokens;
mod ways;

use tokens::Node;

use super::{
    address,
    files::{Opened, Reader},
    rules,
    site::{Asks, Crossing, Found, Later, Material, Pair, Said, Site, Source},
    trouble::Trouble,
};

/// Directives that a file may begin with when it is the inside of a site.
const DIRECTIVES: [&str; 12] = [
    "tls",
    "client_auth",
    "reverse_proxy",
    "request_header",
    "header",
    "handle",
    "handle_path",
    "route",
    "respond",
    "encode",
    "log",
    "root",
];

/// The sites of the configuration `file`.
pub(super) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Found, Trouble> {
    if is_json(&opened.text) {
        return json::read(file, opened, reader);
    }
    let nodes = tokens::read(file, opened, reader)?;
    let (global, nodes): (Vec<Node>, Vec<Node>) = nodes.into_iter().partition(|node| node.words.is_empty());
    let crossing = crossing(&global);
    let mut sites = Vec::new();
    for block in blocks(nodes) {
        sites.extend(site(&block, crossing.as_ref(), reader));
    }
    let admins = global.iter().flat_map(|options| options.all("admin"));
    let admins = admins
        .filter(|admin| is_open_admin(admin.word(1)))
        .map(|admin| Said::new((), admin.written(), &admin.place))
        .collect();
    Ok(Found { sites, admins })
}

/// Whether other machines can connect to the interface of the running program.
fn is_open_admin(address: &str) -> bool {
    !["", "off"].contains(&address) && !address::is_local(address)
}

/// Whether it is the configuration that Caddy makes of a Caddyfile.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\":")
}

/// The blocks of sites. One site may stand without braces, and a snippet without a site.
fn blocks(nodes: Vec<Node>) -> Vec<Node> {
    let Some(first) = nodes.first() else {
        return Vec::new();
    };
    let (place, span) = (first.place.clone(), first.span.clone());
    if DIRECTIVES.contains(&first.word(0)) {
        return vec![Node {
            words: Vec::new(),
            inside: Some(nodes),
            place,
            span,
            inner: None,
        }];
    }
    if first.inside.is_none() {
        let mut nodes = nodes.into_iter();
        let words = nodes.next().map(|first| first.words).unwrap_or_default();
        return vec![Node {
            words,
            inside: Some(nodes.collect()),
            place,
            span,
            inner: None,
        }];
    }
    // `&(name)` is a route for others to invoke.
    nodes
        .into_iter()
        .filter(|node| !node.word(0).starts_with("&("))
        .collect()
}

/// What the global options say of Host and SNI.
fn crossing(global: &[Node]) -> Option<Said<Crossing>> {
    let servers = global.iter().flat_map(|options| options.all("servers"));
    let strict = servers.flat_map(|server| server.all("strict_sni_host")).last()?;
    let value = match strict.word(1) {
        "insecure_off" => Crossing::Allowed,
        _ => Crossing::Refused,
    };
    Some(Said::new(value, strict.written(), &strict.place))
}

/// Where an address listens, its host, and whether that is with TLS.
fn address(written: &str) -> (String, String, bool) {
    let (scheme, rest) = written.split_once("://").unwrap_or(("", written));
    let rest = rest.split('/').next().unwrap_or_default();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) && !port.is_empty() => (host, port),
        _ => (rest, if scheme == "http" { "80" } else { "443" }),
    };
    let is_tls = scheme != "http" && port != "80";
    (format!(":{port}"), host.to_owned(), is_tls)
}

fn site(block: &Node, crossing: Option<&Said<Crossing>>, reader: &Reader<'_>) -> Vec<Site> {
    let written = block.words.iter().flat_map(|word| word.split(',')).map(str::trim);
    let mut addresses: Vec<&str> = written.filter(|word| !word.is_empty()).collect();
    if addresses.is_empty() {
        addresses.push(":443");
    }
    let called = if block.words.is_empty() {
        "this snippet".to_owned()
    } else {
        format!("site \"{}\"", addresses[0])
    };
    let mut sites = Vec::new();
    for is_tls in [true, false] {
        let here: Vec<(String, String, bool)> = addresses
            .iter()
            .map(|written| address(written))
            .filter(|(_, _, tls)| *tls == is_tls)
            .collect();
        if here.is_empty() {
            continue;
        }
        let mut site = Site::new(called.clone(), &block.place);
        for (address, host, _) in here {
            site.is_default |= host.is_empty();
            site.names.extend((!host.is_empty()).then_some(host));
            if !site.addresses.contains(&address) {
                site.addresses.push(address);
            }
        }
        site.is_tls = is_tls;
        if let Some(said) = crossing {
            site.crossing = said.clone();
        }
        if is_tls {
            tls(&mut site, block, reader);
        }
        conduct(&mut site, block);
        sites.push(site);
    }
    sites
}

fn tls(site: &mut Site, block: &Node, reader: &Reader<'_>) {
    let material = |written: &str, node: &Node| Material {
        name: written.to_owned(),
        source: Source::Path(reader.locate(written)),
        place: node.place.clone(),
    };
    for tls in block.all("tls") {
        if let [_, certificate, key] = tls.words.as_slice() {
            site.pairs.push(Pair {
                certificate: material(certificate, tls),
                key: Some(material(key, tls)),
            });
        }
        for protocols in tls.all("protocols") {
            let old = protocols
                .words
                .iter()
                .skip(1)
                .filter(|version| rules::is_old_version(version));
            let old =
                old.map(|version| Said::new(version.text.clone(), protocols.written(), &protocols.place));
            site.old_versions.extend(old);
        }
        for ciphers in tls.all("ciphers") {
            let weak = ciphers
                .words
                .iter()
                .skip(1)
                .flat_map(|suite| rules::weak_ciphers(suite));
            let weak = weak.map(|suite| Said::new(suite, ciphers.written(), &ciphers.place));
            site.weak_ciphers.extend(weak);
        }
        for auth in tls.all("client_auth") {
            auth::fill(site, auth, reader);
        }
    }
    for auth in block.all("client_auth") {
        auth::fill(site, auth, reader);
    }
}

/// Whether a text speaks of the client's certificate.
fn speaks(text: &str) -> bool {
    text.contains("tls_client_") || text.contains("tls.client.")
}

/// Whether it tells clients with a certificate from those without. Where there is none, Caddy answers for one that is
/// empty: its subject is "", its fingerprint is that of nothing, and neither is null.
fn speaks_of_presence(text: &str) -> bool {
    let is_of_hash = text.contains("fingerprint") || text.contains("certificate_");
    let about_nothing = ["\"\"", "''", ".+", ".*"]
        .iter()
        .any(|value| text.contains(value));
    speaks(text) && !text.contains("null") && !(is_of_hash && about_nothing)
}

/// Whether it speaks of what nobody can write into a certificate of his own.
fn speaks_of_proof(text: &str) -> bool {
    const PROVEN: [&str; 4] = ["fingerprint", "certificate_pem", "certificate_der", "public_key"];
    speaks_of_presence(text) && PROVEN.iter().any(|part| text.contains(part))
}

/// What can be done with a request of some clients and not of others.
const DECIDE: [&str; 8] = [
    "respond",
    "error",
    "abort",
    "redir",
    "handle",
    "route",
    "reverse_proxy",
    "rewrite",
];

/// What becomes of a client once the handshake is over.
fn conduct(site: &mut Site, block: &Node) {
    let all = everything(block);
    let is_meant = if site.asks.value == Asks::Unverified {
        speaks_of_proof
    } else {
        speaks_of_presence
    };
    let matchers: Vec<&Node> = all
        .iter()
        .copied()
        .filter(|node| node.word(0).starts_with('@') && is_meant(&node.text()))
        .collect();
    let is_of_clients = |word: &str| matchers.iter().any(|matcher| matcher.word(0) == word);
    let decides = |node: &&&Node| DECIDE.contains(&node.word(0)) && is_of_clients(node.word(1));
    let asks_others = all
        .iter()
        .any(|node| ["forward_auth", "authorize", "authenticate"].contains(&node.word(0)));
    let maps = all
        .iter()
        .any(|node| node.word(0) == "map" && speaks(&node.written()));
    site.ways = ways::of(block);
    let tells = site.ways.iter().any(|way| way.tells);
    site.later = match () {
        () if all.iter().any(|node| decides(&node)) => Later::Refused,
        () if asks_others || maps => Later::Unknown,
        () if tells => Later::Told,
        () => Later::Accept,
    };
    site.reaches = reaches::of(site, block, &matchers);
    let names_one = |node: &&Node| node.word(0).starts_with('@') && speaks(&node.text());
    site.looks |= tells || asks_others || maps || all.iter().any(names_one);
    site.comparisons = all
        .iter()
        .filter(|node| node.word(0).starts_with('@'))
        .flat_map(|node| auth::comparisons(&node.text(), &node.written(), &node.place))
        .collect();
}

/// Every line of the block, at whatever depth.
fn everything(block: &Node) -> Vec<&Node> {
    let mut found: Vec<&Node> = block.inside().iter().collect();
    let mut at = 0;
    while let Some(node) = found.get(at).copied() {
        found.extend(node.inside());
        at += 1;
    }
    found
}
