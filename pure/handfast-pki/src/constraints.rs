//! What a CA may vouch for at all: name constraints (RFC 5280 section 4.2.1.10), in words, and the judgement of one name
//! by them. webpki judges DNS names and IP addresses, and refuses every name of the other kinds that are limited at all.

use x509_cert::ext::pkix::{NameConstraints, constraints::name::GeneralSubtree, name::GeneralName};

use crate::{
    Certificate,
    bounds::host_of,
    general::GeneralName as Presented,
    name::{AltName, ip_from_octets},
    text::printable,
};

/// Whether `ca` may vouch for `name` by its name constraints; one without any may.
pub fn permits(ca: &Certificate, name: &AltName) -> bool {
    let name = match name {
        AltName::Dns(dns) => Presented::Dns(dns.clone()),
        AltName::Uri(uri) => Presented::Uri(uri.clone()),
        AltName::Email(email) => Presented::Email(email.clone()),
        AltName::Ip(std::net::IpAddr::V4(ip)) => Presented::Ip(ip.octets().to_vec()),
        AltName::Ip(std::net::IpAddr::V6(ip)) => Presented::Ip(ip.octets().to_vec()),
    };
    ca.extension::<NameConstraints>()
        .is_none_or(|constraints| !forbids(&constraints, &name))
}

/// Whether `constraints` limit URIs or e-mail addresses, and nothing that is judged by nobody.
pub(crate) fn are_ours_to_judge(constraints: &NameConstraints) -> bool {
    let all = || {
        let subtrees = [&constraints.permitted_subtrees, &constraints.excluded_subtrees];
        subtrees.into_iter().flatten().flatten()
    };
    let is_ours = |base: &GeneralName| {
        matches!(
            base,
            GeneralName::UniformResourceIdentifier(_) | GeneralName::Rfc822Name(_)
        )
    };
    let is_judged = |base: &GeneralName| {
        is_ours(base) || matches!(base, GeneralName::DnsName(_) | GeneralName::IpAddress(_))
    };
    all().any(|subtree| is_ours(&subtree.base))
        && all().all(|subtree| is_judged(&subtree.base) && is_whole(subtree))
}

/// RFC 5280 uses no others.
fn is_whole(subtree: &GeneralSubtree) -> bool {
    subtree.minimum == 0 && subtree.maximum.is_none()
}

/// Whether `name` lies outside of what is permitted for its kind, or within what is excluded.
pub(crate) fn forbids(constraints: &NameConstraints, name: &Presented) -> bool {
    let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
    let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
    let mut of_its_kind = permitted
        .iter()
        .filter_map(|subtree| within(name, &subtree.base))
        .peekable();
    let is_outside = of_its_kind.peek().is_some() && !of_its_kind.any(|within| within == Within::Yes);
    let is_excluded = |subtree: &GeneralSubtree| {
        within(name, &subtree.base).is_some_and(|within| within != Within::No)
            || overlaps(name, &subtree.base)
    };
    is_outside || excluded.iter().any(is_excluded)
}

/// Whether e-mail addresses are limited at all.
pub(crate) fn limits_emails(constraints: &NameConstraints) -> bool {
    let permitted = constraints.permitted_subtrees.iter().flatten();
    permitted
        .chain(constraints.excluded_subtrees.iter().flatten())
        .any(|subtree| matches!(subtree.base, GeneralName::Rfc822Name(_)))
}

/// Whether a host name lies outside of what is permitted, or within what is excluded.
pub(crate) fn forbids_host(constraints: &NameConstraints, host: &str) -> bool {
    let hosts = |subtrees: &Option<Vec<_>>| -> Vec<String> {
        let subtrees: &[GeneralSubtree] = subtrees.as_deref().unwrap_or_default();
        subtrees
            .iter()
            .filter_map(|subtree| match &subtree.base {
                GeneralName::DnsName(base) => Some(base.as_str().to_ascii_lowercase()),
                _ => None,
            })
            .collect()
    };
    let (permitted, excluded) = (
        hosts(&constraints.permitted_subtrees),
        hosts(&constraints.excluded_subtrees),
    );
    let within = |base: &String| is_below(host, base);
    excluded.iter().any(within) || (!permitted.is_empty() && !permitted.iter().any(within))
}

/// What can be said of a name and a subtree of its kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Yes,
    No,
    /// It cannot be compared: neither permitted nor free of an exclusion.
    Unknown,
}

/// Nothing where the subtree is of another kind.
fn within(name: &Presented, base: &GeneralName) -> Option<Within> {
    let yes = |is_within| if is_within { Within::Yes } else { Within::No };
    Some(match (name, base) {
        (Presented::Dns(name), GeneralName::DnsName(base)) => yes(is_below(name, base.as_str())),
        (Presented::Ip(octets), GeneralName::IpAddress(base)) => yes(is_in_network(octets, base.as_bytes())),
        (Presented::Uri(uri), GeneralName::UniformResourceIdentifier(base)) => {
            host_of(uri).map_or(Within::Unknown, |host| yes(is_host(host, base.as_str())))
        }
        (Presented::Email(email), GeneralName::Rfc822Name(base)) => match email.rsplit_once('@') {
            None => Within::Unknown,
            Some((local, host)) => yes(match base.as_str().rsplit_once('@') {
                Some((base_local, base_host)) => local == base_local && host.eq_ignore_ascii_case(base_host),
                None => base.as_str().is_empty() || is_host(host, base.as_str()),
            }),
        },
        (Presented::Directory(_), GeneralName::DirectoryName(_))
        | (Presented::Other { .. }, GeneralName::OtherName(_))
        | (Presented::Registered(_), GeneralName::RegisteredId(_))
        | (Presented::Edi(_), GeneralName::EdiPartyName(_)) => Within::Unknown,
        _ => return None,
    })
}

/// A wildcard that may stand for a name of the subtree.
fn overlaps(name: &Presented, base: &GeneralName) -> bool {
    match (name, base) {
        (Presented::Dns(name), GeneralName::DnsName(base)) => name
            .strip_prefix("*.")
            .is_some_and(|suffix| is_below(base.as_str(), suffix)),
        _ => false,
    }
}

/// A DNS name itself or with labels before it; with a leading dot, only the latter.
fn is_below(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    base.is_empty()
        || name == base
        || name
            .strip_suffix(&base)
            .is_some_and(|rest| rest.ends_with('.') || (base.starts_with('.') && !rest.is_empty()))
}

/// One host, or with a leading dot all below a domain.
fn is_host(host: &str, base: &str) -> bool {
    if base.starts_with('.') {
        host.len() > base.len() && is_below(host, base)
    } else {
        host.eq_ignore_ascii_case(base)
    }
}

/// Address and mask, each half of `base`.
fn is_in_network(octets: &[u8], base: &[u8]) -> bool {
    let (address, mask) = base.split_at(base.len() / 2);
    let bits = address.iter().zip(mask).zip(octets);
    octets.len() == address.len()
        && mask.len() == address.len()
        && bits
            .into_iter()
            .all(|((address, mask), octet)| address & mask == octet & mask)
}

/// The names that `ca` is limited to, as rules are written; `None` where nothing limits it.
///
/// A CA that is limited in names of one type alone can vouch for every name of the others.
pub fn permitted(ca: &Certificate) -> Option<Vec<String>> {
    let constraints = ca.extension::<NameConstraints>()?;
    let permitted = constraints.permitted_subtrees?;
    Some(permitted.iter().map(|subtree| shown(&subtree.base)).collect())
}

/// Whether `ca` has name constraints at all.
pub fn has_any(ca: &Certificate) -> bool {
    ca.extensions()
        .iter()
        .any(|extension| extension.id == const_oid::db::rfc5280::ID_CE_NAME_CONSTRAINTS)
}

/// Whether `ca` is limited in the names of hosts, DNS and IP both.
pub fn limits_hosts(ca: &Certificate) -> bool {
    let Some(permitted) = permitted(ca) else {
        return false;
    };
    ["dns:", "ip:"]
        .iter()
        .all(|kind| permitted.iter().any(|name| name.starts_with(kind)))
}

pub(crate) fn shown(name: &GeneralName) -> String {
    match name {
        GeneralName::DnsName(dns) => format!("dns:{}", printable(dns.as_str())),
        GeneralName::Rfc822Name(email) => format!("email:{}", printable(email.as_str())),
        GeneralName::UniformResourceIdentifier(uri) => format!("uri:{}", printable(uri.as_str())),
        GeneralName::IpAddress(octets) => {
            let bytes = octets.as_bytes();
            let part = |half: &[u8]| {
                ip_from_octets(half).map_or_else(|| crate::text::hex(half), |ip| ip.to_string())
            };
            let (address, mask) = bytes.split_at(bytes.len() / 2);
            format!("ip:{}/{}", part(address), part(mask))
        }
        GeneralName::DirectoryName(name) => match crate::name::Name::try_from(name) {
            Ok(name) => format!("subject:{}", crate::name::shown(&name)),
            Err(_) => "a subject that cannot be read".into(),
        },
        _ => "names of another type".into(),
    }
}

#[cfg(test)]
mod tests {
    use der::asn1::{Ia5String, OctetString};

    use super::*;

    fn text(text: &str) -> Ia5String {
        Ia5String::new(text).expect("ASCII")
    }

    fn constraints(permitted: Vec<GeneralName>, excluded: Vec<GeneralName>) -> NameConstraints {
        let subtrees = |bases: Vec<GeneralName>| {
            let whole = |base| GeneralSubtree {
                base,
                minimum: 0,
                maximum: None,
            };
            (!bases.is_empty()).then(|| bases.into_iter().map(whole).collect())
        };
        NameConstraints {
            permitted_subtrees: subtrees(permitted),
            excluded_subtrees: subtrees(excluded),
        }
    }

    fn network(octets: &[u8]) -> GeneralName {
        GeneralName::IpAddress(OctetString::new(octets).expect("octets"))
    }

    #[test]
    fn each_kind_of_name_is_judged_by_the_limits_of_its_kind() {
        let dns = |name: &str| Presented::Dns(name.into());
        let uri = |name: &str| Presented::Uri(name.into());
        let email = |name: &str| Presented::Email(name.into());
        let base_dns = |name: &str| GeneralName::DnsName(text(name));
        let base_uri = |name: &str| GeneralName::UniformResourceIdentifier(text(name));
        let base_email = |name: &str| GeneralName::Rfc822Name(text(name));
        for (base, good, bad) in [
            (
                base_dns("acme.example"),
                dns("A.acme.example"),
                dns("aacme.example"),
            ),
            (base_dns("acme.example"), dns("*.acme.example"), dns("*.example")),
            (
                base_uri("acme"),
                uri("spiffe://acme/web"),
                uri("spiffe://acme.example/web"),
            ),
            (
                base_uri(".acme.example"),
                uri("https://a.acme.example:1/"),
                uri("https://acme.example/"),
            ),
            (base_uri("acme"), uri("https://me@acme"), uri("urn:acme")),
            (
                base_email("acme.example"),
                email("me@acme.example"),
                email("me@a.acme.example"),
            ),
            (
                base_email("me@acme.example"),
                email("me@ACME.example"),
                email("you@acme.example"),
            ),
            (
                base_email(".acme.example"),
                email("me@a.acme.example"),
                email("me@acme.example"),
            ),
            (
                network(&[10, 0, 0, 0, 255, 0, 0, 0]),
                Presented::Ip(vec![10, 1, 2, 3]),
                Presented::Ip(vec![11, 1, 2, 3]),
            ),
            (
                network(&[10, 0, 0, 0, 255, 0, 0, 0]),
                Presented::Ip(vec![10, 1, 2, 3]),
                Presented::Ip(vec![0; 16]),
            ),
        ] {
            let permitted = constraints(vec![base.clone()], Vec::new());
            assert!(!forbids(&permitted, &good), "{good} {base:?}");
            assert!(forbids(&permitted, &bad), "{bad} {base:?}");
            let excluded = constraints(Vec::new(), vec![base.clone()]);
            assert!(forbids(&excluded, &good), "{good} {base:?}");
        }
        // A wildcard could stand for what is excluded, and a name of another kind is not judged.
        let excluded = constraints(Vec::new(), vec![base_dns("a.acme.example")]);
        assert!(forbids(&excluded, &dns("*.acme.example")));
        assert!(!forbids(&excluded, &dns("b.acme.example")));
        assert!(!forbids(&excluded, &uri("spiffe://a.acme.example/")));
    }

    #[test]
    fn what_cannot_be_compared_is_forbidden_either_way() {
        let urn = Presented::Uri("urn:acme:web".into());
        let host = || vec![GeneralName::UniformResourceIdentifier(text("acme"))];
        assert!(forbids(&constraints(host(), Vec::new()), &urn));
        assert!(forbids(&constraints(Vec::new(), host()), &urn));
    }
}
