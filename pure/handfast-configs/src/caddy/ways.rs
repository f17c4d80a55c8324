//! The ways on from a site of a Caddyfile: `reverse_proxy` and its kin, with what is done to headers before them.

use handfast_finding::Certainty;

use super::{speaks, tokens::Node};
use crate::{
    site::{Act, Said, Step, Way, is_identity_header},
    span::Word,
};

/// The ways on from the block of a site.
pub(super) fn of(block: &Node) -> Vec<Way> {
    let mut found = Vec::new();
    walk(block, &[], &mut found);
    found
}

/// `outer` is what is done to headers around the block. Caddy puts directives into its own order, in which
/// headers come before what forwards.
fn walk(block: &Node, outer: &[Step], found: &mut Vec<Way>) {
    let mut steps = outer.to_vec();
    steps.extend(block.all("request_header").filter_map(|line| {
        let rest = line.words.get(1..).unwrap_or_default();
        let is_matched = rest
            .first()
            .is_some_and(|word| word.starts_with(['@', '/']) || word == "*");
        let sometimes = is_matched && rest.first().is_some_and(|word| word != "*");
        step(
            line,
            rest.get(usize::from(is_matched)..).unwrap_or_default(),
            sometimes,
        )
    }));
    for node in block.inside() {
        match node.word(0) {
            "reverse_proxy" | "php_fastcgi" => found.push(way(node, &steps)),
            "handle" | "handle_path" | "route" | "handle_errors" => walk(node, &steps, found),
            _ => {}
        }
    }
}

fn way(node: &Node, outer: &[Step]) -> Way {
    let mut steps = outer.to_vec();
    let own = node.all("header_up");
    steps.extend(own.filter_map(|line| step(line, line.words.get(1..).unwrap_or_default(), false)));
    let beside = node
        .words
        .iter()
        .skip(1)
        .filter(|word| !word.starts_with(['@', '/']) && *word != "*");
    let inside = node.all("to").flat_map(|to| to.words.iter().skip(1));
    let backends: Vec<&str> = beside
        .chain(inside)
        .map(|backend| backend.trim_start_matches("http://"))
        .collect();
    let parameters = node.all("env").any(|env| speaks(&env.written()));
    Way {
        called: format!("\"{}\"", node.written()),
        place: node.place.clone(),
        backend: backends.join(" "),
        tells: parameters || steps.iter().any(|step| step.is_identity),
        steps,
        lost: Vec::new(),
        // Caddy of June 2026 and later drops them by itself.
        keeps_underscores: false,
        hands_on: true,
    }
}

/// `[+|-|>]name value`.
fn step(line: &Node, words: &[Word], sometimes: bool) -> Option<Step> {
    let (name, rest) = words.split_first()?;
    let value = rest.first().map_or("", Word::as_str);
    let sign = name.chars().next().filter(|c| "+-?>".contains(*c));
    let header = name.trim_start_matches(['+', '-', '?', '>']).to_lowercase();
    let is_identity = speaks(value);
    let copies = value.contains("header.") && is_identity_header(value);
    let act = match sign {
        Some('-') => Act::Remove,
        // A pattern and what it is replaced by: most of what the client sent stays.
        _ if rest.len() > 1 => return None,
        _ if copies => Act::Copy,
        Some('+' | '?') => Act::Add,
        _ => Act::Set,
    };
    if act != Act::Remove && !is_identity && !is_identity_header(&header) {
        return None;
    }
    Some(Step {
        header,
        act,
        sometimes,
        is_identity: is_identity && matches!(act, Act::Set | Act::Add),
        sure: Certainty::Certain,
        said: Said::new((), line.written(), &line.place),
    })
}
