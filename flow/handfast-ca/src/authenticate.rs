//! Authenticate: who asks.
//!
//! So far one asker exists: the owner of the state folder. A [`CaKey`] can only be had by reading the
//! authority's key file, which is readable by its owner alone, so whoever holds one is the owner; the file
//! system has done the login. That the applicant holds its key was proven when the
//! [`Applicant`](crate::Applicant) was made. What is left to refuse here is the authority's own key under
//! another name.

use handfast_pki::Profile;

use crate::{Error, Result, issuer::CaKey, receive::Received};

/// A wish with its asker.
pub(crate) struct Authenticated {
    pub(crate) received: Received,
    /// For the record.
    pub(crate) asker: &'static str,
    _private: (),
}

/// The owner of `ca` asks.
pub(crate) fn owner(received: Received, ca: &CaKey) -> Result<Authenticated> {
    if received.profile != Profile::Root && received.public_key == *ca.public_key() {
        return Err(Error::CaKeyAsLeaf);
    }
    Ok(Authenticated {
        received,
        asker: "owner",
        _private: (),
    })
}
