//! What is reached in a virtual host of Apache, and by whom.
//!
//! Sections are merged in their order, and the rules of a later one take the place of those of an earlier one unless
//! `AuthMerging` says otherwise. A section for one path says nothing of the others.

use super::{
    Server,
    lines::Node,
    requires::{self, Rules},
    ways::{self, Target},
};
use crate::{
    pattern,
    site::{Asks, Later, Reach, Site, is_below},
};

/// What is reached by `site`.
pub(super) fn of(site: &Site, server: &Server<'_>) -> Vec<Reach> {
    let nodes: Vec<&Node> = server.both().collect();
    let mut found = Vec::new();
    for target in ways::targets(server) {
        found.push(reach(site, server, &nodes, &target));
        found.extend(parts(site, &nodes, &target));
    }
    found.extend(files(site, server, &nodes));
    found.extend(fallbacks(site, &nodes));
    found
}

fn reach(site: &Site, server: &Server<'_>, nodes: &[&Node], target: &Target<'_>) -> Reach {
    let mut reach = Reach::new(
        format!("\"{}\"", target.node.written()),
        &target.node.place,
        &target.backend,
    );
    if let Some(members) = balanced(server, &target.backend) {
        reach.at = members;
    }
    reach.path = path(&target.path);
    reach.stranger = stranger(site, nodes, &target.path, Some(&target.backend));
    if reach.stranger == Later::Accept && told(site, target) {
        reach.stranger = Later::Told;
    }
    reach
}

fn told(site: &Site, target: &Target<'_>) -> bool {
    site.ways
        .iter()
        .any(|way| way.place == target.node.place && way.tells)
}

/// A pattern says no path.
fn path(written: &str) -> Option<String> {
    (!written.is_empty() && !written.contains(['^', '$', '(', '*'])).then(|| written.to_owned())
}

/// The members of `balancer://name`.
fn balanced(server: &Server<'_>, backend: &str) -> Option<Vec<String>> {
    let name = backend.strip_prefix("balancer://")?.split('/').next()?;
    let is_it = |node: &&Node| {
        node.is("Proxy")
            && node
                .first()
                .strip_prefix("balancer://")
                .is_some_and(|written| written.trim_end_matches('/') == name)
    };
    let sections = server.both().filter(is_it);
    let members = sections
        .flat_map(Node::inside)
        .filter(|node| node.is("BalancerMember"));
    Some(
        members
            .filter_map(|member| crate::address::of_backend(member.first()))
            .collect(),
    )
}

/// Sections below the path of `target` that have rules of their own.
fn parts(site: &Site, nodes: &[&Node], target: &Target<'_>) -> Vec<Reach> {
    let Some(whole) = path(&target.path) else {
        return Vec::new();
    };
    let below = nodes.iter().filter(|node| {
        node.is("Location")
            && node.first() != whole
            && is_below(node.first(), &whole)
            && requires::has_rules(node.inside())
    });
    below
        .map(|section| {
            let called = format!("<Location \"{}\">", section.first());
            let mut reach = Reach::new(called, &section.place, &target.backend);
            reach.path = path(section.first());
            reach.stranger = stranger(site, nodes, section.first(), Some(&target.backend));
            // That everybody comes in is said there in so many words.
            reach.is_meant = true;
            reach
        })
        .collect()
}

/// The files of the host, where it hands nothing on.
fn files(site: &Site, server: &Server<'_>, nodes: &[&Node]) -> Option<Reach> {
    let root = server.last("DocumentRoot")?;
    let is_all_handed_on = ways::targets(server).iter().any(|target| target.path == "/");
    if is_all_handed_on {
        return None;
    }
    let folder = root.first().trim_end_matches('/');
    let mut reach = Reach::new(
        format!("\"{}\"", root.written()),
        &root.place,
        &format!("the files in {folder}"),
    );
    reach.at = vec![format!("files {folder}")];
    reach.path = Some("/".to_owned());
    reach.is_files = true;
    let mut here: Vec<&Node> = nodes
        .iter()
        .copied()
        .filter(|node| node.is("Directory") && is_below(folder, node.first()))
        .flat_map(Node::inside)
        .collect();
    here.extend(nodes.iter().copied());
    reach.stranger = stranger(site, &here, "/", None);
    Some(reach)
}

/// What answers for every path without a file. It answers by its own path, too, which is under none of the others.
fn fallbacks(site: &Site, nodes: &[&Node]) -> Vec<Reach> {
    let inside = nodes.iter().copied().flat_map(Node::inside);
    let lines = nodes.iter().copied().chain(inside);
    lines
        .filter(|node| node.is("FallbackResource") && node.first().starts_with('/'))
        .map(|node| {
            let mut reach = Reach::new(format!("\"{}\"", node.written()), &node.place, node.first());
            reach.at = vec![format!("resource {}", node.first())];
            reach.path = Some(node.first().to_owned());
            reach.stranger = stranger(site, nodes, node.first(), None);
            reach
        })
        .collect()
}

/// What becomes, under `path`, of a client that has not proven who it is.
fn stranger(site: &Site, nodes: &[&Node], path: &str, backend: Option<&str>) -> Later {
    if site.is_tls && site.asks.value == Asks::Required {
        return Later::Refused;
    }
    let sections = covering(nodes, path, backend);
    let rules = if site.is_tls {
        Rules::Verified(site.asks.value)
    } else {
        Rules::Encrypted {
            is_handed_on: backend.is_some(),
        }
    };
    requires::merged(&sections, rules)
}

/// What holds for requests under `path`, a group of directives for each section.
fn covering<'a>(nodes: &[&'a Node], path: &str, backend: Option<&str>) -> Vec<Vec<&'a Node>> {
    let is_match = |pattern: &str, text: &str| pattern::is_found(pattern, text, false) == Some(true);
    let covers = |node: &Node| {
        let first = node.first();
        match () {
            () if node.is("Location") => is_below(path, first) || first == "/",
            () if node.is("LocationMatch") => {
                // What fits every path fits this one.
                ["/", "^/", ".*", "^.*", "^/.*", "^/.*$", "^.*$"].contains(&first) || is_match(first, path)
            }
            () if node.is("Proxy") => backend
                .is_some_and(|backend| first == "*" || backend.starts_with(first.trim_end_matches('*'))),
            () => false,
        }
    };
    let own = nodes
        .iter()
        .copied()
        .filter(|node| node.inside.is_none() || requires::is_condition(node));
    let mut found = vec![own.collect::<Vec<_>>()];
    let sections = nodes.iter().copied().filter(|node| covers(node));
    found.extend(sections.map(|section| section.inside().iter().collect()));
    found
}
