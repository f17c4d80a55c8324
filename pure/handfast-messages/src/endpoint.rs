//! Where the connection of an error went to, so that the commands we name can be run as they stand.

use super::lines::Line;

/// What stands for it in the commands that we name.
pub(super) const UNKNOWN: &str = "HOST:PORT";

/// Documentation that error texts point at.
const NOT_MEANT: [&str; 8] = [
    "curl.se",
    "curl.haxx.se",
    "readthedocs",
    "docs.",
    "go.dev",
    "golang.org",
    "aka.ms",
    "github.com",
];

/// The `HOST:PORT` that `line` names; [`UNKNOWN`] where it names none.
pub(super) fn of_line(line: &Line) -> Option<String> {
    let text = line.written.as_str();
    url(text)
        .or_else(|| quoted(text, "host='", "port=", "'"))
        .or_else(|| quoted(text, "server at \"", "port ", "\""))
        .or_else(|| after(text, "in connection to "))
        .filter(|endpoint| !NOT_MEANT.iter().any(|host| endpoint.contains(host)))
}

/// The authority of the first URL.
fn url(text: &str) -> Option<String> {
    after(text, "https://")
}

/// What stands behind `mark`, as far as it can be a host with a port.
fn after(text: &str, mark: &str) -> Option<String> {
    let (_, rest) = text.split_once(mark)?;
    let end = rest.find(|c: char| !is_of_an_authority(c)).unwrap_or(rest.len());
    let authority = rest.get(..end)?.trim_end_matches([':', '.']);
    if authority.is_empty() {
        return None;
    }
    let is_ip6 = authority.ends_with(']');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !is_ip6 => (host, port),
        _ => (authority, "443"),
    };
    endpoint(host, port)
}

/// Host and port that stand apart: `host='api', port=8443`.
fn quoted(text: &str, host: &str, port: &str, end: &str) -> Option<String> {
    let (_, rest) = text.split_once(host)?;
    let (host, rest) = rest.split_once(end)?;
    let (_, rest) = rest.split_once(port)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    endpoint(host, rest.get(..digits)?)
}

/// What is written by strangers becomes part of a command, so nothing but the letters of names gets through.
fn endpoint(host: &str, port: &str) -> Option<String> {
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_host = !host.is_empty() && host.len() <= 253 && !host.starts_with('-');
    (is_port && is_host && host.chars().all(is_of_an_authority)).then(|| format!("{host}:{port}"))
}

fn is_of_an_authority(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        of_line(&Line::new(1, text.to_owned()))
    }

    #[test]
    fn the_place_that_failed_is_found_in_the_words_of_many() {
        for (text, expected) in [
            ("Get \"https://api.acme:8443/x\": x509: x", "api.acme:8443"),
            ("Get \"https://api.acme\": x", "api.acme:443"),
            (
                "HTTPSConnectionPool(host='localhost', port=20035): Max retries",
                "localhost:20035",
            ),
            (
                "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to localhost:26001 ",
                "localhost:26001",
            ),
            (
                "connection to server at \"127.0.0.1\", port 5432 failed: x",
                "127.0.0.1:5432",
            ),
            ("https://[::1]:8443/", "[::1]:8443"),
        ] {
            assert_eq!(found(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn documentation_and_tricks_are_no_place() {
        for text in [
            "More details here: https://curl.se/docs/sslcerts.html",
            "https://$(reboot)/",
            "https://-x/",
            "https://a:99999/",
            "host='a;b', port=1)",
            "nothing",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
