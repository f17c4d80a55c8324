//! Context: what every verb may look at.

use handfast_pki::{Error as PkiError, serial::Serial};
use jiff::Timestamp;

use crate::{error::Result, issuer::Issuer, profiles::Profiles, records::Store};

/// Who signs what, where it is written down, when it is, and where serial numbers come from.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) issuers: &'a [Issuer],
    pub(crate) profiles: &'a Profiles,
    pub(crate) store: &'a dyn Store,
    pub(crate) now: Timestamp,
    pub(crate) draw_serial: fn() -> Result<Serial>,
}

/// A serial number from the cryptographic library's randomness.
pub(crate) fn random_serial() -> Result<Serial> {
    let mut octets = [0; 20];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| PkiError::Crypto {
        what: "drawing a serial number",
    })?;
    Ok(Serial::from_random(octets))
}
