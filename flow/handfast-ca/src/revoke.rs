//! Revoke: a certificate that was given is taken back, with its reason, in the records.

use jiff::Timestamp;

use crate::{
    approve,
    authority::Authority,
    error::Result,
    records::{Event, JournalEntry, Reason, Revocation},
    requester::Requester,
};

impl Authority {
    /// Revokes the certificates with these serial numbers (hexadecimal digits), all of them or none: one that the
    /// records do not know, or that is revoked already, refuses the rest.
    pub fn revoke(
        &self,
        serials: &[String],
        reason: Reason,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<()> {
        approve::revocation(requester)?;
        let revocations: Vec<Revocation> = serials
            .iter()
            .map(|serial| Revocation {
                serial: serial.clone(),
                reason,
                at: now,
                entry: JournalEntry {
                    at: now,
                    event: Event::Revoked,
                    serial: Some(serial.clone()),
                    requester: Some(requester.to_string()),
                    code: None,
                    detail: reason.name().to_owned(),
                },
            })
            .collect();
        Ok(self.store().revoke(&revocations)?)
    }
}
