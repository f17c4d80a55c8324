//! Revoke: certificates that were given are taken back, with a reason, in the records.
//!
//! What a revocation would take is found first, as [`Authority::to_revoke`], so that it can be shown; [`Authority::revoke`]
//! then takes exactly that, or nothing.

use std::collections::BTreeSet;

use handfast_pki::{Certificate, Fingerprint, NamePattern};
use jiff::Timestamp;

use crate::{
    approve,
    authority::Authority,
    error::{Error, Result},
    records::{Condition, Event, JournalEntry, NameFilter, Query, Reason, Revocation, Row, StoreError},
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

impl Selection {
    /// Exactly what will be revoked.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// Valid certificates that replace one of [`Self::taken`], and that stay.
    pub fn renewals(&self) -> &[Row] {
        &self.renewals
    }
}

impl Taken {
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
}

impl Authority {
    /// What a revocation of `which` takes. For a compromised key these are all certificates with that key and their
    /// renewals as well; otherwise `with_renewals` decides about the renewals.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] of a serial number that is not in the records or revoked already; [`Error::NotOurs`] of a
    /// certificate that was not signed here. Patterns that match nothing take nothing.
    pub fn to_revoke(
        &self,
        which: &Which,
        reason: Reason,
        with_renewals: bool,
        now: Timestamp,
    ) -> Result<Selection> {
        let named = self.named(which, now)?;
        let mut taken: Vec<Taken> = named;
        let mut known: BTreeSet<String> = taken.iter().map(|taken| taken.row.serial.clone()).collect();
        let is_compromised = reason == Reason::KeyCompromise;
        if is_compromised {
            let keys: BTreeSet<Fingerprint> = taken.iter().filter_map(|taken| key_of(&taken.row)).collect();
            for key in keys {
                let same = Query {
                    key: Some(key),
                    ..Query::default()
                };
                add(&mut taken, &mut known, self.standing(same)?, Because::SameKey);
            }
        }
        let mut renewals = Vec::new();
        let mut next = 0;
        // Renewals of renewals as well: the list grows while it is walked.
        while let Some(serial) = taken.get(next).map(|taken| taken.row.serial.clone()) {
            next += 1;
            let later = self.standing(Query {
                renewed_from: Some(serial),
                condition: Some(Condition::Valid(now)),
                ..Query::default()
            })?;
            if is_compromised || with_renewals {
                add(&mut taken, &mut known, later, Because::Renewal);
            } else {
                renewals.extend(later.into_iter().filter(|row| !known.contains(&row.serial)));
            }
        }
        Ok(Selection { taken, renewals })
    }

    /// Revokes what was selected, all of it or nothing: one that was revoked in the meantime refuses the rest. For
    /// [`Reason::KeyCompromise`] the keys get no certificate any more.
    pub fn revoke_selected(
        &self,
        selection: &Selection,
        reason: Reason,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<()> {
        approve::revocation(requester)?;
        let revocations: Vec<Revocation> = selection
            .taken
            .iter()
            .map(|taken| Revocation {
                serial: taken.row.serial.clone(),
                reason,
                at: now,
                block: key_of(&taken.row).filter(|_| reason == Reason::KeyCompromise),
                unrecorded: taken.unrecorded.clone(),
                entry: JournalEntry {
                    at: now,
                    event: Event::Revoked,
                    serial: Some(taken.row.serial.clone()),
                    requester: Some(requester.to_string()),
                    code: None,
                    detail: format!("{} of {}", reason.name(), called(&taken.row)),
                },
            })
            .collect();
        Ok(self.store().revoke(&revocations)?)
    }

    /// Revokes the certificates with these serial numbers (hexadecimal digits), all of them or none: one that the
    /// records do not know, or that is revoked already, refuses the rest.
    pub fn revoke(
        &self,
        serials: &[String],
        reason: Reason,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<()> {
        approve::revocation(requester)?;
        let mut all = Selection::default();
        for serial in serials {
            let one = self.to_revoke(&Which::Serial(serial.clone()), reason, false, now)?;
            all.taken.extend(one.taken);
        }
        self.revoke_selected(&all, reason, requester, now)
    }

    fn named(&self, which: &Which, now: Timestamp) -> Result<Vec<Taken>> {
        let valid = Query {
            condition: Some(Condition::Valid(now)),
            ..Query::default()
        };
        let rows = match which {
            Which::Serial(serial) => {
                let found = self.find_serial(serial)?;
                vec![not_revoked(found.ok_or_else(|| unknown(serial))?)?]
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
        Ok(rows
            .into_iter()
            .map(|row| Taken {
                row,
                because: Because::Named,
                unrecorded: None,
            })
            .collect())
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
            return Ok(Taken {
                row: not_revoked(row)?,
                because: Because::Named,
                unrecorded: None,
            });
        }
        let issuer = self
            .issuers()
            .iter()
            .find(|issuer| certificate.is_signed_by(issuer.public_key()))
            .ok_or_else(not_ours)?;
        Ok(Taken {
            row: Row::unrecorded(certificate, issuer.id()),
            because: Because::Named,
            unrecorded: Some(Unrecorded {
                issuer: issuer.id(),
                certificate: certificate.clone(),
            }),
        })
    }

    /// The rows that fit and are not revoked.
    fn standing(&self, query: Query) -> Result<Vec<Row>> {
        let rows = self.store().find(&query)?.rows;
        Ok(rows.into_iter().filter(|row| row.revoked.is_none()).collect())
    }

    /// The same without the CA's own certificates: those are revoked by name alone.
    fn leaves(&self, query: Query) -> Result<Vec<Row>> {
        let cas = self.certificates();
        let own = |row: &Row| cas.iter().any(|ca| row.der.as_deref() == Some(ca.der().as_ref()));
        let rows = self.standing(query)?;
        Ok(rows.into_iter().filter(|row| !own(row)).collect())
    }
}

fn add(taken: &mut Vec<Taken>, known: &mut BTreeSet<String>, rows: Vec<Row>, because: Because) {
    for row in rows {
        if known.insert(row.serial.clone()) {
            taken.push(Taken {
                row,
                because,
                unrecorded: None,
            });
        }
    }
}

fn unknown(serial: &str) -> Error {
    StoreError::Unknown {
        serial: serial.to_owned(),
    }
    .into()
}

fn not_revoked(row: Row) -> Result<Row> {
    if row.revoked.is_some() {
        return Err(StoreError::RevokedAlready { serial: row.serial }.into());
    }
    Ok(row)
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
