//! What the rows of the table are made of: their constructors, and what is made of a value.

use handfast_finding::shell::shell;

use crate::habit::{Habit, Instead, Typed};

/// `flags`, typed to the commands `on`, mean `words`.
pub(crate) const fn same(on: &'static str, flags: &'static str, words: &'static str) -> Habit {
    Habit {
        on,
        typed: Typed::Flag(flags),
        instead: Instead::Words(words),
        taught: None,
    }
}

/// The same where the value is a part of what stands there, as `{}`.
pub(crate) const fn around(on: &'static str, flags: &'static str, words: &'static str) -> Habit {
    Habit {
        instead: Instead::Around(words),
        ..same(on, flags, "")
    }
}

/// The same where `made` makes of the value what stands there.
pub(crate) const fn made(
    on: &'static str,
    flags: &'static str,
    made: fn(&str) -> Option<Vec<String>>,
) -> Habit {
    Habit {
        instead: Instead::Made(made),
        ..same(on, flags, "")
    }
}

/// The first of the words means `words`.
pub(crate) const fn word(on: &'static str, spellings: &'static str, words: &'static str) -> Habit {
    Habit {
        typed: Typed::Word(spellings),
        ..same(on, "", words)
    }
}

/// The first of the words, where it `looks` so, means `words`.
pub(crate) const fn like(on: &'static str, looks: fn(&str) -> bool, words: &'static str) -> Habit {
    Habit {
        typed: Typed::Like(looks),
        ..around(on, "", words)
    }
}

/// The first of the words means `words` behind all others.
pub(crate) const fn last(on: &'static str, spellings: &'static str, words: &'static str) -> Habit {
    Habit {
        instead: Instead::Last(words),
        ..word(on, spellings, "")
    }
}

/// A value of `flag` means `word`.
pub(crate) const fn value(
    on: &'static str,
    flag: &'static str,
    spellings: &'static str,
    word: &'static str,
) -> Habit {
    Habit {
        typed: Typed::Value(flag, spellings),
        ..same(on, "", word)
    }
}

impl Habit {
    /// It is not simply taken: `why`, and what to do.
    pub(crate) const fn but(self, why: &'static str, help: &'static str) -> Self {
        Self {
            taught: Some((why, help)),
            ..self
        }
    }

    /// Another command line does it.
    pub(crate) const fn with(self, line: fn(&[String]) -> Option<String>) -> Self {
        Self {
            instead: Instead::Line(line),
            ..self
        }
    }

    /// There is nothing that does it.
    pub(crate) const fn never(self) -> Self {
        Self {
            instead: Instead::Nothing,
            ..self
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Names without a type, separated by commas as certbot and cfssl take them, or as OpenSSL writes them (`DNS:a,IP:b`).
pub(crate) fn names(value: &str) -> Option<Vec<String>> {
    let value = value.trim_start_matches("subjectAltName").trim_start_matches('=');
    let mut made = Vec::new();
    for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let typed = [
            ("DNS:", "--dns"),
            ("IP:", "--ip"),
            ("URI:", "--uri"),
            ("email:", "--email"),
        ];
        let typed = typed
            .into_iter()
            .find_map(|(kind, flag)| Some((flag, name.strip_prefix(kind)?)));
        let (flag, name) = typed.unwrap_or_else(|| (kind_of(name), name));
        made.extend(words(&[flag, name]));
    }
    Some(made)
}

fn kind_of(name: &str) -> &'static str {
    if name.parse::<std::net::IpAddr>().is_ok() {
        "--ip"
    } else if name.contains("://") {
        "--uri"
    } else if name.contains('@') {
        "--email"
    } else {
        "--dns"
    }
}

/// A subject as OpenSSL writes it: `/C=DE/O=Acme/CN=web`, or with commas.
pub(crate) fn subject(value: &str) -> Option<Vec<String>> {
    let separator = if value.starts_with('/') { '/' } else { ',' };
    let mut made = Vec::new();
    for part in value.split(separator) {
        let Some((kind, value)) = part.trim().split_once('=') else {
            continue;
        };
        let flag = match kind.trim().to_ascii_uppercase().as_str() {
            "CN" => "--name",
            "O" => "--organization",
            "OU" => "--unit",
            "C" => "--country",
            "L" | "ST" | "STREET" | "SERIALNUMBER" | "ORGANIZATIONIDENTIFIER" => {
                let part = format!("{}={}", kind.trim(), value.trim());
                made.extend(words(&["--attribute", &part]));
                continue;
            }
            _ => continue,
        };
        made.extend(words(&[flag, value.trim()]));
    }
    Some(made)
}

/// A time with a unit from a number of days.
pub(crate) fn days(value: &str) -> Option<Vec<String>> {
    let days = value.trim_end_matches(['d', 'D']);
    let is_number = !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| vec!["--lifetime".to_owned(), format!("{days}d")])
}

/// A kind of key in the words of others: `rsa:4096`, `prime256v1`, `EC`, `P-384`.
pub(crate) fn key(value: &str) -> Option<Vec<String>> {
    let plain: String = value
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let kind = match plain.as_str() {
        "rsa" | "rsa2048" | "2048" => "rsa2048",
        "rsa3072" | "3072" => "rsa3072",
        "rsa4096" | "4096" => "rsa4096",
        "ed25519" | "okp" | "eddsa" => "ed25519",
        "p384" | "secp384r1" | "ec384" | "384" => "p384",
        "p256" | "ec" | "ecdsa" | "ec256" | "prime256v1" | "secp256r1" | "256" => "p256",
        _ => return None,
    };
    Some(words(&["--key", kind]))
}

/// The identity of a rule without its type, as the doctor takes it.
pub(crate) fn identity(value: &str) -> Option<Vec<String>> {
    let value = ["uri:", "dns:"]
        .into_iter()
        .find_map(|kind| value.strip_prefix(kind))
        .unwrap_or(value);
    Some(words(&["--expect-id", value]))
}

/// The form to write, in small letters.
pub(crate) fn form(value: &str) -> Option<Vec<String>> {
    Some(words(&["--to", &value.to_ascii_lowercase()]))
}

/// The chain that the server presents, trusting nothing.
pub(crate) fn shown_by_server(line: &[String]) -> Option<String> {
    let place = line
        .iter()
        .find(|word| !word.starts_with('-') && (word.contains("://") || word.contains(':')))?;
    let place = place.strip_prefix("https://").unwrap_or(place);
    let host = place.split(['/', '?', '#']).next().unwrap_or(place);
    Some(format!("handfast inspect {}", shell(format!("https://{host}"))))
}

/// What the server demands and presents, judged.
pub(crate) fn judged(line: &[String]) -> Option<String> {
    let kept = without(line, &["-k", "--insecure"]);
    Some(format!("handfast doctor {}", kept.join(" ")))
}

/// The output into the file that was named.
pub(crate) fn redirected(line: &[String]) -> Option<String> {
    let at = line
        .iter()
        .position(|word| ["-o", "--output"].contains(&word.as_str()))?;
    let file = line.get(at + 1)?;
    let mut rest = line.to_vec();
    rest.drain(at..at + 2);
    let rest: Vec<String> = rest.iter().map(shell).collect();
    Some(format!("handfast get {} > {}", rest.join(" "), shell(file)))
}

/// The page of the code, or the cause of the text.
pub(crate) fn explained(line: &[String]) -> Option<String> {
    let what: Vec<String> = line.iter().skip(1).map(shell).collect();
    Some(
        format!("handfast explain {}", what.join(" "))
            .trim_end()
            .to_owned(),
    )
}

/// Whether a CA is installed: what installing would change.
pub(crate) fn dry_run(line: &[String]) -> Option<String> {
    let rest: Vec<String> = line.iter().skip(1).map(shell).collect();
    let rest = match rest.is_empty() {
        true => "--for system --ca ca.crt".to_owned(),
        false => rest.join(" "),
    };
    Some(format!("handfast trust install {rest} --dry-run"))
}

fn without(line: &[String], flags: &[&str]) -> Vec<String> {
    line.iter()
        .filter(|word| !flags.contains(&word.as_str()))
        .map(shell)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gets_the_flag_of_its_kind() {
        let flags = |value: &str| names(value).expect("names").join(" ");
        assert_eq!(flags("localhost"), "--dns localhost");
        assert_eq!(flags("127.0.0.1,::1"), "--ip 127.0.0.1 --ip ::1");
        assert_eq!(flags("spiffe://acme/web"), "--uri spiffe://acme/web");
        assert_eq!(flags("a@acme.example"), "--email a@acme.example");
        assert_eq!(flags("subjectAltName=DNS:a,IP:10.0.0.1"), "--dns a --ip 10.0.0.1");
    }

    #[test]
    fn a_subject_is_taken_apart() {
        let flags = |value: &str| subject(value).expect("a subject").join(" ");
        assert_eq!(
            flags("/C=DE/O=Acme/CN=web"),
            "--country DE --organization Acme --name web"
        );
        assert_eq!(flags("CN=web, OU=ops"), "--name web --unit ops");
    }

    #[test]
    fn kinds_of_keys_and_days_are_known_in_the_words_of_others() {
        assert_eq!(key("rsa:4096").expect("a kind").join(" "), "--key rsa4096");
        assert_eq!(key("P-384").expect("a kind").join(" "), "--key p384");
        assert_eq!(key("dsa"), None);
        assert_eq!(days("30").expect("days").join(" "), "--lifetime 30d");
        assert_eq!(days("soon"), None);
    }
}
