//! Apache httpd: its virtual hosts as sites.
//!
//! A directive of mod_ssl counts for a host as its last occurrence there, or else as the last of the main server.
//! `RequestHeader` adds up from the outside to the inside. Any one `Require` of a group lets in.

pub(super) mod lines;
mod reaches;
mod requires;
pub(super) mod spots;
#[cfg(test)]
mod tests;
mod ways;

use lines::Node;

use super::{
    files::{Opened, Reader},
    rules,
    site::{Asks, Comparison, Crossing, Form, Later, Material, Pair, Revocation, Said, Site, Source},
    span::{Word, joined},
    trouble::Trouble,
};

/// The sites of the configuration `file`.
pub(super) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Vec<Site>, Trouble> {
    let tree = lines::read(file, opened, reader, &mut lines::Known::default())?;
    let tree = lines::dissolved(tree);
    let hosts: Vec<&Node> = tree.iter().filter(|node| node.is("VirtualHost")).collect();
    let mut sites: Vec<Site> = Vec::new();
    for host in &hosts {
        let server = Server {
            main: &tree,
            own: host.inside(),
        };
        let mut site = site(&server, host, reader);
        site.addresses = host
            .words
            .iter()
            .map(|address| address.replace("_default_", "*"))
            .collect();
        sites.push(site);
    }
    // The main server itself, or a snippet that is to be included into one.
    let server = Server {
        main: &tree,
        own: &[],
    };
    let says = |node: &&Node| node.name.to_lowercase().starts_with("ssl") || node.is("Location");
    if hosts.is_empty()
        && let Some(first) = tree.iter().find(says)
    {
        let mut site = site(&server, first, reader);
        site.called = "the main server".to_owned();
        site.is_tls |= server.last("SSLEngine").is_none();
        site.addresses = vec!["*:443".to_owned()];
        sites.push(site);
    }
    defaults(&mut sites);
    Ok(sites)
}

/// A virtual host within the main server.
struct Server<'a> {
    main: &'a [Node],
    own: &'a [Node],
}

impl<'a> Server<'a> {
    /// Those called `name`: the host's own, or else the main server's.
    fn all(&self, name: &str) -> Vec<&'a Node> {
        let of = |nodes: &'a [Node]| nodes.iter().filter(|node| node.is(name)).collect::<Vec<_>>();
        let own = of(self.own);
        if own.is_empty() { of(self.main) } else { own }
    }

    fn last(&self, name: &str) -> Option<&'a Node> {
        self.all(name).pop()
    }

    /// Everything that holds for the host, the main server's first.
    fn both(&self) -> impl Iterator<Item = &'a Node> {
        let main = self.main.iter().filter(|node| !node.is("VirtualHost"));
        main.chain(self.own)
    }
}

/// The first host of an address takes whoever names none.
fn defaults(sites: &mut [Site]) {
    let mut taken: Vec<String> = Vec::new();
    for site in sites {
        site.is_default = site.addresses.iter().any(|address| !taken.contains(address));
        taken.extend(site.addresses.iter().cloned());
    }
}

fn site(server: &Server<'_>, begin: &Node, reader: &Reader<'_>) -> Site {
    let names: Vec<String> = server
        .own
        .iter()
        .filter(|node| node.is("ServerName") || node.is("ServerAlias"))
        .flat_map(|node| node.words.iter().map(|name| name.text.clone()))
        .collect();
    let called = match names.first() {
        Some(name) => format!("virtual host \"{name}\""),
        None => format!("virtual host {}", joined(&begin.words)),
    };
    let mut site = Site::new(called, &begin.place);
    site.names = names;
    site.is_tls = server
        .last("SSLEngine")
        .is_some_and(|engine| !engine.first().eq_ignore_ascii_case("off"));
    verification(&mut site, server);
    material(&mut site, server, reader);
    strength(&mut site, server);
    crossing(&mut site, server);
    site.ways = ways::of(server);
    conduct(&mut site, server);
    site.reaches = reaches::of(&site, server);
    site
}

fn asks(word: &str) -> Asks {
    match word.to_lowercase().as_str() {
        "require" => Asks::Required,
        "optional" => Asks::Optional,
        "optional_no_ca" => Asks::Unverified,
        _ => Asks::Never,
    }
}

/// Who is asked for a certificate, and when.
fn verification(site: &mut Site, server: &Server<'_>) {
    if let Some(verify) = server.last("SSLVerifyClient") {
        site.asks = Said::new(asks(verify.first()), verify.written(), &verify.place);
    }
    let mut sections: Vec<&Node> = server.both().filter(|node| node.inside.is_some()).collect();
    while let Some(section) = sections.pop() {
        for inner in section.inside() {
            if inner.is("SSLVerifyClient") {
                site.late
                    .push(Said::new(asks(inner.first()), inner.written(), &inner.place));
            }
            if inner.inside.is_some() {
                sections.push(inner);
            }
        }
    }
    site.trust.depth = server.last("SSLVerifyDepth").and_then(|depth| {
        Some(Said::new(
            depth.first().parse().ok()?,
            depth.written(),
            &depth.place,
        ))
    });
    let check = server
        .last("SSLCARevocationCheck")
        .map_or("none", |check| check.first());
    site.trust.revocation = match check.to_lowercase().as_str() {
        "chain" => Revocation::All,
        "leaf" => Revocation::OnlyLeaf,
        _ => Revocation::Off,
    };
}

/// The files that are named.
fn material(site: &mut Site, server: &Server<'_>, reader: &Reader<'_>) {
    let material = |node: &Node| Material {
        name: node.first().to_owned(),
        source: Source::Path(reader.locate(node.first())),
        place: node.place.clone(),
    };
    // What the environment names is known to the running server alone.
    let is_fixed = |node: &&Node| !node.first().contains("${") && !node.first().contains(':');
    let last = |name: &str| server.last(name).filter(is_fixed).map(material);
    let trust = &mut site.trust;
    trust.cas = last("SSLCACertificateFile")
        .into_iter()
        .chain(last("SSLCACertificatePath"))
        .collect();
    trust.is_elsewhere = ["SSLCACertificateFile", "SSLCACertificatePath"]
        .iter()
        .any(|name| server.last(name).is_some_and(|node| node.first().contains("${")));
    trust.crls = last("SSLCARevocationFile")
        .into_iter()
        .chain(last("SSLCARevocationPath"))
        .collect();
    trust.asks_responder = server
        .last("SSLOCSPEnable")
        .is_some_and(|ocsp| !ocsp.first().eq_ignore_ascii_case("off"));
    if let [_, second, ..] = server.all("SSLCACertificateFile").as_slice() {
        trust.twice = Some(Said::new(
            second.name.text.clone(),
            second.written(),
            &second.place,
        ));
    }
    let keys = server
        .all("SSLCertificateKeyFile")
        .into_iter()
        .filter(is_fixed)
        .map(material);
    let certificates = server
        .all("SSLCertificateFile")
        .into_iter()
        .filter(is_fixed)
        .map(material);
    site.pairs = certificates
        .zip(keys.map(Some).chain(std::iter::repeat(None)))
        .map(|(certificate, key)| Pair { certificate, key })
        .collect();
}

/// Versions and ciphers.
fn strength(site: &mut Site, server: &Server<'_>) {
    if let Some(protocol) = server.last("SSLProtocol") {
        let mut on: Vec<&str> = Vec::new();
        for word in &protocol.words {
            let (sign, name) = match word.strip_prefix(['+', '-']) {
                Some(name) => (word.chars().next(), name),
                None => (None, word.as_str()),
            };
            let meant: Vec<&str> = if name.eq_ignore_ascii_case("all") {
                vec!["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
            } else {
                vec![name]
            };
            if sign == Some('-') {
                on.retain(|known| !meant.iter().any(|name| known.eq_ignore_ascii_case(name)));
            } else {
                on.extend(meant);
            }
        }
        let old = on.into_iter().filter(|version| rules::is_old_version(version));
        site.old_versions = old
            .map(|version| Said::new(version.to_owned(), protocol.written(), &protocol.place))
            .collect();
    }
    if let Some(suite) = server.last("SSLCipherSuite") {
        let list = suite.words.last().map_or("", Word::as_str);
        site.weak_ciphers = rules::weak_ciphers(list)
            .into_iter()
            .map(|weak| Said::new(weak, suite.written(), &suite.place))
            .collect();
    }
}

/// Whether a request may leave the host of its handshake.
fn crossing(site: &mut Site, server: &Server<'_>) {
    let is = |node: &Node, words: &[&str]| words.iter().any(|word| node.first().eq_ignore_ascii_case(word));
    if let Some(policy) = server.last("SSLVHostSNIPolicy") {
        let value = if is(policy, &["strict", "secure"]) {
            Crossing::Refused
        } else {
            Crossing::Allowed
        };
        site.crossing = Said::new(value, policy.written(), &policy.place);
    } else if let Some(check) = server.last("SSLStrictSNIVHostCheck")
        && is(check, &["on"])
    {
        site.crossing = Said::new(Crossing::Refused, check.written(), &check.place);
    }
}

/// What becomes of a client once the handshake is over.
fn conduct(site: &mut Site, server: &Server<'_>) {
    let nodes: Vec<&Node> = server.both().collect();
    let checks = requires::verdict(&nodes, site.asks.value);
    site.later = if checks {
        Later::Refused
    } else if site.ways.iter().any(|way| way.tells) {
        Later::Told
    } else {
        Later::Accept
    };
    site.looks = requires::looks(&nodes) || site.ways.iter().any(|way| way.tells);
    let legacy = server.all("SSLOptions").iter().any(|options| {
        options.words.iter().any(|word| {
            word.trim_start_matches('+')
                .eq_ignore_ascii_case("LegacyDNStringFormat")
        })
    });
    site.comparisons = requires::comparisons(&nodes)
        .into_iter()
        .map(|(value, written, place)| Comparison {
            form: if legacy { Form::OneLine } else { Form::Rfc2253 },
            with: Said::new(value, written, &place),
            is_part: false,
            instead: if legacy {
                "without SSLOptions +LegacyDNStringFormat".to_owned()
            } else {
                "the name in one attribute, such as %{SSL_CLIENT_S_DN_CN}".to_owned()
            },
        })
        .collect();
}
