//! Which backends a `bind` leads to, and for whom.

use super::{
    conditions::{Client, applies, split},
    lines::{Line, Section},
    rules::{Flow, is_refused, refuses},
};
use crate::{
    address,
    site::{Asks, Later, Reach, Site},
};

/// What is reached by `site`; `strangers` are those who have not proven who they are.
pub(super) fn of(flow: &Flow<'_>, site: &Site, strangers: &[Client]) -> Vec<Reach> {
    let usual = match site.asks.value {
        _ if !site.is_tls => Client::Plain,
        Asks::Never => Client::Absent,
        _ => Client::Verified,
    };
    let mut found: Vec<Reach> = flow
        .routes(usual)
        .into_iter()
        .filter_map(|route| reach(flow, route.name, route.index))
        .map(|(name, reach)| Reach {
            stranger: stranger(flow, site, strangers, name),
            passes_on: !strangers.iter().any(|client| {
                let back = flow.back(name);
                is_refused(flow.front, *client) || back.is_some_and(|back| is_refused(back, *client))
            }),
            ..reach
        })
        .collect();
    // Those who are sent elsewhere may come to the same servers there.
    let others: Vec<Reach> = strangers
        .iter()
        .flat_map(|client| flow.routes(*client))
        .filter_map(|route| reach(flow, route.name, route.index))
        .map(|(_, reach)| reach)
        .filter(|reach| {
            let is_new = found.iter().all(|known| known.backend != reach.backend);
            is_new && found.iter().any(|known| known.is_beside(reach))
        })
        .collect();
    found.extend(others);
    if site.does_ask() && site.asks.value != Asks::Required {
        found.extend(exceptions(flow, strangers, &found));
    }
    found
}

/// The name of a backend, and what is reached by it.
fn reach<'a>(flow: &Flow<'a>, name: &'a str, index: usize) -> Option<(&'a str, Reach)> {
    let line = flow.front.lines.get(index)?;
    let section = match flow.back(name) {
        Some(back) => back,
        None if flow.front.kind == "listen" => flow.front,
        None => return None,
    };
    let mut reach = Reach::new(format!("\"{}\"", line.written()), &line.place, name);
    reach.at = section
        .all("server")
        .filter_map(|server| address::of_backend(server.word(2)))
        .collect();
    Some((name, reach))
}

/// What becomes of `strangers` on their way to the backend `name`.
fn stranger(flow: &Flow<'_>, site: &Site, strangers: &[Client], name: &str) -> Later {
    if !site.is_tls {
        return if is_sent_away_unsurely(flow) {
            Later::Unknown
        } else {
            Later::Accept
        };
    }
    if site.asks.value == Asks::Required {
        return Later::Refused;
    }
    let gets_there = |client: &Client| flow.reached(*client).contains(&name);
    match () {
        () if !strangers.iter().any(gets_there) => Later::Refused,
        () if strangers.iter().any(|client| flow.is_unsure(*client)) => Later::Unknown,
        () if flow.is_told_by_proxy() || site.ways.iter().any(|way| way.backend == name && way.tells) => {
            Later::Told
        }
        () => Later::Accept,
    }
}

/// Whether who comes without TLS is refused by a condition that speaks of where he came in.
fn is_sent_away_unsurely(flow: &Flow<'_>) -> bool {
    const WHERE: [&str; 6] = ["dst_port", "dst", "so_id", "so_name", "src", "x-forwarded-proto"];
    let speaks = |line: &Line| {
        let (_, condition) = split(&line.words);
        let texts = condition.into_iter().flat_map(|(_, words)| words);
        let named = texts.clone().flat_map(|word| {
            let name = word.trim_start_matches('!').to_owned();
            flow.front
                .all("acl")
                .filter(move |acl| acl.word(1) == name)
                .flat_map(|acl| &acl.words)
        });
        texts
            .chain(named)
            .any(|word| WHERE.iter().any(|part| word.to_lowercase().contains(part)))
    };
    flow.lines()
        .any(|line| refuses(line) && applies(line, flow.front, Client::Plain).is_none() && speaks(line))
}

/// Lines that let some requests past a check which stands below them.
fn exceptions(flow: &Flow<'_>, strangers: &[Client], found: &[Reach]) -> Vec<Reach> {
    let guarded = || found.iter().filter(|reach| reach.stranger == Later::Refused);
    let Some(first) = guarded().next() else {
        return Vec::new();
    };
    let lets_in = |section: &Section, line: &Line| {
        let is_refused_later = strangers
            .iter()
            .any(|client| applies(line, section, *client).is_none() && is_refused(section, *client));
        is_refused_later && is_allow(line) && is_before_a_check(section, line, strangers)
    };
    flow.front
        .lines
        .iter()
        .filter(|line| lets_in(flow.front, line))
        .map(|line| {
            let mut reach = Reach::new(format!("\"{}\"", line.written()), &line.place, &first.backend);
            reach.at = guarded().flat_map(|guard| guard.at.clone()).collect();
            reach.path = line
                .words
                .iter()
                .map(|word| word.text.clone())
                .find(|word| word.starts_with('/'));
            reach.is_meant = true;
            reach
        })
        .collect()
}

fn is_allow(line: &Line) -> bool {
    (line.word(0), line.word(1)) == ("http-request", "allow")
        || line.word(0) == "tcp-request" && line.word(2) == "accept"
}

/// Whether a line that is sure to refuse one of `strangers` follows in the same phase.
fn is_before_a_check(section: &Section, allow: &Line, strangers: &[Client]) -> bool {
    section
        .lines
        .iter()
        .skip_while(|line| line.place != allow.place)
        .filter(|line| line.word(0) == allow.word(0))
        .any(|line| {
            let applies_to = |client: &Client| applies(line, section, *client) == Some(true);
            refuses(line) && strangers.iter().any(applies_to)
        })
}
