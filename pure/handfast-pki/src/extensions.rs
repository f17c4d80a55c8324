//! What the extensions of a certificate say, for rules that only add refusals and for showing.

use const_oid::{
    AssociatedOid, ObjectIdentifier,
    db::rfc5280::{
        ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
        ID_PE_AUTHORITY_INFO_ACCESS,
    },
};
use der::Decode;
pub use x509_cert::ext::pkix::{
    BasicConstraints, KeyUsage, NameConstraints, PolicyConstraints, SubjectKeyIdentifier,
};

pub use crate::extended::Extended;
use crate::{
    asn1::{self, Flaw, Value, constructed, context},
    general::GeneralName,
    oid::Oid,
};

/// One extension as it stands (RFC 5280 section 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// What kind it is of.
    pub id: Oid,
    /// Whether it has to be understood.
    pub critical: bool,
    /// The contents.
    pub value: Vec<u8>,
}

impl Extension {
    pub(crate) fn read(value: Value<'_>) -> Result<Self, Flaw> {
        const WHAT: &str = "extension";
        if value.tag != asn1::SEQUENCE {
            return Err(Flaw(WHAT));
        }
        let mut parts = value.values();
        let id = parts.expect(asn1::OBJECT_IDENTIFIER, WHAT)?;
        let critical = parts.optional(asn1::BOOLEAN);
        let contents = parts.expect(asn1::OCTET_STRING, WHAT)?;
        parts.end(WHAT)?;
        Ok(Self {
            id: Oid::from_octets(id.content).map_err(|_| Flaw(WHAT))?,
            critical: match critical.map(|flag| flag.content) {
                None | Some([0]) => false,
                Some([0xff]) => true,
                Some(_) => return Err(Flaw(WHAT)),
            },
            value: contents.content.to_vec(),
        })
    }
}

macro_rules! decoded {
    ($($kind:ty),*) => { $(
        impl Extended for $kind {
            fn read(der: &[u8]) -> Option<Self> {
                Self::from_der(der).ok()
            }
        }
    )* };
}
decoded!(
    BasicConstraints,
    KeyUsage,
    NameConstraints,
    PolicyConstraints,
    SubjectKeyIdentifier
);

/// Extended key usage (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedUsages(pub Vec<Oid>);

impl AssociatedOid for ExtendedUsages {
    const OID: ObjectIdentifier = ID_CE_EXT_KEY_USAGE;
}

impl Extended for ExtendedUsages {
    fn read(der: &[u8]) -> Option<Self> {
        let usages = Value::only(der, asn1::SEQUENCE, "usages").ok()?.values();
        let one = |usage: Result<Value<'_>, Flaw>| {
            let usage = usage.ok().filter(|usage| usage.tag == asn1::OBJECT_IDENTIFIER)?;
            Oid::from_octets(usage.content).ok()
        };
        usages.map(one).collect::<Option<_>>().map(Self)
    }
}

/// Which certificate of the issuer is meant (RFC 5280 section 4.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorityKey {
    /// The subject key identifier of the issuer.
    pub key_id: Option<Vec<u8>>,
    /// The names of the issuer's own issuer.
    pub issuer: Vec<GeneralName>,
    /// The serial number of the issuer's certificate, as octets.
    pub serial: Option<Vec<u8>>,
}

impl AssociatedOid for AuthorityKey {
    const OID: ObjectIdentifier = ID_CE_AUTHORITY_KEY_IDENTIFIER;
}

impl Extended for AuthorityKey {
    fn read(der: &[u8]) -> Option<Self> {
        let mut parts = Value::only(der, asn1::SEQUENCE, "identifier").ok()?.values();
        let key_id = parts.optional(context(0));
        let issuer = parts.optional(constructed(1));
        let serial = parts.optional(context(2));
        parts.end("identifier").ok()?;
        Some(Self {
            key_id: key_id.map(|id| id.content.to_vec()),
            issuer: match issuer {
                Some(names) => GeneralName::all(names.values()).ok()?,
                None => Vec::new(),
            },
            serial: serial.map(|serial| serial.content.to_vec()),
        })
    }
}

/// Where revocation lists lie (RFC 5280 section 4.2.1.13), the names of all points together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlPoints(pub Vec<GeneralName>);

impl AssociatedOid for CrlPoints {
    const OID: ObjectIdentifier = ID_CE_CRL_DISTRIBUTION_POINTS;
}

impl Extended for CrlPoints {
    fn read(der: &[u8]) -> Option<Self> {
        let mut names = Vec::new();
        for point in Value::only(der, asn1::SEQUENCE, "points").ok()?.values() {
            let Some(place) = point.ok()?.values().optional(constructed(0)) else {
                continue;
            };
            // A name relative to the issuer's is not followed by anybody.
            if let Some(full) = place.values().optional(constructed(0)) {
                names.extend(GeneralName::all(full.values()).ok()?);
            }
        }
        Some(Self(names))
    }
}

/// Where the issuer's certificate and its OCSP responder are found (RFC 5280 section 4.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityAccess(pub Vec<(Oid, GeneralName)>);

impl AssociatedOid for AuthorityAccess {
    const OID: ObjectIdentifier = ID_PE_AUTHORITY_INFO_ACCESS;
}

impl Extended for AuthorityAccess {
    fn read(der: &[u8]) -> Option<Self> {
        let one = |description: Result<Value<'_>, Flaw>| {
            let mut parts = description.ok()?.values();
            let method = parts.expect(asn1::OBJECT_IDENTIFIER, "method").ok()?;
            let place = parts.next()?.ok()?;
            parts.end("description").ok()?;
            Some((
                Oid::from_octets(method.content).ok()?,
                GeneralName::read(place).ok()?,
            ))
        };
        let descriptions = Value::only(der, asn1::SEQUENCE, "access").ok()?.values();
        descriptions.map(one).collect::<Option<_>>().map(Self)
    }
}
