//! Plan: draw the serial number, build the exact bytes, lint them, and write all of them down at once.
//!
//! This is the first durable point: after [`write_down`] a crash at any moment leaves a record of what may have been
//! signed, and before it no key is used.

use handfast_pki::{
    build::{self, Plan as Contents, Unnumbered},
    lint,
    serial::Serial,
};

use crate::{
    approve::Approved,
    context::Context,
    error::{Error, Result},
    records::{Begun, Draft, Event, Plan, StoreError},
};

/// The exact bytes that could be signed, linted and not written down yet.
pub(crate) struct Drafted<'a> {
    approved: Approved<'a>,
    draft: Draft,
}

/// The exact bytes that will be signed, linted and in the store.
pub(crate) struct Planned<'a> {
    pub(crate) approved: Approved<'a>,
    pub(crate) serial: String,
    pub(crate) tbs: Vec<u8>,
    _private: (),
}

/// Builds and lints the bytes; nothing is written. The index in the serial number of an issuer that counts is taken when
/// they are written down: nothing that lint looks at depends on it.
pub(crate) fn draft<'a>(approved: Approved<'a>, context: Context<'a>) -> Result<Drafted<'a>> {
    let random = (context.draw)()?;
    let received = &approved.received;
    let contents = Contents {
        profile: approved.profile.clone(),
        serial: Serial::from_random(random),
        subject: received.subject.clone(),
        roles: received.roles.clone(),
        names: received.names.clone(),
        not_before: approved.not_before,
        not_after: approved.not_after,
        public_key: received.public_key.clone(),
    };
    let names = approved.issuer.names();
    let draft = if approved.issuer.counts() && !approved.profile.is_ca() {
        let mut front = [0; 14];
        front.copy_from_slice(&random[..14]);
        Draft::Counted(Unnumbered::new(&contents, front, names)?)
    } else {
        Draft::Whole {
            serial: contents.serial,
            tbs: build::to_be_signed(&contents, names)?,
        }
    };
    let tbs = match &draft {
        Draft::Whole { tbs, .. } => tbs,
        Draft::Counted(unnumbered) => unnumbered.with_index_0(),
    };
    let problems = lint::problems(
        &lint::placeholder(tbs, names)?,
        approved.profile,
        approved.issuer.certificate(),
    );
    if !problems.is_empty() {
        return Err(Error::Lint { problems });
    }
    Ok(Drafted { approved, draft })
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
    let mut begun = if plans.is_empty() {
        Vec::new()
    } else {
        context.store.begin(&plans)?
    }
    .into_iter();
    let planned = drafted.into_iter().map(|drafted| {
        let approved = drafted?.approved;
        let Begun { serial, tbs } = begun.next().ok_or(StoreError::Incomplete)?;
        Ok(Planned {
            approved,
            serial: serial.to_string(),
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
        draft: drafted.draft.clone(),
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
        entry: approved.entry(Event::Planned, None, context.now),
    }
}
