//! The ways on from Apache: `ProxyPass` and its kin, with what `RequestHeader` does on them.

use handfast_finding::Certainty;

use super::{Server, lines::Node};
use crate::{
    site::{Act, Said, Step, Way, is_identity_header},
    span::Word,
};

/// What sends requests on, under which path.
pub(super) struct Target<'a> {
    pub(super) node: &'a Node,
    pub(super) path: String,
    pub(super) backend: String,
}

/// The ways on from `server`.
pub(super) fn of(server: &Server<'_>) -> Vec<Way> {
    let nodes: Vec<&Node> = server.both().collect();
    targets(server).iter().map(|target| way(&nodes, target)).collect()
}

/// What sends requests of `server` on.
pub(super) fn targets<'a>(server: &Server<'a>) -> Vec<Target<'a>> {
    // A host forwards by its own lines, and by those of the main server where it has none.
    let mut targets = Vec::new();
    collect(&server.own.iter().collect::<Vec<_>>(), "", &mut targets);
    if targets.is_empty() {
        collect(&server.both().collect::<Vec<_>>(), "", &mut targets);
    }
    targets
}

fn collect<'a>(nodes: &[&'a Node], path: &str, found: &mut Vec<Target<'a>>) {
    for node in nodes {
        let (at, backend) = match node.words.as_slice() {
            [at, backend, ..] if node.is("ProxyPass") && path.is_empty() => (at.text.clone(), backend),
            [at, backend, ..] if node.is("ProxyPassMatch") && path.is_empty() => (at.text.clone(), backend),
            [backend, ..] if node.is("ProxyPass") || node.is("ProxyPassMatch") => (path.to_owned(), backend),
            [_, backend, flags, ..] if node.is("RewriteRule") && proxies(flags) => (path.to_owned(), backend),
            [handler, ..] if node.is("SetHandler") && handler.starts_with("proxy:") => {
                (path.to_owned(), handler)
            }
            _ => {
                if let Some(inside) = &node.inside
                    && !node.is("Proxy")
                    && !node.is("VirtualHost")
                {
                    let path = if node.is("Location") { node.first() } else { path };
                    collect(&inside.iter().collect::<Vec<_>>(), path, found);
                }
                continue;
            }
        };
        if backend != "!" {
            found.push(Target {
                node,
                path: at,
                backend: backend.trim_end_matches('/').to_owned(),
            });
        }
    }
}

fn proxies(flags: &str) -> bool {
    let flags = flags.to_uppercase();
    flags
        .trim_matches(['[', ']'])
        .split(',')
        .any(|flag| ["P", "PROXY"].contains(&flag.trim()))
}

fn way(nodes: &[&Node], target: &Target<'_>) -> Way {
    let mut steps = Vec::new();
    gather(nodes, &target.path, false, &mut steps);
    // The protocol of Tomcat carries the certificate by itself.
    let scheme = target.backend.trim_start_matches("proxy:");
    let is_ajp = scheme.starts_with("ajp:");
    let is_gateway = ["fcgi:", "scgi:", "uwsgi:", "unix:"]
        .iter()
        .any(|kind| scheme.starts_with(kind));
    Way {
        called: format!("\"{}\"", target.node.written()),
        place: target.node.place.clone(),
        backend: target.backend.clone(),
        tells: is_ajp || is_gateway && exports(nodes) || steps.iter().any(|step| step.is_identity),
        steps,
        lost: Vec::new(),
        // Headers become variables there, and mod_proxy leaves such names out of them.
        keeps_underscores: !is_gateway && !is_ajp,
        hands_on: true,
    }
}

/// Whether the variables of mod_ssl are given to whatever answers.
fn exports(nodes: &[&Node]) -> bool {
    nodes.iter().any(|node| {
        let says = node.rest.to_lowercase();
        node.is("SSLOptions") && (says.contains("stdenvvars") || says.contains("exportcertdata"))
            || exports(&node.inside().iter().collect::<Vec<_>>())
    })
}

/// Every `RequestHeader` that holds for requests under `path`.
fn gather(nodes: &[&Node], path: &str, sometimes: bool, steps: &mut Vec<Step>) {
    // Those marked "early" are done before all others.
    let (early, late): (Vec<&Node>, Vec<&Node>) = nodes.iter().copied().partition(|node| {
        node.words
            .last()
            .is_some_and(|word| word.eq_ignore_ascii_case("early"))
    });
    for node in early.into_iter().chain(late) {
        if node.is("RequestHeader") {
            steps.extend(step(node, sometimes));
        }
        let inside: Vec<&Node> = node.inside().iter().collect();
        if node.is("Location") {
            let section = node.first().trim_end_matches('/');
            let covers = path.starts_with(section);
            // A section below the path holds for a part of the requests.
            if covers || section.starts_with(path.trim_end_matches('/')) {
                gather(&inside, path, sometimes || !covers, steps);
            }
        } else if node.is("Proxy") {
            gather(
                &inside,
                path,
                sometimes || !["*", "\"*\""].contains(&node.first()),
                steps,
            );
        } else if node.is("LocationMatch") || node.is("If") || node.is("Else") || node.is("ElseIf") {
            gather(&inside, path, true, steps);
        }
    }
}

fn step(node: &Node, sometimes: bool) -> Option<Step> {
    let [action, header, rest @ ..] = node.words.as_slice() else {
        return None;
    };
    let value = rest.first().map_or("", Word::as_str);
    let is_identity = value.contains("SSL_CLIENT_");
    let header = header.trim_end_matches(':').to_lowercase();
    if !is_identity && !is_identity_header(&header) {
        return None;
    }
    let condition = rest
        .iter()
        .skip(usize::from(!action.eq_ignore_ascii_case("unset")));
    let is_conditional = condition
        .into_iter()
        .any(|word| word.starts_with("env=") || word.to_lowercase().starts_with("expr="));
    let copies = value.to_lowercase().contains("http:") && is_identity_header(value);
    let act = match action.to_lowercase().as_str() {
        "unset" => Act::Remove,
        "set" if copies => Act::Copy,
        "set" => Act::Set,
        "add" | "append" | "merge" | "setifempty" => Act::Add,
        _ => return None,
    };
    Some(Step {
        header,
        act,
        sometimes: sometimes || is_conditional,
        is_identity: is_identity && matches!(act, Act::Set | Act::Add),
        sure: Certainty::Certain,
        said: Said::new((), node.written(), &node.place),
    })
}
