//! The flags of both directions.

use std::path::PathBuf;

use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use handfast_truststore::{Layout, Request, Store};

/// Which CAs are trusted by whom, and where that is kept.
#[derive(Debug, Args)]
pub(super) struct Flagged {
    /// The trust store to change
    #[arg(long = "for", value_name = "WHO", value_parser = stores())]
    pub(super) store: Store,
    /// The CA certificates, PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(super) ca: PathBuf,
    /// Show every file and command, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// system: put the file below DIR, an image for example, and leave the command to it
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// system: where it keeps CAs [default: what is found]
    #[arg(long, value_name = "LAYOUT", value_enum)]
    layout: Option<KeptAs>,
    /// curl, python, node: the folder of our files [default: ~/.config/handfast/trust]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// curl: its configuration [default: the one that curl reads, ~/.curlrc]
    #[arg(long, value_name = "FILE")]
    curlrc: Option<PathBuf>,
    /// java: the trust store, which is made where it is missing [default: the cacerts of the Java that is found]
    #[arg(long, value_name = "FILE")]
    truststore: Option<PathBuf>,
    /// firefox: the profile, or another folder with an NSS database such as ~/.pki/nssdb of Chromium [default: every profile found]
    #[arg(long, value_name = "DIR")]
    profile: Option<PathBuf>,
    /// java, firefox: the password of the store, the first line of FILE [default: changeit for java, none for firefox]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Flagged {
    pub(super) fn request(&self) -> Request {
        Request {
            store: self.store,
            root: self.root.clone(),
            layout: self.layout.map(Layout::from),
            dir: self.dir.clone(),
            curlrc: self.curlrc.clone(),
            truststore: self.truststore.clone(),
            profile: self.profile.clone(),
            password_file: self.password_file.clone(),
        }
    }
}

fn stores() -> impl TypedValueParser<Value = Store> {
    let store = |text: String| Store::ALL.into_iter().find(|store| store.name() == text);
    PossibleValuesParser::new(Store::ALL.map(Store::name))
        .try_map(move |text| store(text).ok_or("no trust store"))
}

/// Where a system keeps CAs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KeptAs {
    /// Debian, Ubuntu, Alpine
    Debian,
    /// Fedora, RHEL, CentOS, Amazon Linux
    Fedora,
    /// Arch
    Arch,
}

impl From<KeptAs> for Layout {
    fn from(kept: KeptAs) -> Self {
        match kept {
            KeptAs::Debian => Self::Debian,
            KeptAs::Fedora => Self::Fedora,
            KeptAs::Arch => Self::Arch,
        }
    }
}
