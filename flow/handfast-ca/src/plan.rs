//! Plan: reserve the serial number, build the exact bytes, lint them, write them down.
//!
//! After this verb a crash at any moment leaves a record of what may have been signed.

use handfast_pki::{
    build::{self, Plan, Serial},
    lint,
};

use crate::{Desk, Error, Result, approve::Approved, records::Reservation};

/// The exact bytes that will be signed, linted and in the store.
pub(crate) struct Planned {
    pub(crate) approved: Approved,
    pub(crate) serial: String,
    pub(crate) tbs: Vec<u8>,
    _private: (),
}

/// Writes down what is about to be signed.
pub(crate) fn write_down(approved: Approved, desk: Desk<'_>) -> Result<Planned> {
    let serial = Serial::from_random(desk.serial);
    let received = &approved.received;
    desk.store.reserve(&Reservation {
        serial: serial.to_string(),
        profile: received.profile,
        subject: handfast_pki::name::shown(&received.subject),
        names: received.names.clone(),
        not_before: approved.not_before,
        not_after: approved.not_after,
        asker: approved.asker.to_owned(),
        at: desk.now,
    })?;
    let plan = Plan {
        profile: received.profile.rules(),
        serial,
        subject: received.subject.clone(),
        names: received.names.clone(),
        not_before: approved.not_before,
        not_after: approved.not_after,
        public_key: received.public_key.clone(),
    };
    let issuer = desk.ca.issuer();
    let tbs = build::to_be_signed(&plan, issuer)?;
    let problems = lint::problems(
        &lint::placeholder(&tbs, issuer)?,
        &received.profile.rules(),
        desk.ca.certificate(),
    );
    if !problems.is_empty() {
        return Err(Error::Lint { problems });
    }
    let serial = serial.to_string();
    desk.store.plan(&serial, &tbs)?;
    Ok(Planned {
        approved,
        serial,
        tbs,
        _private: (),
    })
}
