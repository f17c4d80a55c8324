//! Store: the certificate is kept before anybody gets it.

use crate::{Desk, Result, sign::Signed};

/// A certificate that is in the store.
pub(crate) struct Stored {
    pub(crate) signed: Signed,
    _private: (),
}

/// Stores the signed certificate under its reserved serial number.
pub(crate) fn complete(signed: Signed, desk: Desk<'_>) -> Result<Stored> {
    desk.store
        .complete(&signed.serial, &signed.certificate, desk.now)?;
    Ok(Stored { signed, _private: () })
}
