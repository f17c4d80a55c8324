//! Reconcile: the gap between a backup and now is closed by what others have kept: certificates are recorded, and what newer
//! lists revoke is revoked, with the time and the reason that stand there.

use handfast_pki::{
    Certificate,
    crl::{self, RevocationList, RevokedEntry},
    text::hex,
};
use jiff::Timestamp;

use crate::{
    authority::Authority,
    backup::Reconciled,
    change_error::ChangeError,
    error::{Error, Result},
    realm,
    records::{Event, IssuerIds, Reason, Revocation, Row, Shown},
    unrecorded::Unrecorded,
};

impl Authority {
    /// Closes the gap between the backup and now: certificates that are shown are recorded, what the lists revoke is
    /// revoked, and list numbers go on behind all that were given. The CA signs again after it.
    ///
    /// # Errors
    ///
    /// [`ChangeError::NoGap`] of records that were not restored; [`Error::NotOurs`] of a certificate or list that no CA
    /// of this authority has signed.
    pub fn reconcile(
        &self,
        certificates: &[Certificate],
        lists: &[(Vec<u8>, RevocationList)],
        now: Timestamp,
    ) -> Result<Reconciled> {
        let since = self.store().gap()?.ok_or(ChangeError::NoGap)?;
        let mut done = Reconciled {
            since,
            added: Vec::new(),
            known: 0,
            revoked: Vec::new(),
            revoked_elsewhere: Vec::new(),
        };
        let mut shown = Shown::default();
        for certificate in certificates {
            self.show_certificate(certificate, &mut shown, &mut done)?;
        }
        for (der, list) in lists {
            self.show_list(der, list, now, &mut shown, &mut done)?;
        }
        let detail = format!(
            "since {since}: {} certificates shown and not recorded, {} revoked in lists and now here, {} of these lists unknown",
            done.added.len(),
            done.revoked.len(),
            done.revoked_elsewhere.len()
        );
        let entry = realm::entry(Event::Reconciled, &detail, self.realm().by, now);
        self.store().reconcile(&shown, now, &entry)?;
        Ok(done)
    }

    fn show_certificate(
        &self,
        certificate: &Certificate,
        shown: &mut Shown,
        done: &mut Reconciled,
    ) -> Result<()> {
        let cas = self.certificates();
        let issuer = cas.iter().find(|ca| certificate.is_signed_by(&ca.public_key()));
        let issuer = issuer.ok_or_else(|| Error::NotOurs {
            subject: certificate.called(),
        })?;
        if self.find_serial(&certificate.serial())?.is_some() {
            done.known += 1;
        } else if !done.added.contains(certificate) {
            done.added.push(certificate.clone());
            shown.certificates.push(Unrecorded {
                issuer: hex(&issuer.public_key().key_id()),
                certificate: certificate.clone(),
            });
        }
        Ok(())
    }

    fn show_list(
        &self,
        der: &[u8],
        list: &RevocationList,
        now: Timestamp,
        shown: &mut Shown,
        done: &mut Reconciled,
    ) -> Result<()> {
        let cas = self.certificates();
        let issuer = cas
            .iter()
            .find(|ca| ca.subject() == &list.issuer && crl::is_signed_by(der, &ca.public_key()))
            .ok_or_else(|| Error::NotOurs {
                subject: handfast_pki::name::shown(&list.issuer),
            })?;
        let digits = list.number.as_deref().unwrap_or_default();
        let number = u64::from_str_radix(digits, 16).unwrap_or_default();
        let ids = IssuerIds::of(issuer);
        shown.lists.push((ids.key.clone(), number));
        for entry in crl::entries_of(der)? {
            if done.revoked.contains(&entry.serial) {
                continue;
            }
            let row = match self.find_serial(&entry.serial)? {
                Some(row) => is_of(&row, &ids).then_some(row),
                None => shown_row(shown, &entry.serial, &ids),
            };
            match row {
                Some(row) if row.revoked.is_some() => {}
                Some(row) => {
                    let revocation = self.taken_from(&row, &entry, number, now);
                    shown.revocations.push(revocation);
                    done.revoked.push(entry.serial);
                }
                None if done.revoked_elsewhere.contains(&entry.serial) => {}
                None => done.revoked_elsewhere.push(entry.serial),
            }
        }
        Ok(())
    }

    /// The revocation that the list `number` says. Its time is that of the list: it was told to others.
    fn taken_from(&self, row: &Row, entry: &RevokedEntry, number: u64, now: Timestamp) -> Revocation {
        let reason = Reason::of_code(entry.reason);
        let detail = format!(
            "{} of {}, from the revocation list {number} that was shown at {now}",
            reason.name(),
            row.subject
        );
        let key = row.key.as_deref().and_then(|key| key.parse().ok());
        let mut line = realm::entry(Event::Revoked, &detail, self.realm().by, entry.at);
        line.serial = Some(row.serial.clone());
        Revocation {
            serial: row.serial.clone(),
            reason,
            at: entry.at,
            block: key.filter(|_| reason == Reason::KeyCompromise),
            unrecorded: None,
            entry: line,
        }
    }
}

/// Whether the certificate of `row` is one of this issuer; that of an old program may say nothing.
fn is_of(row: &Row, ids: &IssuerIds) -> bool {
    let issuer = row.issuer.as_ref();
    issuer.is_none_or(|issuer| *issuer == ids.key || *issuer == ids.written)
}

/// A certificate of this issuer that was shown a moment ago.
fn shown_row(shown: &Shown, serial: &str, ids: &IssuerIds) -> Option<Row> {
    let mut all = shown.certificates.iter();
    let one = all.find(|one| one.issuer == ids.key && one.certificate.serial() == serial)?;
    Some(Row::unrecorded(&one.certificate, one.issuer.clone()))
}
