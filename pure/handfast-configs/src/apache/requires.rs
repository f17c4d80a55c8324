//! What lets a request in: `Require` and its groups, `SSLRequire`, rewriting, and `<If>`.

use handfast_finding::Place;

use super::lines::Node;
use crate::site::{Asks, Later};

/// What is asked of the rules: whether they keep out who has no verified certificate, or who comes without TLS.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rules {
    Verified(Asks),
    /// With whether the requests are handed on: `ProxyPass` comes before `Redirect`.
    Encrypted {
        is_handed_on: bool,
    },
}

/// What becomes of such a client that passes through `sections`, in their order.
pub(super) fn merged(sections: &[Vec<&Node>], rules: Rules) -> Later {
    let mut required: Option<Later> = None;
    for section in sections {
        let groups: Vec<&Node> = section.iter().copied().filter(|node| is_rule(node)).collect();
        if rules.refuse(section) {
            return Later::Refused;
        }
        if groups.is_empty() {
            continue;
        }
        let here = rules.required(&groups);
        let merging = section.iter().rev().find(|node| node.is("AuthMerging"));
        let how = merging.map_or("off", |node| node.first()).to_lowercase();
        required = Some(match (required, how.as_str()) {
            (Some(before), "and") => before.max(here),
            (Some(before), "or") => before.min(here),
            _ => here,
        });
    }
    required.unwrap_or(Later::Accept)
}

impl Rules {
    /// Whether something that no `Require` can undo refuses.
    fn refuse(self, nodes: &[&Node]) -> bool {
        let others: Vec<&Node> = nodes.iter().copied().filter(|node| !is_rule(node)).collect();
        match self {
            Self::Verified(asks) => {
                let is_undone = can_be_undone(nodes);
                let refuses = |node: &&Node| match () {
                    () if node.is("SSLRequire") => !is_undone && speaks_of_verdict(&node.rest, asks),
                    () if node.is("SSLVerifyClient") => node.first().eq_ignore_ascii_case("require"),
                    () if is_condition(node) => {
                        node.inside().iter().any(refuses) && speaks_of_verdict(&node.rest, asks)
                    }
                    () => false,
                };
                others.iter().any(refuses) || rewritten(&others, asks)
            }
            Self::Encrypted { is_handed_on } => others.iter().any(|node| sends_to_tls(node, is_handed_on)),
        }
    }

    /// What the `Require` of one section say.
    fn required(self, groups: &[&Node]) -> Later {
        match self {
            Self::Verified(asks) if group(groups, asks, false) => Later::Refused,
            Self::Verified(_) if is_denied(groups) => Later::Refused,
            Self::Encrypted { .. } if groups.iter().any(|node| is_of_tls(node)) || is_denied(groups) => {
                Later::Refused
            }
            _ if is_of_address(groups) => Later::Unknown,
            _ => Later::Accept,
        }
    }
}

/// `Satisfy any` lets in who is refused by `SSLRequire`. Strict options change that where a `Require` is asked, too.
fn can_be_undone(nodes: &[&Node]) -> bool {
    let any = |node: &&Node| node.is("Satisfy") && node.first().eq_ignore_ascii_case("any");
    let strict = |node: &&Node| node.is("SSLOptions") && node.rest.to_lowercase().contains("strictrequire");
    let is_strict = nodes.iter().any(strict) && nodes.iter().any(|node| is_rule(node));
    nodes.iter().any(any) && !is_strict
}

/// Whether a directive is about who is let in.
fn is_rule(node: &Node) -> bool {
    ["Require", "RequireAll", "RequireAny", "RequireNone"]
        .iter()
        .any(|name| node.is(name))
}

/// Whether a section holds under a condition.
pub(super) fn is_condition(node: &Node) -> bool {
    ["If", "ElseIf", "Else"].iter().any(|name| node.is(name))
}

/// Whether a section says itself who is let in.
pub(super) fn has_rules(nodes: &[Node]) -> bool {
    let names = ["SSLRequire", "SSLVerifyClient"];
    nodes
        .iter()
        .any(|node| is_rule(node) || is_condition(node) || names.iter().any(|name| node.is(name)))
}

fn is_denied(groups: &[&Node]) -> bool {
    groups
        .iter()
        .all(|node| node.is("Require") && node.rest.to_lowercase().starts_with("all denied"))
}

/// Whether only some addresses, or users with a password, are let in.
fn is_of_address(groups: &[&Node]) -> bool {
    const OTHERS: [&str; 8] = [
        "ip",
        "host",
        "forward-dns",
        "local",
        "valid-user",
        "user",
        "group",
        "method",
    ];
    groups.iter().any(|node| {
        let is_one = node.is("Require") && OTHERS.iter().any(|word| node.first().eq_ignore_ascii_case(word));
        is_one || is_of_address(&node.inside().iter().collect::<Vec<_>>())
    })
}

fn is_of_tls(node: &Node) -> bool {
    let says = node.rest.to_lowercase();
    let is_one = node.is("Require") && (node.first().eq_ignore_ascii_case("ssl") || says.contains("https"));
    is_one || node.inside().iter().any(is_of_tls)
}

/// Whether who comes without TLS is refused, or sent to where TLS is.
fn sends_to_tls(node: &Node, is_handed_on: bool) -> bool {
    let is_redirect = ["Redirect", "RedirectMatch", "RedirectPermanent", "RedirectTemp"]
        .iter()
        .any(|name| node.is(name));
    match () {
        () if node.is("SSLRequireSSL") => true,
        () if is_redirect => !is_handed_on && node.rest.contains("https://"),
        () if node.is("RewriteRule") => forbids(node) || node.rest.contains("https://"),
        () => {
            is_condition(node)
                && node
                    .inside()
                    .iter()
                    .any(|inner| sends_to_tls(inner, is_handed_on) || refuses(inner))
        }
    }
}

/// Whether some rule keeps clients without a verified certificate out.
pub(super) fn verdict(nodes: &[&Node], asks: Asks) -> bool {
    group(nodes, asks, false) || rewritten(nodes, asks)
}

/// Whether one group of rules does. Of several beside each other any one lets in, except within `<RequireAll>`.
fn group(nodes: &[&Node], asks: Asks, all: bool) -> bool {
    let mut checks = false;
    let mut opens = false;
    for node in nodes {
        let inside = || node.inside().iter().collect::<Vec<_>>();
        if node.is("Require") {
            checks |= is_check(node, asks);
            opens |= node.first().eq_ignore_ascii_case("all")
                && node
                    .words
                    .get(1)
                    .is_some_and(|word| word.eq_ignore_ascii_case("granted"));
        } else if node.is("SSLRequire") || node.is("SSLVerifyClient") {
            // Both refuse by themselves, whatever else lets in. The second is asked late, which is told elsewhere.
            let refuses = speaks_of_verdict(&node.rest, asks) || node.first().eq_ignore_ascii_case("require");
            if refuses {
                return true;
            }
        } else if node.is("RequireAll") || node.is("RequireAny") || node.is("RequireNone") {
            checks |= group(&inside(), asks, node.is("RequireAll"));
        } else if node.is("If") || node.is("ElseIf") {
            let denies = node.inside().iter().any(refuses);
            if denies && speaks_of_verdict(&node.rest, asks) {
                return true;
            }
        } else if node.inside.is_some() && (group(&inside(), asks, false) || rewritten(&inside(), asks)) {
            return true;
        }
    }
    checks && (all || !opens)
}

/// Whether a directive refuses whoever reaches it.
fn refuses(node: &Node) -> bool {
    let denies = node.is("Require") && node.rest.to_lowercase().starts_with("all denied");
    let sends_away = node.is("Redirect") || node.is("RedirectMatch");
    denies || sends_away || node.is("RewriteRule") && forbids(node)
}

/// A `RewriteRule` that refuses: `[F]`, `[R=403]`, or to somewhere else.
fn forbids(node: &Node) -> bool {
    let flags = node
        .words
        .get(2)
        .map(|flags| flags.to_uppercase())
        .unwrap_or_default();
    let mut flags = flags.trim_matches(['[', ']']).split(',').map(str::trim);
    flags.any(|flag| flag == "F" || flag == "FORBIDDEN" || flag == "R" || flag.starts_with("R="))
}

/// `RewriteCond %{SSL:SSL_CLIENT_VERIFY} ...` before a rule that refuses.
fn rewritten(nodes: &[&Node], asks: Asks) -> bool {
    let is_on = nodes
        .iter()
        .any(|node| node.is("RewriteEngine") && node.first().eq_ignore_ascii_case("on"));
    let mut speaks = false;
    for node in nodes {
        if node.is("RewriteCond") {
            speaks |= speaks_of_verdict(&node.rest, asks);
        } else if node.is("RewriteRule") {
            if speaks && is_on && forbids(node) {
                return true;
            }
            speaks = false;
        }
    }
    false
}

/// Whether a `Require` lets in only clients whose certificate was verified.
fn is_check(node: &Node, asks: Asks) -> bool {
    if node.first().eq_ignore_ascii_case("ssl-verify-client") {
        return true;
    }
    // By FakeBasicAuth the subject is the user's name; anybody can write that into a certificate of his own.
    let by_name = ["valid-user", "user", "group"]
        .iter()
        .any(|word| node.first().eq_ignore_ascii_case(word));
    speaks_of_verdict(&node.rest, asks) || by_name && asks == Asks::Optional
}

/// Whether an expression asks for what a client without a verified certificate does not have.
fn speaks_of_verdict(expression: &str, asks: Asks) -> bool {
    let says = expression.to_uppercase();
    match asks {
        // Other values than SUCCESS include the one for a certificate that nobody has verified.
        Asks::Unverified => says.contains("SSL_CLIENT_VERIFY") && says.contains("SUCCESS"),
        _ => says.contains("SSL_CLIENT_") || says.contains("PEEREXTLIST"),
    }
}

/// Whether something depends on who the client is.
pub(super) fn looks(nodes: &[&Node]) -> bool {
    const ASKS: [&str; 8] = [
        "Require",
        "SSLRequire",
        "RewriteCond",
        "RewriteRule",
        "If",
        "ElseIf",
        "SetEnvIfExpr",
        "AuthMerging",
    ];
    nodes.iter().any(|node| {
        let says = node.rest.to_uppercase();
        let about = says.contains("SSL_CLIENT_S_DN")
            || says.contains("SSL_CLIENT_SAN")
            || says.contains("SSL_CLIENT_M_SERIAL")
            || says.contains("SSL_CLIENT_CERT")
            || says.contains("SSL_CLIENT_I_DN")
            || says.contains("PEEREXTLIST");
        let options = node.is("SSLOptions")
            && ["FAKEBASICAUTH", "STDENVVARS", "EXPORTCERTDATA"]
                .iter()
                .any(|option| says.contains(option));
        let inside: Vec<&Node> = node.inside().iter().collect();
        about && ASKS.iter().any(|name| node.is(name)) || options || node.is("SSLUserName") || looks(&inside)
    })
}

/// Every whole subject or issuer that is compared with a text: the text, the line as written, the line.
pub(super) fn comparisons(nodes: &[&Node]) -> Vec<(String, String, Place)> {
    let mut found = Vec::new();
    for node in nodes {
        for name in ["SSL_CLIENT_S_DN}", "SSL_CLIENT_I_DN}"] {
            if let Some((_, after)) = node.rest.split_once(name)
                && let Some(value) = compared(after)
            {
                found.push((value, node.written(), node.place.clone()));
            }
        }
        let inside: Vec<&Node> = node.inside().iter().collect();
        found.extend(comparisons(&inside));
    }
    found
}

/// The text after `==`, `=`, `eq` and their opposites.
fn compared(after: &str) -> Option<String> {
    let after = after.trim_start_matches(['"', '\'']).trim_start();
    let operators = ["==", "!=", "eq", "ne", "="];
    let rest = operators
        .iter()
        .find_map(|operator| after.strip_prefix(operator))?
        .trim_start();
    let quote = rest.chars().next().filter(|c| *c == '"' || *c == '\'');
    match quote {
        Some(quote) => rest[1..].split(quote).next().map(str::to_owned),
        None => rest.split_whitespace().next().map(str::to_owned),
    }
}
