//! What a filter chain does behind its handshake: filters that decide, routes with their headers.

use handfast_finding::{Certainty, Place};

use super::super::{
    node::Node,
    site::{Act, Asks, Comparison, Form, Later, Said, Site, Step, Way, is_identity_header},
};

const XFCC: &str = "x-forwarded-client-cert";

/// What the filters of `chain` make of `site`.
pub(super) fn fill(site: &mut Site, file: &str, chain: &Node) {
    let below = chain.at("filters").all();
    let manager = below.iter().find(|node| is_manager(node));
    site.is_http = manager.is_some() || !chain.at("filters").is_there();
    for manager in below.iter().filter(|node| is_manager(node)) {
        site.ways.extend(ways(site, file, manager));
    }
    let names: Vec<&str> = below.iter().filter_map(|node| node.at("@type").text()).collect();
    let has = |part: &str| names.iter().any(|name| name.contains(part));
    let principals = principals(chain.at("filters"));
    let tells = site.ways.iter().any(|way| way.tells);
    // A principal is whoever showed a certificate, verified or not.
    let checks = checks(chain.at("filters")) && site.asks.value == Asks::Optional
        || below
            .iter()
            .any(|node| node.path(&["match", "tls_context"]).is_there());
    site.later = match () {
        () if checks => Later::Refused,
        () if ["ExtAuthz", "Lua", "Wasm"].iter().any(|part| has(part)) => Later::Unknown,
        () if tells => Later::Told,
        () => Later::Accept,
    };
    site.looks |= tells
        || site.later == Later::Unknown
        || principals
            .iter()
            .any(|node| node.path(&["authenticated", "principal_name"]).is_there());
    for principal in principals {
        let exact = principal.path(&["authenticated", "principal_name", "exact"]);
        if let Some(value) = exact.text() {
            site.comparisons.push(Comparison {
                form: Form::Rfc2253,
                with: Said::new(
                    value.to_owned(),
                    format!("principal_name: {{ exact: \"{value}\" }}"),
                    &Place::new(file, exact.line),
                ),
                is_part: !value.starts_with('/'),
                instead: "a URI of the certificate".to_owned(),
            });
        }
    }
}

/// Whoever a filter below `node` calls authenticated, without what is only tried in the shadow of the rules.
fn principals(node: &Node) -> Vec<&Node> {
    let mut found = Vec::new();
    let mut waiting = vec![node];
    while let Some(node) = waiting.pop() {
        if node.entry("authenticated").is_some() {
            found.push(node);
        }
        let inner = node.entries().iter();
        let inner = inner
            .filter(|(key, _)| key.name != "shadow_rules")
            .map(|(_, inner)| inner);
        waiting.extend(inner.chain(node.items()).rev());
    }
    found
}

/// Whether a filter below `node` lets nobody through without a certificate.
pub(super) fn checks(node: &Node) -> bool {
    let is_open = |policy: &Node| {
        let any = |name: &str| policy.at(name).list().iter().any(|one| one.at("any").is("true"));
        any("principals") && any("permissions")
    };
    let mut is_any = false;
    for rules in node.all().into_iter().filter_map(|node| node.entry("rules")) {
        let rules = &rules.1;
        let policies = rules.at("policies").entries();
        // One that only writes down lets everybody through, and so does one policy for anybody.
        if rules.at("action").is("LOG") || policies.iter().any(|(_, policy)| is_open(policy)) {
            continue;
        }
        is_any |= !principals(rules).is_empty();
    }
    is_any
}

pub(super) fn is_manager(node: &Node) -> bool {
    node.at("@type")
        .text()
        .is_some_and(|kind| kind.contains("HttpConnectionManager"))
}

fn ways(site: &Site, file: &str, manager: &Node) -> Vec<Way> {
    let mut found = Vec::new();
    let routes = manager.at("route_config");
    let underscores = manager.path(&["common_http_protocol_options", "headers_with_underscores_action"]);
    for host in routes.at("virtual_hosts").list() {
        let domains: Vec<&str> = host.at("domains").list().iter().filter_map(Node::text).collect();
        for route in host.at("routes").list() {
            let targets = route
                .at("route")
                .all()
                .into_iter()
                .filter(|node| node.entry("cluster").is_some());
            let weighted = route
                .path(&["route", "weighted_clusters", "clusters"])
                .list()
                .iter();
            let clusters = targets
                .filter_map(|node| Some((node.line_of("cluster"), node.at("cluster").text()?)))
                .chain(weighted.filter_map(|node| Some((node.line_of("name"), node.at("name").text()?))));
            for (line, cluster) in clusters {
                let mut steps = vec![own(site, file, manager)];
                for level in [route, host, routes] {
                    steps.extend(self::steps(site, file, level));
                }
                found.push(Way {
                    called: format!("cluster {cluster} of domains \"{}\"", domains.join("\", \"")),
                    place: Place::new(file, line),
                    backend: cluster.to_owned(),
                    tells: steps.iter().any(|step| step.is_identity || step.act == Act::Copy),
                    steps,
                    lost: Vec::new(),
                    keeps_underscores: !(underscores.is("REJECT_REQUEST") || underscores.is("DROP_HEADER")),
                    hands_on: true,
                });
            }
        }
    }
    found
}

/// What becomes of the header that Envoy itself makes.
fn own(site: &Site, file: &str, manager: &Node) -> Step {
    const DETAILS: &str = "forward_client_cert_details";
    let how = manager.at(DETAILS).text().unwrap_or("SANITIZE");
    let place = Place::new(file, manager.line_of(DETAILS));
    // Beside mutual TLS the header is taken away, but for the one that says always.
    let (act, sure) = match how {
        "ALWAYS_FORWARD_ONLY" => (Act::Copy, Certainty::Certain),
        _ if !site.does_ask() => (Act::Remove, Certainty::Certain),
        "SANITIZE_SET" => (Act::Set, Certainty::Certain),
        // Meant for a proxy behind another, which is then the only client.
        "FORWARD_ONLY" | "APPEND_FORWARD" => {
            let act = if how == "FORWARD_ONLY" {
                Act::Copy
            } else {
                Act::Add
            };
            (
                act,
                if site.looks {
                    Certainty::Guess
                } else {
                    Certainty::Likely
                },
            )
        }
        _ => (Act::Remove, Certainty::Certain),
    };
    Step {
        header: XFCC.to_owned(),
        act,
        sometimes: false,
        is_identity: matches!(act, Act::Set | Act::Add),
        sure,
        said: Said::new((), format!("{DETAILS}: {how}"), &place),
    }
}

/// Headers that a route, a virtual host or all of them together take away and add, in this order.
fn steps(site: &Site, file: &str, level: &Node) -> Vec<Step> {
    let removed = level
        .at("request_headers_to_remove")
        .list()
        .iter()
        .filter_map(|node| {
            let name = node.text()?;
            Some(Step {
                header: name.to_lowercase(),
                act: Act::Remove,
                sometimes: false,
                is_identity: false,
                sure: Certainty::Certain,
                said: Said::new(
                    (),
                    format!("request_headers_to_remove: {name}"),
                    &Place::new(file, node.line),
                ),
            })
        });
    let added = level
        .at("request_headers_to_add")
        .list()
        .iter()
        .filter_map(|entry| {
            let header = entry.path(&["header", "key"]).text()?.to_lowercase();
            let value = entry.path(&["header", "value"]).text().unwrap_or_default();
            let is_identity = value.contains("%DOWNSTREAM_PEER_");
            if !is_identity && !is_identity_header(&header) {
                return None;
            }
            let overwrites = ["OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS"]
                .iter()
                .any(|how| entry.at("append_action").is(how))
                || entry.at("append").is("false");
            let copies = value.contains("%REQ(") && is_identity_header(value);
            Some(Step {
                said: Said::new(
                    (),
                    format!("request_headers_to_add: {header}: {value}"),
                    &Place::new(file, entry.path(&["header"]).line_of("key")),
                ),
                header,
                act: match overwrites {
                    _ if copies => Act::Copy,
                    true => Act::Set,
                    false => Act::Add,
                },
                // An empty value is not set at all, and the client's own stays.
                sometimes: site.asks.value != Asks::Required && !entry.at("keep_empty_value").is("true"),
                is_identity: is_identity && !copies,
                sure: Certainty::Certain,
            })
        });
    removed.chain(added).collect()
}
