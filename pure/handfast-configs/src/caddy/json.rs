//! Caddy's own JSON: every connection policy of a server as a site.

use handfast_finding::{Certainty, Place};

use super::{
    super::{
        files::{Opened, Reader},
        node::{self, Node},
        rules,
        site::{Act, Asks, Crossing, Found, Later, Pair, Reach, Said, Site, Step, Way, is_identity_header},
        trouble::Trouble,
    },
    auth::{self, ClientAuth},
    is_open_admin, speaks, speaks_of_presence, speaks_of_proof,
};

pub(super) fn read(file: &str, opened: &Opened, reader: &Reader<'_>) -> Result<Found, Trouble> {
    let documents = node::read(file, opened)?;
    let mut sites = Vec::new();
    for server in documents
        .iter()
        .flat_map(|document| document.path(&["apps", "http", "servers"]).entries())
    {
        let (key, server) = server;
        let pairs = pairs(file, &documents, reader);
        let policies = server.at("tls_connection_policies").list();
        if policies.is_empty() {
            let mut site = self::site(file, &key.written, server, None, reader);
            let is_plain = site.addresses.iter().all(|address| address.ends_with(":80"));
            site.is_tls = !is_plain && !server.path(&["automatic_https", "disable"]).is("true");
            site.pairs = pairs.clone();
            sites.push(site);
        }
        for policy in policies {
            let mut site = self::site(file, &key.written, server, Some(policy), reader);
            site.pairs = pairs.clone();
            sites.push(site);
        }
    }
    let admins = documents.iter().filter_map(|document| {
        let (key, address) = document.at("admin").entry("listen")?;
        let address = address.text()?;
        let written = format!("admin: {{ listen: {address} }}");
        is_open_admin(address).then(|| Said::new((), written, &Place::new(file, key.line)))
    });
    Ok(Found {
        admins: admins.collect(),
        sites,
    })
}

/// The files of certificates that are loaded for all.
fn pairs(file: &str, documents: &[Node], reader: &Reader<'_>) -> Vec<Pair> {
    let loaded = documents.iter().flat_map(|document| {
        document
            .path(&["apps", "tls", "certificates", "load_files"])
            .list()
    });
    loaded
        .filter_map(|pair| {
            let material = |name: &str| {
                let place = Place::new(file, pair.line_of(name));
                pair.at(name).text().map(|path| auth::path(path, &place, reader))
            };
            Some(Pair {
                certificate: material("certificate")?,
                key: material("key"),
            })
        })
        .collect()
}

fn site(file: &str, name: &str, server: &Node, policy: Option<&Node>, reader: &Reader<'_>) -> Site {
    let texts = |node: &Node| -> Vec<String> {
        node.list()
            .iter()
            .filter_map(|text| text.text().map(str::to_owned))
            .collect()
    };
    let names = policy
        .map(|policy| texts(policy.path(&["match", "sni"])))
        .unwrap_or_default();
    let called = match names.first() {
        Some(host) => format!("connection policy for \"{host}\" of server \"{name}\""),
        None => format!("server \"{name}\""),
    };
    let line = policy.map_or(server.line, |policy| policy.line);
    let mut site = Site::new(called, &Place::new(file, line));
    site.addresses = texts(server.at("listen"));
    site.is_default = names.is_empty();
    site.names = names;
    if let Some((key, strict)) = server.entry("strict_sni_host") {
        let value = if strict.is("false") {
            Crossing::Allowed
        } else {
            Crossing::Refused
        };
        let written = format!("strict_sni_host: {}", strict.text().unwrap_or_default());
        site.crossing = Said::new(value, written, &Place::new(file, key.line));
    }
    if let Some(policy) = policy {
        tls(&mut site, file, policy, reader);
    }
    conduct(&mut site, file, server);
    site
}

fn tls(site: &mut Site, file: &str, policy: &Node, reader: &Reader<'_>) {
    if let Some((key, node)) = policy.entry("client_authentication") {
        let mut auth = ClientAuth::default();
        if let Some((key, mode)) = node.entry("mode") {
            let word = mode.text().unwrap_or_default();
            auth.mode = Some(Said::new(
                word.to_owned(),
                format!("mode: {word}"),
                &Place::new(file, key.line),
            ));
        }
        let ca = node.at("ca");
        let files = node
            .at("trusted_ca_certs_pem_files")
            .list()
            .iter()
            .chain(ca.at("pem_files").list());
        auth.cas.extend(
            files.filter_map(|path| Some(auth::path(path.text()?, &Place::new(file, path.line), reader))),
        );
        let inline = node
            .at("trusted_ca_certs")
            .list()
            .iter()
            .chain(ca.at("trusted_ca_certs").list());
        auth.cas
            .extend(inline.filter_map(|text| Some(auth::inline(text.text()?, &Place::new(file, text.line)))));
        auth.is_elsewhere = ca.is_there() && auth.cas.is_empty();
        auth.verifies = node.at("verifiers").is_there() || node.at("trusted_leaf_certs").is_there();
        // An empty object asks nobody.
        if !node.entries().is_empty() {
            auth.apply(site, &Place::new(file, key.line));
        }
    }
    for name in ["protocol_min", "protocol_max"] {
        if let Some((key, version)) = policy.entry(name)
            && let Some(version) = version.text().filter(|version| rules::is_old_version(version))
        {
            let said = Said::new(
                version.to_owned(),
                format!("{name}: {version}"),
                &Place::new(file, key.line),
            );
            site.old_versions.push(said);
        }
    }
    for suite in policy.at("cipher_suites").list() {
        let weak = suite.text().map(rules::weak_ciphers).unwrap_or_default();
        let place = Place::new(file, suite.line);
        site.weak_ciphers
            .extend(weak.into_iter().map(|weak| Said::new(weak.clone(), weak, &place)));
    }
}

/// What becomes of a client once the handshake is over.
fn conduct(site: &mut Site, file: &str, server: &Node) {
    walk(file, server.at("routes"), &[], &mut site.ways);
    let is_meant = if site.asks.value == Asks::Unverified {
        speaks_of_proof
    } else {
        speaks_of_presence
    };
    let all = server.all();
    let matched = |node: &&Node| {
        node.at("match")
            .all()
            .iter()
            .any(|node| node.text().is_some_and(is_meant))
    };
    let decides = |node: &&Node| {
        node.at("handle").all().iter().any(|node| {
            node.at("handler").is("error")
                || node.at("abort").is("true")
                || node.at("handler").is("static_response") && !node.at("status_code").is("200")
                || node.at("handler").is("reverse_proxy")
        })
    };
    let tells = site.ways.iter().any(|way| way.tells);
    site.later = match () {
        () if all.iter().any(|node| matched(node) && decides(node)) => Later::Refused,
        () if tells => Later::Told,
        () => Later::Accept,
    };
    site.reaches = site.ways.iter().map(|way| reach(site, way)).collect();
    let looks = |node: &&Node| {
        node.at("match")
            .all()
            .iter()
            .any(|node| node.text().is_some_and(speaks))
    };
    site.looks |= tells || all.iter().any(looks);
    site.comparisons = all
        .iter()
        .filter_map(|node| Some((node.text()?, node.line)))
        .flat_map(|(text, line)| auth::comparisons(text, text, &Place::new(file, line)))
        .collect();
}

/// What is reached by a way. Who gets there is told of the server alone, and not of each route.
fn reach(site: &Site, way: &Way) -> Reach {
    let mut reach = Reach::new(way.called.clone(), &way.place, &way.backend);
    reach.at = way
        .backend
        .split(' ')
        .filter_map(crate::address::of_backend)
        .collect();
    reach.stranger = match site.asks.value {
        Asks::Required if site.is_tls => Later::Refused,
        Asks::Never => Later::Accept,
        _ => site.later,
    };
    reach
}

/// The routes in order; `outer` is what was done to headers before them.
fn walk(file: &str, routes: &Node, outer: &[Step], found: &mut Vec<Way>) {
    let mut before = outer.to_vec();
    for route in routes.list() {
        let sometimes = route.at("match").is_there();
        let mut here = before.clone();
        for handler in route.at("handle").list() {
            match handler.at("handler").text() {
                Some("headers") => {
                    here.extend(steps(file, handler.at("request"), false));
                    before.extend(steps(file, handler.at("request"), sometimes));
                }
                Some("reverse_proxy") => found.push(way(file, handler, &here)),
                Some("subroute") => walk(file, handler.at("routes"), &here, found),
                _ => {}
            }
        }
    }
}

fn way(file: &str, handler: &Node, before: &[Step]) -> Way {
    let mut steps = before.to_vec();
    steps.extend(self::steps(file, handler.path(&["headers", "request"]), false));
    let dials: Vec<&str> = handler
        .at("upstreams")
        .list()
        .iter()
        .filter_map(|upstream| upstream.at("dial").text())
        .collect();
    Way {
        called: format!("reverse_proxy to {}", dials.join(" ")),
        place: Place::new(file, handler.line_of("handler")),
        backend: dials.join(" "),
        tells: steps.iter().any(|step| step.is_identity),
        steps,
        lost: Vec::new(),
        keeps_underscores: false,
        hands_on: true,
    }
}

/// `set`, `add` and `delete` of headers.
fn steps(file: &str, request: &Node, sometimes: bool) -> Vec<Step> {
    let mut found = Vec::new();
    let mut push = |name: &str, value: &str, act: Act, line: usize| {
        let (header, is_identity) = (name.to_lowercase(), speaks(value));
        let act = if act != Act::Remove && value.contains("header.") && is_identity_header(value) {
            Act::Copy
        } else {
            act
        };
        if act == Act::Remove || is_identity || is_identity_header(&header) {
            found.push(Step {
                header,
                act,
                sometimes,
                is_identity: is_identity && matches!(act, Act::Set | Act::Add),
                sure: Certainty::Certain,
                said: Said::new((), format!("{name}: {value}"), &Place::new(file, line)),
            });
        }
    };
    for name in request.at("delete").list() {
        push(name.text().unwrap_or_default(), "", Act::Remove, name.line);
    }
    for (how, act) in [("add", Act::Add), ("set", Act::Set)] {
        for (key, values) in request.at(how).entries() {
            let value = values.list().first().and_then(Node::text).unwrap_or_default();
            push(&key.written, value, act, key.line);
        }
    }
    found
}
