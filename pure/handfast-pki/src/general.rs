//! The names of an extension (GeneralName, RFC 5280 section 4.2.1.6) in all nine kinds: what no rule compares with is
//! shown all the same, and never the same as no name.

use std::net::IpAddr;

use const_oid::{AssociatedOid, ObjectIdentifier, db::rfc5280::ID_CE_SUBJECT_ALT_NAME};

use crate::{
    asn1::{self, Flaw, Value, Values, constructed, context},
    extended::Extended,
    name::{self, Name},
    oid::Oid,
    text::{hex, printable},
};

/// A name of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// `rfc822Name`.
    Email(String),
    /// `dNSName`.
    Dns(String),
    /// `uniformResourceIdentifier`.
    Uri(String),
    /// `iPAddress`, as many octets as there are.
    Ip(Vec<u8>),
    /// `otherName`: of a kind that an object identifier names, such as the UPN of Windows.
    Other {
        /// The kind.
        kind: Oid,
        /// The value with its tag.
        value: Vec<u8>,
    },
    /// `directoryName`.
    Directory(Name),
    /// `registeredID`.
    Registered(Oid),
    /// `x400Address`, as its octets.
    X400(Vec<u8>),
    /// `ediPartyName`, as its octets.
    Edi(Vec<u8>),
}

impl GeneralName {
    pub(crate) fn read(value: Value<'_>) -> Result<Self, Flaw> {
        const WHAT: Flaw = Flaw("name");
        let ascii = || {
            let text = std::str::from_utf8(value.content)
                .ok()
                .filter(|text| text.is_ascii());
            text.map(str::to_owned).ok_or(WHAT)
        };
        const EMAIL: u8 = context(1);
        const DNS: u8 = context(2);
        const URI: u8 = context(6);
        const IP: u8 = context(7);
        const REGISTERED: u8 = context(8);
        const OTHER: u8 = constructed(0);
        const X400: u8 = constructed(3);
        const DIRECTORY: u8 = constructed(4);
        const EDI: u8 = constructed(5);
        Ok(match value.tag {
            EMAIL => Self::Email(ascii()?),
            DNS => Self::Dns(ascii()?),
            URI => Self::Uri(ascii()?),
            IP => Self::Ip(value.content.to_vec()),
            REGISTERED => Self::Registered(Oid::from_octets(value.content).map_err(|_| WHAT)?),
            DIRECTORY => Self::Directory(Name::from_der(value.content)?),
            X400 => Self::X400(value.content.to_vec()),
            EDI => Self::Edi(value.content.to_vec()),
            OTHER => {
                let mut parts = value.values();
                let kind = parts.expect(asn1::OBJECT_IDENTIFIER, "name")?;
                let inner = parts.expect(constructed(0), "name")?;
                parts.end("name")?;
                Self::Other {
                    kind: Oid::from_octets(kind.content).map_err(|_| WHAT)?,
                    value: inner.content.to_vec(),
                }
            }
            _ => return Err(WHAT),
        })
    }

    /// All names of a sequence.
    pub(crate) fn all(values: Values<'_>) -> Result<Vec<Self>, Flaw> {
        values.map(|value| Self::read(value?)).collect()
    }

    /// The address, where it is one: four or sixteen octets.
    pub fn ip(&self) -> Option<IpAddr> {
        let Self::Ip(octets) = self else { return None };
        name::ip_from_octets(octets)
    }
}

/// With its kind, safe to print: `dns:a.example`, `otherName:UPN:jane@acme.example`.
impl std::fmt::Display for GeneralName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Email(text) => write!(f, "email:{}", printable(text)),
            Self::Dns(text) => write!(f, "dns:{}", printable(text)),
            Self::Uri(text) => write!(f, "uri:{}", printable(text)),
            Self::Ip(octets) => match self.ip() {
                Some(ip) => write!(f, "ip:{ip}"),
                None => write!(f, "ip:{} (no address)", printable(&hex(octets))),
            },
            Self::Other { kind, value } => {
                let text = Values(value)
                    .next()
                    .and_then(Result::ok)
                    .and_then(|value| name::text(value.tag, value.content))
                    .unwrap_or_else(|| hex(value));
                write!(f, "otherName:{}:{}", kind.called(), printable(&text))
            }
            Self::Directory(name) => write!(f, "directoryName:{}", name::shown(name)),
            Self::Registered(id) => write!(f, "registeredID:{}", id.called()),
            Self::X400(octets) => write!(f, "x400Address:{}", printable(&hex(octets))),
            Self::Edi(octets) => write!(f, "ediPartyName:{}", printable(&hex(octets))),
        }
    }
}

/// The subject alternative names (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AltNames(pub Vec<GeneralName>);

impl AssociatedOid for AltNames {
    const OID: ObjectIdentifier = ID_CE_SUBJECT_ALT_NAME;
}

impl Extended for AltNames {
    fn read(der: &[u8]) -> Option<Self> {
        let names = Value::only(der, asn1::SEQUENCE, "names").ok()?;
        GeneralName::all(names.values()).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tag: u8, content: &[u8]) -> String {
        let whole = asn1::wrap(tag, content);
        let value = Values(&whole).next().expect("one").expect("well-formed");
        GeneralName::read(value).expect("a name").to_string()
    }

    #[test]
    fn every_kind_of_name_is_shown_with_its_kind() {
        let upn = [
            &[0x06, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3][..],
            &asn1::wrap(0xa0, &asn1::wrap(0x0c, b"jane@acme.example")),
        ]
        .concat();
        let directory = Name::default().der();
        for (tag, content, expected) in [
            (0x82, &b"a.example"[..], "dns:a.example"),
            (0xa0, &upn, "otherName:UPN:jane@acme.example"),
            (0xa4, &directory, "directoryName:(empty)"),
            (0x88, &[0x2a, 3, 4], "registeredID:1.2.3.4"),
            (0xa3, &[0x30, 0], "x400Address:3000"),
            (0xa5, &[0x81, 1, 0x61], "ediPartyName:810161"),
            (0x87, &[127, 0, 0, 1], "ip:127.0.0.1"),
            (0x87, &[127], "ip:7f (no address)"),
        ] {
            assert_eq!(shown(tag, content), expected);
        }
    }

    #[test]
    fn a_name_that_is_none_makes_the_list_unreadable_and_not_empty() {
        assert_eq!(AltNames::read(&[0x30, 3, 0x82, 1, 0xff]), None);
        assert_eq!(AltNames::read(&[0x30, 2, 0x8a, 0]), None);
        assert_eq!(AltNames::read(&[0x30, 0]), Some(AltNames(Vec::new())));
    }
}
