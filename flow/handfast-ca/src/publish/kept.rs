//! Where a list of a CA is made from and kept. A root can have its key in a folder of its own, with records of its own: its
//! numbers are taken there as well, before a list is signed, and what those records have revoked is on the list.

use std::collections::BTreeSet;

use handfast_pki::{
    Certificate,
    crl::{self, build::Draft},
    text::hex,
};
use jiff::Timestamp;

use super::is_ahead;
use crate::{
    error::Result,
    issuer::Issuer,
    records::{IssuerIds, JournalEntry, KeptList, ListState, Reason, Store, StoreError},
};

/// The records of the authority, and those of the folder that has the key.
#[derive(Clone, Copy)]
pub(crate) struct ListRecords<'a> {
    own: &'a dyn Store,
    of_the_key: Option<&'a dyn Store>,
}

/// What was added to a list.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) entries: usize,
    pub(super) ahead: usize,
}

impl<'a> ListRecords<'a> {
    /// Those of the authority alone.
    pub(crate) fn of(own: &'a dyn Store) -> Self {
        Self {
            own,
            of_the_key: None,
        }
    }

    /// The same with the records of the folder that has the key.
    pub(crate) fn with(self, of_the_key: Option<&'a dyn Store>) -> Self {
        Self { of_the_key, ..self }
    }

    /// Those of the key first: there a number counts for everybody who signs with it.
    pub(super) fn all(self) -> impl Iterator<Item = &'a dyn Store> {
        self.of_the_key.into_iter().chain([self.own])
    }

    /// The last list that each has.
    pub(super) fn last_lists(self, issuer: &str) -> Result<Vec<ListState>> {
        Ok(self
            .all()
            .map(|store| store.last_list(issuer))
            .collect::<Result<_, _>>()?)
    }

    /// Takes `number`, which is greater than every one of `last`, wherever it is kept.
    pub(super) fn take(
        self,
        issuer: &str,
        last: &[ListState],
        number: u64,
        entry: &JournalEntry,
    ) -> Result<()> {
        for (store, last) in self.all().zip(last) {
            store.take_list_number(issuer, last.number, number, entry)?;
        }
        Ok(())
    }

    /// Keeps a list that was signed.
    pub(super) fn keep(self, issuer: &str, list: &KeptList, entry: &JournalEntry) -> Result<()> {
        for store in self.all() {
            store.keep_list(issuer, list, entry)?;
        }
        Ok(())
    }

    /// Adds what a list of `issuer` has to name: all that the records have.
    pub(super) fn fill(
        self,
        draft: &mut Draft<'_>,
        issuer: &Issuer,
        last: &[ListState],
        this_update: Timestamp,
    ) -> Result<Filled> {
        let ids = IssuerIds {
            key: issuer.id(),
            written: hex(&issuer.names().key_id),
        };
        if issuer.certificate().is_some_and(Certificate::is_self_issued) {
            return self.fill_of_root(draft, &ids, last, this_update);
        }
        let mut filled = Filled::default();
        for (store, last) in self.all().zip(last) {
            let since = last.list.as_ref().map(|list| list.this_update);
            store.revoked(&ids, since, &mut |revoked| {
                add(
                    draft,
                    &mut filled,
                    &revoked.serial,
                    revoked.at,
                    revoked.reason,
                    this_update,
                )
            })?;
        }
        Ok(filled)
    }

    /// The same for a root: each CA once, and what a list before this one has named that no records know, because they lie
    /// with somebody else.
    fn fill_of_root(
        self,
        draft: &mut Draft<'_>,
        ids: &IssuerIds,
        last: &[ListState],
        this_update: Timestamp,
    ) -> Result<Filled> {
        let mut filled = Filled::default();
        let mut known = BTreeSet::new();
        for (store, last) in self.all().zip(last) {
            let since = last.list.as_ref().map(|list| list.this_update);
            store.revoked(ids, since, &mut |revoked| {
                if !known.insert(revoked.serial.clone()) {
                    return Ok(());
                }
                add(
                    draft,
                    &mut filled,
                    &revoked.serial,
                    revoked.at,
                    revoked.reason,
                    this_update,
                )
            })?;
        }
        // Those that have expired since the last list are known, and leave it.
        for store in self.all() {
            store.revoked(ids, None, &mut |revoked| {
                known.insert(revoked.serial);
                Ok(())
            })?;
        }
        let lists = last.iter().filter_map(|last| last.list.as_ref());
        for list in lists.filter(|list| !list.der.is_empty()) {
            for entry in crl::entries_of(&list.der)? {
                if known.insert(entry.serial.clone()) {
                    let reason = Reason::of_code(entry.reason);
                    add(draft, &mut filled, &entry.serial, entry.at, reason, this_update)?;
                }
            }
        }
        Ok(filled)
    }
}

fn add(
    draft: &mut Draft<'_>,
    filled: &mut Filled,
    serial: &str,
    at: Timestamp,
    reason: Reason,
    this_update: Timestamp,
) -> Result<(), StoreError> {
    filled.entries += 1;
    filled.ahead += usize::from(is_ahead(at, this_update));
    draft
        .add(serial, at.min(this_update), reason.in_lists())
        .map_err(|error| StoreError::Other(Box::new(error)))
}
