//! Revoke: certificates that were given are taken back, with a reason, in the records.
//!
//! What a revocation would take is found first, as [`Authority::to_revoke`], so that it can be shown; [`Authority::revoke`]
//! then takes exactly that, or nothing. It can be said again: what is revoked already stays as it is, unless the reason
//! becomes worse, and all that is not done yet is done.

use std::collections::{BTreeSet, VecDeque};

use handfast_pki::{Certificate, Fingerprint, NamePattern, text::hex};
use jiff::Timestamp;

use crate::{
    approve,
    authority::Authority,
    error::{Error, Result},
    records::{
        Condition, Event, JournalEntry, NameFilter, Query, Reason, Revocation, Row, State, StoreError,
        TakenBack,
    },
    requester::Requester,
    unrecorded::Unrecorded,
};

/// Which certificates are to be revoked.
#[derive(Debug, Clone)]
pub enum Which {
    /// The one with this serial number, hexadecimal digits.
    Serial(String),
    /// This one, which the records need not know as long as the CA has signed it.
    Certificate(Box<Certificate>),
    /// Every valid one whose identity the pattern matches.
    Identity(NamePattern),
    /// Every valid one with this key.
    Key(Fingerprint),
    /// Every valid one that was issued before.
    IssuedBefore(Timestamp),
}

/// What a revocation takes: nothing is revoked yet.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    taken: Vec<Taken>,
    already: Vec<Taken>,
    renewals: Vec<Row>,
}

/// One certificate of a selection.
#[derive(Debug, Clone)]
pub struct Taken {
    row: Row,
    because: Because,
    unrecorded: Option<Unrecorded>,
}

/// Why a certificate is among those that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    /// It was named.
    Named,
    /// It has the key of one that was named, and the key is compromised.
    SameKey,
    /// It replaces one that was named.
    Renewal,
}

/// What a revocation has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RevokedNow {
    /// So many are revoked that were not.
    pub revoked: usize,
    /// Of so many the reason is a worse one now, or the key is blocked.
    pub changed: usize,
    /// So many were revoked already, as they are now.
    pub already: usize,
}

impl Selection {
    /// Exactly what will be revoked, or get a worse reason where it is revoked already.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// What is revoked already and keeps its reason.
    pub fn already(&self) -> &[Taken] {
        &self.already
    }

    /// Valid certificates that replace one of these, and that stay.
    pub fn renewals(&self) -> &[Row] {
        &self.renewals
    }

    /// Whether nothing fits, neither valid nor revoked already.
    pub fn is_empty(&self) -> bool {
        self.taken.is_empty() && self.already.is_empty()
    }

    fn add(&mut self, taken: Taken, reason: Reason) {
        match taken.row.revoked {
            Some(revoked) if !reason.is_worse_than(revoked.reason) => self.already.push(taken),
            _ => self.taken.push(taken),
        }
    }
}

impl Taken {
    fn recorded(row: Row, because: Because) -> Self {
        Self {
            row,
            because,
            unrecorded: None,
        }
    }

    /// What the records know of it.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// Why it is among them.
    pub fn because(&self) -> Because {
        self.because
    }

    /// Whether the records did not have it.
    pub fn is_unrecorded(&self) -> bool {
        self.unrecorded.is_some()
    }

    fn revocation(&self, reason: Reason, requester: &Requester, now: Timestamp) -> Revocation {
        let mut detail = format!("{} of {}", reason.name(), called(&self.row));
        if let Some(revoked) = self.row.revoked {
            detail.push_str(&format!(", revoked already for {}", revoked.reason.name()));
        }
        Revocation {
            serial: self.row.serial.clone(),
            reason,
            at: now,
            block: key_of(&self.row).filter(|_| reason == Reason::KeyCompromise),
            unrecorded: self.unrecorded.clone(),
            entry: JournalEntry {
                at: now,
                event: Event::Revoked,
                serial: Some(self.row.serial.clone()),
                requester: Some(requester.to_string()),
                code: None,
                detail: requester.explained(&detail),
            },
        }
    }
}

impl Authority {
    /// What a revocation of `which` takes. For a compromised key these are all certificates with that key and their
    /// renewals as well; otherwise `with_renewals` decides about the renewals. What is revoked already leads to its
    /// renewals and to others with its key like everything else, and is taken where `reason` is worse than its own.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] of a serial number that is not in the records; [`Error::NotOurs`] of a certificate that was not
    /// signed here. Patterns that match nothing take nothing.
    pub fn to_revoke(
        &self,
        which: &Which,
        reason: Reason,
        with_renewals: bool,
        now: Timestamp,
    ) -> Result<Selection> {
        let is_compromised = reason == Reason::KeyCompromise;
        let is_wide = is_compromised || with_renewals;
        let mut selection = Selection::default();
        let mut queue: VecDeque<Taken> = self.named(which, is_wide, now)?.into();
        let mut known: BTreeSet<String> = queue.iter().map(|taken| taken.row.serial.clone()).collect();
        // What is found leads to more: to others with the same key, and to renewals of renewals.
        while let Some(taken) = queue.pop_front() {
            let mut found = Vec::new();
            if is_compromised && let Some(key) = key_of(&taken.row) {
                let same = Query {
                    key: Some(key),
                    ..Query::default()
                };
                found.extend(self.leaves(same)?.into_iter().map(|row| (row, Because::SameKey)));
            }
            let later = self.leaves(Query {
                renewed_from: Some(taken.row.serial.clone()),
                ..Query::default()
            })?;
            found.extend(later.into_iter().map(|row| (row, Because::Renewal)));
            for (row, because) in found {
                if !known.insert(row.serial.clone()) {
                    continue;
                }
                let is_valid = row.revoked.is_none() && row.state == State::Issued && now <= row.not_after;
                if is_wide || because == Because::SameKey {
                    queue.push_back(Taken::recorded(row, because));
                } else if is_valid {
                    selection.renewals.push(row);
                }
            }
            // An expired renewal needs no revocation, and leads to those after it.
            let is_over = taken.because == Because::Renewal
                && taken.row.revoked.is_none()
                && (now > taken.row.not_after || taken.row.state != State::Issued);
            if !is_over {
                selection.add(taken, reason);
            }
        }
        Ok(selection)
    }

    /// Revokes what was selected, all of it or nothing. What was revoked in the meantime is left as it is, or gets the
    /// worse reason. For [`Reason::KeyCompromise`] the keys get no certificate any more.
    pub fn revoke_selected(
        &self,
        selection: &Selection,
        reason: Reason,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<RevokedNow> {
        approve::revocation(requester)?;
        let all = selection.taken.iter().chain(&selection.already);
        let revocations: Vec<Revocation> = all
            .map(|taken| taken.revocation(reason, requester, now))
            .collect();
        let mut done = RevokedNow::default();
        for became in self.store().revoke(&revocations)? {
            match became {
                TakenBack::Revoked => done.revoked += 1,
                TakenBack::Changed => done.changed += 1,
                TakenBack::Already => done.already += 1,
            }
        }
        Ok(done)
    }

    /// Revokes the certificates with these serial numbers (hexadecimal digits), all of them or none: one that the
    /// records do not know refuses the rest.
    pub fn revoke(
        &self,
        serials: &[String],
        reason: Reason,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<RevokedNow> {
        approve::revocation(requester)?;
        let mut all = Selection::default();
        for serial in serials {
            let one = self.to_revoke(&Which::Serial(serial.clone()), reason, false, now)?;
            all.taken.extend(one.taken);
            all.already.extend(one.already);
        }
        self.revoke_selected(&all, reason, requester, now)
    }

    /// What is named. Of patterns the valid ones, and where more is looked for than these (`is_wide`) those as well that
    /// are revoked and have not expired.
    fn named(&self, which: &Which, is_wide: bool, now: Timestamp) -> Result<Vec<Taken>> {
        let valid = Query {
            condition: (!is_wide).then_some(Condition::Valid(now)),
            ..Query::default()
        };
        let fits = |row: &Row| row.state == State::Issued && now <= row.not_after;
        let rows = match which {
            Which::Serial(serial) => {
                let found = self.find_serial(serial)?;
                return Ok(vec![Taken::recorded(
                    found.ok_or_else(|| unknown(serial))?,
                    Because::Named,
                )]);
            }
            Which::Certificate(certificate) => return Ok(vec![self.shown(certificate)?]),
            Which::Identity(pattern) => self
                .leaves(Query {
                    name: identity_prefix(pattern),
                    ..valid
                })?
                .into_iter()
                .filter(|row| row.matches(pattern))
                .collect(),
            Which::Key(key) => self.leaves(Query {
                key: Some(*key),
                ..valid
            })?,
            Which::IssuedBefore(at) => self
                .leaves(valid)?
                .into_iter()
                .filter(|row| row.issued_at.is_some_and(|issued| issued < *at))
                .collect(),
        };
        let named = rows.into_iter().filter(fits);
        Ok(named.map(|row| Taken::recorded(row, Because::Named)).collect())
    }

    /// A certificate whose file is shown, whether the records know it or not.
    fn shown(&self, certificate: &Certificate) -> Result<Taken> {
        let serial = certificate.serial();
        let not_ours = || Error::NotOurs {
            subject: certificate.called(),
        };
        if let Some(row) = self.find_serial(&serial)? {
            // Another CA may have given the same number.
            if row
                .der
                .as_deref()
                .is_some_and(|der| der != certificate.der().as_ref())
            {
                return Err(not_ours());
            }
            return Ok(Taken::recorded(row, Because::Named));
        }
        // A root signs CAs and has lists of its own, also in a folder that has nothing but the root.
        let roots = self.trusted()?.into_iter().map(|root| root.public_key());
        let issuers = self.issuers().iter().map(|issuer| issuer.public_key().clone());
        let issuer = issuers
            .chain(roots)
            .find(|key| certificate.is_signed_by(key))
            .map(|key| hex(&key.key_id()))
            .ok_or_else(not_ours)?;
        Ok(Taken {
            row: Row::unrecorded(certificate, issuer.clone()),
            because: Because::Named,
            unrecorded: Some(Unrecorded {
                issuer,
                certificate: certificate.clone(),
            }),
        })
    }

    /// The rows that fit, without the CA's own certificates: those are revoked by name alone.
    fn leaves(&self, query: Query) -> Result<Vec<Row>> {
        let cas = self.certificates();
        let own = |row: &Row| cas.iter().any(|ca| row.der.as_deref() == Some(ca.der().as_ref()));
        let rows = self.store().find(&query)?.rows;
        Ok(rows.into_iter().filter(|row| !own(row)).collect())
    }
}

fn unknown(serial: &str) -> Error {
    StoreError::Unknown {
        serial: serial.to_owned(),
    }
    .into()
}

fn key_of(row: &Row) -> Option<Fingerprint> {
    row.key.as_deref()?.parse().ok()
}

/// How the names in the records begin that can match: a first sieve. Where it gives nothing, all are looked at.
pub fn identity_prefix(pattern: &NamePattern) -> Option<NameFilter> {
    let text = match pattern {
        NamePattern::Uri(uri) => format!("uri:{uri}"),
        NamePattern::UriChild(prefix) | NamePattern::UriBelow(prefix) => format!("uri:{prefix}"),
        NamePattern::Dns(name) => format!("dns:{name}"),
        _ => return None,
    };
    Some(NameFilter::StartsWith(text))
}

/// By its names, or by its subject.
fn called(row: &Row) -> String {
    if row.names.is_empty() {
        row.subject.clone()
    } else {
        row.names.join(" ")
    }
}
