//! The ways on from a frontend, and what `http-request` does to headers on them.

use handfast_finding::Certainty;

use super::{
    conditions::{Client, applies},
    lines::{Line, Section},
    rules::Flow,
};
use crate::site::{Act, Said, Step, Way, is_identity_header};

/// The ways of the clients `let_in`.
pub(super) fn of(flow: &Flow<'_>, let_in: &[Client]) -> Vec<Way> {
    let mut found: Vec<Way> = Vec::new();
    let reached: Vec<(Client, Vec<&str>)> = let_in
        .iter()
        .map(|client| (*client, flow.reached(*client)))
        .collect();
    for client in let_in {
        for route in flow.routes(*client) {
            if found.iter().any(|way| way.backend == route.name) {
                continue;
            }
            let Some(line) = flow.front.lines.get(route.index) else {
                continue;
            };
            let own = flow.back(route.name);
            if own.is_none() && flow.front.kind != "listen" {
                continue;
            }
            let comes = reached
                .iter()
                .filter(|(_, backends)| backends.contains(&route.name));
            let comes: Vec<Client> = comes.map(|(client, _)| *client).collect();
            let mut steps = steps(flow.front, &comes);
            steps.extend(own.into_iter().flat_map(|back| self::steps(back, &comes)));
            found.push(Way {
                called: format!("\"{}\"", line.written()),
                place: line.place.clone(),
                backend: route.name.to_owned(),
                tells: flow.is_told_by_proxy() || steps.iter().any(|step| step.is_identity),
                steps,
                lost: Vec::new(),
                keeps_underscores: true,
                hands_on: true,
            });
        }
    }
    found
}

/// What the lines of `section` do to headers of requests of `clients`.
fn steps(section: &Section, clients: &[Client]) -> Vec<Step> {
    let lines = section.all("http-request");
    lines.filter_map(|line| step(line, section, clients)).collect()
}

fn step(line: &Line, section: &Section, clients: &[Client]) -> Option<Step> {
    let applies: Vec<Option<bool>> = clients
        .iter()
        .map(|client| applies(line, section, *client))
        .collect();
    if applies.iter().all(|applies| *applies == Some(false)) {
        return None;
    }
    let (header, value) = (line.word(2).to_lowercase(), line.word(3));
    let is_identity = value.contains("ssl_c_") || value.contains("ssl_fc_has_crt");
    let copies = value.contains("req.hdr(") && is_identity_header(value);
    let act = match line.word(1) {
        "del-header" => Act::Remove,
        "set-header" if copies => Act::Copy,
        "set-header" => Act::Set,
        "add-header" => Act::Add,
        _ => return None,
    };
    if act != Act::Remove && !is_identity && !is_identity_header(&header) {
        return None;
    }
    Some(Step {
        header: if act == Act::Remove { removed(line) } else { header },
        act,
        sometimes: applies.iter().any(|applies| *applies != Some(true)),
        is_identity: is_identity && matches!(act, Act::Set | Act::Add),
        sure: Certainty::Certain,
        said: Said::new((), line.written(), &line.place),
    })
}

/// What `del-header` takes away, as a pattern with a star.
fn removed(line: &Line) -> String {
    let name = line.word(2).to_lowercase();
    match (line.word(3), line.word(4)) {
        ("-m", "beg") => format!("{name}*"),
        ("-m", "end") => format!("*{name}"),
        ("-m", "sub" | "reg") => "*".to_owned(),
        _ => name,
    }
}
