//! The ways on from nginx, and the headers that it sets on them.
//!
//! `proxy_set_header` of an outer level counts only where the inner one sets nothing of its own, so that one more
//! header in a location takes away all those of its server.

use handfast_finding::Certainty;

use super::{
    Scope,
    tokens::Directive,
    variables::{self, Variables, is_either},
};
use crate::site::{Act, Said, Step, Way, is_identity_header};

/// What sends a request on, with what sets its headers.
const KINDS: [(&str, &str); 5] = [
    ("proxy_pass", "proxy_set_header"),
    ("grpc_pass", "grpc_set_header"),
    ("fastcgi_pass", "fastcgi_param"),
    ("uwsgi_pass", "uwsgi_param"),
    ("scgi_pass", "scgi_param"),
];

/// The directives at `spot` that send a request on, its `if`s included.
pub(super) fn targets<'a>(spot: &Scope<'a>) -> impl Iterator<Item = &'a Directive> {
    let level = spot.0.last().copied().unwrap_or_default();
    let inner = level
        .iter()
        .filter(|inner| ["if", "limit_except"].contains(&inner.name.as_str()));
    let all = level.iter().chain(inner.flat_map(|inner| inner.inside()));
    all.filter(|directive| KINDS.iter().any(|(pass, _)| *pass == directive.name.as_str()))
}

/// The ways on from `spot`.
pub(super) fn of<'a>(spot: &Scope<'a>, variables: &Variables<'a>) -> Vec<Way> {
    targets(spot).map(|target| way(spot, target, variables)).collect()
}

/// Whether a backend, or whoever a header is sent to, learns what `is_meant`.
pub(super) fn tells<'a>(spot: &Scope<'a>, variables: &Variables<'a>, is_meant: fn(&str) -> bool) -> bool {
    let sets = |directive: &&Directive| KINDS.iter().any(|(_, set)| *set == directive.name.as_str());
    let told = |directive: &Directive| {
        directive
            .words
            .get(1)
            .is_some_and(|value| variables.depends(value, is_meant))
    };
    let reaches = targets(spot).flat_map(|target| settings(spot, target));
    reaches.filter(|directive| sets(directive)).any(told)
}

/// What sets headers on the way of `target`.
fn settings<'a>(spot: &Scope<'a>, target: &Directive) -> Vec<&'a Directive> {
    let kind = KINDS.iter().find(|(pass, _)| *pass == target.name.as_str());
    kind.map(|(_, set)| spot.all(set)).unwrap_or_default()
}

fn way<'a>(spot: &Scope<'a>, target: &'a Directive, variables: &Variables<'a>) -> Way {
    let set = settings(spot, target);
    let steps: Vec<Step> = set
        .iter()
        .filter_map(|directive| step(directive, variables))
        .collect();
    let is_kept = |header: &str| steps.iter().any(|step| step.header == header);
    let outer = spot.0.iter().flat_map(|level| level.iter());
    let lost = outer
        .filter(|directive| {
            set.first()
                .is_some_and(|inner| inner.name.text == directive.name.text)
        })
        .filter_map(|directive| step(directive, variables))
        .filter(|step| step.is_identity && !is_kept(&step.header))
        .collect();
    let params = target.name != "proxy_pass" && target.name != "grpc_pass";
    let prefix = target.name.trim_end_matches("_pass");
    Way {
        called: format!("\"{}\"", target.written()),
        place: target.place.clone(),
        backend: target.first().trim_end_matches('/').to_owned(),
        tells: set.iter().any(|directive| {
            directive
                .words
                .get(1)
                .is_some_and(|value| variables.depends(value, is_either))
        }),
        steps,
        lost,
        keeps_underscores: spot.is_on("underscores_in_headers", false),
        hands_on: params || spot.is_on(&format!("{prefix}_pass_request_headers"), true),
    }
}

/// One `proxy_set_header`; a parameter of FastCGI and its kin is one only as `HTTP_NAME`.
fn step(directive: &Directive, variables: &Variables<'_>) -> Option<Step> {
    let [name, value, ..] = directive.words.as_slice() else {
        return None;
    };
    let header = if directive.name.ends_with("_param") {
        name.strip_prefix("HTTP_")?.replace('_', "-").to_lowercase()
    } else {
        name.to_lowercase()
    };
    let copies = variables::names(value)
        .iter()
        .any(|name| name.strip_prefix("http_").is_some_and(is_identity_header));
    let is_identity = variables.depends(value, is_either);
    if !is_identity && !copies && !is_identity_header(&header) {
        return None;
    }
    let act = match value.as_str() {
        "" => Act::Remove,
        _ if copies => Act::Copy,
        _ => Act::Set,
    };
    Some(Step {
        header,
        act,
        sometimes: false,
        is_identity: is_identity && act == Act::Set,
        sure: Certainty::Certain,
        said: Said::new((), directive.written(), &directive.place),
    })
}
