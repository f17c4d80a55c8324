//! Profiles: the table of what this CA issues, and who may ask for it.

use std::collections::BTreeMap;

use handfast_pki::{
    Bounds, Profile,
    profile::{ProfileName, ProfileRules},
};

use crate::{error::ProfileRefusal, requester::RequesterKind};

/// A profile as the CA offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedProfile {
    /// What a certificate of it may be.
    pub rules: ProfileRules,
    /// Who may ask for one; a kind that is not listed may not.
    pub requesters: Vec<RequesterKind>,
    /// Of those who run commands, these users alone; empty for all.
    pub users: Vec<String>,
    /// Who has to approve each request, beside the one who made it.
    pub approver: Option<Approver>,
}

/// A second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// Anybody but the requester.
    Another,
    /// One of these users, and not the requester.
    OneOf(Vec<String>),
}

impl OfferedProfile {
    /// A profile for requesters of these kinds, without a second person.
    pub fn new(rules: ProfileRules, requesters: Vec<RequesterKind>) -> Self {
        Self {
            rules,
            requesters,
            users: Vec::new(),
            approver: None,
        }
    }
}

/// The profiles of one CA, by name.
#[derive(Debug, Clone)]
pub struct Profiles(BTreeMap<ProfileName, OfferedProfile>);

impl Profiles {
    /// Those that every CA has. CAs are for the owner, leaves for operators as well. One for payment service providers
    /// needs to know their supervisor, and so is there only where `ca.toml` has it.
    pub fn built_in() -> Self {
        let known = Profile::ALL
            .into_iter()
            .filter(|profile| *profile != Profile::Psd2);
        Self(known.map(Self::of).collect())
    }

    /// None: of a CA that issues nothing until its `ca.toml` can be read.
    pub(crate) fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// What a profile is before anything is said of it.
    pub(crate) fn of(profile: Profile) -> (ProfileName, OfferedProfile) {
        let requesters = if profile.is_ca() {
            vec![RequesterKind::Owner]
        } else {
            vec![RequesterKind::Owner, RequesterKind::Operator]
        };
        let rules = profile.rules();
        (rules.name.clone(), OfferedProfile::new(rules, requesters))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &OfferedProfile> {
        self.0.values()
    }

    /// Built-in profiles of which nothing can be issued yet, with the keys that `ca.toml` has to give first.
    pub fn not_ready(&self) -> Vec<(Profile, &'static [&'static str])> {
        let is_missing = |(profile, _): &(Profile, _)| self.find(&(*profile).into()).is_none();
        [(Profile::Psd2, &["nca-name", "nca-id"][..])]
            .into_iter()
            .filter(is_missing)
            .collect()
    }

    /// The same, with CAs that may speak for these names alone.
    pub(crate) fn bounded(mut self, bounds: Option<&Bounds>) -> Self {
        for offered in self.0.values_mut() {
            offered.rules = offered.rules.clone().bounded(bounds.cloned());
        }
        self
    }

    /// Adds a profile, in the place of one with the same name.
    pub fn insert(&mut self, profile: OfferedProfile) {
        self.0.insert(profile.rules.name.clone(), profile);
    }

    /// Why there is no profile called `name`: nobody knows it, or `ca.toml` has to say something of it first.
    pub(crate) fn refusal(&self, name: &ProfileName) -> ProfileRefusal {
        let mut not_ready = self.not_ready().into_iter();
        match not_ready.find(|(known, _)| known.name() == name.as_str()) {
            Some((_, missing)) => ProfileRefusal::NotReady {
                profile: name.clone(),
                missing,
            },
            None => ProfileRefusal::Unknown {
                found: name.to_string(),
            },
        }
    }

    /// The profile called `name`.
    pub fn find(&self, name: &ProfileName) -> Option<&OfferedProfile> {
        self.0.get(name)
    }
}
