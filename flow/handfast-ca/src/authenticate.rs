//! Authenticate: who asks.
//!
//! Commands ask as the owner of the CA: an [`Issuer`](crate::Issuer) can only be had by reading its key file, which is
//! readable by its owner alone, so the file system has done the login. A front that speaks to the network verifies its
//! requesters before it submits anything. That the applicant holds its key was shown when the
//! [`Applicant`](crate::Applicant) was made. What is left to refuse here is the CA's own key under another name, and a
//! key that is blocked.

use crate::{
    context::Context,
    error::{Error, Result},
    receive::Received,
    requester::Requester,
};

/// A request with its requester.
pub(crate) struct Authenticated {
    pub(crate) received: Received,
    pub(crate) requester: Requester,
    _private: (),
}

/// `requester` asks.
pub(crate) fn requester(
    received: Received,
    requester: Requester,
    context: Context<'_>,
) -> Result<Authenticated> {
    // What is blocked or ours is known by its bytes.
    received.public_key.must_be_written_as_usual()?;
    // A root that is being made has no certificate yet, and signs its own key.
    let existing = context
        .issuers
        .iter()
        .filter(|issuer| issuer.certificate().is_some());
    for issuer in existing {
        if received.public_key == *issuer.public_key() {
            return Err(Error::CaKeyAsLeaf);
        }
    }
    if context.store.is_blocked(received.public_key.fingerprint())? {
        return Err(Error::KeyBlocked);
    }
    Ok(Authenticated {
        received,
        requester,
        _private: (),
    })
}
