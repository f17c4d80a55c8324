//! Envoy: every filter chain of a listener as a site, of a whole bootstrap or of a listener alone, in YAML or JSON.

mod http;
mod reaches;
pub(super) mod spots;
#[cfg(test)]
mod tests;
mod tls;

use handfast_finding::Place;

use super::{
    address,
    files::{Opened, Reader},
    node::{self, Node},
    site::{Asks, Crossing, Found, Said, Site},
    trouble::Trouble,
};

/// The sites of the configuration `file`.
pub(super) fn read(file: &str, opened: &Opened, reader: &mut Reader<'_>) -> Result<Found, Trouble> {
    let documents = node::read(file, opened)?;
    let all: Vec<&Node> = documents.iter().flat_map(Node::all).collect();
    let chains =
        |node: &&&Node| node.at("filter_chains").is_there() || node.at("default_filter_chain").is_there();
    let mut sites = Vec::new();
    for listener in all.iter().filter(chains) {
        let mut here = Vec::new();
        for chain in listener
            .at("filter_chains")
            .list()
            .iter()
            .chain(listener.at("default_filter_chain").list())
        {
            here.push(self::chain(file, &all, listener, chain, reader)?);
        }
        cross(&mut here);
        sites.extend(here);
    }
    // The TLS of a listener alone.
    let is_context = |node: &&&Node| node.at("common_tls_context").is_there() && !is_upstream(node);
    if sites.is_empty()
        && let Some(context) = all.iter().find(is_context)
    {
        let mut site = Site::new("this TLS context", &Place::new(file, context.line));
        tls::fill(&mut site, file, &all, context, reader)?;
        sites.push(site);
    }
    let admins = documents
        .iter()
        .filter_map(|document| admin(file, document.at("admin")))
        .collect();
    Ok(Found { sites, admins })
}

/// The interface of the running program, where other machines can connect to it.
fn admin(file: &str, admin: &Node) -> Option<Said<()>> {
    let socket = admin.path(&["address", "socket_address"]);
    let address = socket.at("address").text()?;
    let place = Place::new(file, socket.line_of("address"));
    (!address::is_local(address)).then(|| Said::new((), format!("admin on {address}"), &place))
}

fn is_upstream(node: &Node) -> bool {
    node.at("@type")
        .text()
        .is_some_and(|kind| kind.contains("Upstream"))
}

fn chain(
    file: &str,
    all: &[&Node],
    listener: &Node,
    chain: &Node,
    reader: &mut Reader<'_>,
) -> Result<Site, Trouble> {
    let names: Vec<String> = chain
        .path(&["filter_chain_match", "server_names"])
        .list()
        .iter()
        .filter_map(|name| name.text().map(str::to_owned))
        .collect();
    let listener_name = listener.at("name").text().unwrap_or("without a name");
    let called = match (chain.at("name").text(), names.first()) {
        (Some(name), _) => format!("filter chain \"{name}\" of listener \"{listener_name}\""),
        (None, Some(name)) => format!("filter chain for \"{name}\" of listener \"{listener_name}\""),
        (None, None) => format!("filter chain of listener \"{listener_name}\""),
    };
    let mut site = Site::new(called, &Place::new(file, chain.line));
    let socket = listener.path(&["address", "socket_address"]);
    let part = |name: &str| socket.at(name).text().unwrap_or_default().to_owned();
    site.addresses = vec![format!("{}:{}", part("address"), part("port_value"))];
    site.is_default = names.is_empty();
    site.names = names;
    let socket = chain.at("transport_socket");
    match socket
        .all()
        .into_iter()
        .find(|node| node.at("common_tls_context").is_there())
    {
        Some(context) => tls::fill(&mut site, file, all, context, reader)?,
        None => site.is_tls = false,
    }
    http::fill(&mut site, file, chain);
    site.reaches = reaches::of(&site, file, all, chain);
    Ok(site)
}

/// Whether what one chain demands can be had through another that does not demand it: the same domain, the same
/// cluster.
fn cross(sites: &mut [Site]) {
    let strict: Vec<(Vec<String>, Vec<String>)> = sites
        .iter()
        .filter(|site| site.asks.value >= Asks::Optional)
        .map(|site| {
            (
                site.names.clone(),
                site.ways.iter().map(|way| way.backend.clone()).collect(),
            )
        })
        .collect();
    for site in sites
        .iter_mut()
        .filter(|site| site.is_tls && site.asks.value < Asks::Required)
    {
        let crossed = site.ways.iter().find(|way| {
            let domains: Vec<&str> = way.called.split('"').skip(1).step_by(2).collect();
            strict.iter().any(|(names, clusters)| {
                let serves = |domain: &&str| *domain == "*" || names.iter().any(|name| name == domain);
                clusters.contains(&way.backend) && domains.iter().any(serves)
            })
        });
        if let Some(way) = crossed {
            let said = format!("the domains of {}", way.called.replace('"', "'"));
            site.crossing = Said::new(Crossing::Allowed, said, &way.place);
        }
    }
}
