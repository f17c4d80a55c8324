//! What nginx's variables come to for a client, and what its rewrite directives then do with the request.
//!
//! `$ssl_client_verify` is known for each kind of client, most others are not. What depends on an unknown value is
//! taken not to happen, so that a check counts only where it is sure to be made.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    super::{address, pattern, span::Word},
    tokens::Directive,
};

/// The longest value that is followed.
const LONGEST: usize = 16 << 10;
/// The most variables that are looked up for one request.
const MOST_LOOKUPS: usize = 10_000;

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// With a certificate that was verified.
    Verified,
    /// Without one.
    Absent,
    /// With one that was not, and that says whatever its maker wants.
    Stranger,
    /// Without TLS.
    Plain,
}

/// What becomes of a request in the rewrite phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    GoesOn,
    /// It may be refused, by a condition on the certificate that we cannot tell.
    Unsure,
    Refused,
    /// Answered by nginx itself.
    Answered,
}

/// The maps and upstreams of a configuration, and which variables come from the client's certificate.
#[derive(Debug, Default)]
pub(super) struct Variables<'a> {
    maps: BTreeMap<&'a str, &'a Directive>,
    /// The servers that a name stands for.
    upstreams: BTreeMap<&'a str, Vec<&'a str>>,
    /// Set by scripts, so that they may be anything.
    opaque: BTreeSet<&'a str>,
    /// A variable, and the texts that it depends on.
    edges: Vec<(&'a str, Vec<&'a str>)>,
}

impl<'a> Variables<'a> {
    /// Of everything in `directives`, at whatever depth.
    pub(super) fn of(directives: &'a [Directive]) -> Self {
        let mut variables = Self::default();
        variables.collect(directives, &[]);
        variables
    }

    fn collect(&mut self, directives: &'a [Directive], conditions: &[&'a str]) {
        for directive in directives {
            let words = &directive.words;
            match (directive.name.as_str(), words.as_slice()) {
                ("map", [source, target]) => {
                    let rows = directive.inside().iter().map(Directive::first);
                    self.edges
                        .push((bare(target), [source.as_str()].into_iter().chain(rows).collect()));
                    self.maps.insert(bare(target), directive);
                    continue;
                }
                ("set", [target, value]) => {
                    let from = conditions.iter().copied().chain([value.as_str()]);
                    self.edges.push((bare(target), from.collect()));
                }
                ("js_set" | "perl_set" | "auth_request_set" | "set_by_lua_block", [target, ..]) => {
                    self.opaque.insert(bare(target));
                }
                ("upstream", [name]) => {
                    let servers = directive.inside().iter().filter(|inner| inner.name == "server");
                    self.upstreams
                        .insert(name.as_str(), servers.map(Directive::first).collect());
                }
                _ => {}
            }
            if directive.name == "if" {
                let inner = conditions.iter().copied().chain(words.iter().map(Word::as_str));
                self.collect(directive.inside(), &inner.collect::<Vec<_>>());
            } else {
                self.collect(directive.inside(), conditions);
            }
        }
    }

    /// Whether `text` depends on a variable for which `is_meant`, or on what a script makes of it.
    pub(super) fn depends(&self, text: &str, is_meant: fn(&str) -> bool) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<String> = names(text);
        while let Some(name) = waiting.pop() {
            if is_meant(&name) || self.opaque.contains(name.as_str()) {
                return true;
            }
            let edges = self.edges.iter().filter(|(target, _)| *target == name);
            let sources: Vec<String> = edges
                .flat_map(|(_, texts)| texts)
                .flat_map(|text| names(text))
                .collect();
            if seen.insert(name) {
                waiting.extend(sources);
            }
        }
        false
    }

    /// What becomes of a request of `client` that passes through these blocks, the outermost first.
    pub(super) fn fate(&self, blocks: &[&'a [Directive]], client: Client) -> Fate {
        self.end(blocks, client).0
    }

    /// The status with which such a request is refused, where it is.
    pub(super) fn refusal(&self, blocks: &[&'a [Directive]], client: Client) -> Option<u16> {
        match self.end(blocks, client) {
            (Fate::Refused, status) => status,
            _ => None,
        }
    }

    fn end(&self, blocks: &[&'a [Directive]], client: Client) -> (Fate, Option<u16>) {
        let mut run = Run {
            variables: self,
            client,
            set: BTreeMap::new(),
            is_unsure: false,
            status: None,
            left: Cell::new(MOST_LOOKUPS),
        };
        let end = blocks.iter().find_map(|block| run.block(block));
        let fate = match end {
            Some(fate) => fate,
            None if run.is_unsure => Fate::Unsure,
            None => Fate::GoesOn,
        };
        (fate, run.status)
    }

    /// The addresses that `target` of a `proxy_pass` stands for; none where they are known to the running server alone.
    pub(super) fn addresses(&self, target: &str) -> Vec<String> {
        let (scheme, rest) = target.split_once("://").unwrap_or(("", target));
        // `set $app http://127.0.0.1:9000;` has nginx look the name up while it runs.
        let constant = rest.strip_prefix('$').and_then(|name| {
            let mut set = self.edges.iter().filter(|(known, _)| *known == name);
            match (set.next(), set.next()) {
                (Some((_, texts)), None) => texts
                    .first()
                    .filter(|text| texts.len() == 1 && !text.contains('$')),
                _ => None,
            }
        });
        if let Some(constant) = constant {
            let whole = if scheme.is_empty() {
                (*constant).to_owned()
            } else {
                format!("{scheme}://{constant}")
            };
            return self.addresses(&whole);
        }
        let name = rest.split(['/', '$', '?']).next().unwrap_or_default();
        match self.upstreams.get(name) {
            Some(servers) => servers
                .iter()
                .filter_map(|server| address::of_backend(&format!("http://{server}")))
                .collect(),
            None => address::of_backend(target).into_iter().collect(),
        }
    }
}

/// Whether a variable says if the client was verified.
pub(super) fn is_verdict(name: &str) -> bool {
    name == "ssl_client_verify"
}

/// Whether a variable says who the client is.
pub(super) fn is_identity(name: &str) -> bool {
    name.starts_with("ssl_client_") && !is_verdict(name) && name != "ssl_client_v_remain"
}

/// Whether a variable says anything of the client's certificate.
pub(super) fn is_either(name: &str) -> bool {
    is_verdict(name) || is_identity(name)
}

/// The variables in `text`, without their dollar signs.
pub(super) fn names(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split('$')
        .skip(1)
        .map(|rest| rest.trim_start_matches('{'))
        .map(|rest| rest.split(|c| !is_name(c)).next().unwrap_or_default().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn bare(target: &str) -> &str {
    target.trim_start_matches('$')
}

/// One request on its way through the rewrite directives.
struct Run<'v, 'a> {
    variables: &'v Variables<'a>,
    client: Client,
    /// What `set` made; nothing for what cannot be told.
    set: BTreeMap<&'a str, Option<String>>,
    is_unsure: bool,
    /// With which it was answered.
    status: Option<u16>,
    /// How many more variables are looked up; maps may name one another without end.
    left: Cell<usize>,
}

impl<'a> Run<'_, 'a> {
    /// The end of the request, when it comes in here.
    fn block(&mut self, directives: &'a [Directive]) -> Option<Fate> {
        for directive in directives {
            match (directive.name.as_str(), directive.words.as_slice()) {
                ("set", [target, value]) => {
                    let value = self.expanded(value, 0);
                    self.set.insert(bare(target), value);
                }
                ("return", [code, ..]) => return Some(self.answer(code)),
                ("rewrite", [_, _, flag]) if flag == "redirect" || flag == "permanent" => {
                    return Some(Fate::Refused);
                }
                ("if", words) => {
                    if let Some(end) = self.conditional(words, directive.inside()) {
                        return Some(end);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn conditional(&mut self, words: &'a [Word], inside: &'a [Directive]) -> Option<Fate> {
        match self.holds(words) {
            Some(true) => self.block(inside),
            Some(false) => None,
            None => {
                // Whether the listener is the one without TLS is told by its port, too.
                let is_of_port =
                    self.client == Client::Plain && words.iter().any(|word| word.contains("$server_port"));
                let is_about = is_of_port || words.iter().any(|word| self.variables.depends(word, is_either));
                let kept = self.set.clone();
                let end = self.block(inside);
                self.set = kept;
                self.status = None;
                // A stranger's certificate carries the name that lets it in.
                let can_evade = self.client == Client::Stranger;
                self.is_unsure |= is_about && end == Some(Fate::Refused) && !can_evade;
                None
            }
        }
    }

    fn answer(&mut self, code: &str) -> Fate {
        self.status = self.expanded(code, 0).and_then(|code| code.parse::<u16>().ok());
        match self.status {
            Some(code) if code >= 300 => Fate::Refused,
            // A URL to go to instead.
            None if code.starts_with("http") || code.starts_with('/') => Fate::Refused,
            _ => Fate::Answered,
        }
    }

    /// Whether the condition of an `if` holds, where that can be told.
    fn holds(&self, words: &[Word]) -> Option<bool> {
        let words = condition(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [value] if value.starts_with('$') => self
                .expanded(value, 0)
                .map(|value| !value.is_empty() && value != "0"),
            [left, "=", right] => Some(self.expanded(left, 0)? == self.expanded(right, 0)?),
            [left, "!=", right] => Some(self.expanded(left, 0)? != self.expanded(right, 0)?),
            [left, operator, right] => {
                let (is_negated, ignores_case) = match *operator {
                    "~" => (false, false),
                    "~*" => (false, true),
                    "!~" => (true, false),
                    "!~*" => (true, true),
                    _ => return None,
                };
                let found = pattern::is_found(right, &self.expanded(left, 0)?, ignores_case)?;
                Some(found != is_negated)
            }
            _ => None,
        }
    }

    /// `text` with its variables filled in; nothing when one is unknown.
    fn expanded(&self, text: &str, depth: usize) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = rest[at + 1..].trim_start_matches('{');
            let length = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            out.push_str(&self.value(&after[..length], depth)?);
            rest = after[length..].trim_start_matches('}');
        }
        out.push_str(rest);
        // A value that is made of itself doubles with every line.
        (out.len() <= LONGEST).then_some(out)
    }

    fn value(&self, name: &str, depth: usize) -> Option<String> {
        const DEEPEST: usize = 8;
        self.left.set(self.left.get().checked_sub(1)?);
        if let Some(value) = self.set.get(name) {
            return value.clone();
        }
        if let Some(map) = self.variables.maps.get(name) {
            return (depth < DEEPEST).then(|| self.mapped(map, depth + 1)).flatten();
        }
        match (name, self.client) {
            ("ssl_client_verify", Client::Verified) => Some("SUCCESS".to_owned()),
            ("ssl_client_verify", Client::Absent) => Some("NONE".to_owned()),
            ("ssl_client_verify", Client::Stranger) => {
                Some("FAILED:unable to verify the first certificate".to_owned())
            }
            (_, Client::Absent) if name.starts_with("ssl_client_") => Some(String::new()),
            (_, Client::Plain) if name.starts_with("ssl_") || name == "https" => Some(String::new()),
            ("scheme", Client::Plain) => Some("http".to_owned()),
            ("scheme", _) => Some("https".to_owned()),
            ("https", _) => Some("on".to_owned()),
            // It has the key to this one, so that it cannot be another's.
            (
                "ssl_client_fingerprint"
                | "ssl_client_cert"
                | "ssl_client_raw_cert"
                | "ssl_client_escaped_cert",
                _,
            ) if self.client == Client::Stranger => Some("of a stranger".to_owned()),
            _ => None,
        }
    }

    /// The row of `map` that fits: texts in any case first, then patterns in order, then the default.
    fn mapped(&self, map: &Directive, depth: usize) -> Option<String> {
        let source = self.expanded(map.first(), depth)?;
        let rows = || map.inside().iter().filter(|row| row.words.len() == 1);
        let plain = |row: &&Directive| row.name.trim_start_matches('\\').eq_ignore_ascii_case(&source);
        if let Some(row) = rows()
            .filter(|row| !row.name.starts_with('~') && row.name != "default")
            .find(plain)
        {
            return self.expanded(row.first(), depth);
        }
        for row in rows().filter(|row| row.name.starts_with('~')) {
            let written = row.name.trim_start_matches('~');
            let (written, ignores_case) = match written.strip_prefix('*') {
                Some(rest) => (rest, true),
                None => (written, false),
            };
            if pattern::is_found(written, &source, ignores_case)? {
                return self.expanded(row.first(), depth);
            }
        }
        let default = rows().find(|row| row.name == "default");
        default.map_or(Some(String::new()), |row| self.expanded(row.first(), depth))
    }
}

/// The words of a condition without the parentheses around it.
pub(super) fn condition(written: &[Word]) -> Vec<String> {
    let mut words: Vec<String> = written.iter().map(|word| word.text.clone()).collect();
    if let Some(first) = words.first_mut() {
        *first = first.trim_start_matches('(').to_owned();
    }
    let is_bare = written.last().is_some_and(|last| last.span.range.len() == 1);
    if let Some(last) = words.last_mut()
        && let Some(rest) = last.strip_suffix(')')
    {
        *last = rest.to_owned();
        // A parenthesis of its own; `""` before it is a text to compare with.
        if last.is_empty() && is_bare {
            words.pop();
        }
    }
    if words.first().is_some_and(String::is_empty) {
        words.remove(0);
    }
    words
}
