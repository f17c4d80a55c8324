//! Records of as many certificates as are asked for, made without any key: their signatures are placeholders. They go the
//! way of all records, through the two durable points.

use std::thread;

use handfast_pki::{
    Fingerprint, KeyKind, PrivateKey, Profile,
    build::{self, Unnumbered},
    name::{AltName, Name},
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    authority::Authority,
    context,
    error::{Error, Result},
    issuer::Issuer,
    records::{Begun, Draft, Event, Finished, JournalEntry, Plan, Reason, Revocation},
};

/// How many rows share a transaction.
const BATCH: u64 = 1000;
/// One of so many is revoked.
const REVOKED: u64 = 100;
/// One of so many was never finished.
const UNFINISHED: u64 = 100_000;
/// How many of them are by one requester and for one team.
const TEAM: u64 = 1000;

/// Adds `count` certificates to the records of `authority`, which expire one after the other in the 90 days after `now`.
/// One of a hundred is revoked.
///
/// # Errors
///
/// Where the records cannot be written.
pub fn fill(authority: &Authority, count: u64, now: Timestamp) -> Result<()> {
    let key = PrivateKey::generate(KeyKind::P256)?;
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let key = &key;
                scope.spawn(move || {
                    let firsts = (0..count).step_by(BATCH as usize).skip(number as usize);
                    for first in firsts.step_by(threads as usize) {
                        let filler = Filler {
                            authority,
                            key,
                            count,
                            now,
                        };
                        filler.batch(first..(first + BATCH).min(count))?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .collect();
        for thread in running {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

struct Filler<'a> {
    authority: &'a Authority,
    key: &'a PrivateKey,
    count: u64,
    now: Timestamp,
}

impl Filler<'_> {
    fn batch(&self, numbers: std::ops::Range<u64>) -> Result<()> {
        let Some(issuer) = self.authority.issuers().first() else {
            return Ok(());
        };
        let plans = numbers
            .clone()
            .map(|number| self.plan(number, issuer))
            .collect::<Result<Vec<_>>>()?;
        let begun = self.authority.store().begin(&plans)?;
        let mut finished = Vec::new();
        let mut revoked = Vec::new();
        for (number, begun) in numbers.zip(begun) {
            if number % UNFINISHED == 1 {
                continue;
            }
            if number % REVOKED == 2 {
                revoked.push(self.revocation(&begun));
            }
            finished.push(self.finished(issuer, &begun)?);
        }
        self.authority.store().finish(&finished)?;
        self.authority.store().revoke(&revoked)?;
        Ok(())
    }

    fn plan(&self, number: u64, issuer: &Issuer) -> Result<Plan> {
        let profile = if number.is_multiple_of(4) {
            Profile::Server
        } else {
            Profile::Client
        };
        let name = AltName::uri(&format!("spiffe://bench.example/team-{}/{number}", number / TEAM))?;
        // One after the other, with whole seconds as certificates have them.
        let share = 90 * 86_400 * number / self.count.max(1);
        let not_after =
            Timestamp::from_second(self.now.as_second() + share.cast_signed()).unwrap_or(self.now);
        let contents = build::Plan {
            profile: profile.rules(),
            serial: handfast_pki::serial::Serial::from_random([0; 20]),
            subject: Name::default(),
            roles: Vec::new(),
            names: vec![name.clone()],
            not_before: not_after
                .checked_sub(SignedDuration::from_hours(90 * 24))
                .unwrap_or(self.now),
            not_after,
            public_key: self.key.public_key(),
        };
        let mut random = [0; 14];
        random.copy_from_slice(&context::random()?[..14]);
        Ok(Plan {
            draft: Draft::Counted(Unnumbered::new(&contents, random, issuer.names())?),
            issuer: issuer.id(),
            profile: profile.name().to_owned(),
            subject: handfast_pki::name::shown(&contents.subject),
            names: contents.names,
            not_before: contents.not_before,
            not_after,
            requester: format!("operator uri:spiffe://bench.example/ops-{}", number / TEAM),
            at: contents.not_before,
            // As if each had a key of its own.
            key: Fingerprint::of(&number.to_be_bytes()),
            renewed_from: None,
            entry: self.entry(Event::Planned, None, &name),
        })
    }

    fn finished(&self, issuer: &Issuer, begun: &Begun) -> Result<Finished> {
        let certificate = build::assemble(&begun.tbs, &issuer.names().algorithm, &[0; 64])?;
        Ok(Finished {
            repeatable: None,
            issuer: issuer.id(),
            serial: begun.serial.to_string(),
            at: certificate.not_before(),
            entry: self.entry(Event::Issued, Some(begun), &certificate.called()),
            certificate,
        })
    }

    fn revocation(&self, begun: &Begun) -> Revocation {
        Revocation {
            serial: begun.serial.to_string(),
            reason: Reason::Superseded,
            at: self.now,
            block: None,
            unrecorded: None,
            entry: self.entry(Event::Revoked, Some(begun), &"bench"),
        }
    }

    fn entry(&self, event: Event, begun: Option<&Begun>, of: &dyn std::fmt::Display) -> JournalEntry {
        JournalEntry {
            at: self.now,
            event,
            serial: begun.map(|begun| begun.serial.to_string()),
            requester: Some("bench".into()),
            code: None,
            detail: of.to_string(),
        }
    }
}
