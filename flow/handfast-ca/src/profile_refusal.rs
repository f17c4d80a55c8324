//! What a profile says no to. Each refusal knows the key of `ca.toml`.

use handfast_finding::when::written;
use handfast_pki::profile::{NameKind, ProfileName};
use jiff::SignedDuration;

use crate::cas::OCSP_SIGNER;

/// What the profile says no to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileRefusal {
    /// None of this name is issued here.
    #[error("this CA issues no certificates of the profile \"{found}\"")]
    Unknown { found: String },
    /// One for which the file of the profiles has to say something first.
    #[error("the profile \"{profile}\" is not ready: {} missing", are(missing))]
    NotReady {
        profile: ProfileName,
        missing: &'static [&'static str],
    },
    /// No CA here signs it.
    #[error("no CA here signs certificates of the profile \"{profile}\" on request")]
    NoIssuer { profile: ProfileName, is_ca: bool },
    /// A name of a type that the profile leaves out.
    #[error("the profile \"{profile}\" has no {kind} among its names, found \"{name}\"")]
    NameKind {
        profile: ProfileName,
        name: String,
        kind: NameKind,
    },
    /// More names than the profile has.
    #[error("the profile \"{profile}\" has at most {most} names, found {found}")]
    TooManyNames {
        profile: ProfileName,
        found: usize,
        most: usize,
    },
    /// A name that fits no pattern of the profile.
    #[error("the profile \"{profile}\" has no name such as \"{name}\", expected {}", patterns.join(", "))]
    NamePattern {
        profile: ProfileName,
        name: String,
        patterns: Vec<String>,
    },
    /// A common name that is no name of the certificate.
    #[error(
        "the profile \"{profile}\" has no common name \"{name}\", which is none of the certificate's names, expected one of these or of {}",
        patterns.join(", ")
    )]
    CommonName {
        profile: ProfileName,
        name: String,
        patterns: Vec<String>,
    },
    /// A kind of key that the profile leaves out.
    #[error("the profile \"{profile}\" certifies no key of {found}, expected {}", allowed.join(", "))]
    Key {
        profile: ProfileName,
        found: String,
        allowed: Vec<String>,
    },
    /// An attribute of the subject.
    #[error("the profile \"{profile}\" does not have this subject: {detail}")]
    Subject { profile: ProfileName, detail: String },
    /// The roles of a payment service provider.
    #[error("the profile \"{profile}\" does not give these roles: {detail}")]
    Roles { profile: ProfileName, detail: String },
    /// An organizationIdentifier that is none of a payment service provider, or of one that another authority supervises.
    #[error(
        "the profile \"{profile}\" is for payment service providers that {authority} supervises (nca-id), whose organizationIdentifier is such as PSD{authority}-123456, found \"{found}\""
    )]
    Provider {
        profile: ProfileName,
        /// By its identifier.
        authority: String,
        found: String,
    },
    /// A lifetime outside of the profile's.
    #[error("{}", lifetime(profile, *asked, *shortest, *longest))]
    Lifetime {
        profile: ProfileName,
        asked: SignedDuration,
        shortest: SignedDuration,
        longest: Option<SignedDuration>,
    },
}

impl ProfileRefusal {
    /// The key of `ca.toml` that says no; none where no key does.
    pub fn key(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unknown { .. } | Self::NotReady { .. } | Self::NoIssuer { .. } | Self::Provider { .. } => {
                return None;
            }
            // The least is the same for all.
            Self::Lifetime { asked, shortest, .. } if asked < shortest => return None,
            Self::NameKind { .. } => "name-types",
            Self::NamePattern { .. } | Self::CommonName { .. } => "names",
            Self::TooManyNames { .. } => "max-names",
            Self::Key { .. } => "keys",
            Self::Subject { .. } => "subject",
            Self::Roles { .. } => "psd2-roles",
            Self::Lifetime { .. } => "max-lifetime",
        })
    }

    /// The profile that says no.
    pub fn profile(&self) -> Option<&ProfileName> {
        match self {
            Self::Unknown { .. } => None,
            Self::NotReady { profile, .. }
            | Self::NoIssuer { profile, .. }
            | Self::NameKind { profile, .. }
            | Self::NamePattern { profile, .. }
            | Self::CommonName { profile, .. }
            | Self::TooManyNames { profile, .. }
            | Self::Key { profile, .. }
            | Self::Subject { profile, .. }
            | Self::Roles { profile, .. }
            | Self::Provider { profile, .. }
            | Self::Lifetime { profile, .. } => Some(profile),
        }
    }

    pub(crate) fn hint(&self) -> String {
        match self {
            Self::NotReady { profile, missing } => {
                return format!(
                    "write {} into [profile.{profile}] of ca.toml",
                    missing.join(" and ")
                );
            }
            Self::Provider { .. } => {
                return "write PSD, the country, a hyphen, its supervisor, a hyphen and its number for the provider (ETSI TS 119 495 section 5.2.1)".into();
            }
            Self::CommonName { profile, name, .. } => {
                return format!(
                    "take one of the certificate's names as the common name, or none; or allow it: \"cn:{name}\" in names of [profile.{profile}] of ca.toml"
                );
            }
            Self::NoIssuer { is_ca: true, .. } => {
                return "CAs are made by handfast init, handfast ca issuer add and handfast ca rotate".into();
            }
            Self::NoIssuer { profile, .. } => {
                return format!("make one: handfast ca issuer add --name NAME --profiles {profile}");
            }
            Self::Lifetime { asked, shortest, .. } if asked < shortest => {
                return format!("ask for more: no profile goes below {}", written(*shortest));
            }
            Self::Lifetime {
                profile,
                longest: Some(longest),
                ..
            } if profile.as_str() == OCSP_SIGNER => {
                return format!(
                    "ask for at most {}: this limit is the same for every CA",
                    written(*longest)
                );
            }
            _ => {}
        }
        match (self.key(), self.profile()) {
            (Some(key), Some(profile)) => {
                format!("what it allows is for {key} in [profile.{profile}] of ca.toml: handfast ca profiles")
            }
            _ => "see which there are: handfast ca profiles; others are written into ca.toml".into(),
        }
    }
}

fn are(missing: &[&str]) -> String {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", missing.join(" and "))
}

fn lifetime(
    profile: &ProfileName,
    asked: SignedDuration,
    shortest: SignedDuration,
    longest: Option<SignedDuration>,
) -> String {
    let most = longest.map_or_else(String::new, |longest| {
        format!(" and at most {}", written(longest))
    });
    format!(
        "the profile \"{profile}\" has a lifetime of at least {}{most}, found {}",
        written(shortest),
        written(asked)
    )
}
