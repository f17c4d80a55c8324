//! Context: what every verb may look at.

use handfast_pki::Error as PkiError;
use jiff::Timestamp;

use crate::{error::Result, issuer::Issuer, profiles::Profiles, records::Store};

/// Who signs what, where it is written down, when it is, and where serial numbers come from.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) issuers: &'a [Issuer],
    pub(crate) profiles: &'a Profiles,
    pub(crate) store: &'a dyn Store,
    pub(crate) now: Timestamp,
    pub(crate) draw: fn() -> Result<[u8; 20]>,
}

/// Twenty octets of the cryptographic library's randomness.
pub(crate) fn random() -> Result<[u8; 20]> {
    let mut octets = [0; 20];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| PkiError::Crypto {
        what: "drawing a serial number",
    })?;
    Ok(octets)
}
