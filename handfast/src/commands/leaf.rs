//! What `issue` and `sign` ask for alike: a profile, names, a lifetime, and the authority that signs.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use handfast_ca::{Applicant, CertRequest};
use handfast_finding::shell::shell;
use handfast_pki::{KeyKind, Profile, code};
use handfast_values::duration;
use jiff::SignedDuration;

use super::named::Named;
use crate::failure::Failure;

/// Where an authority is when nobody says.
pub const DEFAULT_DIR: &str = "./handfast";

/// The flags about the certificate itself.
#[derive(Debug, clap::Args)]
pub struct Leaf {
    /// What it is for: server, client, or peer (both)
    #[arg(value_parser = profiles())]
    pub profile: Profile,
    #[command(flatten)]
    named: Named,
    /// How long it is valid, such as 24h or 90d [default: 90d, or less where the issuer expires earlier]
    #[arg(long, value_name = "TIME")]
    lifetime: Option<String>,
    /// The CA directory
    #[arg(long, value_name = "DIR", env = "HANDFAST_DIR", default_value = DEFAULT_DIR)]
    pub dir: PathBuf,
    /// Overwrite what exists
    #[arg(long)]
    pub force: bool,
}

impl Leaf {
    /// The request that these flags make for `applicant`.
    pub fn request(&self, applicant: Applicant) -> Result<CertRequest, Failure> {
        Ok(CertRequest {
            profile: self.profile.into(),
            applicant: applicant.within(self.named.organization()),
            names: self.named.names()?,
            common_name: self.named.name.clone(),
            lifetime: self.lifetime.as_deref().map(lifetime).transpose()?,
        })
    }
}

fn lifetime(text: &str) -> Result<SignedDuration, Failure> {
    duration(text)
        .map_err(|error| Failure::of(code::CONFIG_INVALID, format!("--lifetime: {error}")).help(error.hint))
}

/// The flag that finds `dir` again, where it is needed.
pub fn dir_flag(dir: &Path) -> String {
    if dir == Path::new(DEFAULT_DIR) {
        String::new()
    } else {
        format!(" --dir {}", shell(dir.display()))
    }
}

/// Parses the names of [`KeyKind`]s, and lists them in the help.
pub fn key_kinds() -> impl TypedValueParser<Value = KeyKind> {
    PossibleValuesParser::new(KeyKind::ALL.map(KeyKind::name)).try_map(|text| text.parse::<KeyKind>())
}

/// Parses the names of the [`Profile`]s that leaves have, and lists them in help and completions.
fn profiles() -> impl TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(["server", "client", "peer"]).try_map(|text| text.parse::<Profile>())
}
