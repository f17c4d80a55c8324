//! Why a token does not sign. Each cause has a code of its own, for each has another remedy.

use handfast_pki::{Code, code};

/// What is wrong with a token; nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The text is no `pkcs11:` URI.
    #[error("the URI of the token's key cannot be read: {detail}")]
    BadUri { detail: String },
    /// The library that talks to it.
    #[error("the PKCS#11 module \"{module}\" cannot be loaded")]
    Module { module: String, detail: String },
    /// It was taken out, or was never there.
    #[error("the token \"{token}\" is not there")]
    Gone { token: String },
    /// A PIN that is wrong, locked or missing.
    #[error("the token \"{token}\" refuses the PIN: {detail}")]
    Pin { token: String, detail: &'static str },
    /// Somebody logged out, and logging in again did not help.
    #[error("the token \"{token}\" has lost the login")]
    LoginLost { token: String },
    /// It did not answer.
    #[error("the token \"{token}\" has not answered within {seconds} seconds")]
    Late { token: String, seconds: u64 },
    /// There is no such key, or more than one.
    #[error("the token \"{token}\" has {found} keys \"{key}\", expected one")]
    NoKey {
        token: String,
        key: String,
        found: usize,
    },
    /// It says no for another reason.
    #[error("the token \"{token}\" refuses: {detail}")]
    Refused { token: String, detail: String },
}

impl TokenError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadUri { .. } => code::USAGE,
            Self::Module { .. } | Self::Gone { .. } => code::TOKEN_GONE,
            Self::Pin { .. } => code::TOKEN_PIN,
            Self::LoginLost { .. } => code::TOKEN_LOGIN,
            Self::Late { .. } => code::TOKEN_LATE,
            Self::NoKey { .. } | Self::Refused { .. } => code::TOKEN,
        }
    }

    /// One thing to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::BadUri { .. } => {
                "write pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=FILE".into()
            }
            Self::Module { detail, .. } => format!("see module-path of the URI: {detail}"),
            Self::Gone { .. } => "insert it, and see what is there: p11tool --list-tokens".into(),
            Self::Pin { .. } => {
                "give the PIN in a file with pin-source of the URI, or in HANDFAST_TOKEN_PIN; a token locks itself after some wrong ones"
                    .into()
            }
            Self::LoginLost { .. } => "see who else uses it, and try again".into(),
            Self::Late { .. } => "see whether it is busy, or give it longer with x-deadline=SECONDS in the URI".into(),
            Self::NoKey { .. } => "see its objects: p11tool --list-all".into(),
            Self::Refused { .. } => "see what it can do: pkcs11-tool --list-mechanisms".into(),
        }
    }
}
