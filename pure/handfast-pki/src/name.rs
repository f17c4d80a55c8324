//! Names: what may stand in a certificate, and how a distinguished name is shown.

mod distinguished;

use std::net::IpAddr;

use const_oid::{
    ObjectIdentifier,
    db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME},
};
use der::asn1::Ia5String;
use serde::Serialize;
use x509_cert::ext::pkix::name::GeneralName;

pub(crate) use self::distinguished::text;
pub use self::distinguished::{Attribute, Name};
use crate::{
    Error, Result,
    subject::{Organization, subject},
    text::printable,
};

/// A wished-for subject alternative name (RFC 5280 section 4.2.1.6), checked when it is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase", tag = "type", content = "value")]
pub enum AltName {
    /// `dNSName`: lower case, at most one `*`, which is the whole first label.
    Dns(String),
    /// `iPAddress`: 4 or 16 octets.
    Ip(IpAddr),
    /// `uniformResourceIdentifier`: absolute, and a SPIFFE ID where it begins with `spiffe://`.
    Uri(String),
    /// `rfc822Name`: a mailbox without display name.
    Email(String),
}

impl AltName {
    /// A DNS name in letters, digits and hyphens, in lower case; one leading `*.` label may stand for one label. What a
    /// resolver would take for an IP address (`127.1`, `0x7f.1`) is none.
    pub fn dns(text: &str) -> Result<Self> {
        let name = text.to_ascii_lowercase();
        let bare = name.strip_prefix("*.").unwrap_or(&name);
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let last = bare.rsplit('.').next().unwrap_or_default();
        let is_number = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
        let ends_in_number = is_number(last, 10)
            || last
                .strip_prefix("0x")
                .is_some_and(|hex| hex.is_empty() || is_number(hex, 16));
        if name.len() > 253 || ends_in_number || !bare.split('.').all(label_fits) {
            return Err(bad(text, "a DNS name"));
        }
        Ok(Self::Dns(name))
    }

    /// An IPv4 or IPv6 address.
    pub fn ip(text: &str) -> Result<Self> {
        text.parse().map(Self::Ip).map_err(|_| bad(text, "an IP address"))
    }

    /// An absolute URI in ASCII; a SPIFFE ID where the scheme says so (SPIFFE-ID section 2).
    pub fn uri(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_once(':').ok_or_else(|| bad(text, "an absolute URI"))?;
        let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !scheme_fits || rest.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) || text.len() > 2048
        {
            return Err(bad(text, "an absolute URI"));
        }
        let is_dots = |segment: &str| {
            matches!(
                segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
                "." | ".."
            )
        };
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        if path.split('/').any(is_dots) {
            return Err(bad(text, "an absolute URI without . and .. in its path"));
        }
        if scheme.eq_ignore_ascii_case("spiffe") && !is_spiffe_id(text) {
            return Err(bad(text, "a SPIFFE ID such as spiffe://trust-domain/path"));
        }
        Ok(Self::Uri(text.to_owned()))
    }

    /// An e-mail address in ASCII, its local part without quotes (Dot-string of RFC 5321 section 4.1.2).
    pub fn email(text: &str) -> Result<Self> {
        let is_atom = |atom: &str| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        };
        let fits = text.split_once('@').is_some_and(|(local, host)| {
            local.len() <= 64
                && local.split('.').all(is_atom)
                && !host.starts_with('*')
                && Self::dns(host).is_ok()
        });
        if !fits {
            return Err(bad(text, "an e-mail address"));
        }
        Ok(Self::Email(text.to_owned()))
    }

    /// The DER form.
    pub fn to_general_name(&self) -> Result<GeneralName> {
        let ascii = |text: &str| Ia5String::new(text).map_err(|_| bad(text, "an ASCII name"));
        Ok(match self {
            Self::Dns(name) => GeneralName::DnsName(ascii(name)?),
            Self::Uri(uri) => GeneralName::UniformResourceIdentifier(ascii(uri)?),
            Self::Email(email) => GeneralName::Rfc822Name(ascii(email)?),
            Self::Ip(ip) => GeneralName::from(*ip),
        })
    }
}

impl std::fmt::Display for AltName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{}", printable(name)),
            Self::Ip(ip) => write!(f, "ip:{ip}"),
            Self::Uri(uri) => write!(f, "uri:{}", printable(uri)),
            Self::Email(email) => write!(f, "email:{}", printable(email)),
        }
    }
}

/// Whether `uri` is a SPIFFE ID: lower-case scheme and trust domain, no empty or dot segment, no query,
/// port, user or escape (SPIFFE-ID sections 2.1 to 2.3).
pub fn is_spiffe_id(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("spiffe://") else {
        return false;
    };
    let (domain, path) = rest
        .split_once('/')
        .map_or((rest, None), |(domain, path)| (domain, Some(path)));
    let segment_fits = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    !domain.is_empty()
        && domain.len() <= 255
        && uri.len() <= 2048
        && domain
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b))
        && path.is_none_or(|path| path.split('/').all(segment_fits))
}

/// A distinguished name of a common name and, before it, an organization when one is given.
pub fn distinguished(common_name: &str, organization: Option<&str>) -> Result<Name> {
    let of = Organization {
        organization: organization.map(str::to_owned),
        ..Organization::default()
    };
    subject(Some(common_name), &of)
}

/// `name` as RFC 4514 text, made safe to print; `(empty)` for the empty name.
pub fn shown(name: &Name) -> String {
    if name.is_empty() {
        "(empty)".to_owned()
    } else {
        printable(&name.to_string())
    }
}

/// `name` in every form that programs write it in, with who does, safe to print.
pub fn forms(name: &Name) -> Vec<(&'static str, String)> {
    let (text, strict) = (shown(name), printable(&name.strict()));
    let mut parts: Vec<&str> = Vec::new();
    let (mut begin, mut is_escaped) = (0, false);
    for (at, c) in text.char_indices() {
        if c == ',' && !is_escaped {
            parts.extend(text.get(begin..at));
            begin = at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    parts.extend(text.get(begin..));
    let joined = |parts: &[&str], between: &str| parts.join(between);
    let upwards: Vec<&str> = parts.iter().rev().copied().collect();
    let spaced: Vec<String> = upwards.iter().map(|part| part.replacen('=', " = ", 1)).collect();
    vec![
        ("RFC 4514: nginx, Apache, Handfast", joined(&parts, ",")),
        ("RFC 4514 to the letter: Java (RFC2253), OpenID", strict),
        ("with blanks: Java, GnuTLS", joined(&parts, ", ")),
        (
            "one line of OpenSSL: HAProxy, nginx's legacy variables",
            format!("/{}", joined(&upwards, "/")),
        ),
        ("openssl x509 -subject", spaced.join(", ")),
        ("from the top", joined(&upwards, ",")),
        ("from the top, with blanks", joined(&upwards, ", ")),
    ]
}

/// The DER bytes of a name as text; `(unreadable)` for what is none.
pub fn shown_der(der: &[u8]) -> String {
    of_der(der).map_or_else(|| "(unreadable)".to_owned(), |name| shown(&name))
}

/// The common name, when there is exactly one: with two, nobody can say which one is meant.
pub fn common_name(name: &Name) -> Option<String> {
    only(name, COMMON_NAME)
}

/// Every common name: programs differ in which of several they take. One that is no text is empty here.
pub fn common_names(name: &Name) -> Vec<String> {
    name.iter()
        .filter(|attribute| attribute.kind == COMMON_NAME)
        .map(|attribute| attribute.text().unwrap_or_default())
        .collect()
}

/// The organization, when there is exactly one.
pub fn organization(name: &Name) -> Option<String> {
    only(name, ORGANIZATION_NAME)
}

fn only(name: &Name, kind: ObjectIdentifier) -> Option<String> {
    let mut found = name.iter().filter(|attribute| attribute.kind == kind);
    let (only, None) = (found.next()?, found.next()) else {
        return None;
    };
    only.text()
}

/// The name in `der`, when it is one.
pub fn of_der(der: &[u8]) -> Option<Name> {
    Name::from_der(der).ok()
}

/// Whether one of `list`, names in DER, is `name`.
pub fn is_among(name: &Name, list: &[Vec<u8>]) -> bool {
    list.iter().any(|der| of_der(der).as_ref() == Some(name))
}

/// An IP address as it stands in a certificate: four or sixteen octets.
pub fn ip_from_octets(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn bad(found: &str, expected: &'static str) -> Error {
    Error::BadName {
        found: printable(found),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_taken_and_bad_ones_named() {
        for good in [
            "localhost",
            "a.example",
            "*.example.com",
            "A.Example",
            "xn--bcher-kva.example",
            "_srv.example",
        ] {
            assert!(AltName::dns(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a..b",
            "a.",
            "*",
            "*.*.b",
            "a.*.b",
            "-a",
            "a b",
            "a/b",
            "127.0.0.1",
            "127.1",
            "a.0x7f",
            "ä.example",
            "a\0b",
        ] {
            let error = AltName::dns(bad).expect_err(bad);
            assert_eq!(error.code(), crate::code::BAD_NAME);
        }
        assert!(AltName::email("me@acme.example").is_ok());
        for bad in [
            "me",
            "@acme.example",
            "a@b@acme.example",
            "a.@acme.example",
            "a b@acme.example",
            "a@acme.example.",
            "a@*.acme.example",
            "\"a\"@acme.example",
        ] {
            assert!(AltName::email(bad).is_err(), "{bad}");
        }
        assert!(AltName::uri("https://acme.example/a/../x").is_err());
        assert!(AltName::uri("https://acme.example/%2E%2e").is_err());
        assert!(AltName::uri("https://acme.example/x").is_ok());
        assert!(AltName::uri("no-scheme").is_err());
    }

    #[test]
    fn spiffe_ids_follow_the_specification() {
        for good in [
            "spiffe://acme",
            "spiffe://acme/web",
            "spiffe://acme.example/ns/a/sa/b",
        ] {
            assert!(AltName::uri(good).is_ok(), "{good}");
        }
        for bad in [
            "spiffe://",
            "spiffe://Acme/web",
            "spiffe://acme/",
            "spiffe://acme/../x",
            "spiffe://acme//x",
            "spiffe://a:1/x",
            "spiffe://acme/x?y",
            "SPIFFE://acme/x",
            "spiffe://acme/%41",
        ] {
            assert!(AltName::uri(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_known_in_every_form() {
        let name = distinguished("a, b", Some("Acme")).expect("valid");
        let forms: Vec<String> = forms(&name).into_iter().map(|(_, form)| form).collect();
        assert!(forms.contains(&"CN=a\\, b,O=Acme".to_owned()), "{forms:?}");
        assert!(forms.contains(&"/O=Acme/CN=a\\, b".to_owned()), "{forms:?}");
        assert!(forms.contains(&"O = Acme, CN = a\\, b".to_owned()), "{forms:?}");
    }

    #[test]
    fn a_name_with_two_common_names_has_none() {
        use std::str::FromStr;
        let two = Name::from_str("CN=a,CN=b").expect("valid");
        assert_eq!(common_name(&two), None);
        assert_eq!(
            common_name(&distinguished("a", Some("Acme")).expect("valid")).as_deref(),
            Some("a")
        );
    }
}
