//! The names by which clients ask for sites, as nginx, Apache and Envoy write them.

use super::{behind, lines};

/// What asks for whatever a star stands for.
const ANY: &str = "handfast";

/// The names that follow one of `names`, each as it is written and as a client may ask for it: `*.example.com` as
/// `handfast.example.com`. What is no name of DNS, such as a pattern or a variable, is left out. `until` ends a list of
/// names where its line does not.
pub fn hosts(text: &str, names: &[String], until: Option<char>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines(text) {
        for after in names.iter().flat_map(|name| behind(line.text, name)) {
            let from = line.from + line.text.len() - after.len();
            let rest = text.get(from..).unwrap_or_default();
            let end = rest.find(until.unwrap_or('\n')).unwrap_or(rest.len());
            let value = rest.get(..end).unwrap_or_default();
            for written in value.split(|letter: char| letter.is_whitespace() || "\"'[],=;{}".contains(letter))
            {
                let is_known = |known: &(String, String)| known.0 == written;
                if let Some(host) = asked_for(written)
                    && !found.iter().any(is_known)
                {
                    found.push((written.to_owned(), host));
                }
            }
        }
    }
    found
}

/// A name that `written` matches.
fn asked_for(written: &str) -> Option<String> {
    // Apache takes an address there.
    let name = written.split_once("://").map_or(written, |(_, rest)| rest);
    let name = name.split([':', '/']).next()?.to_ascii_lowercase();
    let name = match name.strip_prefix('.') {
        Some(rest) => rest.to_owned(),
        None => name.replace('*', ANY),
    };
    is_name(&name).then_some(name)
}

/// Whether `name` is one of DNS (RFC 1123 section 2.1), and no address.
fn is_name(name: &str) -> bool {
    const LONGEST: usize = 253;
    const LONGEST_LABEL: usize = 63;
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    name.len() <= LONGEST && name.split('.').all(is_label) && !name.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, names: &[&str], until: Option<char>) -> Vec<(String, String)> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        hosts(text, &names, until)
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(written, host): &(&str, &str)| ((*written).to_owned(), (*host).to_owned());
        expected.iter().map(owned).collect()
    }

    #[test]
    fn names_of_sites_are_found_in_every_spelling() {
        let nginx = "# server_name no.example;\nserver { listen 443 ssl; server_name API.example *.example.com\n    .both.example \
                     www.some.*; return 200; }\nserver_name_in_redirect off; server_name api.other;\nserver_name API.example;\n";
        assert_eq!(
            found(nginx, &["server_name"], Some(';')),
            pairs(&[
                ("API.example", "api.example"),
                ("*.example.com", "handfast.example.com"),
                (".both.example", "both.example"),
                ("www.some.*", "www.some.handfast"),
                ("api.other", "api.other"),
            ])
        );
        let apache = "ServerName https://api.example:443\n  ServerAlias a.example \"b.example\"\n";
        assert_eq!(
            found(apache, &["ServerName", "ServerAlias"], None),
            pairs(&[
                ("https://api.example:443", "api.example"),
                ("a.example", "a.example"),
                ("b.example", "b.example"),
            ])
        );
        assert_eq!(
            found(
                "  server_names: [\"a.example\", 'b.example']\n",
                &["server_names:"],
                None
            ),
            pairs(&[("a.example", "a.example"), ("b.example", "b.example")])
        );
    }

    #[test]
    fn what_nobody_can_ask_for_is_left_out() {
        let text = "server_name _ \"\" ~^(?<x>.+)\\.example$ $hostname 127.0.0.1 [::1] -a.example a..b x_y.example;\n";
        assert_eq!(found(text, &["server_name"], Some(';')), pairs(&[]));
    }
}
