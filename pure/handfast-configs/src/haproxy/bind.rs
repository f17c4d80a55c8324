//! The options of a `bind` line, those of `global` beneath them, and those of a list's entry above.

use std::path::{Path, PathBuf};

use handfast_finding::Place;

use super::lines::{Line, Section};
use crate::{
    files::Reader,
    rules,
    site::{Asks, Material, Pair, Said, Site, Source},
    span::Word,
};

/// What `global` says for all.
#[derive(Debug, Default)]
pub(super) struct Bases {
    certificates: Option<String>,
    cas: Option<String>,
    options: Options,
    ciphers: Option<Line>,
    /// The line of the options, for findings about them.
    options_line: Option<Line>,
    pub(super) caches_sessions: bool,
}

impl Bases {
    pub(super) fn of(sections: &[Section]) -> Self {
        let mut bases = Self {
            caches_sessions: true,
            ..Self::default()
        };
        for line in sections
            .iter()
            .filter(|section| section.kind == "global")
            .flat_map(|section| &section.lines)
        {
            let value = || Some(line.word(1).to_owned());
            match line.word(0) {
                "crt-base" => bases.certificates = value(),
                "ca-base" => bases.cas = value(),
                "ssl-default-bind-options" => {
                    bases.options = Options::of(line.words.get(1..).unwrap_or_default());
                    bases.options_line = Some(line.clone());
                }
                "ssl-default-bind-ciphers" => bases.ciphers = Some(line.clone()),
                "tune.ssl.cachesize" => bases.caches_sessions = line.word(1) != "0",
                _ => {}
            }
        }
        bases
    }

    pub(super) fn has(&self, option: &str) -> bool {
        self.options.has(option)
    }

    /// Where relative names of certificates and of CAs start from.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        [&self.certificates, &self.cas]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    pub(super) fn certificate(&self, written: &str, reader: &Reader<'_>) -> PathBuf {
        based(self.certificates.as_deref(), written, reader)
    }
}

fn based(base: Option<&str>, written: &str, reader: &Reader<'_>) -> PathBuf {
    match base {
        Some(base) => reader.locate(&Path::new(base).join(written).to_string_lossy()),
        None => reader.locate(written),
    }
}

/// Names with their values, for those that have one.
#[derive(Debug, Clone, Default)]
pub(super) struct Options(Vec<(Word, Option<Word>)>);

/// Options that take a value, as far as they matter or would be mistaken for one that does.
const VALUED: [&str; 26] = [
    "crt",
    "crt-list",
    "ca-file",
    "ca-verify-file",
    "crl-file",
    "verify",
    "ciphers",
    "ciphersuites",
    "ssl-min-ver",
    "ssl-max-ver",
    "crt-ignore-err",
    "ca-ignore-err",
    "alpn",
    "npn",
    "curves",
    "ecdhe",
    "sigalgs",
    "client-sigalgs",
    "tls-ticket-keys",
    "name",
    "id",
    "interface",
    "maxconn",
    "process",
    "thread",
    "user",
];

impl Options {
    pub(super) fn of(words: &[Word]) -> Self {
        let mut found = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let value = if VALUED.contains(&word.as_str()) {
                rest.next().cloned()
            } else {
                None
            };
            found.push((word.clone(), value));
        }
        Self(found)
    }

    /// Every name with its value.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Word, Option<&Word>)> {
        self.0.iter().map(|(name, value)| (name, value.as_ref()))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(option, _)| option == name)
    }

    /// The last value of `name`.
    fn last(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(option, _)| option == name);
        found.map(|(_, value)| value.as_ref().map_or("", Word::as_str))
    }

    /// The values of `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Word> {
        let named = self.0.iter().filter(move |(option, _)| option == name);
        named.filter_map(|(_, value)| value.as_ref())
    }

    /// These, with `changes` after them.
    pub(super) fn with(&self, changes: &Self) -> Self {
        Self(self.0.iter().chain(&changes.0).cloned().collect())
    }

    /// Whether an entry with these asks its clients otherwise.
    pub(super) fn concerns_clients(&self) -> bool {
        ["verify", "ca-file", "ca-verify-file", "crl-file"]
            .iter()
            .any(|name| self.has(name))
    }

    /// Whether a certificate is demanded, and its faults do not matter.
    pub(super) fn ignores(&self, changes: &Self) -> bool {
        let all = self.with(changes);
        all.last("verify") == Some("required") && all.forgives()
    }

    /// Whether a certificate that anybody made for himself gets through.
    fn forgives(&self) -> bool {
        const UNTRUSTED: [&str; 11] = [
            "all",
            "2",
            "18",
            "19",
            "20",
            "21",
            "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT",
            "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT",
            "X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN",
            "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        ];
        let errors = self.all("crt-ignore-err").chain(self.all("ca-ignore-err"));
        errors
            .flat_map(|errors| errors.split(','))
            .any(|error| UNTRUSTED.contains(&error))
    }

    /// What these come to for `site`; `line` is where they are written.
    pub(super) fn fill(&self, site: &mut Site, line: &Line, bases: &Bases, reader: &Reader<'_>) {
        let asks = match self.last("verify") {
            Some("required" | "optional") if self.forgives() => Asks::Unverified,
            Some("required") => Asks::Required,
            Some("optional") => Asks::Optional,
            _ => Asks::Never,
        };
        let written = match self.last("verify") {
            Some(word) if asks == Asks::Unverified => {
                let ignored = ["crt-ignore-err", "ca-ignore-err"].into_iter();
                let ignored = ignored.filter_map(|name| Some(format!(" {name} {}", self.last(name)?)));
                format!("verify {word}{}", ignored.collect::<String>())
            }
            Some(word) => format!("verify {word}"),
            None => String::new(),
        };
        site.mend = (asks == Asks::Unverified)
            .then(|| "verify required without crt-ignore-err and ca-ignore-err".to_owned());
        site.asks = Said::new(asks, written, &line.place);
        let material = |written: &str| Material {
            name: written.to_owned(),
            source: Source::Path(based(bases.cas.as_deref(), written, reader)),
            place: line.place.clone(),
        };
        for ca in self.last("ca-file").into_iter() {
            if ca == "@system-ca" {
                site.trust.system = Some(Said::new((), "ca-file @system-ca", &line.place));
            } else {
                site.trust.cas.push(material(ca));
            }
        }
        site.trust.others = self.last("ca-verify-file").map(material).into_iter().collect();
        site.trust.crls = self.last("crl-file").map(material).into_iter().collect();
        site.pairs
            .extend(self.all("crt").map(|crt| pair(crt, &line.place, bases, reader)));
        self.strength(site, line, bases);
    }

    /// Versions and ciphers, this line's or those of `global`.
    fn strength(&self, site: &mut Site, line: &Line, bases: &Bases) {
        let lowest = |options: &Self| {
            let forced = ["force-sslv3", "force-tlsv10", "force-tlsv11"].into_iter();
            let forced = forced
                .filter(|name| options.has(name))
                .map(|name| name.replace("force-", ""));
            let version = options.last("ssl-min-ver").map(str::to_owned);
            version.into_iter().chain(forced).collect::<Vec<_>>()
        };
        let (versions, place) = match (lowest(self), &bases.options_line) {
            (own, Some(global)) if own.is_empty() => (lowest(&bases.options), global),
            (own, _) => (own, line),
        };
        let old = versions
            .into_iter()
            .filter(|version| rules::is_old_version(version));
        site.old_versions = old
            .map(|version| Said::new(version.clone(), format!("ssl-min-ver {version}"), &place.place))
            .collect();
        let (ciphers, place) = match (self.last("ciphers"), &bases.ciphers) {
            (Some(own), _) => (own, line),
            (None, Some(global)) => (global.word(1), global),
            (None, None) => return,
        };
        site.weak_ciphers = rules::weak_ciphers(ciphers)
            .into_iter()
            .map(|weak| Said::new(weak, format!("ciphers {ciphers}"), &place.place))
            .collect();
    }
}

/// A certificate with its key: in the same file, or beside it with `.key` at the end.
pub(super) fn pair(written: &str, place: &Place, bases: &Bases, reader: &Reader<'_>) -> Pair {
    let material = |path: PathBuf, name: &str| Material {
        name: name.to_owned(),
        source: Source::Path(path),
        place: place.clone(),
    };
    let path = bases.certificate(written, reader);
    let beside = PathBuf::from(format!("{}.key", path.display()));
    let key = reader
        .files()
        .mode(&beside)
        .map(|_| material(beside, &format!("{written}.key")));
    Pair {
        certificate: material(path, written),
        key,
    }
}
