//! Record: one line in the journal for every wish, and only then the answer.

use handfast_pki::name::shown;

use crate::{Desk, Error, Issued, Result, StoreError, records::JournalEntry, store::Stored};

/// Records an issuance and hands out the certificate.
pub(crate) fn issuance(stored: Stored, desk: Desk<'_>) -> Result<Issued> {
    let signed = stored.signed;
    let received = signed.approved.received;
    let names: Vec<String> = received.names.iter().map(ToString::to_string).collect();
    let who = if names.is_empty() {
        shown(&received.subject)
    } else {
        names.join(" ")
    };
    desk.store.journal(&JournalEntry {
        at: desk.now,
        event: "issued",
        serial: Some(signed.serial),
        code: None,
        detail: format!(
            "{} for {who}, asked by the {}",
            received.profile.name(),
            signed.approved.asker
        ),
    })?;
    Ok(Issued {
        certificate: signed.certificate,
        above: desk.ca.above().to_vec(),
        cut_short: signed.approved.cut_short,
        ignored: received.ignored,
    })
}

/// Records a refusal, as well as it can: the caller is told its reason in any case.
pub(crate) fn refusal(error: &Error, desk: Desk<'_>) {
    let entry = JournalEntry {
        at: desk.now,
        event: "refused",
        serial: None,
        code: Some(error.code().to_string()),
        detail: error.to_string(),
    };
    // A store that fails here has failed before, and that is the error that is told.
    let _: Result<(), StoreError> = desk.store.journal(&entry);
}
