//! Whose configuration it is, told from its text first and its name second.

use std::path::Path;

use super::{Kind, nginx};

impl Kind {
    /// Of the file `path` with this text; `None` where neither tells.
    pub fn told_by(path: &Path, text: &str) -> Option<Self> {
        Self::of_text(text).or_else(|| Self::of_name(path))
    }

    fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let whole = path.to_string_lossy().to_lowercase();
        let said = |words: &[&str]| words.iter().any(|word| whole.contains(word));
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            _ if name.starts_with("caddyfile") || said(&["caddy"]) => Some(Self::Caddy),
            _ if name == ".htaccess" || said(&["apache", "httpd"]) => Some(Self::Apache),
            _ if said(&["nginx"]) => Some(Self::Nginx),
            _ if said(&["haproxy"]) => Some(Self::HaProxy),
            _ if said(&["envoy"]) => Some(Self::Envoy),
            Some("caddyfile") => Some(Self::Caddy),
            Some("cfg") => Some(Self::HaProxy),
            Some("yaml" | "yml") => Some(Self::Envoy),
            _ => None,
        }
    }

    fn of_text(text: &str) -> Option<Self> {
        if text.trim_start().starts_with('{') && text.contains("\":") {
            return if text.contains("\"apps\"") {
                Some(Self::Caddy)
            } else {
                Some(Self::Envoy)
            };
        }
        // Nobody else ends every directive with a semicolon or a brace.
        if nginx::tokens::is_one(text) {
            return Some(Self::Nginx);
        }
        text.lines().map(str::trim).find_map(Self::of_line)
    }

    /// What only one of them writes.
    fn of_line(line: &str) -> Option<Self> {
        const ENVOY: [&str; 6] = [
            "static_resources:",
            "dynamic_resources:",
            "filter_chains:",
            "filterChains:",
            "\"@type\":",
            "'@type':",
        ];
        const HAPROXY: [&str; 6] = ["global", "defaults", "frontend", "backend", "listen", "bind"];
        const CADDY: [&str; 6] = [
            "reverse_proxy",
            "client_auth",
            "tls",
            "respond",
            "file_server",
            "handle",
        ];
        if line.starts_with('#') {
            return None;
        }
        let first = line.split_whitespace().next()?;
        let lower = first.to_lowercase();
        let ends = |end: char| line.ends_with(end);
        if line.starts_with('<') && ends('>')
            || lower.starts_with("ssl") && !lower.contains('_') && !ends(';')
        {
            return Some(Self::Apache);
        }
        if ENVOY
            .iter()
            .any(|word| line.trim_start_matches("- ").starts_with(word))
        {
            return Some(Self::Envoy);
        }
        if HAPROXY.contains(&first) && !ends('{') && !ends(';') {
            return Some(Self::HaProxy);
        }
        let opens = |names: &[&str]| names.contains(&first.trim_end_matches('{')) && ends('{');
        if opens(&[
            "http", "server", "events", "stream", "location", "upstream", "map", "geo", "types", "if",
        ]) || ends(';')
        {
            return Some(Self::Nginx);
        }
        (CADDY.contains(&first) || ends('{')).then_some(Self::Caddy)
    }
}
