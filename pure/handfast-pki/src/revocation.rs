//! Revocation: what a CA has taken back, in forms that are verified once and then looked up.
//!
//! [`set`] is our own form, for our proxies; [`list`] reads the lists (CRL) of every CA. In: bytes that were signed, the
//! certificates and the time. Out: [`Revocation`], which says of every certificate of a path whether its issuer stands by
//! it. What is unknown is never good: a CA that no list is about, and a list that is stale, refuse.

pub mod age;
pub mod list;
mod serials;
pub mod set;

use jiff::Timestamp;

use crate::{
    Certificate, PublicKey, Refusal, Role,
    extensions::KeyUsage,
    revocation::{
        list::{CrlIndex, ListAnswer},
        set::{Answer, RevocationSets},
    },
};

/// All that is known about revoked certificates, from one generation of files.
#[derive(Debug, Clone, Default)]
pub struct Revocation {
    /// Asked first: a set knows what a list cannot, which certificates were issued at all.
    pub sets: RevocationSets,
    /// Asked about the certificates of CAs that have no set.
    pub lists: CrlIndex,
    /// What becomes of certificates whose set or list is stale.
    pub stale: Stale,
}

/// What is decided about certificates that a stale set or list would find good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stale {
    /// They are refused.
    #[default]
    Refuse,
    /// They are accepted, as long as the CA cannot be reached: the operator has written that down.
    DangerouslyKeep,
}

impl Revocation {
    /// Why `certificate`, which the key of `issuer` has signed, is refused; nothing where its issuer stands by it.
    pub(crate) fn refusal(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        role: Role,
        at: Timestamp,
    ) -> Option<Refusal> {
        let key = issuer.public_key();
        let unknown = |why: &str| Refusal::RevocationUnknown {
            role,
            subject: certificate.called(),
            issuer: issuer.called(),
            why: why.to_owned(),
        };
        if issuer
            .extension::<KeyUsage>()
            .is_some_and(|usage| !usage.crl_sign())
        {
            return Some(unknown(
                "its key usage leaves cRLSign out, so that no list of it counts",
            ));
        }
        match self.answer(certificate, &key, at) {
            Verdict::Good => None,
            Verdict::Stale if self.stale == Stale::DangerouslyKeep => None,
            Verdict::Stale => Some(unknown("its revocation list has expired")),
            Verdict::Missing => Some(unknown("there is no revocation list of it")),
            Verdict::Revoked => Some(Refusal::Revoked {
                role,
                subject: certificate.called(),
            }),
            Verdict::NotIssued(found) => Some(Refusal::NotIssued {
                role,
                subject: certificate.called(),
                issuer: issuer.called(),
                found: format!("{} {found}", certificate.serial()),
            }),
        }
    }

    fn answer(&self, certificate: &Certificate, issuer: &PublicKey, at: Timestamp) -> Verdict {
        if let Some(set) = self.sets.of(issuer) {
            return match set.answer(certificate.serial_octets(), at) {
                Answer::Good => Verdict::Good,
                Answer::Stale => Verdict::Stale,
                Answer::Revoked => Verdict::Revoked,
                Answer::Past => Verdict::NotIssued("is one of those that have all expired"),
                // What is newer than a stale set cannot be told from what was never issued.
                Answer::Beyond => {
                    Verdict::NotIssued("is above every one that it had given when the set was made")
                }
                Answer::NotIssued => Verdict::NotIssued("is none that it has given"),
            };
        }
        match self.lists.answer(certificate, issuer, at) {
            ListAnswer::Good => Verdict::Good,
            ListAnswer::Revoked => Verdict::Revoked,
            ListAnswer::Stale => Verdict::Stale,
            ListAnswer::Missing => Verdict::Missing,
        }
    }
}

/// What set and lists say in the same words.
enum Verdict {
    Good,
    Revoked,
    Stale,
    Missing,
    NotIssued(&'static str),
}
