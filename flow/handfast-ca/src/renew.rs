//! Renew: which certificate may be replaced by a new one with the same names.
//!
//! Identity and profile come from the old certificate as the records have it, never from a request. A certificate that is
//! revoked, expired or unknown is not renewed: its holder has to ask for a new one.

use handfast_pki::{
    Certificate,
    name::{self, AltName},
    profile::ProfileName,
};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::{Error, Result},
};

/// A certificate of this CA that may be renewed. Made by [`Authority::renewable`] alone.
#[derive(Debug, Clone)]
pub struct Old {
    pub(crate) serial: String,
    pub(crate) profile: ProfileName,
    pub(crate) names: Vec<AltName>,
    pub(crate) common_name: Option<String>,
}

impl Old {
    /// The profile that it was issued by, and that its successor gets.
    pub fn profile(&self) -> &ProfileName {
        &self.profile
    }

    /// Its serial number, hexadecimal digits.
    pub fn serial(&self) -> &str {
        &self.serial
    }
}

impl Authority {
    /// Whether `certificate` may be replaced by a new one at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::NotRenewable`], with the reason: it is not in the records byte for byte, is revoked or expired, or has a
    /// name that this CA cannot write again.
    pub fn renewable(&self, certificate: &Certificate, now: Timestamp) -> Result<Old> {
        let refused = |detail: String| Error::NotRenewable { detail };
        let serial = certificate.serial();
        let row = self
            .find_serial(&serial)?
            .filter(|row| row.der.as_deref() == Some(certificate.der().as_ref()))
            .ok_or_else(|| refused(format!("{serial} is not in the records of this CA")))?;
        if let Some(revoked) = row.revoked {
            return Err(refused(format!(
                "it was revoked at {} ({})",
                revoked.at,
                revoked.reason.name()
            )));
        }
        if now > row.not_after {
            return Err(refused(format!("it expired at {}", row.not_after)));
        }
        let profile: ProfileName = row.profile.parse()?;
        if certificate.is_ca() {
            return Err(refused("it is a CA's".into()));
        }
        let identity = certificate.identity();
        let names = [
            identity
                .dns
                .iter()
                .map(|name| AltName::dns(name))
                .collect::<Vec<_>>(),
            identity.ips.iter().map(|ip| Ok(AltName::Ip(*ip))).collect(),
            identity.uris.iter().map(|uri| AltName::uri(uri)).collect(),
            identity
                .emails
                .iter()
                .map(|email| AltName::email(email))
                .collect(),
        ];
        let names = names
            .into_iter()
            .flatten()
            .collect::<handfast_pki::Result<Vec<_>>>()?;
        Ok(Old {
            serial,
            profile,
            names,
            common_name: name::common_name(certificate.subject()),
        })
    }
}
