//! Renew: which certificate may be replaced by a new one with the same names.
//!
//! Identity and profile come from the old certificate as the records have it, never from a request. A certificate that is
//! revoked or unknown is not renewed, nor one that has expired longer ago than its profile says: its holder has to ask for
//! a new one.

use handfast_pki::{
    Certificate,
    name::{AltName, Name},
    profile::ProfileName,
    qualified::{PspRole, Statements},
};
use jiff::{SignedDuration, Timestamp};

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
    pub(crate) subject: Name,
    pub(crate) roles: Vec<PspRole>,
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
        if certificate.is_ca() {
            return Err(refused("it is a CA's".into()));
        }
        let profile: ProfileName = row.profile.parse()?;
        self.profile_renews(&profile, row.not_after, now)?;
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
            subject: certificate.subject().clone(),
            roles: certificate
                .extension::<Statements>()
                .and_then(|statements| statements.psd2)
                .map(|(roles, ..)| roles)
                .unwrap_or_default(),
        })
    }

    /// Whether the profile is renewed at all, and at this time.
    fn profile_renews(&self, profile: &ProfileName, not_after: Timestamp, now: Timestamp) -> Result<()> {
        let refused = |detail: String| Error::NotRenewable { detail };
        let rules = self.profiles().find(profile).map(|offered| &offered.rules);
        if rules.is_some_and(|rules| !rules.renewable) {
            return Err(refused(format!(
                "the profile \"{profile}\" is not renewed (renewable in ca.toml)"
            )));
        }
        let grace = rules.map_or(SignedDuration::ZERO, |rules| rules.renewable_after_expiry);
        let last = not_after.checked_add(grace).unwrap_or(Timestamp::MAX);
        if now > last {
            return Err(refused(if grace.is_zero() {
                format!("it expired at {not_after}")
            } else {
                format!(
                    "it expired at {not_after}, and could be renewed until {last} (renew-after-expiry in [profile.{profile}] of ca.toml)"
                )
            }));
        }
        Ok(())
    }
}
