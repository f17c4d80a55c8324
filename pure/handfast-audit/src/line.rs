//! The access log read again: what a line says of a client, as far as somebody asks.
//!
//! In: a line that this program has written, of this version or an earlier one. What a line has beside that is passed over.

use std::net::IpAddr;

use handfast_pki::{Fingerprint, Identity};
use jiff::Timestamp;
use serde::Deserialize;

/// A line of an access log.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Line {
    /// The program has started: numbers of connections begin anew.
    Open {},
    /// A connection that has ended.
    Connection(Box<ConnectionLine>),
    /// A request.
    Request(Box<RequestLine>),
    /// Lines that were lost, because the log was too slow.
    Dropped {
        /// How many.
        lines: u64,
    },
    /// Every other event.
    #[serde(other)]
    Other,
}

/// A connection that has ended.
#[derive(Debug, Clone, Deserialize)]
pub struct ConnectionLine {
    /// When it was accepted.
    pub time: Timestamp,
    /// Unique until the program starts anew.
    pub id: u64,
    /// Address and port of the client.
    pub peer: String,
    /// Whom its certificate proves it to be.
    pub identity: Option<LoggedIdentity>,
    /// Whether it came in without a certificate, by a rule.
    #[serde(default)]
    pub anonymous: bool,
    /// How far it came: `allowed`, `refused`, `denied` or `broken`.
    pub verdict: String,
    /// Why it was rejected, or ended.
    pub code: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
    /// Why it would have been rejected.
    pub would_reject: Option<LoggedRejection>,
    /// From accept to close, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
}

/// A request.
#[derive(Debug, Clone, Deserialize)]
pub struct RequestLine {
    /// When its head was complete.
    pub time: Timestamp,
    /// The number of its connection.
    pub connection: u64,
    /// As it was sent.
    pub method: String,
    /// Without its query.
    pub path: String,
    /// As it was sent.
    pub host: Option<String>,
    /// What was answered.
    #[serde(default)]
    pub status: u16,
    /// Why we answered in the place of the backend.
    pub code: Option<String>,
    /// The same in words.
    pub reason: Option<String>,
    /// Why it would have been rejected.
    pub would_reject: Option<LoggedRejection>,
}

/// What a host would have done that only observed.
#[derive(Debug, Clone, Deserialize)]
pub struct LoggedRejection {
    /// Why.
    pub code: String,
    /// The same in words.
    pub reason: String,
    /// The address of the client.
    pub address: String,
    /// What its certificate says.
    pub presented: Option<LoggedIdentity>,
}

/// An identity as it is logged: names that are very long, or not printable, are not what they were.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LoggedIdentity {
    /// The one name to call it by.
    pub called: String,
    uris: Vec<String>,
    dns: Vec<String>,
    emails: Vec<String>,
    ips: Vec<IpAddr>,
    #[serde(default)]
    others: Vec<String>,
    common_name: Option<String>,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
}

impl LoggedIdentity {
    /// The names, for looking at rules; nothing where the fingerprint is none.
    pub fn identity(&self) -> Option<Identity> {
        let fingerprint: Fingerprint = self.fingerprint.parse().ok()?;
        Some(Identity {
            uris: self.uris.clone(),
            dns: self.dns.clone(),
            emails: self.emails.clone(),
            ips: self.ips.clone(),
            others: self.others.clone(),
            common_name: self.common_name.clone(),
            fingerprint,
        })
    }
}

impl Line {
    /// Reads one line; nothing of what is none of ours.
    pub fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}
