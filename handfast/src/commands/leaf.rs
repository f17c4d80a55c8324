//! What `issue` and `sign` ask for alike: a profile, names, a lifetime, and the authority that signs.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use handfast_ca::{Applicant, CertRequest};
use handfast_finding::shell::shell;
use handfast_pki::{KeyKind, Profile, code, name::AltName};
use handfast_values::duration;
use jiff::SignedDuration;

use crate::failure::{Exit, Failure};

/// Where an authority is when nobody says.
pub const DEFAULT_DIR: &str = "./handfast";

/// The flags about the certificate itself.
#[derive(Debug, clap::Args)]
pub struct Leaf {
    /// What it is for: server, client, or peer (both)
    pub profile: Profile,
    /// A DNS name, such as localhost or *.acme.example; may be repeated
    #[arg(long, value_name = "NAME")]
    dns: Vec<String>,
    /// An IP address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    ip: Vec<String>,
    /// A URI, such as spiffe://acme/web; may be repeated, but a SPIFFE ID stands alone
    #[arg(long, value_name = "URI")]
    uri: Vec<String>,
    /// An e-mail address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    /// The common name, for people and old software; peers are recognised by the names above, and one of those is needed
    #[arg(long, value_name = "CN")]
    name: Option<String>,
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
            applicant,
            names: self.names()?,
            common_name: self.name.clone(),
            lifetime: self.lifetime.as_deref().map(lifetime).transpose()?,
        })
    }

    fn names(&self) -> Result<Vec<AltName>, Failure> {
        type Parse = fn(&str) -> handfast_pki::Result<AltName>;
        let kinds: [(&str, &Vec<String>, Parse); 4] = [
            ("--uri", &self.uri, AltName::uri),
            ("--dns", &self.dns, AltName::dns),
            ("--ip", &self.ip, AltName::ip),
            ("--email", &self.email, AltName::email),
        ];
        let mut names = Vec::new();
        for (flag, texts, parse) in kinds {
            for text in texts {
                names.push(parse(text).map_err(|error| Failure::about(flag, &error))?);
            }
        }
        Ok(names)
    }
}

fn lifetime(text: &str) -> Result<SignedDuration, Failure> {
    duration(text).map_err(|error| {
        Failure::new(Exit::Misuse, code::CONFIG_INVALID, format!("--lifetime: {error}")).help(error.hint)
    })
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
