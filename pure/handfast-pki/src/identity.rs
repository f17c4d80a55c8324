//! Who a certificate says its holder is: every name with its type, never a string to be split again.

use std::net::IpAddr;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    Fingerprint,
    general::GeneralName,
    name::{self, AltName, Name},
    text::printable,
};

/// The identities of one leaf certificate, by type. Only a [`crate::VerifiedChain`] proves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `uniformResourceIdentifier` names, SPIFFE IDs among them.
    pub uris: Vec<String>,
    /// `dNSName` names, in lower case.
    pub dns: Vec<String>,
    /// `rfc822Name` names as they stand.
    pub emails: Vec<String>,
    /// `iPAddress` names.
    pub ips: Vec<IpAddr>,
    /// Names of kinds that no rule compares with, as they are shown: a UPN, a directory name. They are there all the same.
    pub others: Vec<String>,
    /// The common name of the subject when there is exactly one; an identity only where a rule says `cn:`.
    pub common_name: Option<String>,
    /// SHA-256 of the certificate.
    pub fingerprint: Fingerprint,
}

/// The one form in which an identity is written: in every JSON answer, and in the access log. It was chosen by whoever
/// asked for the certificate, so that each name is escaped and cut as [`printable`] does it.
impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = |names: &[String]| names.iter().map(|name| printable(name)).collect::<Vec<_>>();
        let mut object = serializer.serialize_struct("Identity", 8)?;
        object.serialize_field("called", &self.called())?;
        object.serialize_field("uris", &shown(&self.uris))?;
        object.serialize_field("dns", &shown(&self.dns))?;
        object.serialize_field("emails", &shown(&self.emails))?;
        object.serialize_field("ips", &self.ips)?;
        object.serialize_field("others", &self.others)?;
        object.serialize_field("common_name", &self.common_name.as_deref().map(printable))?;
        object.serialize_field("fingerprint", &self.fingerprint)?;
        object.end()
    }
}

impl Identity {
    /// What a certificate says with `subject` and the alternative `names`.
    pub(crate) fn of(fingerprint: Fingerprint, subject: &Name, names: &[GeneralName]) -> Self {
        let mut identity = Self {
            uris: Vec::new(),
            dns: Vec::new(),
            emails: Vec::new(),
            ips: Vec::new(),
            others: Vec::new(),
            common_name: name::common_name(subject),
            fingerprint,
        };
        for general in names {
            match general {
                GeneralName::Uri(uri) => identity.uris.push(uri.clone()),
                GeneralName::Dns(dns) => identity.dns.push(dns.to_ascii_lowercase()),
                GeneralName::Email(email) => identity.emails.push(email.clone()),
                other => match other.ip() {
                    Some(ip) => identity.ips.push(ip),
                    None => identity.others.push(other.to_string()),
                },
            }
        }
        identity
    }

    /// The SPIFFE ID, when the certificate is an X.509-SVID: exactly one URI, and it is a SPIFFE ID
    /// (X509-SVID section 2).
    pub fn spiffe_id(&self) -> Option<&str> {
        match self.uris.as_slice() {
            [only] if name::is_spiffe_id(only) => Some(only),
            _ => None,
        }
    }

    /// The same without the names that are none: a rule compares with these alone. A certificate can carry anything as a
    /// name (`.acme.example`, `a@b@acme.example`, a wildcard); such a thing is shown, and nobody is known by it.
    pub fn matchable(mut self) -> Self {
        self.uris.retain(|uri| AltName::uri(uri).is_ok());
        self.dns
            .retain(|dns| !dns.starts_with('*') && AltName::dns(dns).is_ok());
        self.emails
            .retain(|email| !email.contains('*') && AltName::email(email).is_ok());
        self
    }

    /// Whether there is no subject alternative name at all; a common name is none.
    pub fn is_nameless(&self) -> bool {
        self.uris.is_empty()
            && self.dns.is_empty()
            && self.emails.is_empty()
            && self.ips.is_empty()
            && self.others.is_empty()
    }

    /// All names with their type, the ones that people know first: `uri:…`, `dns:…`, `email:…`, `ip:…`, `cn:…`; those that
    /// no rule compares with come last.
    pub fn names(&self) -> Vec<String> {
        let uris = self.uris.iter().map(|uri| format!("uri:{}", printable(uri)));
        let dns = self.dns.iter().map(|dns| format!("dns:{}", printable(dns)));
        let emails = self
            .emails
            .iter()
            .map(|email| format!("email:{}", printable(email)));
        let ips = self.ips.iter().map(|ip| format!("ip:{ip}"));
        let common_name = self.common_name.iter().map(|cn| format!("cn:{}", printable(cn)));
        uris.chain(dns)
            .chain(emails)
            .chain(ips)
            .chain(common_name)
            .chain(self.others.iter().cloned())
            .collect()
    }

    /// The one name to call the holder by: the first of [`Self::names`], else the fingerprint.
    pub fn called(&self) -> String {
        self.names()
            .into_iter()
            .next()
            .unwrap_or_else(|| format!("fingerprint:{}", self.fingerprint))
    }
}
