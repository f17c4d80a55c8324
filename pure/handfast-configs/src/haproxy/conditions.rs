//! What HAProxy's conditions come to for a client, as far as they are about its certificate.
//!
//! Without a certificate `ssl_c_verify` is 0, as it is with a good one, so that this test alone is no check.

use super::lines::{Line, Section};
use crate::{pattern, span::Word};

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// With a certificate that was verified.
    Verified,
    /// Without one.
    Absent,
    /// With one whose faults are ignored.
    Stranger,
    /// Without TLS.
    Plain,
}

/// Splits `... if condition` into what stands before, and the condition with its sense.
pub(super) fn split(words: &[Word]) -> (&[Word], Option<(bool, &[Word])>) {
    let at = words.iter().position(|word| word == "if" || word == "unless");
    match at {
        Some(at) => (&words[..at], Some((words[at] == "if", &words[at + 1..]))),
        None => (words, None),
    }
}

/// Whether the line applies to `client`; `None` where that cannot be told.
pub(super) fn applies(line: &Line, section: &Section, client: Client) -> Option<bool> {
    match split(&line.words).1 {
        None => Some(true),
        Some((sense, condition)) => Some(holds(condition, section, client, 0)? == sense),
    }
}

/// Whether the line's condition is about the client's certificate, or about what was kept of it.
pub(super) fn depends(line: &Line, section: &Section) -> bool {
    let Some((_, condition)) = split(&line.words).1 else {
        return false;
    };
    let about = |word: &str| {
        ["ssl_c_", "ssl_fc_has_crt", "var("]
            .iter()
            .any(|part| word.contains(part))
    };
    condition.iter().any(|word| {
        let name = word.trim_start_matches('!');
        about(word)
            || section
                .all("acl")
                .any(|acl| acl.word(1) == name && acl.words.iter().any(|word| about(word)))
    })
}

/// Terms beside each other must all hold, `or` begins the next choice.
fn holds(words: &[Word], section: &Section, client: Client, depth: usize) -> Option<bool> {
    let mut any = Some(false);
    for choice in words.split(|word| word == "or" || word == "||") {
        any = either(any, all(choice, section, client, depth));
    }
    any
}

fn all(words: &[Word], section: &Section, client: Client, depth: usize) -> Option<bool> {
    let mut result = Some(true);
    let mut rest = words.iter();
    let mut negated = false;
    while let Some(word) = rest.next() {
        if word == "!" {
            negated = !negated;
            continue;
        }
        let name = word.trim_start_matches('!');
        negated ^= (word.len() - name.len()) % 2 == 1;
        let value = if name == "{" {
            let inside: Vec<Word> = rest.by_ref().take_while(|word| *word != "}").cloned().collect();
            test(&inside, client)
        } else {
            named(name, section, client, depth)
        };
        result = both(result, value.map(|value| value != negated));
        negated = false;
    }
    result
}

/// Lines of one name are alternatives.
fn named(name: &str, section: &Section, client: Client, depth: usize) -> Option<bool> {
    const DEEPEST: usize = 4;
    match name {
        "TRUE" => return Some(true),
        "FALSE" => return Some(false),
        _ if depth > DEEPEST => return None,
        _ => {}
    }
    let mut lines = section.all("acl").filter(|line| line.word(1) == name).peekable();
    lines.peek()?;
    let mut any = Some(false);
    for line in lines {
        any = either(any, test(line.words.get(2..).unwrap_or_default(), client));
    }
    any
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// What a sample is for a client.
enum Sample {
    Truth(bool),
    Number(i64),
    /// There is none, so that no pattern fits.
    Missing,
    /// It fits nothing that is written here: nobody else has the key to it.
    Foreign,
    Unknown,
}

fn sample(fetch: &str, client: Client) -> Sample {
    let name = fetch.split(['(', ',']).next().unwrap_or_default();
    let has_certificate = matches!(client, Client::Verified | Client::Stranger);
    let error = if client == Client::Stranger { 18 } else { 0 };
    let is_plain_fetch = !fetch.rsplit(')').next().unwrap_or_default().contains(',');
    match name {
        _ if !is_plain_fetch => Sample::Unknown,
        "always_true" => Sample::Truth(true),
        "always_false" => Sample::Truth(false),
        "ssl_fc" => Sample::Truth(client != Client::Plain),
        "ssl_c_used" | "ssl_fc_has_crt" => Sample::Truth(has_certificate),
        "ssl_c_verify" | "ssl_c_err" | "ssl_c_ca_err" => Sample::Number(error),
        "ssl_c_sha1" | "ssl_c_der" | "ssl_c_chain_der" if client == Client::Stranger => Sample::Foreign,
        _ if name.starts_with("ssl_c_") && !has_certificate => Sample::Missing,
        _ => Sample::Unknown,
    }
}

/// One test: a sample, and the patterns that it is to fit.
fn test(words: &[Word], client: Client) -> Option<bool> {
    let (fetch, rest) = words.split_first()?;
    let method = rest
        .iter()
        .position(|word| word == "-m")
        .and_then(|at| rest.get(at + 1));
    let patterns: Vec<&str> = patterns(rest);
    let is_found = method.is_some_and(|method| method == "found");
    match sample(fetch, client) {
        Sample::Unknown => None,
        Sample::Missing => Some(false),
        Sample::Foreign => Some(is_found),
        _ if is_found => Some(true),
        Sample::Truth(truth) => match patterns.as_slice() {
            [] => Some(truth),
            patterns => Some(
                patterns
                    .iter()
                    .any(|pattern| ["1", "true", "on"].contains(pattern) == truth),
            ),
        },
        Sample::Number(number) => match patterns.as_slice() {
            [] => Some(number != 0),
            _ if method.is_some_and(|method| method == "reg") => {
                let text = number.to_string();
                patterns
                    .iter()
                    .map(|written| pattern::is_found(written, &text, false))
                    .fold(Some(false), either)
            }
            patterns => numbers(patterns, number),
        },
    }
}

/// The patterns of a test, without its flags.
pub(super) fn patterns(rest: &[Word]) -> Vec<&str> {
    let mut found = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-m" | "-f" | "-M" | "-u" => {
                words.next();
            }
            "-i" | "-n" => {}
            "--" => {}
            pattern => found.push(pattern),
        }
    }
    found
}

/// `0`, `gt 0`, `1:9`.
fn numbers(patterns: &[&str], number: i64) -> Option<bool> {
    let mut operator = "eq";
    let mut any = false;
    for pattern in patterns {
        if ["eq", "ne", "gt", "ge", "lt", "le"].contains(pattern) {
            operator = pattern;
            continue;
        }
        let fits = match pattern.split_once(':') {
            Some((from, to)) => {
                let (from, to) = (from.parse().unwrap_or(i64::MIN), to.parse().unwrap_or(i64::MAX));
                (from..=to).contains(&number)
            }
            None => {
                let wanted: i64 = pattern.parse().ok()?;
                match operator {
                    "ne" => number != wanted,
                    "gt" => number > wanted,
                    "ge" => number >= wanted,
                    "lt" => number < wanted,
                    "le" => number <= wanted,
                    _ => number == wanted,
                }
            }
        };
        any |= fits;
    }
    Some(any)
}
