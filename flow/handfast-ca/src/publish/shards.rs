//! Shards: the parts of the revocation list of an issuing CA, beside the whole one.
//!
//! A part is about 65,536 certificates in the order of their issuance, those whose serial numbers carry the same high bits of
//! the index. It says where it lies (issuing distribution point, RFC 5280 section 5.2.5), and certificates of profiles with
//! `crl-shards` name the same address. It has the number of the whole list that was signed before it.

use std::collections::BTreeMap;

use handfast_pki::{
    Certificate, Fingerprint, code,
    crl::build::{CrlReason, Draft, Plan},
    profile::pointers::Shards,
    serial,
    text::hex,
};
use jiff::Timestamp;

use super::{RevocationLists, SignedList, checked, line};
use crate::{
    authority::Authority,
    error::{Error, Result},
    issuer::Issuer,
    records::{Event, IssuerIds},
    requester::Requester,
    sign,
};

/// The parts of the list of one CA.
#[derive(Debug, Clone)]
pub struct SignedShards {
    /// The subject of the CA.
    pub issuer: String,
    /// The number of the whole list, and of each part.
    pub number: u64,
    /// The name of its folder: the identifier of its key, hexadecimal digits.
    pub folder: String,
    pub parts: Vec<SignedShard>,
}

/// One part.
#[derive(Debug, Clone)]
pub struct SignedShard {
    /// The name of its file.
    pub file: String,
    /// Where verifiers look for it.
    pub address: String,
    /// How many certificates it names.
    pub entries: usize,
    /// DER, as it has to be served.
    pub der: Vec<u8>,
}

/// More would be more files than a folder is good for; each is about 65,536 certificates.
const MOST: u64 = 100_000;

impl Authority {
    /// Signs the parts of every list in `whole` that belongs to an issuing CA here, good for as long as that list. One of the
    /// profiles has to say where they lie.
    ///
    /// # Errors
    ///
    /// [`Error::Unusable`] where no profile does, and of more parts than are written.
    pub fn publish_shards(
        &self,
        whole: &RevocationLists,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<Vec<SignedShards>> {
        let shards = self.place_of_shards()?;
        let mut all = Vec::new();
        for issuer in self.issuers().iter().filter(|issuer| issuer.counts()) {
            let called = issuer.certificate().map(Certificate::called).unwrap_or_default();
            // That of a CA that is leaving is among them.
            let Some(list) = whole.lists().iter().find(|list| list.issuer == called) else {
                continue;
            };
            let made = self.shards_of(issuer, list, shards, now)?;
            let digests: Vec<String> = made
                .parts
                .iter()
                .map(|part| Fingerprint::of(&part.der).to_string())
                .collect();
            let detail = format!(
                "{} parts of the list number {} of {called}, with SHA-256 of their digests {}",
                made.parts.len(),
                made.number,
                Fingerprint::of(digests.concat().as_bytes())
            );
            self.store()
                .journal(&[line(Event::Listed, detail, requester, now)])?;
            all.push(made);
        }
        Ok(all)
    }

    /// Where the parts of lists lie, as the profiles say it; to be asked before anything is signed.
    ///
    /// # Errors
    ///
    /// [`Error::Unusable`] where no profile does.
    pub fn place_of_shards(&self) -> Result<&Shards> {
        let mut of_profiles = self.profiles().iter();
        let shards = of_profiles.find_map(|offered| offered.rules.pointers.crl_shards.as_ref());
        shards.ok_or_else(|| Error::Unusable {
            what: "a list in parts",
            detail: "no profile says where its parts lie".into(),
            code: code::CONFIG_INVALID,
            help: Some("write crl-shards = \"http://HOST/PATH\" into [profile.NAME] of ca.toml"),
        })
    }

    fn shards_of(
        &self,
        issuer: &Issuer,
        list: &SignedList,
        shards: &Shards,
        now: Timestamp,
    ) -> Result<SignedShards> {
        let entries = self.entries_by_shard(issuer, list, now)?;
        let key_id = &issuer.names().key_id;
        let parts = entries.into_iter().map(|(shard, entries)| {
            let address = shards.of(key_id, shard);
            let plan = Plan {
                issuer: issuer.names(),
                number: list.list.number,
                this_update: list.list.this_update,
                next_update: list.list.next_update,
                point: Some(&address),
            };
            let mut draft = Draft::new(&plan)?;
            for (serial, at, reason) in &entries {
                draft.add(serial, *at, *reason)?;
            }
            let der = sign::list(checked(draft)?, list.list.number, issuer)?;
            Ok(SignedShard {
                file: Shards::file(shard),
                entries: entries.len(),
                der,
                address: address.clone(),
            })
        });
        Ok(SignedShards {
            issuer: list.issuer.clone(),
            number: list.list.number,
            folder: hex(key_id),
            parts: parts.collect::<Result<_>>()?,
        })
    }

    /// What each part has to name; those that name nobody are there as well.
    fn entries_by_shard(
        &self,
        issuer: &Issuer,
        list: &SignedList,
        now: Timestamp,
    ) -> Result<BTreeMap<u64, Vec<Entry>>> {
        let indexes = self.store().indexes(&issuer.id(), now)?;
        let mut entries: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
        if !indexes.is_empty() {
            let (first, last) = (serial::shard_of(indexes.start), serial::shard_of(indexes.end - 1));
            if last - first >= MOST {
                return Err(Error::Unusable {
                    what: "a list in parts",
                    detail: format!(
                        "it would have {} parts, expected at most {MOST}",
                        last - first + 1
                    ),
                    code: code::USAGE,
                    help: Some("leave --shards out: the whole list is right for every certificate"),
                });
            }
            entries.extend((first..=last).map(|shard| (shard, Vec::new())));
        }
        let ids = IssuerIds {
            key: issuer.id(),
            written: hex(&issuer.names().key_id),
        };
        let this_update = list.list.this_update;
        // Also what has expired: a part is no longer for it.
        self.store().revoked(&ids, None, &mut |revoked| {
            let shard = revoked.index.map(serial::shard_of);
            // As in the whole list: what a clock that was ahead has revoked is named with the time of the list.
            if let Some(entries) = shard.and_then(|shard| entries.get_mut(&shard)) {
                let at = revoked.at.min(this_update);
                entries.push((revoked.serial, at, revoked.reason.in_lists()));
            }
            Ok(())
        })?;
        Ok(entries)
    }
}

/// One revoked certificate.
type Entry = (String, Timestamp, CrlReason);
