//! One rule as people write it.

use std::{fmt, str::FromStr};

use handfast_pki::{
    Code, Fingerprint, Identity, code,
    name::{AltName, is_spiffe_id},
    text::printable,
};

/// A rule of `--allow` or of `allow = [...]`: the type and the value that a proven name must have.
///
/// A wildcard stands for exactly one label (`dns:*.acme.example`), one last path segment
/// (`uri:spiffe://acme/*`) or the part before the `@` (`email:*@acme.example`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Everybody whose certificate is verified.
    Any,
    /// `uri:`: the URI SAN, byte for byte.
    Uri(String),
    /// All URIs of this prefix, which ends in `/`, and one more segment.
    UriBelow(String),
    /// `dns:`: the DNS SAN, in lower case.
    Dns(String),
    /// All names of one label before this suffix.
    DnsBelow(String),
    /// `email:`: the e-mail address SAN, byte for byte.
    Email(String),
    /// All addresses at this host.
    EmailAt(String),
    /// `cn:`: the common name of the subject, where it has exactly one.
    CommonName(String),
    /// `fingerprint:`: SHA-256 of the leaf's DER.
    Fingerprint(Fingerprint),
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule \"{rule}\": {problem}")]
pub struct RuleError {
    /// As it was written, safe to print.
    pub rule: String,
    /// What is wrong with it, and what was expected.
    pub problem: String,
}

impl RuleError {
    /// The stable code, `HF-703`.
    pub fn code(&self) -> Code {
        code::BAD_RULE
    }

    /// How rules are written.
    pub fn hint(&self) -> &'static str {
        "write any, uri:spiffe://acme/web, dns:api.acme.example, email:me@acme.example, cn:NAME or fingerprint:SHA256"
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let bad = |problem: String| RuleError {
            rule: printable(text),
            problem,
        };
        if text == "any" {
            return Ok(Self::Any);
        }
        let Some((kind, value)) = text.split_once(':') else {
            return Err(bad("expected \"any\" or TYPE:VALUE".into()));
        };
        let checked =
            |result: handfast_pki::Result<AltName>| result.map(drop).map_err(|error| bad(error.to_string()));
        match kind {
            "uri" => match value.strip_suffix("/*") {
                Some(prefix) => {
                    checked(AltName::uri(prefix))?;
                    one_wildcard(prefix).map_err(bad)?;
                    Ok(Self::UriBelow(format!("{prefix}/")))
                }
                None => {
                    one_wildcard(value).map_err(bad)?;
                    checked(AltName::uri(value)).map(|()| Self::Uri(value.to_owned()))
                }
            },
            // A SPIFFE ID is a URI; people forget the type.
            "spiffe" if is_spiffe_id(text) => {
                Err(bad(format!("the type is missing, expected \"uri:{text}\"")))
            }
            "dns" => {
                checked(AltName::dns(value))?;
                let value = value.to_ascii_lowercase();
                Ok(match value.strip_prefix("*.") {
                    Some(suffix) => Self::DnsBelow(suffix.to_owned()),
                    None => Self::Dns(value),
                })
            }
            "email" => match value.strip_prefix("*@") {
                Some(host) => checked(AltName::dns(host)).map(|()| Self::EmailAt(host.to_ascii_lowercase())),
                None => checked(AltName::email(value)).map(|()| Self::Email(value.to_owned())),
            },
            "cn" if value.is_empty() || value.contains('*') => {
                Err(bad("expected a common name without wildcard".into()))
            }
            "cn" => Ok(Self::CommonName(value.to_owned())),
            "fingerprint" => value
                .parse()
                .map(Self::Fingerprint)
                .map_err(|error| bad(error.to_string())),
            other => Err(bad(format!("unknown type \"{}\"", printable(other)))),
        }
    }
}

fn one_wildcard(value: &str) -> Result<(), String> {
    if value.contains('*') {
        Err("a wildcard may only be the last path segment".into())
    } else {
        Ok(())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::UriBelow(prefix) => write!(f, "uri:{prefix}*"),
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::DnsBelow(suffix) => write!(f, "dns:*.{suffix}"),
            Self::Email(email) => write!(f, "email:{email}"),
            Self::EmailAt(host) => write!(f, "email:*@{host}"),
            Self::CommonName(name) => write!(f, "cn:{}", printable(name)),
            Self::Fingerprint(fingerprint) => write!(f, "fingerprint:{fingerprint}"),
        }
    }
}

impl Rule {
    /// The names of `identity` that are of this rule's type, as the rule would be written for them.
    pub(crate) fn rivals(&self, identity: &Identity) -> Vec<String> {
        let with = |kind: &str, names: &[String]| {
            names
                .iter()
                .map(|name| format!("{kind}:{}", printable(name)))
                .collect()
        };
        match self {
            Self::Any => Vec::new(),
            Self::Uri(_) | Self::UriBelow(_) => with("uri", &identity.uris),
            Self::Dns(_) | Self::DnsBelow(_) => with("dns", &identity.dns),
            Self::Email(_) | Self::EmailAt(_) => with("email", &identity.emails),
            Self::CommonName(_) => with("cn", identity.common_name.as_slice()),
            Self::Fingerprint(_) => vec![format!("fingerprint:{}", identity.fingerprint)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_written_the_same() {
        let fingerprint = format!("fingerprint:{}", "ab".repeat(32));
        for text in [
            "any",
            "uri:spiffe://acme/web",
            "uri:spiffe://acme/*",
            "uri:https://acme.example/x",
            "dns:api.acme.example",
            "dns:*.acme.example",
            "email:me@acme.example",
            "email:*@acme.example",
            "cn:Some Body",
            &fingerprint,
        ] {
            assert_eq!(text.parse::<Rule>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_and_named() {
        for text in [
            "",
            "all",
            "*",
            "uri:",
            "uri:*",
            "uri:spiffe://*/web",
            "uri:spiffe://acme/*/x",
            "dns:*",
            "dns:a.*.b",
            "dns:",
            "cn:",
            "cn:*",
            "fingerprint:ab",
            "ip:1.2.3.4",
            "spiffe://acme/web",
            "URI:spiffe://acme/web",
            "email:*",
        ] {
            let error = text.parse::<Rule>().expect_err(text);
            assert_eq!(error.code(), code::BAD_RULE);
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
