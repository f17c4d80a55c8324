//! Profiles: the table of what this CA issues, and who may ask for it.

use std::collections::BTreeMap;

use handfast_pki::{
    Profile,
    profile::{ProfileName, ProfileRules},
};

use crate::requester::RequesterKind;

/// A profile as the CA offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedProfile {
    /// What a certificate of it may be.
    pub rules: ProfileRules,
    /// Who may ask for one; a kind that is not listed may not.
    pub requesters: Vec<RequesterKind>,
}

/// The profiles of one CA, by name.
#[derive(Debug, Clone)]
pub struct Profiles(BTreeMap<ProfileName, OfferedProfile>);

impl Profiles {
    /// Those that every CA has. CAs are for the owner, leaves for operators as well.
    pub fn built_in() -> Self {
        let offered = Profile::ALL.map(|profile| {
            let requesters = if profile.is_ca() {
                vec![RequesterKind::Owner]
            } else {
                vec![RequesterKind::Owner, RequesterKind::Operator]
            };
            let rules = profile.rules();
            (rules.name.clone(), OfferedProfile { rules, requesters })
        });
        Self(offered.into())
    }

    /// Adds a profile, in the place of one with the same name.
    pub fn insert(&mut self, profile: OfferedProfile) {
        self.0.insert(profile.rules.name.clone(), profile);
    }

    /// The profile called `name`.
    pub fn find(&self, name: &ProfileName) -> Option<&OfferedProfile> {
        self.0.get(name)
    }
}
