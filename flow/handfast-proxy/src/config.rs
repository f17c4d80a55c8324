//! The configuration file of the proxy: raw, as it is written; then resolved, as it is meant.
//!
//! One pass over the text finds every problem, each with its line. What comes out needs no further check. Which keys there
//! are stands in `keys.rs` alone: the file is read by them, and the flags, the reference page and the JSON Schema are made
//! from them.

mod admin;
mod backends;
mod choices;
mod clients;
mod hosts;
mod keys;
mod one;
pub(crate) mod open;
mod tokens;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::Path,
    sync::Arc,
};

pub use self::admin::AdminAddress;
pub use self::choices::{ClientCertificate, Mode, OnRefusal};
pub use self::keys::{
    RawAssertion, RawBackend, RawBoundTokens, RawClients, RawConfig, RawFile, RawHost, RawLimits,
    RawListener, RawRoute,
};
use crate::{
    limits::{Detail, Limits},
    sources::Sources,
};
use handfast_credentials::files::read_regular;
use handfast_finding::{Place, Problem};
use handfast_headers::Reserved;
use handfast_pki::{Network, code, pattern::PatternError};
use handfast_policy::Rule;
use handfast_settings::{Key, Reader, Table, Text, keys_of};
use handfast_values::{Endpoint, Form};
use serde_json::Value;

/// The proxy as the operator means it.
#[derive(Debug, Clone)]
pub struct Config {
    pub sources: Sources,
    pub xfcc: bool,
    /// Whether the CAs of the client's path go to the backend.
    pub chain: bool,
    /// The headers that no client may set.
    pub reserved: Reserved,
    pub detail: Detail,
    pub workers: usize,
    pub limits: Limits,
    pub admin: Option<AdminAddress>,
    /// From where the PROXY protocol is required, and from nowhere else taken.
    pub announcers: Arc<[Network]>,
    /// Whether the process keeps the right to read and write what it does not need.
    pub dangerously_unconfined: bool,
}

impl Config {
    /// The addresses to listen on.
    pub fn listen(&self) -> Vec<SocketAddr> {
        let listeners = self.sources.listeners.iter();
        listeners.map(|listener| listener.listen).collect()
    }

    /// The settings in which `other` differs and which an open proxy cannot take over.
    pub fn fixed_differences(&self, other: &Self) -> Vec<&'static str> {
        let differences = [
            ("listen", self.listen() != other.listen()),
            ("client-cert-chain", self.chain != other.chain),
            ("xfcc", self.xfcc != other.xfcc),
            (
                "strip-headers or dangerously-pass-headers",
                self.reserved != other.reserved,
            ),
            ("log", self.detail != other.detail),
            ("workers", self.workers != other.workers),
            ("proxy-protocol", self.announcers != other.announcers),
            ("admin", self.admin != other.admin),
            ("limits", self.limits != other.limits),
            (
                "dangerously-unconfined",
                self.dangerously_unconfined != other.dangerously_unconfined,
            ),
        ];
        differences
            .into_iter()
            .filter_map(|(name, differs)| differs.then_some(name))
            .collect()
    }
}

/// What is known of the keys of `[proxy]`: the flags of `handfast proxy` are made from it.
pub const KEYS: &[Key] = RawConfig::KEYS;

/// The tables of `docs/reference/config.md`, each as Markdown with its heading row.
pub fn pages() -> [String; 9] {
    use handfast_settings::page;
    [
        page(["key of `[[backend]]`", "value", "without it"], RawBackend::KEYS),
        page(
            ["key of `[[listener]]`", "value", "without it"],
            RawListener::KEYS,
        ),
        page(
            ["key of `[[listener.host]]`", "value", "without it"],
            RawHost::KEYS,
        ),
        page(
            ["key of `[[listener.host.route]]`", "value", "without it"],
            RawRoute::KEYS,
        ),
        page(
            ["key of `bound-tokens`", "value", "without it"],
            RawBoundTokens::KEYS,
        ),
        page(["key of `assertion`", "value", "without it"], RawAssertion::KEYS),
        page(["key", "value", "without it"], RawConfig::KEYS),
        page(["key of `[[clients]]`", "value", "without it"], RawClients::KEYS),
        page(["key", "what is limited", "default"], RawLimits::KEYS),
    ]
}

/// The JSON Schema (2020-12) of `handfast.toml`, for editors and for whoever writes the file with a program.
pub fn schema() -> Value {
    handfast_settings::schema("handfast.toml", RawFile::KEYS)
}

/// The tables of `handfast.toml`, for its manual page.
pub fn manual() -> Vec<handfast_settings::Part> {
    handfast_settings::manual(RawFile::KEYS)
}

/// Reads the file `path`; relative paths in it start from its folder.
pub fn read(path: &Path) -> Result<Config, Vec<Problem>> {
    let bytes = read_regular(path).map_err(|problem| vec![problem])?;
    let shown = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("\"{shown}\": expected text in UTF-8, found other bytes");
        vec![Problem::new(code::WRONG_FORMAT, message)]
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut errors = Vec::new();
    let mut reader = Reader {
        file: &shown,
        text: &text,
        errors: &mut errors,
    };
    let Some((raw, head)) = written(&mut reader) else {
        return Err(errors);
    };
    match resolve(&raw, folder, head.as_ref(), &mut errors) {
        Some(proxy) if errors.is_empty() => Ok(proxy),
        _ => {
            sort(&mut errors, head.as_ref());
            Err(errors)
        }
    }
}

/// By their lines. What is missing stands at the `head` of its table and comes last: what is written wrongly may be why.
fn sort(problems: &mut [Problem], head: Option<&Place>) {
    problems.sort_by_key(|problem| match &problem.place {
        Some(place) if Some(&**place) != head => place.line,
        _ => usize::MAX,
    });
}
/// What stands in the file, and the head of the table `[proxy]`, where what is missing would stand. The reader is told
/// everything that cannot be read. Nothing is known of a file that is no TOML: what a bracket too few does to the rest is no
/// mistake.
fn written(reader: &mut Reader<'_>) -> Option<(RawFile, Option<Place>)> {
    let document = reader.document()?;
    let mut keys = document.keys();
    let head = keys.find(|key| key.get_ref() == "proxy");
    let head = head.map(|key| reader.place(key.span().start));
    let raw: RawFile = keys_of(reader, &document);
    if head.is_none() && raw.listener.is_empty() && reader.errors.is_empty() {
        reader.error(0, "the table [proxy] is missing".into());
    }
    Some((raw, head))
}

/// Turns what is written into what is meant, and adds everything that keeps it from meaning anything. What is missing is
/// missing at `head`.
pub fn resolve(
    file: &RawFile,
    folder: &Path,
    head: Option<&Place>,
    errors: &mut Vec<Problem>,
) -> Option<Config> {
    let raw = &file.proxy;
    let reserved = reserved(file, &mut |text, problem| errors.push(text.wrong(problem)));
    let mut wrong = |text: &Text, problem: Problem| errors.push(text.wrong(problem));
    let mut announcers: Vec<Network> = Vec::new();
    for text in &raw.proxy_protocol {
        match text.text.parse() {
            Ok(network) => announcers.push(network),
            Err(error) => wrong(
                text,
                Problem::new(code::CONFIG_INVALID, format_args!("proxy-protocol: {error}")),
            ),
        }
    }
    let admin = raw.admin.as_ref().and_then(|text| {
        let read = AdminAddress::parse(&text.text, folder);
        read.map_err(|problem| wrong(text, problem)).ok()
    });
    let sources = if file.listener.is_empty() {
        one::resolve(file, folder, head, errors)
    } else {
        hosts::resolve(file, folder, errors)
    };
    let assertion_key = raw.assertion_key.as_ref().map(|text| folder.join(&text.text));
    Some(Config {
        sources: Sources {
            assertion_key,
            ..sources?
        },
        xfcc: raw.xfcc,
        chain: raw.chain,
        reserved,
        detail: raw.log.unwrap_or(Detail::Connections),
        workers: raw
            .workers
            .map(|number| number.0)
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        limits: limits(&raw.limits),
        admin,
        announcers: announcers.into(),
        dangerously_unconfined: raw.unconfined,
    })
}

pub(crate) fn invalid(message: impl ToString) -> Problem {
    Problem::new(code::CONFIG_INVALID, message)
}

/// The rules that can be read.
pub(crate) fn rules(texts: &[Text], wrong: &mut impl FnMut(&Text, Problem)) -> Vec<Rule> {
    let mut rule = |text: &Text| {
        let read = text.text.parse::<Rule>();
        let problem = |error: PatternError| {
            Problem::new(code::BAD_RULE, format_args!("rule {error}")).help(error.hint())
        };
        read.map_err(|error| wrong(text, problem(error))).ok()
    };
    texts.iter().filter_map(&mut rule).collect()
}

fn limits(raw: &RawLimits) -> Limits {
    let usual = Limits::default();
    Limits {
        connections: raw.connections.map_or(usual.connections, |number| number.0),
        unproven_per_address: raw.unproven_per_address.map(|number| number.0),
        backend_connections: raw
            .backend_connections
            .map_or(usual.backend_connections, |number| number.0),
        header_bytes: raw.header_bytes.map_or(usual.header_bytes, |number| number.0),
        handshake: raw.handshake.unwrap_or(usual.handshake),
        headers: raw.headers.unwrap_or(usual.headers),
        response: raw.response.unwrap_or(usual.response),
        idle: raw.idle.unwrap_or(usual.idle),
        min_rate: raw.min_rate.map_or(usual.min_rate, |rate| rate.0.into()),
        drain: raw.drain.unwrap_or(usual.drain),
    }
}

/// The headers that no client may set; each pattern that is wrong by itself.
fn reserved(file: &RawFile, wrong: &mut impl FnMut(&Text, Problem)) -> Reserved {
    let raw = &file.proxy;
    let mut good = (Vec::new(), Vec::new());
    let mut take = |text: &Text, tried: Result<Reserved, _>, into: &mut Vec<String>| match tried {
        Ok(_) => into.push(text.text.clone()),
        Err(error) => wrong(text, Problem::new(code::CONFIG_INVALID, error)),
    };
    for text in &raw.strip_headers {
        let tried = Reserved::with(std::slice::from_ref(&text.text), &[]);
        take(text, tried, &mut good.0);
    }
    for text in &raw.pass_headers {
        let tried = Reserved::with(&[], std::slice::from_ref(&text.text));
        take(text, tried, &mut good.1);
    }
    // What carries assertions, and what may come to carry them with a reload.
    let assertions = file
        .backend
        .iter()
        .filter_map(|backend| backend.table.assertion.as_ref());
    let headers = assertions.filter_map(|assertion| Some(assertion.table.header.as_ref()?.text.clone()));
    good.0
        .extend(headers.filter(|name| Reserved::with(std::slice::from_ref(name), &[]).is_ok()));
    good.0.push(backends::ASSERTION.to_owned());
    // Each was good by itself, and they do not depend on each other.
    Reserved::with(&good.0, &good.1).unwrap_or_default()
}

/// An address to listen on: `127.0.0.1:8443`, `[::1]:8443`, `localhost:8443`, `:8443` for all IPv4 addresses.
pub fn address(text: &str) -> Result<SocketAddr, Problem> {
    let endpoint = Endpoint::read(text, &Form::LISTEN)?;
    let bad = |why: String| {
        Problem::new(code::CONFIG_INVALID, format_args!("address \"{text}\": {why}")).help(Form::LISTEN.hint)
    };
    let found = endpoint.to_string().to_socket_addrs();
    let mut found = found.map_err(|error| bad(error.to_string()))?;
    found.next().ok_or_else(|| bad("it has no address".into()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use handfast_settings::Shape;

    use super::*;

    fn errors(text: &str) -> Vec<(Option<usize>, String)> {
        let mut errors = Vec::new();
        let written = written(&mut Reader {
            file: "handfast.toml",
            text,
            errors: &mut errors,
        });
        if let Some((raw, head)) = written {
            let _ = resolve(&raw, Path::new("/etc/handfast"), head.as_ref(), &mut errors);
        }
        errors
            .into_iter()
            .map(|problem| (problem.place.map(|place| place.line), problem.message))
            .collect()
    }

    /// A file for each key of `keys` that has a list, with that list alone, on its second line. `#` stands for the list.
    fn with_one_list(keys: &[Key], before: &str, after: &str, files: &mut Vec<(&'static str, String)>) {
        for key in keys {
            let name = key.name;
            match key.shape {
                Shape::Texts | Shape::OneOrMore => {
                    files.push((name, format!("\n{before}{name} = #{after}\n")))
                }
                Shape::Table(below) => {
                    with_one_list(
                        below,
                        &format!("{before}{name} = {{ "),
                        &format!(" }}{after}"),
                        files,
                    );
                }
                Shape::Tables(below) => {
                    files.push((name, format!("\n{before}{name} = #{after}\n")));
                    with_one_list(
                        below,
                        &format!("{before}{name} = [{{ "),
                        &format!(" }}]{after}"),
                        files,
                    );
                }
                _ => {}
            }
        }
    }

    fn reading<T: Table>(text: &str) -> Vec<(Option<usize>, String)> {
        let mut errors = Vec::new();
        let mut reader = Reader {
            file: "handfast.toml",
            text,
            errors: &mut errors,
        };
        let document = reader.document().expect("TOML");
        let _: T = keys_of(&mut reader, &document);
        let errors = errors.into_iter();
        errors
            .map(|problem| (problem.place.map(|place| place.line), problem.message))
            .collect()
    }

    fn no_list_can_be_empty<T: Table>(least: usize) {
        let mut files = Vec::new();
        with_one_list(T::KEYS, "", "", &mut files);
        assert!(files.len() >= least, "{files:?}");
        for (name, file) in files {
            let message = format!("\"{name}\" is an empty list, expected at least one value");
            let found = reading::<T>(&file.replace('#', "[]"));
            assert_eq!(found, [(Some(2), message)], "{file}");
            let item = reading::<T>(&file.replace('#', "[{}]"));
            let texts = reading::<T>(&file.replace('#', "[\"any\"]"));
            assert!(item.is_empty() || texts.is_empty(), "{file}: {item:?} {texts:?}");
        }
    }

    #[test]
    fn an_empty_list_is_refused_with_its_line_whatever_the_key() {
        no_list_can_be_empty::<RawFile>(20);
        no_list_can_be_empty::<crate::tunnel::keys::RawFile>(10);
    }

    #[test]
    fn a_number_with_which_nothing_works_is_refused_with_its_bounds() {
        for (line, bounds) in [
            ("workers = 0", "from 1 to 1024"),
            ("workers = 5000", "from 1 to 1024"),
            ("limits.header-bytes = 1", "from 1024 to 1048576"),
            ("limits.header-bytes = 99999999", "from 1024 to 1048576"),
            ("limits.connections = 0", "from 1 to 10000000"),
            ("limits.connections = -1", "from 1 to 10000000"),
        ] {
            let found = errors(&format!("{GOOD_WITHOUT_LIMITS}{line}\n"));
            assert!(
                found.len() == 1 && found[0].1.contains(bounds),
                "{line}: {found:?}"
            );
        }
        for line in ["workers = 1024", "limits.header-bytes = 1024"] {
            assert_eq!(errors(&format!("{GOOD_WITHOUT_LIMITS}{line}\n")), [], "{line}");
        }
    }

    #[test]
    fn a_header_of_the_connection_cannot_be_passed() {
        for name in ["Connection", "transfer-encoding", "Keep_Alive", "te"] {
            let found = errors(&format!(
                "{GOOD_WITHOUT_LIMITS}dangerously-pass-headers = [\"{name}\"]\n"
            ));
            assert!(
                found.len() == 1 && found[0].1.contains("the connection"),
                "{name}: {found:?}"
            );
        }
        let good = format!("{GOOD_WITHOUT_LIMITS}dangerously-pass-headers = [\"X-Real-Ip\"]\n");
        assert_eq!(errors(&good), []);
    }

    const GOOD_WITHOUT_LIMITS: &str = r#"
[proxy]
listen = "127.0.0.1:0"
to = "http://127.0.0.1:9000"
cert = "tls.crt"
key = "tls.key"
client-ca = "ca.crt"
allow = ["uri:spiffe://acme/web"]
"#;

    const GOOD: &str = r#"
[proxy]
listen = "127.0.0.1:0"
to = "http://127.0.0.1:9000"
cert = "tls.crt"
key = "tls.key"
client-ca = "ca.crt"
allow = ["uri:spiffe://acme/web"]
limits = { handshake = "500ms", connections = 10 }
"#;

    #[test]
    fn a_good_file_is_read_and_its_paths_start_from_its_folder() {
        let mut found = Vec::new();
        let written = written(&mut Reader {
            file: "handfast.toml",
            text: GOOD,
            errors: &mut found,
        });
        let (raw, head) = written.expect("TOML");
        let proxy = resolve(&raw, Path::new("/etc/handfast"), head.as_ref(), &mut found).expect("good");
        assert!(found.is_empty());
        assert_eq!(
            proxy.sources.listeners[0].hosts[0].cert,
            Path::new("/etc/handfast/tls.crt")
        );
        assert_eq!(proxy.limits.handshake, Duration::from_millis(500));
        assert_eq!(proxy.limits.connections, 10);
    }

    #[test]
    fn all_problems_are_found_at_once_each_with_its_line() {
        let text = "[proxy]\nlisten = \"nowhere\"\nto = \"ftp://x\"\ncrt = \"tls.crt\"\nkey = 5\nallow = [\n  \"uri:spiffe://acme/web\",\n  \"everybody\",\n]\nlog = \"much\"\nworkers = 0\n[proxy.limits]\nidle = 5\n";
        let found = errors(text);
        for (line, part) in [
            (Some(2), "address \"nowhere\": the port is missing"),
            (Some(3), "backend \"ftp://x\": unknown scheme \"ftp\""),
            (Some(4), "unknown key \"crt\""),
            (Some(5), "\"key\" must be a text"),
            (Some(8), "rule \"everybody\""),
            (Some(10), "log \"much\""),
            (Some(11), "\"workers\" must be a number"),
            (Some(13), "\"idle\" must be a time"),
            (Some(1), "\"cert\" is missing"),
            (Some(1), "\"client-ca\" is missing"),
        ] {
            assert!(
                found
                    .iter()
                    .any(|(at, message)| *at == line && message.contains(part)),
                "{line:?} {part}: {found:#?}"
            );
        }
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_not_called_missing() {
        for key in ["listen", "to", "cert", "key", "client-ca", "allow"] {
            let lines = GOOD_WITHOUT_LIMITS.lines();
            let lines = lines.map(|line| match line.starts_with(&format!("{key} =")) {
                true => format!("{key} = 5"),
                false => line.to_owned(),
            });
            let found = errors(&lines.collect::<Vec<_>>().join("\n"));
            assert!(
                found.len() == 1 && found[0].1.starts_with(&format!("\"{key}\" must be ")),
                "{key}: {found:?}"
            );
        }
    }

    const TWO_CAS: &str = r#"
[proxy]
listen = "127.0.0.1:0"
to = "http://127.0.0.1:9000"
cert = "tls.crt"
key = "tls.key"
clients = ["acme", "beta"]
allow = ["any"]
[[clients]]
name = "acme"
ca = "acme.crt"
names = ["uri:spiffe://acme/**"]
[[clients]]
name = "beta"
ca = "beta.crt"
names = ["dns:*.beta.example"]
extended-key-usage = "required"
"#;

    #[test]
    fn cas_that_are_used_together_are_bound_each_to_its_names() {
        assert_eq!(errors(TWO_CAS), []);
        let bare = TWO_CAS.replace("names = [\"dns:*.beta.example\"]\n", "");
        let found = errors(&bare);
        assert!(
            found.len() == 1
                && found[0].0 == Some(13)
                && found[0].1.contains("\"beta\" is not bound to names"),
            "{found:?}"
        );
        let alone = bare.replace("[\"acme\", \"beta\"]", "[\"beta\"]");
        assert_eq!(errors(&alone), [], "alone it need not be bound");
    }

    #[test]
    fn what_is_wrong_with_a_ca_has_its_line() {
        for (from, to, line, part) in [
            (
                "[\"acme\", \"beta\"]",
                "[\"acme\", \"gamma\"]",
                7,
                "no [[clients]] is called \"gamma\"",
            ),
            ("[\"acme\", \"beta\"]", "[\"acme\", \"acme\"]", 7, "named twice"),
            (
                "name = \"beta\"",
                "name = \"acme\"",
                14,
                "two [[clients]] are called \"acme\"",
            ),
            ("ca = \"beta.crt\"\n", "", 13, "\"ca\" is missing"),
            (
                "[\"dns:*.beta.example\"]",
                "[\"dsn:beta\"]",
                16,
                "unknown type \"dsn\"",
            ),
            ("[\"dns:*.beta.example\"]", "[]", 16, "\"names\" is an empty list"),
            (
                "name = \"beta\"",
                "name = \"beta\"\nstale = \"keep\"",
                13,
                "stale says what holds",
            ),
            (
                "\"required\"",
                "\"always\"",
                17,
                "expected if-present or required",
            ),
            (
                "allow =",
                "client-ca = \"ca.crt\"\nallow =",
                8,
                "client-ca and clients",
            ),
        ] {
            let found = errors(&TWO_CAS.replace(from, to));
            assert!(
                found
                    .iter()
                    .any(|(at, text)| *at == Some(line) && text.contains(part)),
                "{to}: {found:?}"
            );
        }
    }

    #[test]
    fn a_limit_of_time_has_a_unit_and_is_between_a_millisecond_and_a_day() {
        let said = |text: &str| errors(&GOOD.replace("500ms", text));
        for text in ["1ms", "90s", "1m30s", "24h", "1d"] {
            assert!(said(text).is_empty(), "{text}");
        }
        for (text, why) in [
            ("90", "a number without a unit"),
            ("0s", "expected at least 1ms"),
            ("25h", "expected at most 24h"),
            (
                "1M",
                "\"M\" is minutes to some and months to others; minutes are \"m\"",
            ),
        ] {
            let message = format!("\"handshake\": duration \"{text}\": {why}");
            assert_eq!(said(text), [(Some(9), message)], "{text}");
        }
    }

    #[test]
    fn what_is_written_wrongly_is_told_before_what_is_missing() {
        let folder = std::env::temp_dir().join(format!("handfast-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("handfast.toml");
        std::fs::write(&file, "[proxy]\nlisten = \"127.0.0.1:0\"\nallow = \"any\"\n").expect("written");
        let problems = read(&file).expect_err("it is wrong");
        std::fs::remove_dir_all(&folder).expect("removed");
        let lines: Vec<_> = problems
            .iter()
            .map(|problem| problem.place.as_ref().map(|place| place.line))
            .collect();
        assert_eq!(lines.first(), Some(&Some(3)), "{problems:#?}");
        assert!(lines[1..].iter().all(|line| *line == Some(1)), "{problems:#?}");
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        let found = errors("[proxy\nlisten = 1");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, Some(1));
        assert!(
            errors("")
                .iter()
                .any(|(_, message)| message.contains("[proxy] is missing"))
        );
    }
}
