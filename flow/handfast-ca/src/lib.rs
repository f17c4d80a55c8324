//! The authority: who gets a certificate, and a record of every one.
//!
//! ```text
//! receive -> authenticate -> approve -> plan -> sign -> store -> record
//! ```
//!
//! A file per verb. What a verb gives out can be made nowhere else, and the next verb takes nothing else,
//! so a certificate that was not approved, written down and linted cannot be signed. Roots and issuing CAs
//! walk the same road as leaves. In: a [`Wish`] and the time; out: an [`Issued`], or an [`Error`] that says
//! who is to blame. The state folder is described in [`folder`].

mod approve;
mod authenticate;
mod authority;
mod error;
pub mod folder;
mod plan;
mod receive;
mod record;
mod sign;
mod sqlite;
mod store;

use handfast_pki::Certificate;
use jiff::Timestamp;

pub use crate::{
    approve::LEAF_LIFETIME,
    authority::{Adoption, Authority, Founding},
    error::{Error, FolderError, Result},
    receive::{Applicant, Wish},
    sqlite::Sqlite,
    store::{JournalEntry, Reservation, Row, State, Store, StoreError},
};

/// A certificate that was signed, stored and recorded: nobody gets it earlier.
#[derive(Debug, Clone)]
pub struct Issued {
    certificate: Certificate,
    above: Vec<Certificate>,
    cut_short: bool,
    ignored: Vec<String>,
}

impl Issued {
    /// The certificate itself.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What its holder presents: the certificate first, then the intermediates, without the root.
    pub fn chain(&self) -> Vec<Certificate> {
        let between = self.above.split_last().map_or(&[][..], |(_, between)| between);
        std::iter::once(&self.certificate)
            .chain(between)
            .cloned()
            .collect()
    }

    /// Whether the usual lifetime was cut because the issuer ends earlier.
    pub fn cut_short(&self) -> bool {
        self.cut_short
    }

    /// What the request asked for and did not get.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }
}

/// What every verb may look at: who signs, where it is written down, when it is, and the one serial number.
#[derive(Clone, Copy)]
struct Desk<'a> {
    ca: &'a sign::CaKey,
    store: &'a dyn Store,
    now: Timestamp,
    serial: [u8; 20],
}

/// The sentence, for one wish; a refusal is recorded like an issuance.
fn walk(received: Result<receive::Received>, desk: Desk<'_>) -> Result<Issued> {
    let outcome = (|| {
        let authenticated = authenticate::owner(received?, desk.ca)?;
        let approved = approve::by_profile(authenticated, desk)?;
        let planned = plan::write_down(approved, desk)?;
        let signed = sign::once(planned, desk)?;
        let stored = store::complete(signed, desk)?;
        record::issuance(stored, desk)
    })();
    outcome.inspect_err(|error| record::refusal(error, desk))
}
