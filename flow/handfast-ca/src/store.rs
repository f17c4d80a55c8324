//! Store: certificates are kept before anybody gets them. This is the second durable point.

use crate::{
    context::Context,
    error::Result,
    records::{Event, Finished},
    sign::Signed,
};

/// A certificate that is in the store, with its line in the journal.
pub(crate) struct Stored<'a> {
    pub(crate) signed: Signed<'a>,
    _private: (),
}

/// Keeps the signed certificates under their serial numbers, all of them or none. Requests that were refused pass
/// through.
pub(crate) fn complete<'a>(
    signed: Vec<Result<Signed<'a>>>,
    context: Context<'a>,
) -> Result<Vec<Result<Stored<'a>>>> {
    let finished: Vec<Finished> = signed
        .iter()
        .flatten()
        .map(|signed| Finished {
            issuer: signed.approved.issuer.id(),
            repeatable: signed.approved.received.repeatable.clone(),
            serial: signed.serial.clone(),
            certificate: signed.certificate.clone(),
            at: context.now,
            entry: signed
                .approved
                .entry(Event::Issued, Some(&signed.serial), context.now),
        })
        .collect();
    if !finished.is_empty() {
        context.store.finish(&finished)?;
    }
    let stored = signed
        .into_iter()
        .map(|signed| signed.map(|signed| Stored { signed, _private: () }));
    Ok(stored.collect())
}
