//! Configuration: issuers or profiles that are others than at the last time get a line in the journal, and with it a leaf,
//! before anything is signed by them.

use handfast_pki::{Certificate, Fingerprint};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    error::Result,
    issuer::Issuer,
    records::{Event, JournalEntry},
};

impl Authority {
    /// Writes the line, unless the last one says the same.
    pub(crate) fn note_configuration(&self, now: Timestamp) -> Result<()> {
        let detail = self.said_once(|| self.configuration());
        if self.store().log().configuration()?.as_deref() == Some(detail) {
            return Ok(());
        }
        self.store().journal(&[JournalEntry {
            at: now,
            event: Event::Configured,
            serial: None,
            requester: None,
            code: None,
            detail: detail.to_owned(),
        }])?;
        Ok(())
    }

    /// Each issuer by its certificate, and the profiles by a digest over all that they say.
    fn configuration(&self) -> String {
        let issuers = self.issuers().iter().filter_map(Issuer::certificate).map(named);
        let issuers: Vec<String> = issuers.collect();
        let profiles = Fingerprint::of(format!("{:?}", self.profiles()).as_bytes());
        format!("issuers {}; profiles with digest {profiles}", issuers.join(", "))
    }
}

fn named(certificate: &Certificate) -> String {
    format!("{} ({})", certificate.called(), certificate.fingerprint())
}
