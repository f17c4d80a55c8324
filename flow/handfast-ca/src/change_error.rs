//! Why the CAs of an authority cannot be changed as asked; nothing was changed.

use handfast_pki::{Code, code, text::counted};
use jiff::Timestamp;

/// A change of CAs that is refused. Its owner is to blame, or has to wait.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Commands call CAs by these names.
    #[error(
        "this CA has no issuer \"{name}\" that {expected}; there are {}",
        listed(known)
    )]
    NoSuchCa {
        name: String,
        expected: &'static str,
        known: Vec<String>,
    },
    /// The name of a new CA.
    #[error("\"{name}\" cannot be the name of a CA: {detail}")]
    BadName { name: String, detail: &'static str },
    /// Certificates that are valid lead to it.
    #[error("\"{name}\" is still needed by {}, the last until {until}", counted(*count, "valid certificate"))]
    StillNeeded {
        name: String,
        count: u64,
        until: Timestamp,
    },
    /// Nothing would sign any more.
    #[error("\"{name}\" is the only CA that signs")]
    LastOne { name: String },
    /// The root's key was taken away.
    #[error("the key of the root \"{name}\" is not in \"{folder}\"")]
    RootKeyAway { name: String, folder: String },
    /// A certificate that nobody here waits for.
    #[error("no CA waits for the certificate of \"{subject}\"")]
    NotAwaited { subject: String },
    /// A certificate that does not lead to a root of this authority.
    #[error("\"{subject}\" was not signed by a root of this CA")]
    ForeignRoot { subject: String },
    /// One rotation of the root at a time.
    #[error("the root \"{name}\" is being replaced already")]
    UnderWay { name: String },
    /// A key in a token is not followed by one in a file by itself.
    #[error("the key of \"{name}\" is in a token, and it is not said where the new one shall be")]
    KeyUnsaid { name: String },
    /// A key of a token that signs for another CA.
    #[error("the key is that of \"{name}\" already")]
    KeyInUse { name: String },
    /// The name of a CA that there is, for another key: verifiers could not tell the two apart.
    #[error("the name \"{subject}\" is that of {of} already, which has another key")]
    NameTaken { subject: String, of: &'static str },
    /// A root of others with the name of a CA of ours.
    #[error("\"{subject}\" is the name of our CA \"{ca}\" as well, and no verifier could tell them apart")]
    NameOfOurs { subject: String, ca: String },
    /// Records that were never restored, or are reconciled.
    #[error("the records were not restored from a backup, or have been reconciled")]
    NoGap,
    /// Keys do not leave tokens.
    #[error("the key of \"{name}\" is in a token, which it never leaves")]
    InToken { name: String },
    /// What was written elsewhere is not what was read from here.
    #[error(
        "the copy of the key in \"{folder}\" does not sign as the root does; the key here was not touched"
    )]
    BadCopy { folder: String },
}

impl ChangeError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NoSuchCa { .. } | Self::NotAwaited { .. } => code::NO_SUCH_CA,
            Self::BadName { .. } => code::BAD_NAME,
            Self::StillNeeded { .. } | Self::LastOne { .. } | Self::UnderWay { .. } => code::STILL_NEEDED,
            Self::RootKeyAway { .. } => code::ROOT_KEY_AWAY,
            Self::ForeignRoot { .. } => code::UNKNOWN_ISSUER,
            Self::NameTaken { .. } | Self::NameOfOurs { .. } => code::EXISTS,
            Self::NoGap => code::USAGE,
            Self::KeyUnsaid { .. } | Self::InToken { .. } | Self::KeyInUse { .. } => code::USAGE,
            Self::BadCopy { .. } => code::KEY_MISMATCH,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchCa { .. } => "handfast ca issuer list".into(),
            Self::BadName { .. } => "choose another with --name: lower-case letters, digits and hyphens".into(),
            Self::StillNeeded { name, until, .. } => format!(
                "renew what it has issued (handfast ca list --issuer {name} --state valid), or wait until {until}"
            ),
            Self::LastOne { .. } => "make another first: handfast ca rotate".into(),
            Self::RootKeyAway { .. } => {
                "name the folder that holds it (handfast ca rotate --root-at DIR, handfast ca issuer add --root DIR), or have a request signed there: handfast ca issuer add --csr FILE"
                    .into()
            }
            Self::NotAwaited { .. } => "make the request here first: handfast ca issuer add --name NAME --csr FILE".into(),
            Self::ForeignRoot { .. } => "have it signed by the root of this CA: handfast ca root sign".into(),
            Self::UnderWay { .. } => "finish that first: handfast ca rotate --finish".into(),
            Self::KeyUnsaid { .. } => "say it: --key pkcs11:token=LABEL;object=LABEL?module-path=FILE".into(),
            Self::KeyInUse { .. } => "name another object in the URI; one that is not there yet is made".into(),
            Self::NameTaken { .. } => {
                "have a request made with a name of its own: handfast ca issuer add --name NAME --csr FILE".into()
            }
            Self::NameOfOurs { .. } => {
                "nothing is gained where it is our own root; otherwise have the other root made again, with a name of its own".into()
            }
            Self::NoGap => "nothing has to be done: handfast ca check".into(),
            Self::InToken { .. } => "take the token away".into(),
            Self::BadCopy { .. } => "try another medium".into(),
        }
    }
}

fn listed(names: &[String]) -> String {
    handfast_pki::text::listed(names)
}
