//! The names that a CA may speak for, as patterns, and what of them its certificate can say (RFC 5280 section 4.2.1.10).
//!
//! A certificate limits whole domains, networks and hosts. A pattern that is narrower in its labels or path segments is
//! kept exactly by the CA that has it, and more widely by everybody else: `dns:*.acme.example` becomes `acme.example`
//! and all below it. What would reach into names of other owners is refused.
//!
//! A kind of name that no pattern is of gets none: IP addresses are excluded, and of the others a name is permitted that
//! nobody can have, because verifiers disagree on what an empty exclusion means.

use std::{fmt, net::IpAddr};

use der::asn1::{Ia5String, OctetString};
use x509_cert::ext::pkix::{
    constraints::name::{GeneralSubtree, NameConstraints},
    name::GeneralName,
};

use crate::{Code, NamePattern, code, name::AltName};

/// Under a top-level domain that is never given out (RFC 6761 section 6.4).
const NOBODY: &str = "none.invalid";

/// What a CA may speak for. Made of at least one pattern, and each can stand in a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    patterns: Vec<NamePattern>,
    /// Whether the limits of URIs and e-mail addresses stand in the certificate.
    says_all: bool,
}

/// A pattern that cannot stand in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{pattern}\" cannot be a limit of a CA: {why}")]
pub struct BoundsError {
    /// As it was written.
    pub pattern: String,
    /// What the certificate could not say.
    pub why: &'static str,
    hint: String,
}

impl BoundsError {
    /// The stable code.
    pub fn code(&self) -> Code {
        code::INEXPRESSIBLE
    }

    /// What to write instead.
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl Bounds {
    /// The limits of a CA at the top of its chain.
    ///
    /// # Errors
    ///
    /// The first pattern that no certificate can hold: a common name, a fingerprint, the path of a URI, or anything at
    /// all.
    pub fn new(patterns: Vec<NamePattern>) -> Result<Self, BoundsError> {
        for pattern in &patterns {
            subtree(pattern)?;
        }
        if patterns.is_empty() {
            return Err(inexpressible(&NamePattern::Any, "there is no pattern", None));
        }
        Ok(Self {
            patterns,
            says_all: true,
        })
    }

    /// The same limits for a CA below one that has them. URIs and e-mail addresses are left to the CA above: rustls
    /// judges no limit of these, and would refuse every certificate with such a name.
    pub fn below(&self) -> Self {
        Self {
            patterns: self.patterns.clone(),
            says_all: false,
        }
    }

    /// As they were given.
    pub fn patterns(&self) -> &[NamePattern] {
        &self.patterns
    }

    /// Whether there are limits that only the topmost certificate can carry.
    pub fn needs_the_top(&self) -> bool {
        self.patterns.iter().any(left_to_the_top)
    }

    /// Whether the CA may speak for `name`.
    pub fn holds(&self, name: &AltName) -> bool {
        self.patterns.iter().any(|pattern| pattern.fits(name))
    }

    /// Whether everything that `other` allows is allowed here as well, pattern by pattern.
    pub fn contains(&self, other: &Self) -> bool {
        let fits = |pattern: &NamePattern| self.patterns.iter().any(|own| is_wider(own, pattern));
        other.patterns.iter().all(fits)
    }

    /// The extension of the CA's certificate.
    pub fn constraints(&self) -> NameConstraints {
        let has = |kind: fn(&NamePattern) -> bool| self.patterns.iter().any(kind);
        // Each was tried when this was made.
        let own = self
            .patterns
            .iter()
            .filter(|pattern| self.says_all || !left_to_the_top(pattern))
            .filter_map(|pattern| subtree(pattern).ok());
        let mut permitted: Vec<GeneralSubtree> = own.collect();
        type Make = fn(Ia5String) -> GeneralName;
        let of_text: [(bool, Make); 3] = [
            (has(is_dns), GeneralName::DnsName),
            (has(is_email), GeneralName::Rfc822Name),
            (has(is_uri), GeneralName::UniformResourceIdentifier),
        ];
        for (is_there, make) in of_text {
            if !is_there {
                permitted.extend(Ia5String::new(NOBODY).ok().map(make).map(whole));
            }
        }
        let everywhere = || [8_usize, 32].map(|length| octets(&vec![0; length]).map(whole));
        let excluded: Vec<GeneralSubtree> = if has(is_ip) {
            Vec::new()
        } else {
            everywhere().into_iter().flatten().collect()
        };
        NameConstraints {
            permitted_subtrees: Some(permitted),
            excluded_subtrees: (!excluded.is_empty()).then_some(excluded),
        }
    }
}

/// The patterns, with commas.
impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<String> = self.patterns.iter().map(ToString::to_string).collect();
        f.write_str(&patterns.join(", "))
    }
}

fn is_dns(pattern: &NamePattern) -> bool {
    use NamePattern as P;
    matches!(pattern, P::Dns(_) | P::DnsChild(_) | P::DnsBelow(_))
}

fn is_uri(pattern: &NamePattern) -> bool {
    use NamePattern as P;
    matches!(pattern, P::Uri(_) | P::UriChild(_) | P::UriBelow(_))
}

fn is_email(pattern: &NamePattern) -> bool {
    matches!(pattern, NamePattern::Email(_) | NamePattern::EmailAt(_))
}

fn is_ip(pattern: &NamePattern) -> bool {
    matches!(pattern, NamePattern::Ip(_))
}

fn left_to_the_top(pattern: &NamePattern) -> bool {
    is_uri(pattern) || is_email(pattern)
}

/// Whether `own` allows all that `other` does. Of patterns that are not compared it says no.
fn is_wider(own: &NamePattern, other: &NamePattern) -> bool {
    use NamePattern as P;
    let below = |name: &str, suffix: &str| {
        name.strip_suffix(suffix)
            .is_some_and(|rest| rest.ends_with('.') && rest.len() > 1)
    };
    own == other
        || match (own, other) {
            (P::DnsBelow(suffix), P::Dns(name) | P::DnsChild(name) | P::DnsBelow(name)) => {
                below(name, suffix) || (!matches!(other, P::Dns(_)) && name == suffix)
            }
            (P::DnsChild(_), P::Dns(name)) => own.has_dns(name),
            (P::UriBelow(prefix), P::UriChild(other) | P::UriBelow(other)) => {
                other.starts_with(prefix.as_str())
            }
            (P::EmailAt(_), P::Email(email)) => own.has_email(email),
            (P::EmailAt(host), P::EmailAt(other)) => host == other,
            (P::Ip(network), P::Ip(other)) => network.includes(other),
            _ => false,
        }
}

/// The smallest subtree that holds everything that `pattern` matches, and no name of another owner.
fn subtree(pattern: &NamePattern) -> Result<GeneralSubtree, BoundsError> {
    use NamePattern as P;
    let text = |text: &str, make: fn(Ia5String) -> GeneralName| {
        let ascii = Ia5String::new(text).map_err(|_| inexpressible(pattern, "it is not ASCII", None))?;
        Ok(whole(make(ascii)))
    };
    match pattern {
        P::Dns(name) | P::DnsChild(name) | P::DnsBelow(name) => {
            text(name.strip_prefix("*.").unwrap_or(name), GeneralName::DnsName)
        }
        P::Email(email) => text(email, GeneralName::Rfc822Name),
        P::EmailAt(host) => text(host, GeneralName::Rfc822Name),
        P::UriChild(prefix) | P::UriBelow(prefix) => {
            let host = host_of(prefix).ok_or_else(|| {
                inexpressible(
                    pattern,
                    "a certificate limits the host of a URI, and this one has no host name",
                    None,
                )
            })?;
            if prefix
                .split_once("://")
                .map(|(_, rest)| rest.trim_end_matches('/'))
                != Some(host)
            {
                let wider = prefix
                    .split_once("://")
                    .map(|(scheme, _)| format!("uri:{scheme}://{host}/**"));
                return Err(inexpressible(pattern, PATH, wider));
            }
            text(host, GeneralName::UniformResourceIdentifier)
        }
        P::Uri(uri) => {
            let wider = host_of(uri).zip(uri.split_once("://"));
            let wider = wider.map(|(host, (scheme, _))| format!("uri:{scheme}://{host}/**"));
            Err(inexpressible(pattern, PATH, wider))
        }
        P::Ip(network) => octets(&network.octets_and_mask())
            .map(whole)
            .ok_or_else(|| inexpressible(pattern, "it is too long", None)),
        P::Any => Err(inexpressible(pattern, "it limits nothing", None)),
        P::CommonName(_) | P::Fingerprint(_) => Err(inexpressible(
            pattern,
            "a certificate limits DNS names, IP addresses, URIs and e-mail addresses",
            None,
        )),
    }
}

const PATH: &str = "a certificate limits the host of a URI and not its path";

/// The host of a URI, where that is a name (RFC 5280 section 4.2.1.10 knows no others).
pub(crate) fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    if host.starts_with('[') {
        return None;
    }
    let host = host.split(':').next()?;
    (!host.is_empty() && host.parse::<IpAddr>().is_err()).then_some(host)
}

fn whole(base: GeneralName) -> GeneralSubtree {
    GeneralSubtree {
        base,
        minimum: 0,
        maximum: None,
    }
}

fn octets(bytes: &[u8]) -> Option<GeneralName> {
    OctetString::new(bytes).ok().map(GeneralName::IpAddress)
}

fn inexpressible(pattern: &NamePattern, why: &'static str, instead: Option<String>) -> BoundsError {
    BoundsError {
        pattern: pattern.to_string(),
        why,
        hint: match instead {
            Some(instead) => format!("write \"{instead}\", and limit paths in the rules of the proxy"),
            None => {
                "write dns:*.acme.example, ip:10.0.0.0/8, uri:spiffe://acme/** or email:*@acme.example".into()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> NamePattern {
        text.parse().expect("a pattern")
    }

    fn bounds(texts: &[&str]) -> Bounds {
        Bounds::new(texts.iter().map(|text| pattern(text)).collect()).expect("bounds")
    }

    #[test]
    fn what_no_certificate_can_say_is_refused_and_named() {
        for (text, why) in [
            ("any", "limits nothing"),
            ("cn:web", "limits DNS names"),
            ("uri:spiffe://acme/web", "not its path"),
            ("uri:spiffe://acme/ns/prod/**", "not its path"),
            ("uri:https://10.0.0.1/**", "no host name"),
        ] {
            let error = Bounds::new(vec![pattern(text)]).expect_err(text);
            assert!(error.to_string().contains(why), "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        let error = Bounds::new(vec![pattern("uri:spiffe://acme/ns/*")]).expect_err("a path");
        assert!(error.hint().contains("uri:spiffe://acme/**"), "{}", error.hint());
        assert!(Bounds::new(Vec::new()).is_err());
    }

    #[test]
    fn a_kind_of_name_without_a_pattern_gets_none() {
        let said = |bounds: &Bounds| {
            let constraints = bounds.constraints();
            let permitted = constraints.permitted_subtrees.unwrap_or_default();
            let shown: Vec<String> = permitted
                .iter()
                .map(|subtree| match &subtree.base {
                    GeneralName::DnsName(name) => format!("dns:{}", name.as_str()),
                    GeneralName::Rfc822Name(name) => format!("email:{}", name.as_str()),
                    GeneralName::UniformResourceIdentifier(name) => format!("uri:{}", name.as_str()),
                    GeneralName::IpAddress(octets) => format!("ip:{:?}", octets.as_bytes()),
                    other => panic!("{other:?}"),
                })
                .collect();
            (shown, constraints.excluded_subtrees.unwrap_or_default().len())
        };
        let dns = bounds(&["dns:*.acme.example"]);
        let expected = ["dns:acme.example", "email:none.invalid", "uri:none.invalid"];
        assert_eq!(said(&dns), (expected.map(str::to_owned).to_vec(), 2));
        let spiffe = bounds(&["uri:spiffe://acme/**", "ip:10.0.0.0/8"]);
        let expected = [
            "uri:acme",
            "ip:[10, 0, 0, 0, 255, 0, 0, 0]",
            "dns:none.invalid",
            "email:none.invalid",
        ];
        assert_eq!(said(&spiffe), (expected.map(str::to_owned).to_vec(), 0));
        let below = [
            "ip:[10, 0, 0, 0, 255, 0, 0, 0]",
            "dns:none.invalid",
            "email:none.invalid",
        ];
        assert_eq!(said(&spiffe.below()), (below.map(str::to_owned).to_vec(), 0));
    }

    #[test]
    fn the_ca_itself_keeps_to_the_pattern() {
        let bounds = bounds(&["dns:*.acme.example", "uri:spiffe://acme/**"]);
        let name = |made: crate::Result<AltName>| made.expect("a name");
        assert!(bounds.holds(&name(AltName::dns("a.acme.example"))));
        assert!(bounds.holds(&name(AltName::uri("spiffe://acme/ns/web"))));
        for other in [
            AltName::dns("a.b.acme.example"),
            AltName::dns("acme.example"),
            AltName::dns("aacme.example"),
            AltName::uri("spiffe://other/web"),
            AltName::ip("10.0.0.1"),
            AltName::email("me@acme.example"),
        ] {
            assert!(!bounds.holds(&name(other.clone())), "{other:?}");
        }
    }

    #[test]
    fn narrower_bounds_are_contained_and_wider_are_not() {
        for (own, other, expected) in [
            ("dns:**.acme.example", "dns:*.acme.example", true),
            ("dns:**.acme.example", "dns:a.acme.example", true),
            ("dns:**.acme.example", "dns:acme.example", false),
            ("dns:**.acme.example", "dns:*.eu.acme.example", true),
            ("dns:**.acme.example", "dns:*.bacme.example", false),
            ("dns:*.acme.example", "dns:**.acme.example", false),
            ("ip:10.0.0.0/8", "ip:10.1.0.0/16", true),
            ("ip:10.1.0.0/16", "ip:10.0.0.0/8", false),
            ("uri:spiffe://acme/**", "uri:spiffe://acme/*", true),
            ("uri:spiffe://acme/**", "uri:spiffe://acmes/**", false),
            ("email:*@acme.example", "email:me@acme.example", true),
            ("email:me@acme.example", "email:*@acme.example", false),
        ] {
            assert_eq!(
                bounds(&[own]).contains(&bounds(&[other])),
                expected,
                "{own} {other}"
            );
        }
    }
}
