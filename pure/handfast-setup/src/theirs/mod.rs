//! A configuration that somebody else wrote, for a program that `handfast-configs` has no reader for: which of its words
//! are addresses to listen on, which may be files, which of its lines are about the machine alone, and the text with
//! others in their places.

mod hosts;

use std::ops::Range;

pub use hosts::asked_for;

/// A word of a text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, in bytes, quotes left out.
    pub range: Range<usize>,
    /// What it says, without quotes.
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
            for after in behind(line.text, name) {
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

/// What stands behind each place of `line` where `name` is a word of its own.
fn behind<'a>(line: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    line.match_indices(name).filter_map(move |(at, name)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let is_part = before.is_some_and(|letter| letter.is_alphanumeric() || "_-/.".contains(letter));
        let after = line.get(at + name.len()..)?;
        (!is_part && after.starts_with([' ', '\t', '='])).then_some(after)
    })
}

/// One line of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The whole of it, in bytes.
    pub range: Range<usize>,
    /// What follows its name.
    pub value: String,
}

/// The directives that begin with one of `names`, whatever the case. A name that ends in a letter is a whole word; one
/// that ends in anything else, such as `log.`, is a beginning.
pub fn directives(text: &str, names: &[String]) -> Vec<Directive> {
    let mut found: Vec<Directive> = Vec::new();
    for line in lines(text) {
        let start = line.text.len() - line.text.trim_start().len();
        let begins = |name: &&String| {
            let word = line.text.get(start..start + name.len());
            let after = line
                .text
                .get(start + name.len()..)
                .and_then(|rest| rest.chars().next());
            let is_whole = !name.ends_with(char::is_alphanumeric)
                || after.is_none_or(|letter| !letter.is_alphanumeric() && !"_-.".contains(letter));
            word.is_some_and(|word| word.eq_ignore_ascii_case(name)) && is_whole
        };
        let Some(name) = names.iter().find(begins) else {
            continue;
        };
        let from = line.from + start;
        let range = from..line.from + line.text.len();
        let value = text.get(from + name.len()..range.end).unwrap_or_default();
        let is_around = |letter: char| letter.is_whitespace() || "=\"'".contains(letter);
        found.push(Directive {
            value: value.trim_matches(is_around).to_owned(),
            range,
        });
    }
    found
}

/// `text` without the directives that begin with one of `names`.
pub fn without(text: &str, names: &[String]) -> String {
    let gone = directives(text, names);
    replaced(
        text,
        gone.into_iter()
            .map(|directive| (directive.range, String::new()))
            .collect(),
    )
}

/// The path of a socket that a word names: `unix:/run/x.sock`, `unix@/run/x.sock`, `http://unix:/run/x.sock:/` or a
/// path that ends like one.
pub fn socket(word: &Word) -> Option<Word> {
    let marks = ["unix:", "unix@"];
    let marked = marks
        .iter()
        .find_map(|mark| word.text.find(mark).map(|at| at + mark.len()));
    let from = marked.unwrap_or(0);
    let rest = word.text.get(from..).unwrap_or_default();
    let path = rest.split([':', '|']).next().unwrap_or_default();
    let is_path = path.starts_with('/');
    let is_called_so = path.ends_with(".sock") || path.ends_with(".socket");
    (is_path && (marked.is_some() || is_called_so)).then(|| Word {
        range: word.range.start + from..word.range.start + from + path.len(),
        text: path.to_owned(),
    })
}

/// The value of every directive called `name`, and where it stands.
pub fn values(text: &str, name: &str) -> Vec<Word> {
    let value = |directive: Directive| {
        let line = text.get(directive.range.clone())?;
        // What stands around it is shorter than its name, or no part of it.
        let after = line.get(name.len()..)?;
        let at = directive.range.start + name.len() + after.find(&directive.value)?;
        Some(Word {
            range: at..at + directive.value.len(),
            text: directive.value,
        })
    };
    let all = directives(text, &[name.to_owned()]).into_iter();
    all.filter_map(value)
        .filter(|word| !word.text.is_empty())
        .collect()
}

/// The port of an address as configurations write them.
pub fn port(address: &str) -> Option<u16> {
    let text = address.rsplit_once(':').map_or(address, |(_, port)| port);
    text.parse().ok().filter(|port| *port > 0)
}

/// `address` with another port, on loopback of IPv4, which every machine has; a port alone stays one.
pub fn moved(address: &str, port: u16) -> String {
    if !address.contains(':') {
        port.to_string()
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
    fn a_line_about_the_machine_goes_with_all_of_it() {
        let names = ["access_log".to_owned()];
        let text = "access_log /a format\n# access_log x\naccess_logs y\n  ACCESS_LOG z\nkeep\n";
        assert_eq!(
            without(text, &names),
            "\n# access_log x\naccess_logs y\n  \nkeep\n"
        );
        let include = directives("include \"a/*.conf\"\n", &["include".to_owned()]);
        assert_eq!(
            include.first().map(|found| found.value.as_str()),
            Some("a/*.conf")
        );
    }

    #[test]
    fn sockets_are_found_in_every_spelling() {
        let text = "listen unix:/run/a.sock;\nbind unix@/run/b mode 660\nbind /run/c.sock\nproxy_pass \
                    http://unix:/run/d.sock:/x;\nroot /srv/www; server unix:e;\nSetHandler proxy:unix:/run/f.sock|fcgi://localhost\n";
        let found: Vec<Word> = words(text).iter().filter_map(socket).collect();
        assert!(found.iter().all(|word| text[word.range.clone()] == word.text));
        assert_eq!(
            texts(found),
            [
                "/run/a.sock",
                "/run/b",
                "/run/c.sock",
                "/run/d.sock",
                "/run/f.sock"
            ]
        );
    }

    #[test]
    fn the_value_of_a_directive_is_found_where_it_stands() {
        let text = "certfile /c/certfile.crt\n# certfile x\ncertfiles y\n CertFile = \"/d e\"\n";
        let found = values(text, "certfile");
        assert!(found.iter().all(|word| text[word.range.clone()] == word.text));
        assert_eq!(texts(found), ["/c/certfile.crt", "/d e"]);
    }

    #[test]
    fn an_address_goes_to_loopback_and_a_port_stays_one() {
        assert_eq!(moved("443", 7), "7");
        assert_eq!(moved("*:443", 7), "127.0.0.1:7");
        assert_eq!(moved("[::]:443", 7), "127.0.0.1:7");
        assert_eq!(port("unix:/run/x"), None);
    }
}
