//! A certificate revocation list (RFC 5280 section 5), for showing what it says.

use const_oid::db::rfc5280::ID_CE_CRL_NUMBER;
use der::{Decode, asn1::UintRef};
use jiff::Timestamp;

use crate::{Error, Result, certificate::timestamp, name, text::hex};

/// A decoded revocation list. Its signature is not verified here.
#[derive(Debug, Clone)]
pub struct RevocationList {
    /// The issuer as RFC 4514 text.
    pub issuer: String,
    pub this_update: Timestamp,
    /// When the next list is promised; a verifier that enforces freshness refuses everybody after it.
    pub next_update: Option<Timestamp>,
    /// CRL number as hexadecimal digits.
    pub number: Option<String>,
    /// Serial numbers as hexadecimal digits, in the order of the list.
    pub revoked: Vec<String>,
}

impl RevocationList {
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let list = x509_cert::crl::CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der)
            .map_err(|error| Error::Malformed {
                what: "revocation list",
                detail: error.to_string(),
            })?
            .tbs_cert_list;
        let number = list.crl_extensions.as_ref().and_then(|extensions| {
            let number = extensions
                .iter()
                .find(|extension| extension.extn_id == ID_CE_CRL_NUMBER)?;
            UintRef::from_der(number.extn_value.as_bytes())
                .ok()
                .map(|number| hex(number.as_bytes()))
        });
        let revoked = list.revoked_certificates.unwrap_or_default();
        Ok(Self {
            issuer: name::shown(&list.issuer),
            this_update: timestamp(list.this_update),
            next_update: list.next_update.map(timestamp),
            number,
            revoked: revoked
                .iter()
                .map(|entry| hex(entry.serial_number.as_bytes()))
                .collect(),
        })
    }
}
