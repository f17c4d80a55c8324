//! Facts: what a leaf of the audit log ties to it, as one digest over the values of a record, whatever table they stand in.

use handfast_audit::leaf::digest;
use handfast_pki::Fingerprint;
use serde_json::json;

use crate::records::{Begun, JournalEntry, KeptList, Plan, Repeatable, Row};

/// What is fixed about a certificate when its serial number is taken; none of it may change afterwards.
pub(crate) struct Facts<'a> {
    pub(crate) serial: &'a str,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) profile: &'a str,
    pub(crate) subject: &'a str,
    /// As they are shown, with spaces between them.
    pub(crate) names: String,
    /// Seconds since 1970.
    pub(crate) validity: (i64, i64),
    pub(crate) requester: &'a str,
    /// Milliseconds since 1970.
    pub(crate) begun_at: i64,
    pub(crate) key: Option<String>,
    pub(crate) renewed_from: Option<&'a str>,
    pub(crate) tbs: Option<&'a [u8]>,
}

impl<'a> Facts<'a> {
    /// Of a plan that was written down with the serial number of `entry`.
    pub(crate) fn of_plan(plan: &'a Plan, begun: &'a Begun, entry: &'a JournalEntry) -> Self {
        let names: Vec<String> = plan.names.iter().map(ToString::to_string).collect();
        Self {
            serial: entry.serial.as_deref().unwrap_or_default(),
            issuer: Some(&plan.issuer),
            profile: &plan.profile,
            subject: &plan.subject,
            names: names.join(" "),
            validity: (plan.not_before.as_second(), plan.not_after.as_second()),
            requester: &plan.requester,
            begun_at: plan.at.as_millisecond(),
            key: Some(plan.key.to_string()),
            renewed_from: plan.renewed_from.as_deref(),
            tbs: Some(&begun.tbs),
        }
    }

    pub(crate) fn of_row(row: &'a Row) -> Self {
        Self {
            serial: &row.serial,
            issuer: row.issuer.as_deref(),
            profile: &row.profile,
            subject: &row.subject,
            names: row.names.join(" "),
            validity: (row.not_before.as_second(), row.not_after.as_second()),
            requester: &row.requester,
            begun_at: row.begun_at.as_millisecond(),
            key: row.key.clone(),
            renewed_from: row.renewed_from.as_deref(),
            tbs: row.tbs.as_deref(),
        }
    }

    /// One digest over all of it.
    pub(crate) fn digest(&self) -> String {
        digest(&[
            json!(self.serial),
            json!(self.issuer),
            json!(self.profile),
            json!(self.subject),
            json!(self.names),
            json!(self.validity),
            json!(self.requester),
            json!(self.begun_at),
            json!(self.key),
            json!(self.renewed_from),
            json!(self.tbs.map(|tbs| Fingerprint::of(tbs).to_string())),
        ])
    }
}

impl KeptList {
    /// One digest over a list of `issuer` as it is kept. Its number stands in its bytes.
    pub(crate) fn digest(&self, issuer: &str) -> String {
        digest(&[
            json!(issuer),
            json!(self.this_update.as_second()),
            json!(self.next_update.as_second()),
            json!(Fingerprint::of(&self.der).to_string()),
        ])
    }
}

impl Repeatable {
    /// One digest over what was asked for under a key, and by whom.
    pub(crate) fn digest(&self) -> String {
        digest(&[
            json!(self.requester),
            json!(self.key),
            json!(self.asked.to_string()),
        ])
    }
}
