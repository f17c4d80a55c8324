//! What a certificate says about where to ask, by which policy it was issued, and below which names a CA may sign.

use std::{fmt, str::FromStr};

use der::{
    Any,
    asn1::{Ia5String, ObjectIdentifier, OctetString},
};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, CertificatePolicies, CrlDistributionPoints,
    NameConstraints,
    certpolicy::{PolicyInformation, PolicyQualifierInfo},
    constraints::name::GeneralSubtree,
    crl::dp::DistributionPoint,
    name::{DistributionPointName, GeneralName},
};

use crate::{
    Error, Result,
    name::AltName,
    pattern::Network,
    text::{self, printable},
};

/// `id-qt-cps` (RFC 5280 section 4.2.1.4): the address of a certification practice statement.
const CPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.2.1");
/// `id-ad-ocsp` (RFC 5280 section 4.2.2.1).
pub(crate) const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
/// `id-ad-caIssuers` (RFC 5280 section 4.2.2.1).
pub(crate) const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// A certificate policy (RFC 5280 section 4.2.1.4), written `2.5.29.32.0` or with the address of its practice statement
/// behind a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its identifier.
    pub id: ObjectIdentifier,
    /// Where its practice statement lies.
    pub practice: Option<WebAddress>,
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (id, practice) = match text.split_once(' ') {
            Some((id, address)) => (id, Some(address.trim().parse()?)),
            None => (text, None),
        };
        let id = ObjectIdentifier::new(id).map_err(|_| Error::BadValue {
            found: printable(text),
            expected: "an object identifier such as 2.23.140.1.2.2, and a blank and an address behind it where there is one",
        })?;
        Ok(Self { id, practice })
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        match &self.practice {
            Some(address) => write!(f, " {address}"),
            None => Ok(()),
        }
    }
}

/// An address of http or https, which can stand in an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(String);

impl WebAddress {
    /// As it stands in the certificate.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let rest = ["http://", "https://"]
            .into_iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']));
        match AltName::uri(text) {
            Ok(AltName::Uri(uri)) if has_host => Ok(Self(uri)),
            _ => Err(Error::BadValue {
                found: printable(text),
                expected: "an address such as http://pki.acme.example/ca.crl",
            }),
        }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the parts of revocation lists lie, below an address: `ADDRESS/CA/SHARD.crl`, with the identifier of the CA's key and the
/// number of the part ([`crate::serial::shard`]) in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shards(WebAddress);

/// The digits of the number of a part: its index has 48 bits, and 16 of them are within it.
pub(crate) const SHARD_DIGITS: usize = 8;

impl Shards {
    /// The address of the part with this number, of the CA whose key has this identifier.
    pub fn of(&self, key_id: &[u8], shard: u64) -> String {
        format!("{}/{}/{}", self.0, text::hex(key_id), Self::file(shard))
    }

    /// The last piece of it.
    pub fn file(shard: u64) -> String {
        format!("{}.crl", Self::digits(shard))
    }

    pub(crate) fn digits(shard: u64) -> String {
        format!("{shard:0SHARD_DIGITS$x}")
    }
}

impl FromStr for Shards {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.ends_with('/') || text.contains(['?', '#']) {
            return Err(Error::BadValue {
                found: printable(text),
                expected: "the address of a folder, such as http://pki.acme.example/crl",
            });
        }
        text.parse().map(Self)
    }
}

impl fmt::Display for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where verifiers ask about a certificate; an extension is left out where there is no address for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pointers {
    /// Revocation lists, all of them complete (RFC 5280 section 4.2.1.13).
    pub crl: Vec<WebAddress>,
    /// Where that part of the list lies that is about the certificate (RFC 5280 section 5.2.5). Its serial number has to
    /// carry an index.
    pub crl_shards: Option<Shards>,
    /// The certificate of the issuer (RFC 5280 section 4.2.2.1).
    pub ca_issuers: Vec<WebAddress>,
    /// OCSP responders (RFC 5280 section 4.2.2.1).
    pub ocsp: Vec<WebAddress>,
}

/// The names below which a CA may sign, or may not (RFC 5280 section 4.2.1.10): `dns:acme.example` with all below it,
/// `email:acme.example`, `ip:10.0.0.0/8`. There are none of URIs: rustls refuses every CA that has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subtree {
    /// This host and all below it.
    Dns(String),
    /// All mailboxes of this host.
    Email(String),
    /// All addresses of this network.
    Ip(Network),
}

impl FromStr for Subtree {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::BadValue {
            found: printable(text),
            expected: "a subtree of names: dns:acme.example, email:acme.example or ip:10.0.0.0/8",
        };
        let host = |host: &str| match AltName::dns(host) {
            Ok(AltName::Dns(host)) if !host.starts_with('*') => Ok(host),
            _ => Err(bad()),
        };
        match text.split_once(':').ok_or_else(bad)? {
            ("dns", name) => host(name).map(Self::Dns),
            ("email", name) => host(name).map(Self::Email),
            ("ip", network) => network.parse().map(Self::Ip),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => write!(f, "dns:{host}"),
            Self::Email(host) => write!(f, "email:{host}"),
            Self::Ip(network) => write!(f, "ip:{network}"),
        }
    }
}

impl Subtree {
    fn to_general(&self) -> der::Result<GeneralName> {
        Ok(match self {
            Self::Dns(host) => GeneralName::DnsName(Ia5String::new(host)?),
            Self::Email(host) => GeneralName::Rfc822Name(Ia5String::new(host)?),
            Self::Ip(network) => GeneralName::IpAddress(OctetString::new(network.octets_and_mask())?),
        })
    }
}

/// The extension of `policies`, in their order.
pub(crate) fn policies(policies: &[Policy]) -> der::Result<CertificatePolicies> {
    let one = |policy: &Policy| {
        let qualifier = |address: &WebAddress| {
            let text = Ia5String::new(address.as_str())?;
            Ok::<_, der::Error>(vec![PolicyQualifierInfo {
                policy_qualifier_id: CPS,
                qualifier: Some(Any::encode_from(&text)?),
            }])
        };
        Ok::<_, der::Error>(PolicyInformation {
            policy_identifier: policy.id,
            policy_qualifiers: policy.practice.as_ref().map(qualifier).transpose()?,
        })
    };
    policies
        .iter()
        .map(one)
        .collect::<der::Result<_>>()
        .map(CertificatePolicies)
}

fn uri(address: &WebAddress) -> der::Result<GeneralName> {
    Ia5String::new(address.as_str()).map(GeneralName::UniformResourceIdentifier)
}

/// One distribution point with all addresses of the one complete list, and one of the part.
pub(crate) fn crl_points(
    addresses: &[WebAddress],
    shard: Option<&str>,
) -> der::Result<Option<CrlDistributionPoints>> {
    let point = |names| DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(names)),
        reasons: None,
        crl_issuer: None,
    };
    let mut points = Vec::new();
    if !addresses.is_empty() {
        points.push(point(addresses.iter().map(uri).collect::<der::Result<_>>()?));
    }
    if let Some(shard) = shard {
        let name = Ia5String::new(shard).map(GeneralName::UniformResourceIdentifier)?;
        points.push(point(vec![name]));
    }
    Ok((!points.is_empty()).then_some(CrlDistributionPoints(points)))
}

/// OCSP responders first, then the issuer's certificate.
pub(crate) fn access(pointers: &Pointers) -> der::Result<AuthorityInfoAccessSyntax> {
    let of = |method, addresses: &[WebAddress]| {
        let one = move |address: &WebAddress| {
            Ok::<_, der::Error>(AccessDescription {
                access_method: method,
                access_location: uri(address)?,
            })
        };
        addresses.iter().map(one).collect::<der::Result<Vec<_>>>()
    };
    let all = [of(OCSP, &pointers.ocsp)?, of(CA_ISSUERS, &pointers.ca_issuers)?].concat();
    Ok(AuthorityInfoAccessSyntax(all))
}

/// The extension for these subtrees.
pub(crate) fn constraints(permitted: &[Subtree], excluded: &[Subtree]) -> der::Result<NameConstraints> {
    let all = |subtrees: &[Subtree]| {
        let one = |subtree: &Subtree| {
            Ok::<_, der::Error>(GeneralSubtree {
                base: subtree.to_general()?,
                minimum: 0,
                maximum: None,
            })
        };
        let all = subtrees.iter().map(one).collect::<der::Result<Vec<_>>>()?;
        Ok::<_, der::Error>((!all.is_empty()).then_some(all))
    };
    Ok(NameConstraints {
        permitted_subtrees: all(permitted)?,
        excluded_subtrees: all(excluded)?,
    })
}
