//! What a CA may vouch for at all: name constraints (RFC 5280 section 4.2.1.10), in words. Judging by them is for
//! [`crate::verify`].

use x509_cert::ext::pkix::{NameConstraints, name::GeneralName};

use crate::{Certificate, name::ip_from_octets, text::printable};

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

fn shown(name: &GeneralName) -> String {
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
