//! Which clusters a filter chain leads to, and for whom.

use handfast_finding::Place;

use super::{super::node::Node, http};
use crate::{
    address,
    site::{Asks, Later, Reach, Site},
};

/// What is reached through `chain`; `all` is the whole configuration, for the clusters that stand in it.
pub(super) fn of(site: &Site, file: &str, all: &[&Node], chain: &Node) -> Vec<Reach> {
    let below = chain.at("filters").all();
    let mut found = Vec::new();
    for manager in below.iter().filter(|node| http::is_manager(node)) {
        let is_checked = http::checks(manager);
        for host in manager.path(&["route_config", "virtual_hosts"]).list() {
            for route in host.at("routes").list() {
                let stranger = stranger(site, route, is_checked);
                let path = path(route.at("match"));
                let under = path
                    .as_ref()
                    .map_or(String::new(), |path| format!(" under {path}"));
                found.extend(clusters(file, all, route.at("route")).map(|reach| Reach {
                    called: format!("{}{under}", reach.called),
                    path: path.clone(),
                    passes_on: route.path(&["match", "tls_context"]).is_there(),
                    stranger: if stranger == Later::Accept && is_told(site, &reach) {
                        Later::Told
                    } else {
                        stranger
                    },
                    ..reach
                }));
            }
        }
    }
    let is_tcp = |node: &&&Node| {
        node.at("@type")
            .text()
            .is_some_and(|kind| kind.contains("TcpProxy"))
    };
    for proxy in below.iter().filter(is_tcp) {
        found.extend(clusters(file, all, proxy).map(|reach| Reach {
            stranger: stranger(site, proxy, false),
            ..reach
        }));
    }
    found
}

fn is_told(site: &Site, reach: &Reach) -> bool {
    site.ways.iter().any(|way| way.place == reach.place && way.tells)
}

/// What becomes on `route` of a client without a verified certificate.
fn stranger(site: &Site, route: &Node, is_checked: bool) -> Later {
    let certificate = route.path(&["match", "tls_context"]);
    let is_of_clients = certificate.at("presented").is("true") || certificate.at("validated").is("true");
    let is_let_off = route
        .at("typed_per_filter_config")
        .all()
        .iter()
        .any(|node| is_rbac_per_route(node) && !node.at("rbac").at("rules").is_there());
    match site.asks.value {
        _ if !site.is_tls => sent_to_tls(route),
        Asks::Required => Later::Refused,
        Asks::Optional if is_checked && !is_let_off => Later::Refused,
        Asks::Optional | Asks::Unverified if is_of_clients => Later::Refused,
        _ if site.later == Later::Unknown => Later::Unknown,
        _ if site.later == Later::Told => Later::Told,
        _ => Later::Accept,
    }
}

fn is_rbac_per_route(node: &Node) -> bool {
    node.at("@type")
        .text()
        .is_some_and(|kind| kind.contains("RBACPerRoute"))
}

fn sent_to_tls(route: &Node) -> Later {
    if route.path(&["redirect", "https_redirect"]).is("true") {
        Later::Refused
    } else {
        Later::Accept
    }
}

fn path(matched: &Node) -> Option<String> {
    let names = ["prefix", "path", "path_separated_prefix"];
    names
        .iter()
        .find_map(|name| matched.at(name).text().map(str::to_owned))
}

/// The clusters that `node` names, alone or by weight.
fn clusters(file: &str, all: &[&Node], node: &Node) -> impl Iterator<Item = Reach> {
    let one = node.entry("cluster").into_iter();
    let weighted = node.path(&["weighted_clusters", "clusters"]).list().iter();
    let named = one.chain(weighted.filter_map(|inner| inner.entry("name")));
    let reaches: Vec<Reach> = named
        .filter_map(|(key, name)| {
            let name = name.text()?;
            let mut reach = Reach::new(
                format!("the route to \"{name}\""),
                &Place::new(file, key.line),
                name,
            );
            reach.at = addresses(all, name);
            Some(reach)
        })
        .collect();
    reaches.into_iter()
}

/// Where the cluster `name` is: its endpoints, or only its name where these are told elsewhere.
fn addresses(all: &[&Node], name: &str) -> Vec<String> {
    let cluster = all
        .iter()
        .find(|node| node.at("name").is(name) && node.at("load_assignment").is_there());
    let sockets = cluster.into_iter().flat_map(|cluster| {
        let below = cluster.at("load_assignment").all().into_iter();
        below.filter(|node| node.at("port_value").is_there())
    });
    let found: Vec<String> = sockets
        .filter_map(|socket| {
            let part = |name: &str| socket.at(name).text().unwrap_or_default();
            address::of_backend(&format!("{}:{}", part("address"), part("port_value")))
        })
        .collect();
    if found.is_empty() {
        vec![format!("cluster {name}")]
    } else {
        found
    }
}
