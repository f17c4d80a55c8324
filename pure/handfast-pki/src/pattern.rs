//! Patterns of names: what a rule allows, and what a CA may speak for. One grammar for both.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::{
    Fingerprint, Identity,
    name::{AltName, is_spiffe_id},
    text::printable,
};

/// The type and the value that a name must have.
///
/// `*` stands for exactly one DNS label (`dns:*.acme.example`), one last path segment (`uri:spiffe://acme/*`) or the part
/// before the `@` (`email:*@acme.example`); `**` for one or more labels or segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// Every certificate that is trusted.
    Any,
    /// This URI.
    Uri(String),
    /// All URIs of this prefix, which ends in `/`, and one more segment.
    UriChild(String),
    /// All URIs of this prefix, which ends in `/`, and one or more segments.
    UriBelow(String),
    /// This DNS name, in lower case.
    Dns(String),
    /// All names of one label before this suffix.
    DnsChild(String),
    /// All names of one or more labels before this suffix.
    DnsBelow(String),
    /// This e-mail address.
    Email(String),
    /// All addresses at this host.
    EmailAt(String),
    /// All addresses of this network, its host bits zero.
    Ip(Network),
    /// This common name of the subject.
    CommonName(String),
    /// This one certificate, by its SHA-256.
    Fingerprint(Fingerprint),
}

/// An IP network: the first `prefix` bits of `address` count, the others are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of `address` and `prefix` bits; none where the prefix is too long for the address.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let bits = u32::from(prefix);
        let address = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
                IpAddr::from((u32::from(v4) & mask).to_be_bytes())
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
                IpAddr::from((u128::from(v6) & mask).to_be_bytes())
            }
        };
        Some(Self { address, prefix })
    }

    /// Whether `address` lies in it. An IPv4 address lies in no IPv6 network.
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::new(address, self.prefix) == Some(*self)
    }

    /// Whether all of `other` lies in it.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        other.prefix >= self.prefix && self.contains(other.address)
    }

    /// The address and its mask, as a CA certificate limits addresses (RFC 5280 section 4.2.1.10).
    pub(crate) fn octets_and_mask(&self) -> Vec<u8> {
        let bits = u32::from(self.prefix);
        match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                [v4.octets(), mask.to_be_bytes()].concat()
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                [v6.octets(), mask.to_be_bytes()].concat()
            }
        }
    }

    fn is_single(&self) -> bool {
        usize::from(self.prefix) == if self.address.is_ipv4() { 32 } else { 128 }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() {
            self.address.fmt(f)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

impl FromStr for Network {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || crate::Error::BadValue {
            found: printable(text),
            expected: "an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32, its host bits zero",
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| bad())?,
            None if address.is_ipv4() => 32,
            None => 128,
        };
        // 10.1.2.3/8 may mean the one address or the network; nobody should have to guess.
        Self::new(address, prefix)
            .filter(|network| network.address == address)
            .ok_or_else(bad)
    }
}

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{pattern}\": {problem}")]
pub struct PatternError {
    /// What was written, safe to print.
    pub pattern: String,
    /// What is wrong with it.
    pub problem: String,
}

impl PatternError {
    /// One thing to do about it.
    pub fn hint(&self) -> &'static str {
        "write any, uri:spiffe://acme/web, dns:api.acme.example, email:me@acme.example, ip:10.0.0.0/8, cn:NAME or fingerprint:SHA256; * is one label or segment, ** one or more"
    }
}

impl FromStr for NamePattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let bad = |problem: String| PatternError {
            pattern: printable(text),
            problem,
        };
        if text == "any" {
            return Ok(Self::Any);
        }
        let Some((kind, value)) = text.split_once(':') else {
            return Err(bad("expected \"any\" or TYPE:VALUE".into()));
        };
        match kind {
            "uri" => uri(value),
            // A SPIFFE ID is a URI; people forget the type.
            "spiffe" if is_spiffe_id(text) => Err(format!("the type is missing, expected \"uri:{text}\"")),
            "dns" => dns(value),
            "email" => email(value),
            "ip" => value.parse().map(Self::Ip).map_err(|error| error.to_string()),
            "cn" if value.is_empty() || value.contains('*') => {
                Err("expected a common name without wildcard".into())
            }
            "cn" => Ok(Self::CommonName(value.to_owned())),
            "fingerprint" => value
                .parse()
                .map(Self::Fingerprint)
                .map_err(|error: crate::Error| error.to_string()),
            other => Err(format!("unknown type \"{}\"", printable(other))),
        }
        .map_err(bad)
    }
}

fn uri(value: &str) -> Result<NamePattern, String> {
    let (prefix, make): (&str, fn(String) -> NamePattern) =
        match (value.strip_suffix("/**"), value.strip_suffix("/*")) {
            (Some(prefix), _) => (prefix, |prefix| NamePattern::UriBelow(prefix + "/")),
            (None, Some(prefix)) => (prefix, |prefix| NamePattern::UriChild(prefix + "/")),
            (None, None) => (value, NamePattern::Uri),
        };
    checked(AltName::uri(prefix))?;
    let has_wildcard = prefix.len() < value.len();
    if prefix.contains('*') {
        return Err("a wildcard may only be the last path segment".into());
    }
    // `https://*` would be every host.
    if has_wildcard && prefix.ends_with(['/', ':']) {
        return Err("a wildcard needs a host and no empty segment before it".into());
    }
    if has_wildcard && prefix.contains(['?', '#']) {
        return Err("a wildcard cannot stand behind a query or fragment".into());
    }
    Ok(make(prefix.to_owned()))
}

fn dns(value: &str) -> Result<NamePattern, String> {
    if let Some(suffix) = value.strip_prefix("**.") {
        if suffix.starts_with('*') {
            return Err("a wildcard may only be the first label".into());
        }
        checked(AltName::dns(suffix))?;
        return Ok(NamePattern::DnsBelow(suffix.to_ascii_lowercase()));
    }
    checked(AltName::dns(value))?;
    let value = value.to_ascii_lowercase();
    Ok(match value.strip_prefix("*.") {
        Some(suffix) => NamePattern::DnsChild(suffix.to_owned()),
        None => NamePattern::Dns(value),
    })
}

fn email(value: &str) -> Result<NamePattern, String> {
    match value.strip_prefix("*@") {
        Some(host) if host.starts_with('*') => Err("a wildcard may only stand before the @".into()),
        Some(host) => {
            checked(AltName::dns(host))?;
            Ok(NamePattern::EmailAt(host.to_ascii_lowercase()))
        }
        None if value.contains('*') => Err("a wildcard stands for all before the @, or for nothing".into()),
        None => {
            checked(AltName::email(value))?;
            Ok(NamePattern::Email(value.to_owned()))
        }
    }
}

fn checked(result: crate::Result<AltName>) -> Result<(), String> {
    result.map(drop).map_err(|error| error.to_string())
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::UriChild(prefix) => write!(f, "uri:{prefix}*"),
            Self::UriBelow(prefix) => write!(f, "uri:{prefix}**"),
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::DnsChild(suffix) => write!(f, "dns:*.{suffix}"),
            Self::DnsBelow(suffix) => write!(f, "dns:**.{suffix}"),
            Self::Email(email) => write!(f, "email:{email}"),
            Self::EmailAt(host) => write!(f, "email:*@{host}"),
            Self::Ip(network) => write!(f, "ip:{network}"),
            Self::CommonName(name) => write!(f, "cn:{}", printable(name)),
            Self::Fingerprint(fingerprint) => write!(f, "fingerprint:{fingerprint}"),
        }
    }
}

impl NamePattern {
    /// Whether `identity` has a name that fits. Names that are none ([`Identity::matchable`]) fit nothing.
    pub fn matches(&self, identity: &Identity) -> bool {
        let identity = identity.clone().matchable();
        match self {
            Self::Any => true,
            Self::CommonName(name) => identity.common_name.as_ref() == Some(name),
            Self::Fingerprint(fingerprint) => identity.fingerprint == *fingerprint,
            Self::Uri(_) | Self::UriChild(_) | Self::UriBelow(_) => {
                identity.uris.iter().any(|uri| self.has_uri(uri))
            }
            Self::Dns(_) | Self::DnsChild(_) | Self::DnsBelow(_) => {
                identity.dns.iter().any(|name| self.has_dns(name))
            }
            Self::Email(_) | Self::EmailAt(_) => identity.emails.iter().any(|email| self.has_email(email)),
            Self::Ip(_) => identity.ips.iter().any(|ip| self.has_ip(*ip)),
        }
    }

    /// Whether the name `name` fits; patterns of common names and certificates fit none.
    pub fn fits(&self, name: &AltName) -> bool {
        match name {
            AltName::Dns(name) => self.has_dns(name),
            AltName::Ip(ip) => self.has_ip(*ip),
            AltName::Uri(uri) => self.has_uri(uri),
            AltName::Email(email) => self.has_email(email),
        }
    }

    pub(crate) fn has_uri(&self, uri: &str) -> bool {
        let segments = |rest: &str| {
            let plain = rest.split('/').all(is_segment);
            plain.then(|| rest.split('/').count())
        };
        match self {
            Self::Any => true,
            Self::Uri(wanted) => uri == wanted,
            Self::UriChild(prefix) => uri.strip_prefix(prefix).and_then(segments) == Some(1),
            Self::UriBelow(prefix) => uri.strip_prefix(prefix).and_then(segments).is_some(),
            _ => false,
        }
    }

    pub(crate) fn has_dns(&self, name: &str) -> bool {
        let labels = |suffix: &String| {
            let before = name.strip_suffix(suffix)?.strip_suffix('.')?;
            before
                .split('.')
                .all(|label| !label.is_empty())
                .then(|| before.split('.').count())
        };
        match self {
            Self::Any => true,
            Self::Dns(wanted) => name == wanted,
            Self::DnsChild(suffix) => labels(suffix) == Some(1),
            Self::DnsBelow(suffix) => labels(suffix).is_some(),
            _ => false,
        }
    }

    pub(crate) fn has_email(&self, email: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Email(wanted) => email == wanted,
            Self::EmailAt(host) => email
                .rsplit_once('@')
                .is_some_and(|(_, at)| at.eq_ignore_ascii_case(host)),
            _ => false,
        }
    }

    pub(crate) fn has_ip(&self, ip: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Ip(network) => network.contains(ip),
            _ => false,
        }
    }

    /// The names of `identity` that are of this pattern's type, as the pattern would be written for them.
    pub fn rivals(&self, identity: &Identity) -> Vec<String> {
        let with = |kind: &str, names: &[String]| {
            names
                .iter()
                .map(|name| format!("{kind}:{}", printable(name)))
                .collect()
        };
        match self {
            Self::Any => Vec::new(),
            Self::Uri(_) | Self::UriChild(_) | Self::UriBelow(_) => with("uri", &identity.uris),
            Self::Dns(_) | Self::DnsChild(_) | Self::DnsBelow(_) => with("dns", &identity.dns),
            Self::Email(_) | Self::EmailAt(_) => with("email", &identity.emails),
            Self::Ip(_) => identity.ips.iter().map(|ip| format!("ip:{ip}")).collect(),
            Self::CommonName(_) => with("cn", identity.common_name.as_slice()),
            Self::Fingerprint(_) => vec![format!("fingerprint:{}", identity.fingerprint)],
        }
    }
}

/// Whether `text` is one segment of a path to every reader (RFC 3986 section 3.3): no encoded slash, backslash or percent
/// sign, and no `*`, which would be a pattern.
pub fn is_segment(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let digits =
                    [bytes.next(), bytes.next()].map(|digit| char::from(digit.unwrap_or(0)).to_digit(16));
                match digits {
                    [Some(high), Some(low)] => {
                        !matches!(high * 16 + low, 0x2f | 0x5c | 0x25 | 0..=0x1f | 0x7f..)
                    }
                    _ => false,
                }
            }
            other => other.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@".contains(&other),
        };
        if !fits {
            return false;
        }
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_and_written_the_same() {
        let fingerprint = format!("fingerprint:{}", "ab".repeat(32));
        for text in [
            "any",
            "uri:spiffe://acme/web",
            "uri:spiffe://acme/*",
            "uri:spiffe://acme/**",
            "uri:https://acme.example/x",
            "dns:api.acme.example",
            "dns:*.acme.example",
            "dns:**.acme.example",
            "email:me@acme.example",
            "email:*@acme.example",
            "ip:10.1.2.3",
            "ip:10.0.0.0/8",
            "ip:2001:db8::/32",
            "ip:::1",
            "ip:0.0.0.0/0",
            "cn:Some Body",
            &fingerprint,
        ] {
            assert_eq!(text.parse::<NamePattern>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused_and_named() {
        for text in [
            "",
            "all",
            "*",
            "uri:",
            "uri:*",
            "uri:spiffe://*",
            "uri:spiffe://**",
            "uri:https://*",
            "uri:https://**",
            "uri:https://a.example//*",
            "uri:https://a.example/?x/*",
            "uri:spiffe://*/web",
            "uri:spiffe://acme/*/x",
            "uri:spiffe://acme/**/x",
            "uri:spiffe://acme/***",
            "dns:*",
            "dns:**",
            "dns:a.*.b",
            "dns:**.*.b",
            "dns:*.**.b",
            "dns:",
            "cn:",
            "cn:*",
            "fingerprint:ab",
            "ip:1.2.3",
            "ip:10.1.2.3/8",
            "ip:10.0.0.0/33",
            "ip:2001:db8::/129",
            "ip:10.0.0.0/",
            "spiffe://acme/web",
            "URI:spiffe://acme/web",
            "email:*",
            "email:*@*.example",
            "email:**@acme.example",
            "email:a*@acme.example",
        ] {
            let error = text.parse::<NamePattern>().expect_err(text);
            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn a_wildcard_is_one_segment_and_two_are_one_or_more() {
        let pattern = |text: &str| text.parse::<NamePattern>().expect(text);
        let one = pattern("uri:spiffe://acme/*");
        let many = pattern("uri:spiffe://acme/**");
        for (uri, in_one, in_many) in [
            ("spiffe://acme/web", true, true),
            ("spiffe://acme/a/b", false, true),
            ("spiffe://acme", false, false),
            ("spiffe://acme/", false, false),
            ("spiffe://acme/a/", false, false),
            ("spiffe://acme/a//b", false, false),
            ("spiffe://acme/a?b", false, false),
            ("spiffe://acme/a\\b", false, false),
            ("spiffe://acme/a%2fb", false, false),
            ("spiffe://acme/a%", false, false),
            ("spiffe://acme/*", false, false),
            ("spiffe://acme/a%20b", true, true),
            ("spiffe://acmes/a", false, false),
            ("spiffe://evil/spiffe://acme/a", false, false),
        ] {
            assert_eq!((one.has_uri(uri), many.has_uri(uri)), (in_one, in_many), "{uri}");
        }
        let one = pattern("dns:*.acme.example");
        let many = pattern("dns:**.acme.example");
        for (name, in_one, in_many) in [
            ("web.acme.example", true, true),
            ("a.b.acme.example", false, true),
            ("acme.example", false, false),
            ("xacme.example", false, false),
            (".acme.example", false, false),
            ("a..acme.example", false, false),
            ("acme.example.evil", false, false),
        ] {
            assert_eq!(
                (one.has_dns(name), many.has_dns(name)),
                (in_one, in_many),
                "{name}"
            );
        }
    }

    #[test]
    fn a_network_contains_its_own_addresses_and_no_others() {
        let network = |text: &str| text.parse::<Network>().expect(text);
        let ip = |text: &str| text.parse::<IpAddr>().expect(text);
        assert!(network("10.0.0.0/8").contains(ip("10.255.0.1")));
        assert!(!network("10.0.0.0/8").contains(ip("11.0.0.1")));
        assert!(network("0.0.0.0/0").contains(ip("11.0.0.1")));
        assert!(!network("0.0.0.0/0").contains(ip("::1")));
        assert!(!network("::/0").contains(ip("11.0.0.1")));
        assert!(network("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
        assert!(!network("2001:db8::/33").contains(ip("2001:db8:8000::1")));
        assert!(network("::1").contains(ip("::1")));
    }
}
