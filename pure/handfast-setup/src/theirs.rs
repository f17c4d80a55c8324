//! A configuration that somebody else wrote, moved to loopback: which of its words are addresses to listen on, which
//! may be files, and the text with other words in their places.

use std::ops::Range;

/// A word of a text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub range: Range<usize>,
    pub text: String,
}

/// Letters that end a word in one of the syntaxes that are known.
const ENDS: &str = "\"'`;{}()[],=<>";

/// Every word of `text` that stands in no comment.
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for line in lines(text) {
        let mut begin = None;
        let ended = line.text.char_indices().chain([(line.text.len(), ' ')]);
        for (at, letter) in ended {
            let is_end = letter.is_whitespace() || ENDS.contains(letter);
            match (is_end, begin) {
                (false, None) => begin = Some(at),
                (true, Some(from)) => {
                    found.push(line.word(from..at));
                    begin = None;
                }
                _ => {}
            }
        }
    }
    found
}

/// The addresses that follow one of `names`, such as `listen`: `443`, `*:443`, `[::]:443` or `0.0.0.0:443`.
pub fn listens(text: &str, names: &[String]) -> Vec<Word> {
    let mut found = Vec::new();
    for line in lines(text) {
        for name in names {
            for (at, _) in line.text.match_indices(name.as_str()) {
                let before = line.text.get(..at).and_then(|before| before.chars().next_back());
                if before.is_some_and(|letter| letter.is_alphanumeric() || "_-/.".contains(letter)) {
                    continue;
                }
                let after = line.text.get(at + name.len()..).unwrap_or_default();
                if !after.starts_with([' ', '\t', '=']) {
                    continue;
                }
                let value = after.trim_start_matches([' ', '\t', '=', '"']);
                let from = line.text.len() - value.len();
                let length = value
                    .find(|letter: char| letter.is_whitespace() || "\";>},".contains(letter))
                    .unwrap_or(value.len());
                if port(value.get(..length).unwrap_or_default()).is_some() {
                    found.push(line.word(from..from + length));
                }
            }
        }
    }
    found
}

/// The port of an address as configurations write them.
pub fn port(address: &str) -> Option<u16> {
    let text = address.rsplit_once(':').map_or(address, |(_, port)| port);
    text.parse().ok().filter(|port| *port > 0)
}

/// `address` with another port, on loopback; a port alone stays one.
pub fn moved(address: &str, port: u16) -> String {
    if !address.contains(':') {
        port.to_string()
    } else if address.starts_with('[') {
        format!("[::1]:{port}")
    } else {
        format!("127.0.0.1:{port}")
    }
}

/// `text` with other words in the places of some; these do not overlap.
pub fn replaced(text: &str, mut others: Vec<(Range<usize>, String)>) -> String {
    others.sort_by_key(|(range, _)| range.start);
    let mut out = String::new();
    let mut at = 0;
    for (range, other) in others {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&other);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

struct Line<'a> {
    from: usize,
    text: &'a str,
}

impl Line<'_> {
    fn word(&self, range: Range<usize>) -> Word {
        Word {
            text: self.text.get(range.clone()).unwrap_or_default().to_owned(),
            range: self.from + range.start..self.from + range.end,
        }
    }
}

/// The lines that are no comments.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut from = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let begin = from;
        from += line.len();
        let is_comment = line.trim_start().starts_with(['#', ';']);
        (!is_comment).then_some(Line {
            from: begin,
            text: line.trim_end_matches(['\n', '\r']),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: Vec<Word>) -> Vec<String> {
        words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn addresses_are_found_behind_their_names_alone() {
        let names = [
            "listen".to_owned(),
            "<VirtualHost".to_owned(),
            "accept".to_owned(),
            "port_value:".to_owned(),
        ];
        let text = "# listen 1;\n    listen 443 ssl;\nlisten [::]:443 ssl;\nlistener 8883\n<VirtualHost *:8443>\naccept = \
                    0.0.0.0:9\nlisten unix:/run/x;\n  { address: x, port_value: 10 }\n";
        assert_eq!(
            texts(listens(text, &names)),
            ["443", "[::]:443", "*:8443", "0.0.0.0:9", "10"]
        );
    }

    #[test]
    fn a_text_is_moved_to_loopback_and_nothing_else_is_touched() {
        let text = "server {\n  listen 0.0.0.0:443 ssl; # 443\n  ssl_certificate \"/etc/x.crt\";\n}\n";
        let mut others: Vec<_> = listens(text, &["listen".to_owned()])
            .into_iter()
            .map(|word| (word.range, moved(&word.text, 7)))
            .collect();
        let path = words(text)
            .into_iter()
            .find(|word| word.text == "/etc/x.crt")
            .expect("a path");
        others.push((path.range, "/tmp/y".into()));
        assert_eq!(
            replaced(text, others),
            "server {\n  listen 127.0.0.1:7 ssl; # 443\n  ssl_certificate \"/tmp/y\";\n}\n"
        );
    }

    #[test]
    fn an_address_keeps_its_kind() {
        assert_eq!(moved("443", 7), "7");
        assert_eq!(moved("*:443", 7), "127.0.0.1:7");
        assert_eq!(moved("[::]:443", 7), "[::1]:7");
        assert_eq!(port("unix:/run/x"), None);
    }
}
