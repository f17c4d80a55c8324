//! The programs whose configurations can be read.

use std::path::Path;

/// A program whose configuration we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// nginx, with its own language of blocks and directives.
    Nginx,
    /// Apache httpd.
    Apache,
    /// HAProxy.
    HaProxy,
    /// Envoy's bootstrap, YAML or JSON.
    Envoy,
    /// A Caddyfile.
    Caddy,
}

impl Kind {
    /// With the names by which users choose.
    pub const ALL: [(&'static str, Self); 5] = [
        ("nginx", Self::Nginx),
        ("apache", Self::Apache),
        ("haproxy", Self::HaProxy),
        ("envoy", Self::Envoy),
        ("caddy", Self::Caddy),
    ];

    /// The name by which users choose it.
    pub fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(word, _)| word)
    }

    /// The one that users choose by `word`.
    pub fn of_word(word: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == word);
        found.map(|(_, kind)| *kind)
    }

    /// As its makers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "Apache",
            Self::HaProxy => "HAProxy",
            Self::Envoy => "Envoy",
            Self::Caddy => "Caddy",
        }
    }
}

/// Whether `text` is a configuration of our own.
pub(super) fn is_ours(path: &Path, text: &str) -> bool {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let sections = ["[proxy]", "[tunnel]", "[authority]"];
    is_toml && text.lines().any(|line| sections.contains(&line.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_by_text_and_by_name() {
        for (name, text, kind) in [
            ("x.conf", "# nginx\nworker_processes 1;\n", Kind::Nginx),
            ("x.conf", "http {\n}\n", Kind::Nginx),
            ("x.conf", "events {}\n# all of it\nhttp {}\n", Kind::Nginx),
            ("x.conf", "events\n{\n}\nhttp\n{\n}\n", Kind::Nginx),
            ("x.conf", "<VirtualHost *:443>\n</VirtualHost>\n", Kind::Apache),
            ("x.conf", "  SSLVerifyClient none\n", Kind::Apache),
            ("x", "global\n  maxconn 10\n", Kind::HaProxy),
            ("x", "static_resources:\n  listeners: []\n", Kind::Envoy),
            ("x", "{ \"static_resources\": {} }", Kind::Envoy),
            ("x", "{ \"apps\": { \"http\": {} } }", Kind::Caddy),
            ("x", "example.com {\n  respond hi\n}\n", Kind::Caddy),
            ("Caddyfile", "", Kind::Caddy),
            ("/etc/apache2/ports", "Listen 443\n", Kind::Apache),
            ("haproxy.cfg", "", Kind::HaProxy),
        ] {
            assert_eq!(Kind::told_by(Path::new(name), text), Some(kind), "{name}: {text}");
        }
        assert_eq!(Kind::told_by(Path::new("readme.txt"), "hello\n"), None);
        assert!(is_ours(Path::new("handfast.toml"), "[proxy]\nlisten = \":1\"\n"));
    }
}
