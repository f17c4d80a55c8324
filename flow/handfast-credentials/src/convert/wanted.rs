//! What shall be written, and in which form.

use std::path::{Path, PathBuf};

/// What shall be written.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub to: Form,
    /// The file to write.
    pub out: PathBuf,
    /// The file for the key, where it shall not be in `out`.
    pub key_out: Option<PathBuf>,
    /// The file with the password of a PKCS#12; without it one is made, and written beside it.
    pub new_password_file: Option<PathBuf>,
    /// PKCS#12 for programs that read nothing newer.
    pub legacy: bool,
    pub with_root: bool,
    /// The name of the Secret; without it, that of `out` without its ending.
    pub name: Option<String>,
    /// The namespace of the Secret.
    pub namespace: Option<String>,
    /// Whether what is there may be overwritten.
    pub force: bool,
}

/// A form to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Pem,
    Der,
    P12,
    P7b,
    K8s,
    /// Read and not written, which is said.
    Jks,
}

impl Form {
    /// Every form, as it is called on a command line.
    pub const ALL: [(&str, Self); 6] = [
        ("pem", Self::Pem),
        ("der", Self::Der),
        ("p12", Self::P12),
        ("p7b", Self::P7b),
        ("k8s", Self::K8s),
        ("jks", Self::Jks),
    ];

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::Der => "DER",
            Self::P12 => "PKCS#12",
            Self::P7b => "PKCS#7",
            Self::K8s => "a Kubernetes Secret",
            Self::Jks => "JKS",
        }
    }
}

pub(super) fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(ending))
}
