//! What `issue` and `sign` ask for alike: a profile, names, a lifetime, and the authority that signs.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use handfast_ca::{Applicant, Wish};
use handfast_finding::shell::shell;
use handfast_pki::{Error as PkiError, KeyKind, Profile, name::AltName};
use jiff::SignedDuration;

use crate::failure::Failure;

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
    /// The wish that these flags make for `applicant`.
    pub fn wish(&self, applicant: Applicant) -> Result<Wish, Failure> {
        Ok(Wish {
            profile: self.profile,
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

/// `90d`, `24h`, `30m` or `2w`.
fn lifetime(text: &str) -> Result<SignedDuration, Failure> {
    let bad = || {
        let found = handfast_pki::text::printable(text);
        Failure::about(
            "--lifetime",
            &PkiError::BadName {
                found,
                expected: "a time such as 24h or 90d",
            },
        )
    };
    let minutes_per_unit = match text.bytes().last() {
        Some(b'm') => 1,
        Some(b'h') => 60,
        Some(b'd') => 24 * 60,
        Some(b'w') => 7 * 24 * 60,
        _ => return Err(bad()),
    };
    // The last byte is ASCII, so the rest is text.
    let count: u32 = text[..text.len() - 1].parse().map_err(|_| bad())?;
    Ok(SignedDuration::from_mins(i64::from(count) * minutes_per_unit))
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
