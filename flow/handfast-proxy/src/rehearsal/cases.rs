//! Cases that rules have to pass: a file in TOML, each case with who asks for what, and what is to be decided.

use std::path::Path;

use handfast_credentials::files::read_regular;
use handfast_finding::{Place, Problem};
use handfast_pki::{Code, code, text::printable};
use handfast_settings::{Choice, Lined, OneOrMore, Reader, Table, Text, Without, keys_of, page, table};
use jiff::Timestamp;

use super::{Asked, Client, Decision, Rehearsal};

/// What a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Allow,
    Deny,
}

impl Choice for Expected {
    const WORDS: &'static [&'static str] = &["allow", "deny"];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "allow" => Self::Allow,
            "deny" => Self::Deny,
            _ => return None,
        })
    }
}

table! {
    /// The file as it is written.
    pub struct RawCases {
        case: Vec<Lined<RawCase>> = "case" {
            flag: None,
            reference: "a case",
            without: Without::Refused,
        }
    }
}

table! {
    /// A table `[[case]]`.
    pub struct RawCase {
        name: Option<Text> = "name" {
            flag: None,
            reference: "what it is called where it fails",
            without: Without::Is("who asks for what"),
        }
        identity: OneOrMore = "identity" {
            flag: None,
            reference: "the names of a client whose certificate is good, each written as a rule without `*`; or `\"anonymous\"`, for one without a certificate",
            without: Without::Unless("cert"),
        }
        cert: Option<Text> = "cert" {
            flag: None,
            reference: "the file of a client certificate, with its path: it is judged by the CAs and revocation lists of the host, now",
            without: Without::Is("`identity`"),
        }
        host: Option<Text> = "host" {
            flag: None,
            reference: "the name that is asked for",
            without: Without::Is("the default host"),
        }
        method: Option<Text> = "method" {
            flag: None,
            reference: "the method",
            without: Without::Is("`\"GET\"`"),
        }
        path: Option<Text> = "path" {
            flag: None,
            reference: "the path",
            without: Without::Is("`\"/\"`"),
        }
        token: Option<bool> = "token" {
            flag: None,
            reference: "whether the request carries the access token that [`bound-tokens`](config.md#bound-access-tokens) of its route demands",
            without: Without::Is("`true`"),
        }
        expected: Option<Expected> = "expected" {
            flag: None,
            reference: "`\"allow\"` or `\"deny\"`",
            without: Without::Refused,
        }
        code: Option<Text> = "code" {
            flag: None,
            reference: "of what is denied: the code, such as `\"HF-609\"`",
            without: Without::Is("any"),
        }
    }
}

/// The table of the reference, as Markdown.
pub fn reference() -> String {
    page(["key of `[[case]]`", "value", "without it"], RawCase::KEYS)
}

/// A case.
pub struct Case {
    pub name: String,
    pub client: Client,
    pub asked: Asked,
    /// Whether the request carries the token that its route demands.
    pub has_token: bool,
    pub expected: Expected,
    /// The code that a denial has to have.
    pub code: Option<Code>,
    pub place: Place,
}

/// The cases of the file `path`; relative paths in it start from its folder.
///
/// # Errors
///
/// Everything that is wrong, each with its line.
pub fn read(path: &Path) -> Result<Vec<Case>, Vec<Problem>> {
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
    let raw = reader
        .document()
        .map(|document| keys_of::<RawCases>(&mut reader, &document));
    let raw = raw.map_or_else(Vec::new, |raw| raw.case);
    if raw.is_empty() && errors.is_empty() {
        errors.push(invalid(&format!(
            "\"{shown}\" has no [[case]], so that it tests nothing"
        )));
    }
    let cases: Vec<Case> = raw
        .iter()
        .filter_map(|raw| case(raw, folder, &mut errors))
        .collect();
    if errors.is_empty() { Ok(cases) } else { Err(errors) }
}

fn invalid(message: &str) -> Problem {
    Problem::new(code::CONFIG_INVALID, message)
}

fn case(raw: &Lined<RawCase>, folder: &Path, errors: &mut Vec<Problem>) -> Option<Case> {
    let (table, place) = (&raw.table, &raw.place);
    let before = errors.len();
    let mut missing = |what: &str| errors.push(invalid(what).place(Some(place.clone())));
    for key in table.missing() {
        missing(&format!("\"{key}\" is missing"));
    }
    if !table.identity.0.is_empty() && table.cert.is_some() {
        missing("identity and cert say the same twice, expected one of them");
    }
    let client = match &table.cert {
        Some(file) => Client::shows(&folder.join(&file.text)).map_err(|problem| file.wrong(problem)),
        None => {
            let names: Vec<&str> = table.identity.0.iter().map(|name| name.text.as_str()).collect();
            Client::named(&names).map_err(|problem| problem.place(Some(place.clone())))
        }
    };
    let client = client.map_err(|problem| errors.push(problem)).ok();
    let code = table.code.as_ref().and_then(|text| {
        let known = code::ALL.iter().find(|(code, _)| code.to_string() == text.text);
        if known.is_none() {
            errors.push(text.wrong(invalid(&format!("\"{}\" is no code", printable(&text.text)))));
        }
        known.map(|(code, _)| *code)
    });
    if let (Some(Expected::Allow), Some(text)) = (table.expected, &table.code) {
        errors.push(text.wrong(invalid("what is allowed has no code")));
    }
    if errors.len() > before {
        return None;
    }
    let or = |text: &Option<Text>, usual: &str| {
        text.as_ref()
            .map_or_else(|| usual.to_owned(), |text| text.text.clone())
    };
    let (client, asked) = (
        client?,
        Asked {
            host: table.host.as_ref().map(|text| text.text.clone()),
            method: or(&table.method, "GET"),
            path: or(&table.path, "/"),
        },
    );
    let usual = format!("{client}: {asked}");
    Some(Case {
        name: or(&table.name, &usual),
        client,
        asked,
        has_token: table.token.unwrap_or(true),
        expected: table.expected?,
        code,
        place: place.clone(),
    })
}

impl Case {
    /// What `rules` decide, and whether that is what is expected.
    pub fn passes(&self, rules: &Rehearsal, now: Timestamp) -> (Decision, bool) {
        let decision = rules.decide(&self.client, &self.asked, now);
        let decision = if self.has_token {
            decision
        } else {
            decision.without_token()
        };
        let is_code = self.code.is_none() || self.code == decision.code;
        let passes = match self.expected {
            Expected::Allow => decision.is_allowed,
            Expected::Deny => !decision.is_allowed && is_code,
        };
        (decision, passes)
    }
}
