//! Plan: draw the serial number, build the exact bytes, lint them, and write all of them down at once.
//!
//! This is the first durable point: after [`write_down`] a crash at any moment leaves a record of what may have been
//! signed, and before it no key is used.

use handfast_pki::{
    build::{self, Plan as Contents},
    lint,
};

use crate::{
    approve::Approved,
    context::Context,
    error::{Error, Result},
    records::{Event, Plan},
};

/// The exact bytes that could be signed, linted and not written down yet.
pub(crate) struct Drafted<'a> {
    approved: Approved<'a>,
    serial: String,
    tbs: Vec<u8>,
}

/// The exact bytes that will be signed, linted and in the store.
pub(crate) struct Planned<'a> {
    pub(crate) approved: Approved<'a>,
    pub(crate) serial: String,
    pub(crate) tbs: Vec<u8>,
    _private: (),
}

/// Builds and lints the bytes; nothing is written.
pub(crate) fn draft<'a>(approved: Approved<'a>, context: Context<'a>) -> Result<Drafted<'a>> {
    let serial = (context.draw_serial)()?;
    let received = &approved.received;
    let contents = Contents {
        profile: approved.profile.clone(),
        serial,
        subject: received.subject.clone(),
        names: received.names.clone(),
        not_before: approved.not_before,
        not_after: approved.not_after,
        public_key: received.public_key.clone(),
    };
    let names = approved.issuer.names();
    let tbs = build::to_be_signed(&contents, names)?;
    let problems = lint::problems(
        &lint::placeholder(&tbs, names)?,
        approved.profile,
        approved.issuer.certificate(),
    );
    if !problems.is_empty() {
        return Err(Error::Lint { problems });
    }
    Ok(Drafted {
        approved,
        serial: serial.to_string(),
        tbs,
    })
}

/// Writes down what is about to be signed, all of it or nothing. Requests that were refused pass through.
pub(crate) fn write_down<'a>(
    drafted: Vec<Result<Drafted<'a>>>,
    context: Context<'a>,
) -> Result<Vec<Result<Planned<'a>>>> {
    let plans: Vec<Plan> = drafted
        .iter()
        .flatten()
        .map(|drafted| record_of(drafted, context))
        .collect();
    if !plans.is_empty() {
        context.store.begin(&plans)?;
    }
    let planned = drafted.into_iter().map(|drafted| {
        let Drafted {
            approved,
            serial,
            tbs,
        } = drafted?;
        Ok(Planned {
            approved,
            serial,
            tbs,
            _private: (),
        })
    });
    Ok(planned.collect())
}

fn record_of(drafted: &Drafted<'_>, context: Context<'_>) -> Plan {
    let approved = &drafted.approved;
    let received = &approved.received;
    Plan {
        serial: drafted.serial.clone(),
        issuer: approved.issuer.id(),
        profile: approved.profile.name.to_string(),
        subject: handfast_pki::name::shown(&received.subject),
        names: received.names.clone(),
        not_before: approved.not_before,
        not_after: approved.not_after,
        requester: approved.requester.to_string(),
        at: context.now,
        key: received.public_key.fingerprint(),
        renewed_from: received.renewed_from.clone(),
        tbs: drafted.tbs.clone(),
        entry: approved.entry(Event::Planned, &drafted.serial, context.now),
    }
}
