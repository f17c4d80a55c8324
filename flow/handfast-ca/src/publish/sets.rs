//! The revocation sets of the authority, for proxies of ours (`revocation::set` of `handfast-pki`): the same way as lists
//! go, with numbers of their own.

use std::ops::Range;

use handfast_pki::{
    Certificate, Fingerprint, code,
    revocation::{
        age::Age,
        set::{
            RevocationSets,
            build::{self, Contents, Plan},
        },
    },
    text::unhex,
};
use jiff::{SignedDuration, Timestamp};

use super::{MissingList, ROOT_LIFETIME, Span, line, may_sign_lists, retried, root_issuer, span};
use crate::{
    approve,
    authority::Authority,
    error::{Error, Result},
    issuer::Issuer,
    records::{Event, IssuerIds, JournalEntry, KeptList, Query, Store, StoreError},
    requester::Requester,
    sign,
};

/// One set for each CA of the path, the one that signs leaves first.
#[derive(Debug, Clone)]
pub struct SignedSets {
    sets: Vec<SignedSet>,
    missing: Vec<MissingList>,
}

/// A set and what it is about.
#[derive(Debug, Clone)]
pub struct SignedSet {
    /// The subject of the CA that signed it.
    pub issuer: String,
    pub number: u64,
    pub this_update: Timestamp,
    pub next_update: Timestamp,
    /// How many certificates it names as revoked.
    pub revoked: u64,
    /// The indexes of what it knows: the first that may still be valid, and the next that will be given.
    pub indexes: Range<u64>,
    der: Vec<u8>,
}

impl SignedSet {
    /// How much of its life is used up.
    pub fn age(&self, now: Timestamp) -> Age {
        Age::of(self.this_update, self.next_update, now)
    }
}

impl SignedSets {
    /// Every set that there is.
    pub fn sets(&self) -> &[SignedSet] {
        &self.sets
    }

    /// CAs of the path whose set cannot be had: proxies refuse every certificate below them.
    pub fn missing(&self) -> &[MissingList] {
        &self.missing
    }

    /// All of them in one file.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let sets: Vec<&[u8]> = self.sets.iter().map(|set| set.der.as_slice()).collect();
        Ok(build::file(&sets)?)
    }
}

impl Authority {
    /// Signs a new revocation set of every issuing CA, good for `lifetime`, and adds those of the CAs above: a new one where
    /// the root's key is in the folder, else the last one that is kept and still true.
    pub fn publish_sets(
        &self,
        lifetime: SignedDuration,
        requester: &Requester,
        now: Timestamp,
    ) -> Result<SignedSets> {
        approve::publication(requester)?;
        self.must_be_able_to_publish()?;
        let by = |lifetime| Publication {
            store: self.store(),
            lifetime,
            requester,
            now,
        };
        let (mut sets, mut missing) = (Vec::new(), Vec::new());
        for issuer in self.issuers() {
            sets.push(by(lifetime).set(issuer)?);
        }
        for above in &self.above() {
            let found = match root_issuer(self, above)? {
                Some(issuer) => Ok(by(ROOT_LIFETIME).set(&issuer)?),
                None => by(ROOT_LIFETIME).kept(above)?,
            };
            match found {
                Ok(set) => sets.push(set),
                Err(why) => missing.push(MissingList {
                    issuer: above.called(),
                    why,
                }),
            }
        }
        Ok(SignedSets { sets, missing })
    }
}

/// What all sets of one publication share.
struct Publication<'a> {
    store: &'a dyn Store,
    lifetime: SignedDuration,
    requester: &'a Requester,
    now: Timestamp,
}

/// The row in which the sets of an issuer count their numbers.
pub(crate) fn series(issuer: &str) -> String {
    format!("set:{issuer}")
}

impl Publication<'_> {
    /// Signs a set of `issuer`, never good beyond the issuer itself.
    fn set(&self, issuer: &Issuer) -> Result<SignedSet> {
        retried(|| self.try_set(issuer))
    }

    fn try_set(&self, issuer: &Issuer) -> Result<SignedSet> {
        let Some(certificate) = issuer.certificate().filter(|_| may_sign_lists(issuer)) else {
            return Err(Error::NotACa {
                subject: issuer.certificate().map(Certificate::called).unwrap_or_default(),
                detail: "its key usage leaves cRLSign out, so that its revocation sets count nowhere",
            });
        };
        issuer.ready()?;
        let series = series(&issuer.id());
        let last = self.store.last_list(&series)?.number;
        let name = certificate.called();
        let numbered = self.entry(Event::Numbered, format!("set number {} of {name}", last + 1));
        let number = self.store.take_list_number(&series, last, last + 1, &numbered)?;
        let Span {
            this_update,
            next_update,
        } = span(issuer, self.lifetime, self.now);
        let ids = IssuerIds::of(certificate);
        let indexes = self.store.indexes(&ids.key, self.now)?;
        let contents = self.contents(&ids, &indexes)?;
        let plan = Plan {
            issuer: certificate,
            signer: None,
            algorithm: &issuer.names().algorithm,
            number,
            this_update,
            next_update,
            first_index: indexes.start,
            next_index: indexes.end,
            is_complete: self.has_made(certificate)?,
        };
        let der = sign::set(&build::to_be_signed(&plan, contents)?, number, issuer)?;
        let set = read_back(der, self.now)?;
        let kept = KeptList {
            number,
            this_update,
            next_update,
            // Only that of a CA whose key goes away is asked for again.
            der: match certificate.is_self_issued() {
                true => set.der.clone(),
                false => Vec::new(),
            },
        };
        let listed = format!(
            "set number {number} of {name} with {} revoked and SHA-256 {}",
            set.revoked,
            Fingerprint::of(&set.der)
        );
        self.store
            .keep_list(&series, &kept, &self.entry(Event::Listed, listed))?;
        Ok(set)
    }

    /// A line of the journal about a set.
    fn entry(&self, event: Event, detail: String) -> JournalEntry {
        line(event, detail, self.requester, self.now)
    }

    /// What is revoked, and what was given without an index.
    fn contents(&self, ids: &IssuerIds, indexes: &Range<u64>) -> Result<Contents> {
        let mut contents = Contents::default();
        self.store.revoked(ids, Some(self.now), &mut |revoked| {
            // What was given and revoked since the head was read is named by its whole number.
            match revoked.index.filter(|index| *index < indexes.end) {
                Some(index) => contents.revoke_index(index),
                None => contents.revoke_other(&octets(&revoked.serial)?),
            }
            Ok(())
        })?;
        self.store.uncounted(ids, self.now, &mut |serial| {
            contents.issue_other(&octets(serial)?);
            Ok(())
        })?;
        Ok(contents)
    }

    /// Whether the records hold everything that this CA has ever signed: they know of its own making. Of an imported CA
    /// they do not, and a serial number that they do not know may be good.
    fn has_made(&self, certificate: &Certificate) -> Result<bool> {
        let own = self.store.find(&Query {
            fingerprint: Some(certificate.fingerprint()),
            ..Query::default()
        })?;
        Ok(!own.rows.is_empty())
    }

    /// The last set of a CA whose key is not here, or why it cannot be handed out.
    fn kept(&self, ca: &Certificate) -> Result<Result<SignedSet, &'static str>> {
        let ids = IssuerIds::of(ca);
        let kept = self.store.last_list(&series(&ids.key))?.list;
        let Some(list) = kept.filter(|list| !list.der.is_empty()) else {
            return Ok(Err("its key is not here, and it has signed no set"));
        };
        if self.now > list.next_update {
            return Ok(Err("its key is not here, and its last set has expired"));
        }
        let file = build::file(&[&list.der])?;
        let sets = RevocationSets::read(&file, self.now).map_err(|error| Error::Unusable {
            what: "the last set of a CA, in the records,",
            detail: error.to_string(),
            code: code::STORE,
            help: Some("see what is damaged: handfast ca audit verify"),
        })?;
        let mut newer = 0;
        self.store.revoked(&ids, Some(self.now), &mut |revoked| {
            let octets = octets(&revoked.serial)?;
            let is_named = sets
                .iter()
                .any(|set| set.last_word(&octets) == handfast_pki::revocation::set::Answer::Revoked);
            newer += usize::from(!is_named);
            Ok(())
        })?;
        if newer > 0 {
            return Ok(Err(
                "its key is not here, and it has revoked a CA since its last set",
            ));
        }
        read_back(list.der, self.now).map(Ok)
    }
}

/// A set as a proxy reads it.
fn read_back(der: Vec<u8>, now: Timestamp) -> Result<SignedSet> {
    let unusable = |detail: String| Error::Unusable {
        what: "a revocation set that was just made",
        detail,
        code: code::BUG,
        help: None,
    };
    let file = build::file(&[&der])?;
    let sets = RevocationSets::read(&file, now).map_err(|error| unusable(error.to_string()))?;
    let set = sets.iter().next().ok_or_else(|| unusable("it is empty".into()))?;
    Ok(SignedSet {
        issuer: set.issuer().called(),
        number: set.number(),
        this_update: set.this_update(),
        next_update: set.next_update(),
        revoked: set.revoked(),
        indexes: set.indexes(),
        der,
    })
}

/// The octets of a serial number as the records have it.
fn octets(serial: &str) -> Result<Vec<u8>, StoreError> {
    unhex(serial).ok_or_else(|| {
        let error = handfast_pki::Error::BadValue {
            found: handfast_pki::text::printable(serial),
            expected: "a serial number in hexadecimal digits",
        };
        StoreError::Other(Box::new(error))
    })
}
