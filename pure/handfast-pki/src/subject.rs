//! The subject that a certificate gets: a common name, and whose it is.

use const_oid::{
    ObjectIdentifier,
    db::rfc4519::{COMMON_NAME, COUNTRY_NAME, ORGANIZATION_NAME, ORGANIZATIONAL_UNIT_NAME},
};
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
}

/// The name of these parts from the largest to the smallest, each where it is given; empty without any.
pub fn subject(common_name: Option<&str>, of: &Organization) -> Result<Name> {
    let parts = [
        (COUNTRY_NAME, of.country.as_deref()),
        (ORGANIZATION_NAME, of.organization.as_deref()),
        (ORGANIZATIONAL_UNIT_NAME, of.unit.as_deref()),
        (COMMON_NAME, common_name),
    ];
    let mut sequence = RdnSequence::default();
    for (oid, text) in parts {
        if let Some(text) = text {
            sequence.push(part(oid, text)?);
        }
    }
    let refused = || bad(common_name.unwrap_or_default(), "a name");
    let der = sequence.to_der().map_err(|_| refused())?;
    Name::from_der(&der).map_err(|_| refused())
}

fn part(oid: ObjectIdentifier, text: &str) -> Result<RelativeDistinguishedName> {
    let value = if oid == COUNTRY_NAME {
        // X.520 has no other form of it (RFC 5280 appendix A.1).
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(bad(text, "a country of two capital letters, such as DE"));
        }
        PrintableStringRef::new(text).and_then(|text| Any::encode_from(&text))
    } else {
        // ub-common-name, ub-organization-name and ub-organizational-unit-name.
        if text.is_empty() || text.chars().count() > 64 || text.chars().any(char::is_control) {
            return Err(bad(text, "a name of 1 to 64 characters"));
        }
        Utf8StringRef::new(text).and_then(|text| Any::encode_from(&text))
    };
    let value = value.map_err(|_| bad(text, "a name"))?;
    let set =
        SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(|_| bad(text, "a name"))?;
    Ok(RelativeDistinguishedName::from(set))
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
    fn parts_stand_from_the_largest_to_the_smallest() {
        let of = Organization {
            country: Some("DE".into()),
            organization: Some("Acme, Inc.".into()),
            unit: Some("ops".into()),
        };
        let name = subject(Some("web"), &of).expect("a name");
        assert_eq!(shown(&name), "CN=web,OU=ops,O=Acme\\, Inc.,C=DE");
        assert_eq!(
            shown(&subject(None, &Organization::default()).expect("empty")),
            "(empty)"
        );
    }

    #[test]
    fn a_part_that_cannot_stand_there_is_refused() {
        for (country, organization) in [("de", "Acme"), ("DEU", "Acme"), ("DE", ""), ("DE", "a\nb")] {
            let of = Organization {
                country: Some(country.into()),
                organization: Some(organization.into()),
                unit: None,
            };
            let refused = subject(None, &of).expect_err("refused");
            assert!(matches!(refused, Error::BadName { .. }), "{refused}");
        }
    }
}
