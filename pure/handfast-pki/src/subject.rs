//! The subject that a certificate gets: a common name, and whose it is.

use std::{fmt, str::FromStr};

use const_oid::ObjectIdentifier;
use der::{
    Any, Encode,
    asn1::{PrintableStringRef, SetOfVec, Utf8StringRef},
};
use x509_cert::{
    attr::AttributeTypeAndValue,
    name::{RdnSequence, RelativeDistinguishedName},
};

use crate::{Error, Result, name::Name, text::printable};

/// Whose a certificate is, beside its names. Peers are not recognised by any of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// Two letters (ISO 3166).
    pub country: Option<String>,
    /// O.
    pub organization: Option<String>,
    /// OU.
    pub unit: Option<String>,
    /// Everything else.
    pub further: Vec<Part>,
}

/// One attribute of a subject, written `O=Acme`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which one.
    pub kind: PartKind,
    /// What it says.
    pub text: String,
}

/// The attributes that can be asked for, by their place in a subject: from the largest to the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartKind(usize);

/// Name, identifier, the most characters (RFC 5280 appendix A.1, the CA/Browser Forum's for jurisdictions), and whether
/// X.520 allows no other form of it than a PrintableString.
const KINDS: [(&str, ObjectIdentifier, usize, bool); 18] = [
    ("C", ObjectIdentifier::new_unwrap("2.5.4.6"), 2, true),
    ("ST", ObjectIdentifier::new_unwrap("2.5.4.8"), 128, false),
    ("L", ObjectIdentifier::new_unwrap("2.5.4.7"), 128, false),
    ("postalCode", ObjectIdentifier::new_unwrap("2.5.4.17"), 40, false),
    ("STREET", ObjectIdentifier::new_unwrap("2.5.4.9"), 128, false),
    (
        "jurisdictionC",
        ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.3"),
        2,
        true,
    ),
    (
        "jurisdictionST",
        ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.2"),
        128,
        false,
    ),
    (
        "jurisdictionL",
        ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.60.2.1.1"),
        128,
        false,
    ),
    (
        "businessCategory",
        ObjectIdentifier::new_unwrap("2.5.4.15"),
        128,
        false,
    ),
    ("O", ObjectIdentifier::new_unwrap("2.5.4.10"), 64, false),
    (
        "organizationIdentifier",
        ObjectIdentifier::new_unwrap("2.5.4.97"),
        64,
        false,
    ),
    ("OU", ObjectIdentifier::new_unwrap("2.5.4.11"), 64, false),
    ("title", ObjectIdentifier::new_unwrap("2.5.4.12"), 64, false),
    ("GN", ObjectIdentifier::new_unwrap("2.5.4.42"), 64, false),
    ("SN", ObjectIdentifier::new_unwrap("2.5.4.4"), 64, false),
    ("serialNumber", ObjectIdentifier::new_unwrap("2.5.4.5"), 64, true),
    (
        "UID",
        ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.1"),
        64,
        false,
    ),
    ("CN", ObjectIdentifier::new_unwrap("2.5.4.3"), 64, false),
];

impl PartKind {
    fn row(self) -> &'static (&'static str, ObjectIdentifier, usize, bool) {
        // Made of places in the table alone.
        &KINDS[self.0]
    }
}

impl FromStr for PartKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let place = KINDS
            .iter()
            .position(|(name, ..)| name.eq_ignore_ascii_case(text));
        place.map(Self).ok_or_else(|| Error::BadValue {
            found: printable(text),
            expected: "an attribute of a subject: C, ST, L, postalCode, STREET, jurisdictionC, jurisdictionST, jurisdictionL, businessCategory, O, organizationIdentifier, OU, title, GN, SN, serialNumber, UID or CN",
        })
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)
    }
}

impl FromStr for Part {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (kind, value) = text.split_once('=').ok_or_else(|| Error::BadValue {
            found: printable(text),
            expected: "an attribute of a subject, such as O=Acme",
        })?;
        let part = Self {
            kind: kind.parse()?,
            text: value.to_owned(),
        };
        part.to_rdn().map(|_| part)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind, printable(&self.text))
    }
}

impl Part {
    fn to_rdn(&self) -> Result<RelativeDistinguishedName> {
        let (name, oid, most, is_printable) = *self.kind.row();
        let text = self.text.as_str();
        let value = if most == 2 {
            // X.520 has no other form of it (RFC 5280 appendix A.1).
            if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err(bad(text, "a country of two capital letters, such as DE"));
            }
            PrintableStringRef::new(text).and_then(|text| Any::encode_from(&text))
        } else {
            let length = text.chars().count();
            if length == 0 || length > most || text.chars().any(char::is_control) {
                return Err(bad(text, too_long(most)));
            }
            if is_printable {
                PrintableStringRef::new(text).and_then(|text| Any::encode_from(&text))
            } else {
                Utf8StringRef::new(text).and_then(|text| Any::encode_from(&text))
            }
        };
        let unfit = || Error::BadName {
            found: printable(text),
            expected: if name == "serialNumber" {
                "a serial number of letters, digits, blanks and '()+,-./:=?"
            } else {
                "a name"
            },
        };
        let value = value.map_err(|_| unfit())?;
        let set = SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(|_| unfit())?;
        Ok(RelativeDistinguishedName::from(set))
    }
}

fn too_long(most: usize) -> &'static str {
    match most {
        40 => "a name of 1 to 40 characters",
        64 => "a name of 1 to 64 characters",
        _ => "a name of 1 to 128 characters",
    }
}

/// The name of these parts from the largest to the smallest, each where it is given; empty without any.
pub fn subject(common_name: Option<&str>, organization: &Organization) -> Result<Name> {
    let named = [
        ("C", organization.country.as_deref()),
        ("O", organization.organization.as_deref()),
        ("OU", organization.unit.as_deref()),
        ("CN", common_name),
    ];
    let mut parts = organization.further.clone();
    for (kind, text) in named {
        if let Some(text) = text {
            parts.push(Part {
                kind: kind.parse()?,
                text: text.to_owned(),
            });
        }
    }
    of(parts)
}

/// The name of `parts`, from the largest to the smallest.
///
/// # Errors
///
/// For a text that cannot stand in its attribute, and for one that is given twice.
pub fn of(mut parts: Vec<Part>) -> Result<Name> {
    parts.sort_by_key(|part| part.kind);
    let mut sequence = RdnSequence::default();
    let mut before = None;
    for part in &parts {
        // Several units are usual; of everything else a second one contradicts the first.
        if before == Some(part.kind) && part.kind.row().0 != "OU" {
            return Err(bad(&part.text, "the only one of its attribute"));
        }
        before = Some(part.kind);
        sequence.push(part.to_rdn()?);
    }
    let refused = || bad("", "a name");
    let der = sequence.to_der().map_err(|_| refused())?;
    Name::from_der(&der).map_err(|_| refused())
}

/// The attributes of `name`; nothing where it has one that cannot be asked for.
pub fn parts(name: &Name) -> Option<Vec<Part>> {
    name.iter()
        .map(|attribute| {
            let place = KINDS.iter().position(|(_, oid, ..)| attribute.kind == *oid)?;
            Some(Part {
                kind: PartKind(place),
                text: attribute.text()?,
            })
        })
        .collect()
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
    use crate::name::shown;

    #[test]
    fn parts_stand_from_the_largest_to_the_smallest_and_are_read_again() {
        let organization = Organization {
            country: Some("DE".into()),
            organization: Some("Acme, Inc.".into()),
            unit: Some("ops".into()),
            further: vec![
                "L=Kiel".parse().expect("a part"),
                "serialNumber=7".parse().expect("a part"),
            ],
        };
        let name = subject(Some("web"), &organization).expect("a name");
        assert_eq!(
            shown(&name),
            "CN=web,SERIALNUMBER=7,OU=ops,O=Acme\\, Inc.,L=Kiel,C=DE"
        );
        assert_eq!(of(parts(&name).expect("known")).expect("a name"), name);
        assert_eq!(
            shown(&subject(None, &Organization::default()).expect("empty")),
            "(empty)"
        );
    }

    #[test]
    fn a_part_that_cannot_stand_there_is_refused() {
        for (country, organization) in [("de", "Acme"), ("DEU", "Acme"), ("DE", ""), ("DE", "a\nb")] {
            let organization = Organization {
                country: Some(country.into()),
                organization: Some(organization.into()),
                ..Organization::default()
            };
            let refused = subject(None, &organization).expect_err("refused");
            assert!(matches!(refused, Error::BadName { .. }), "{refused}");
        }
        for text in ["O=", "serialNumber=a_b", "CN", "X=1", "ST="] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
        let twice = vec![
            "L=Kiel".parse().expect("a part"),
            "L=Bonn".parse().expect("a part"),
        ];
        assert!(of(twice).is_err());
    }
}
