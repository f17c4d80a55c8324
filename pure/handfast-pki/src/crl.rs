//! A certificate revocation list (RFC 5280 section 5): what it says, and ([`build`]) how one is made.

pub mod build;

use const_oid::db::rfc5280::ID_CE_CRL_NUMBER;
use der::{
    Decode, Sequence,
    asn1::{BitString, UintRef},
};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::{
    certificate::Rfc5280,
    crl::{CertificateList, RevokedCert},
    name::Name,
    time::Time,
};

use crate::{Error, Result, name, text::hex, time::timestamp};

/// A decoded revocation list. Its signature is not verified here.
#[derive(Debug, Clone)]
pub struct RevocationList {
    /// 2 as RFC 5280 wants it, or 1, which has no extensions and which much software refuses.
    pub version: u8,
    /// The issuer as RFC 4514 text.
    pub issuer: String,
    /// When it was issued (RFC 5280 section 5.1.2.4).
    pub this_update: Timestamp,
    /// When the next list is promised; a verifier that enforces freshness refuses everybody after it.
    pub next_update: Option<Timestamp>,
    /// CRL number as hexadecimal digits.
    pub number: Option<String>,
    /// Serial numbers as hexadecimal digits, in the order of the list.
    pub revoked: Vec<String>,
}

/// A list of version 1, which does not say so: its version is left out (RFC 5280 section 5.1).
#[derive(Sequence)]
struct FirstVersion {
    content: FirstContent,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

#[derive(Sequence)]
struct FirstContent {
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    #[asn1(optional = "true")]
    next_update: Option<Time>,
    #[asn1(optional = "true")]
    revoked_certificates: Option<Vec<RevokedCert<Rfc5280>>>,
}

impl RevocationList {
    /// Decodes a list of version 2 or 1.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], of what is wrong for version 2, which most lists are meant to be.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let error = match Self::of_second(der) {
            Ok(list) => return Ok(list),
            Err(error) => error,
        };
        Self::of_first(der).map_err(|_| Error::Malformed {
            what: "revocation list",
            detail: error.into(),
        })
    }

    fn of_first(der: &[u8]) -> der::Result<Self> {
        let list = FirstVersion::from_der(der)?.content;
        Ok(Self {
            version: 1,
            issuer: name::shown(&list.issuer),
            this_update: timestamp(list.this_update),
            next_update: list.next_update.map(timestamp),
            number: None,
            revoked: serials(list.revoked_certificates),
        })
    }

    fn of_second(der: &[u8]) -> der::Result<Self> {
        let list = CertificateList::<Rfc5280>::from_der(der)?.tbs_cert_list;
        let number = list.crl_extensions.as_ref().and_then(|extensions| {
            let number = extensions
                .iter()
                .find(|extension| extension.extn_id == ID_CE_CRL_NUMBER)?;
            UintRef::from_der(number.extn_value.as_bytes())
                .ok()
                .map(|number| hex(number.as_bytes()))
        });
        Ok(Self {
            version: 2,
            issuer: name::shown(&list.issuer),
            this_update: timestamp(list.this_update),
            next_update: list.next_update.map(timestamp),
            number,
            revoked: serials(list.revoked_certificates),
        })
    }
}

fn serials(revoked: Option<Vec<RevokedCert<Rfc5280>>>) -> Vec<String> {
    let revoked = revoked.unwrap_or_default();
    revoked
        .iter()
        .map(|entry| hex(entry.serial_number.as_bytes()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use der::Encode;
    use x509_cert::serial_number::SerialNumber;

    use super::*;

    fn first(revoked: &[u8]) -> Vec<u8> {
        let algorithm = AlgorithmIdentifierOwned {
            oid: const_oid::db::rfc5912::ECDSA_WITH_SHA_256,
            parameters: None,
        };
        let time = |year| {
            let time = der::DateTime::new(year, 1, 2, 3, 4, 5).expect("a time");
            Time::try_from(std::time::SystemTime::from(time)).expect("a time")
        };
        let entry = |serial: &u8| RevokedCert {
            serial_number: SerialNumber::new(&[*serial]).expect("a number"),
            revocation_date: time(2026),
            crl_entry_extensions: None,
        };
        let list = FirstVersion {
            content: FirstContent {
                signature: algorithm.clone(),
                issuer: Name::from_str("CN=Root").expect("a name"),
                this_update: time(2026),
                next_update: Some(time(2027)),
                revoked_certificates: Some(revoked.iter().map(entry).collect()),
            },
            signature_algorithm: algorithm,
            signature: BitString::from_bytes(b"not verified").expect("bits"),
        };
        list.to_der().expect("a list")
    }

    #[test]
    fn a_list_of_the_first_version_is_read_and_says_so() {
        let list = RevocationList::from_der(&first(&[7, 9])).expect("a list");
        assert_eq!((list.version, list.issuer.as_str()), (1, "CN=Root"));
        assert_eq!(list.revoked, ["07", "09"]);
        assert!(list.next_update.is_some_and(|next| next > list.this_update));
    }

    #[test]
    fn a_list_that_breaks_off_is_refused_wherever_it_does() {
        let whole = first(&[7]);
        for length in 0..whole.len() {
            assert!(RevocationList::from_der(&whole[..length]).is_err(), "{length}");
        }
    }
}
