//! Cross: a certificate by which one root vouches for another (RFC 4158 section 1.4), with subject, key, key identifier,
//! path length and name constraints of the one that it has.

use std::path::Path;

use handfast_pki::{
    Bounds, Certificate, name,
    profile::{CaRules, Copied, ProfileRules},
};
use jiff::Timestamp;

use crate::{
    below::Below,
    change_error::ChangeError,
    create::issue_ca,
    error::Result,
    issuer::Issuer,
    opening,
    profiles::OfferedProfile,
    realm::{Realm, described},
    receive,
    records::Event,
    requester::RequesterKind,
};

impl Realm<'_> {
    /// The root of this authority vouches for `foreign`, another root; for as long as both are valid.
    pub(crate) fn cross_sign(
        &self,
        foreign: &Certificate,
        root_at: Option<&Path>,
        now: Timestamp,
    ) -> Result<Certificate> {
        opening::must_be_a_chain(std::slice::from_ref(foreign))?;
        self.must_have_another_name(foreign)?;
        let root = self.active_root()?.clone();
        let signer = self.root_signer(&root, root_at)?;
        let made = self.certify(foreign, None, &signer.issuer, now)?;
        let line = described("cross-signed by", &root, &made);
        self.change(&self.cas, Event::CaAdded, &[line], now)?;
        Ok(made)
    }

    /// Two CAs of one name: nobody could tell which of them a certificate names as its issuer.
    fn must_have_another_name(&self, foreign: &Certificate) -> Result<()> {
        for ca in &self.cas {
            let own = self.certificates_of(ca).unwrap_or_default();
            if own.first().is_some_and(|own| own.subject() == foreign.subject()) {
                return Err(ChangeError::NameOfOurs {
                    subject: name::shown(foreign.subject()),
                    ca: ca.name.clone(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// `own` certified by `signer`. Limits that are known as `bounds` stand in the signer's certificate as well, and only
    /// what verifiers judge below it is repeated; of others everything is.
    pub(crate) fn certify(
        &self,
        own: &Certificate,
        bounds: Option<&Bounds>,
        signer: &Issuer,
        now: Timestamp,
    ) -> Result<Certificate> {
        let profile = opening::cross_signed();
        let rest = own.not_after().duration_since(now);
        let mut rules = ProfileRules::ca(profile.clone(), rest, own.path_length());
        rules.ca = Some(CaRules {
            path_length: own.path_length(),
            bounds: bounds.map(Bounds::below),
            copied: Some(Copied::from(own, bounds.is_none())),
            ..CaRules::default()
        });
        let received = receive::certified(profile, own.subject().clone(), own.public_key());
        let below = Below {
            more: Some(OfferedProfile::new(rules, vec![RequesterKind::Owner])),
            ..self.below(None)
        };
        let issued = issue_ca(received, signer, &below, self.store, now)?;
        Ok(issued.certificate().clone())
    }
}
