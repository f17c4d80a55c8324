//! The text of the configuration: TOML in, what is written out, every problem with its line. What it means is for
//! [`super::resolve`].

use std::{ops::RangeInclusive, time::Duration};

use handfast_finding::{Place, Problem};
use handfast_pki::code;
use handfast_values::duration_between;
use jiff::SignedDuration;
use toml::de::{DeTable, DeValue};

use super::{RawConfig, Text};
use crate::limits::Limits;

/// Reads the text and collects errors.
pub(super) struct Reader<'a> {
    /// The file, as it was named.
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) errors: &'a mut Vec<Problem>,
}

const KEYS: [&str; 15] = [
    "listen",
    "to",
    "to-ca",
    "to-cert",
    "to-key",
    "cert",
    "key",
    "client-ca",
    "allow",
    "xfcc",
    "strip-headers",
    "dangerously-pass-headers",
    "log",
    "workers",
    "limits",
];

impl Reader<'_> {
    pub(super) fn read(&mut self) -> RawConfig {
        let mut raw = RawConfig::default();
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.error(at, error.message().to_owned());
        }
        let mut found = false;
        for (key, value) in table.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("proxy", DeValue::Table(proxy)) => {
                    found = true;
                    raw.place = Some(self.place(key.span().start));
                    self.proxy(proxy, &mut raw);
                }
                ("proxy", _) => self.error(value.span().start, "\"proxy\" must be a table".into()),
                (other, _) => self.unknown(key.span().start, other, &["proxy"]),
            }
        }
        if !found && self.errors.is_empty() {
            self.error(0, "the table [proxy] is missing".into());
        }
        raw
    }

    fn proxy(&mut self, table: &DeTable<'_>, raw: &mut RawConfig) {
        for (key, value) in table {
            let at = value.span().start;
            let name = key.get_ref().as_ref();
            match name {
                "listen" => raw.listen = self.string(at, name, value.get_ref()),
                "to" => raw.to = self.string(at, name, value.get_ref()),
                "to-ca" => raw.to_ca = self.string(at, name, value.get_ref()),
                "to-cert" => raw.to_cert = self.string(at, name, value.get_ref()),
                "to-key" => raw.to_key = self.string(at, name, value.get_ref()),
                "cert" => raw.cert = self.string(at, name, value.get_ref()),
                "key" => raw.key = self.string(at, name, value.get_ref()),
                "client-ca" => raw.client_ca = self.string(at, name, value.get_ref()),
                "log" => raw.log = self.string(at, name, value.get_ref()),
                "allow" => raw.allow = self.strings(at, name, value.get_ref()),
                "xfcc" => match value.get_ref() {
                    DeValue::Boolean(on) => raw.xfcc = *on,
                    other => self.wrong_type(at, name, "true or false", other),
                },
                "strip-headers" => raw.strip_headers = self.strings(at, name, value.get_ref()),
                "dangerously-pass-headers" => raw.pass_headers = self.strings(at, name, value.get_ref()),
                "workers" => raw.workers = self.number(at, name, value.get_ref()),
                "limits" => match value.get_ref() {
                    DeValue::Table(limits) => self.limits(limits, &mut raw.limits),
                    other => self.wrong_type(at, name, "a table", other),
                },
                other => self.unknown(key.span().start, other, &KEYS),
            }
        }
    }

    fn limits(&mut self, table: &DeTable<'_>, limits: &mut Limits) {
        const NAMES: [&str; 10] = [
            "connections",
            "unproven-per-address",
            "backend-connections",
            "header-bytes",
            "handshake",
            "headers",
            "response",
            "idle",
            "min-rate",
            "drain",
        ];
        for (key, value) in table {
            let at = value.span().start;
            let name = key.get_ref().as_ref();
            let value = value.get_ref();
            match name {
                "connections" => {
                    limits.connections = self.number(at, name, value).unwrap_or(limits.connections)
                }
                "unproven-per-address" => {
                    limits.unproven_per_address = self.number(at, name, value).or(limits.unproven_per_address)
                }
                "backend-connections" => {
                    limits.backend_connections =
                        self.number(at, name, value).unwrap_or(limits.backend_connections)
                }
                "min-rate" => limits.min_rate = self.rate(at, name, value).unwrap_or(limits.min_rate),
                "response" => limits.response = self.duration(at, name, value).unwrap_or(limits.response),
                "header-bytes" => {
                    limits.header_bytes = self.number(at, name, value).unwrap_or(limits.header_bytes)
                }
                "handshake" => limits.handshake = self.duration(at, name, value).unwrap_or(limits.handshake),
                "headers" => limits.headers = self.duration(at, name, value).unwrap_or(limits.headers),
                "idle" => limits.idle = self.duration(at, name, value).unwrap_or(limits.idle),
                "drain" => limits.drain = self.duration(at, name, value).unwrap_or(limits.drain),
                other => self.unknown(key.span().start, other, &NAMES),
            }
        }
    }

    fn string(&mut self, at: usize, name: &str, value: &DeValue<'_>) -> Option<Text> {
        match value {
            DeValue::String(text) => Some(Text {
                text: text.clone().into_owned(),
                place: Some(self.place(at)),
            }),
            other => {
                self.wrong_type(at, name, "a text in quotes", other);
                None
            }
        }
    }

    fn strings(&mut self, at: usize, name: &str, value: &DeValue<'_>) -> Vec<Text> {
        let DeValue::Array(items) = value else {
            self.wrong_type(at, name, "a list of texts", value);
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| self.string(item.span().start, name, item.get_ref()))
            .collect()
    }

    fn number(&mut self, at: usize, name: &str, value: &DeValue<'_>) -> Option<usize> {
        let number = match value {
            DeValue::Integer(number) => number.as_str().parse::<usize>().ok().filter(|number| *number > 0),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(at, name, "a number above 0", value);
        }
        number
    }

    /// Bytes per second; 0 asks for none.
    fn rate(&mut self, at: usize, name: &str, value: &DeValue<'_>) -> Option<u64> {
        let rate = match value {
            DeValue::Integer(number) => number.as_str().parse::<u32>().ok().map(u64::from),
            _ => None,
        };
        if rate.is_none() {
            self.wrong_type(at, name, "bytes per second, 0 for none", value);
        }
        rate
    }

    /// At least a millisecond and at most a day: what is longer is a mistake, and no limit.
    fn duration(&mut self, at: usize, name: &str, value: &DeValue<'_>) -> Option<Duration> {
        const RANGE: RangeInclusive<SignedDuration> =
            SignedDuration::from_millis(1)..=SignedDuration::from_hours(24);
        let DeValue::String(text) = value else {
            self.wrong_type(at, name, "a time such as \"10s\" or \"5m\"", value);
            return None;
        };
        match duration_between(text, &RANGE) {
            Ok(duration) => Some(duration.unsigned_abs()),
            Err(error) => {
                let problem = Problem::new(code::CONFIG_INVALID, format_args!("\"{name}\": {error}"));
                self.problem(at, problem.help(error.hint));
                None
            }
        }
    }

    fn wrong_type(&mut self, at: usize, name: &str, expected: &str, found: &DeValue<'_>) {
        self.error(
            at,
            format!(
                "\"{name}\" must be {expected}, found {}",
                with_article(found.type_str())
            ),
        );
    }

    fn unknown(&mut self, at: usize, name: &str, known: &[&str]) {
        let near = known.iter().max_by_key(|known| {
            known
                .bytes()
                .zip(name.bytes())
                .take_while(|(a, b)| a == b)
                .count()
        });
        let hint = near.filter(|near| near.bytes().next() == name.bytes().next());
        let suggestion = hint
            .map(|near| format!(", did you mean \"{near}\"?"))
            .unwrap_or_default();
        let name = handfast_pki::text::printable(name);
        self.error(at, format!("unknown key \"{name}\"{suggestion}"));
    }

    fn error(&mut self, at: usize, message: String) {
        self.problem(at, Problem::new(code::CONFIG_INVALID, message));
    }

    fn problem(&mut self, at: usize, problem: Problem) {
        self.errors.push(problem.place(Some(self.place(at))));
    }

    fn place(&self, at: usize) -> Place {
        let line = 1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        Place::new(self.file, line)
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
