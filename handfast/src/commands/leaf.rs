//! What `issue` and `sign` ask for alike: a profile, names, a lifetime, and the authority that signs.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use handfast_ca::{Applicant, CertRequest, Requester};
use handfast_finding::shell::shell;
use handfast_pki::{KeyKind, name::AltName, profile::ProfileName, qualified::PspRole};
use handfast_values::{ValueError, duration, duration_between};
use jiff::SignedDuration;

use super::{acting::Acting, named::Named};
use crate::{failure::Failure, places, suggest};

/// The flags about the certificate itself.
#[derive(Debug, clap::Args)]
pub struct Leaf {
    /// What it is for: server, client, peer (both), spiffe, device, or a profile of the CA's own
    #[arg(value_name = "PROFILE", required_unless_present = "named_profile", value_parser = profiles())]
    positional_profile: Option<ProfileName>,
    /// The same as PROFILE
    #[arg(id = "named_profile", long = "profile", value_name = "PROFILE", conflicts_with = "positional_profile", value_parser = profiles())]
    named_profile: Option<ProfileName>,
    #[command(flatten)]
    named: Named,
    /// How long it is valid, such as 24h or 90d [default: as the profile says, or less where the issuer expires earlier]
    #[arg(long, value_name = "TIME")]
    lifetime: Option<String>,
    /// A role of a payment service provider: PSP_AS, PSP_PI, PSP_AI or PSP_IC; may be repeated
    #[arg(long, value_name = "ROLE")]
    psd2_role: Vec<PspRole>,
    #[command(flatten)]
    acting: Acting,
    /// The CA directory [default: ./handfast, else that of the system or the user]
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = places::ca(), hide_default_value = true)]
    pub dir: PathBuf,
    /// Overwrite what exists
    #[arg(long)]
    pub force: bool,
}

impl Leaf {
    /// Whoever runs this command.
    pub fn requester(&self) -> Result<Requester, Failure> {
        self.acting.requester()
    }

    fn profile(&self) -> Result<ProfileName, Failure> {
        let given = self
            .positional_profile
            .clone()
            .or_else(|| self.named_profile.clone());
        given.ok_or_else(|| Failure::bug("a command without a profile was taken"))
    }

    /// The names that were given as flags.
    pub fn names(&self) -> Result<Vec<AltName>, Failure> {
        self.named.names()
    }

    /// The request that these flags make for `applicant`.
    pub fn request(&self, applicant: Applicant) -> Result<CertRequest, Failure> {
        Ok(CertRequest {
            profile: self.profile()?,
            applicant: applicant.within(self.named.organization()),
            names: self.named.names()?,
            common_name: self.named.name.clone(),
            lifetime: self.lifetime.as_deref().map(lifetime).transpose()?,
            roles: self.psd2_role.clone(),
        })
    }
}

/// That of a certificate; how long it may be is for the profile to say.
pub fn lifetime(text: &str) -> Result<SignedDuration, Failure> {
    duration(text).map_err(|error| of_flag("--lifetime", &error))
}

/// That of something that is signed and made anew before it ends: from a second to ten years.
pub fn promised(text: &str) -> Result<SignedDuration, Failure> {
    let range = SignedDuration::from_secs(1)..=SignedDuration::from_hours(24 * 3653);
    duration_between(text, &range).map_err(|error| of_flag("--lifetime", &error))
}

fn of_flag(flag: &str, error: &ValueError) -> Failure {
    Failure::misuse(format!("{flag}: {error}")).help(error.hint)
}

/// The flag that finds `dir` again, where it is needed.
pub fn dir_flag(dir: &Path) -> String {
    if dir == Path::new(places::HERE) {
        String::new()
    } else {
        format!(" --dir {}", shell(dir.display()))
    }
}

/// Parses the names of [`KeyKind`]s, and lists them in the help.
pub fn key_kinds() -> impl TypedValueParser<Value = KeyKind> {
    PossibleValuesParser::new(KeyKind::ALL.map(KeyKind::name)).try_map(|text| text.parse::<KeyKind>())
}

/// Parses the names of profiles; which there are is for the CA to say.
fn profiles() -> impl TypedValueParser<Value = ProfileName> {
    suggest::PROFILES.try_map(|text| text.parse::<ProfileName>())
}
