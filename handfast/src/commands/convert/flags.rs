//! The flags that say what is written.

use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The form to write: pem; der (the leaf, or the key where there is nothing else); p12; p7b (DER, or PEM where --out ends in .pem); k8s; jks is refused, Java reads p12
    #[arg(long, value_name = "FORM", value_enum)]
    pub(super) to: Form,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The key into a file of its own, for its owner alone, and not into --out: for pem, der and p7b
    #[arg(long, value_name = "FILE")]
    pub(super) key_out: Option<PathBuf>,
    /// The password of the PKCS#12 to write, the first line of FILE; without this flag one is made and written to OUT.password beside it
    #[arg(long, value_name = "FILE")]
    pub(super) new_password_file: Option<PathBuf>,
    /// PKCS#12 with triple DES and SHA-1, for macOS, Windows before 2019 and Java 8, which read nothing newer
    #[arg(long)]
    pub(super) legacy: bool,
    /// The root as well, at the end of the chain
    #[arg(long)]
    pub(super) with_root: bool,
    /// The name of the Secret [default: that of --out without its ending]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// The namespace of the Secret
    #[arg(long, value_name = "NAME")]
    pub(super) namespace: Option<String>,
    /// Overwrite what exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    Pem,
    Der,
    P12,
    P7b,
    K8s,
    Jks,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
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
