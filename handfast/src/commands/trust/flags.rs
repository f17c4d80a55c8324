//! The flags of both directions.

use std::path::PathBuf;

use clap::Args;
use handfast_finding::shell::shell;
use handfast_truststore::{Change, Layout, Request, Store};

use super::stores::{KeptAs, Who};
use crate::failure::Failure;

/// Which CAs are trusted by whom, and where that is kept.
#[derive(Debug, Args)]
pub(super) struct Flagged {
    /// The trust store to change
    #[arg(long = "for", value_name = "WHO", value_enum)]
    pub(super) store: Who,
    /// The CA certificates, PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(super) ca: PathBuf,
    /// Show every file and command, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// system: put the file below DIR, an image for example, and leave the command to it
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
    /// system: where it keeps CAs [default: what is found]
    #[arg(long, value_name = "LAYOUT", value_enum)]
    pub(super) layout: Option<KeptAs>,
    /// curl, python, node: the folder of our files [default: ~/.config/handfast/trust]
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    /// curl: its configuration [default: the one that curl reads, ~/.curlrc]
    #[arg(long, value_name = "FILE")]
    pub(super) curlrc: Option<PathBuf>,
    /// java: the trust store, which is made where it is missing [default: the cacerts of the Java that is found]
    #[arg(long, value_name = "FILE")]
    pub(super) truststore: Option<PathBuf>,
    /// firefox: the profile, or another folder with an NSS database such as ~/.pki/nssdb of Chromium [default: every profile found]
    #[arg(long, value_name = "DIR")]
    pub(super) profile: Option<PathBuf>,
    /// java, firefox: the password of the store, the first line of FILE [default: changeit for java, none for firefox]
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
}

impl Flagged {
    pub(super) fn request(&self) -> Request {
        Request {
            store: self.store.into(),
            root: self.root.clone(),
            layout: self.layout.map(Layout::from),
            dir: self.dir.clone(),
            curlrc: self.curlrc.clone(),
            truststore: self.truststore.clone(),
            profile: self.profile.clone(),
            password_file: self.password_file.clone(),
        }
    }

    /// A flag of another store is a mistake, and an ignored one would hide it.
    pub(super) fn must_fit(&self, store: Store) -> Result<(), Failure> {
        use Store::{Curl, Firefox, Java, Node, Python, System};
        let flags: [(&str, bool, &[Store]); 7] = [
            ("--root", self.root.is_some(), &[System]),
            ("--layout", self.layout.is_some(), &[System]),
            ("--dir", self.dir.is_some(), &[Curl, Python, Node]),
            ("--curlrc", self.curlrc.is_some(), &[Curl]),
            ("--truststore", self.truststore.is_some(), &[Java]),
            ("--profile", self.profile.is_some(), &[Firefox]),
            ("--password-file", self.password_file.is_some(), &[Java, Firefox]),
        ];
        match flags
            .iter()
            .find(|(_, given, stores)| *given && !stores.contains(&store))
        {
            Some((flag, _, stores)) => {
                let stores: Vec<_> = stores.iter().map(|store| store.name()).collect();
                Err(Failure::misuse(format!(
                    "{flag} is for {}, not for {}",
                    stores.join(", "),
                    store.name()
                )))
            }
            None => Ok(()),
        }
    }

    /// This command line, with `change` in its place.
    pub(super) fn again(&self, change: Change) -> String {
        let verb = match change {
            Change::Install => "install",
            Change::Remove => "remove",
        };
        let mut line = format!(
            "handfast trust {verb} --for {} --ca {}",
            Store::from(self.store).name(),
            shell(self.ca.display())
        );
        for (flag, path) in [
            ("--root", &self.root),
            ("--dir", &self.dir),
            ("--curlrc", &self.curlrc),
            ("--truststore", &self.truststore),
            ("--profile", &self.profile),
            ("--password-file", &self.password_file),
        ] {
            if let Some(path) = path {
                line.push_str(&format!(" {flag} {}", shell(path.display())));
            }
        }
        if let Some(layout) = self.layout {
            line.push_str(&format!(" --layout {}", Layout::from(layout).name()));
        }
        line
    }
}
