//! What is reached in a site of a Caddyfile, and by whom.
//!
//! Caddy sorts directives: `redir` and `rewrite` come before `handle` and `route`, and these before `respond`, `error` and
//! `abort`. So what these refuse beside a `handle` is not refused within it. `route` alone keeps the order of its lines.

use super::{DECIDE, tokens::Node};
use crate::{
    address,
    site::{Asks, Later, Reach, Said, Site},
};

/// What comes before the blocks of a site, in Caddy's order.
const BEFORE_BLOCKS: [&str; 2] = ["redir", "rewrite"];
const BLOCKS: [&str; 3] = ["handle", "handle_path", "route"];

/// What is reached by `site`; `matchers` tell clients with a certificate from others.
pub(super) fn of(site: &Site, block: &Node, matchers: &[&Node]) -> Vec<Reach> {
    let mut walk = Walk {
        site,
        matchers,
        found: Vec::new(),
    };
    walk.level(block, false, None);
    walk.errors(block);
    walk.found
}

struct Walk<'a> {
    site: &'a Site,
    matchers: &'a [&'a Node],
    found: Vec<Reach>,
}

impl Walk<'_> {
    /// The lines of `block`, where others are refused already if `is_guarded`, under `path`.
    fn level(&mut self, block: &Node, is_guarded: bool, path: Option<&str>) {
        let keeps_order = block.word(0) == "route";
        let refuses = |name: &Node| self.refuses_all(name);
        let early = block
            .inside()
            .iter()
            .any(|node| BEFORE_BLOCKS.contains(&node.word(0)) && refuses(node));
        let any = block.inside().iter().any(|node| self.refuses_all(node));
        // Of blocks beside each other one is entered, the first that fits.
        let mut is_told_apart = false;
        let mut is_past_check = false;
        for node in block.inside() {
            is_past_check |= self.refuses_all(node);
            let guarded = match () {
                () if is_guarded || self.is_for_some(node) => true,
                () if keeps_order => is_past_check,
                () if BLOCKS.contains(&node.word(0)) => early || is_told_apart,
                () => any,
            };
            let here = path_of(node).or(path);
            match node.word(0) {
                name if BLOCKS.contains(&name) => {
                    is_told_apart |= self.is_for_some(node);
                    self.level(node, guarded, here);
                }
                "reverse_proxy" | "php_fastcgi" => self.push(node, guarded, here),
                _ => {}
            }
        }
    }

    fn push(&mut self, node: &Node, is_guarded: bool, path: Option<&str>) {
        let site = self.site;
        let way = site.ways.iter().find(|way| way.place == node.place);
        let backend = way.map_or("", |way| way.backend.as_str());
        let under = path.map_or(String::new(), |path| format!(" under {path}"));
        let called = format!("\"{}\"{under}", node.written());
        let mut reach = Reach::new(called, &node.place, backend);
        reach.at = backend.split(' ').filter_map(address::of_backend).collect();
        reach.path = path.map(|path| path.trim_end_matches('*').to_owned());
        reach.stranger = match site.asks.value {
            Asks::Required if site.is_tls => Later::Refused,
            _ if is_guarded => Later::Refused,
            _ if site.later == Later::Unknown => Later::Unknown,
            _ if way.is_some_and(|way| way.tells) => Later::Told,
            _ => Later::Accept,
        };
        self.found.push(reach);
    }

    /// What `error` refuses goes on to `handle_errors`.
    fn errors(&mut self, block: &Node) {
        let Some(error) = block
            .all("error")
            .find(|node| self.matcher(node).is_some() && self.site.asks.value != Asks::Required)
        else {
            return;
        };
        let before = self.found.len();
        for handler in block.all("handle_errors") {
            self.level(handler, false, None);
        }
        let after = Said::new((), error.written(), &error.place);
        for reach in self.found.iter_mut().skip(before) {
            reach.after = Some(after.clone());
        }
    }

    fn matcher(&self, node: &Node) -> Option<&Node> {
        let name = node.word(1);
        self.matchers
            .iter()
            .copied()
            .find(|matcher| matcher.word(0) == name)
    }

    /// Whether a line is for those with a certificate alone, or for those without.
    fn is_for_some(&self, node: &Node) -> bool {
        DECIDE.contains(&node.word(0)) && self.matcher(node).is_some()
    }

    /// Whether a line ends the requests of all who have no certificate, or no TLS where the site has none.
    fn refuses_all(&self, node: &Node) -> bool {
        const ENDS: [&str; 4] = ["respond", "error", "abort", "redir"];
        if !ENDS.contains(&node.word(0)) {
            return false;
        }
        if !self.site.is_tls {
            return node.word(0) == "redir" && node.written().contains("https://");
        }
        self.matcher(node).is_some_and(|matcher| !is_of_a_part(matcher))
    }
}

/// Whether a matcher fits only some requests of the clients that it is about.
fn is_of_a_part(matcher: &Node) -> bool {
    const OTHERS: [&str; 7] = [
        "path",
        "path_regexp",
        "host",
        "method",
        "header",
        "query",
        "remote_ip",
    ];
    let is_other = |word: &str| OTHERS.contains(&word);
    let text = matcher.text();
    let is_within = ["path(", "{path}", "{uri}", "http.request.uri", "method("]
        .iter()
        .any(|part| text.contains(part));
    matcher.inside().iter().any(|inner| is_other(inner.word(0))) || is_other(matcher.word(1)) || is_within
}

/// The path that a line is for.
fn path_of(node: &Node) -> Option<&str> {
    Some(node.word(1)).filter(|word| word.starts_with('/'))
}
